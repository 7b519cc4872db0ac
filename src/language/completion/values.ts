/** Values that the schema names: enumerations, booleans, defaults, durations; API versions and kinds at the root. */
import type { PackKind } from '../../engine/index.ts';
import type { Cursor } from '../cursor.ts';
import { isDuration } from '../fields.ts';
import type { Asked, Completion, Source } from './completion.ts';
import { versionOf } from './fields.ts';

export const values: Source = function* (asked, cursor) {
  const { schemas, apiVersion, kind, kustomization } = asked;
  if (cursor.path.length === 0 && kustomization === undefined) {
    if (cursor.key === 'apiVersion') yield* apiVersions(asked, cursor);
    if (cursor.key === 'kind') yield* kinds(asked, cursor);
  }
  const path = cursor.key === undefined ? cursor.path : [...cursor.path, cursor.key];
  if (cursor.key === undefined && !cursor.inEntry) return;
  const schema = schemas.at(apiVersion, kind, path);
  if (schema === undefined) return;
  const texts = new Map<string, string>();
  for (const value of schema.enum ?? []) if (value !== '') texts.set(String(value), 'value');
  if (schema.type === 'boolean') for (const value of ['true', 'false']) texts.set(value, 'value');
  if (isDuration(schema)) for (const value of ['1m', '5m', '10m', '30m', '1h', '24h']) texts.set(value, 'duration');
  const { default: fallback } = schema;
  if (fallback !== undefined && typeof fallback !== 'object') texts.set(String(fallback), 'default');
  for (const [text, detail] of texts) yield option(text, detail, cursor);
};

function option(text: string, detail: string, cursor: Cursor): Completion {
  return {
    label: text,
    kind: 'value',
    detail,
    insert: text,
    start: cursor.start,
    end: cursor.end,
    rank: detail === 'default' ? 1 : 3,
  };
}

function* apiVersions({ schemas, kind }: Asked, cursor: Cursor): Iterable<Completion> {
  const seen = new Map<string, boolean>();
  for (const each of schemas.kinds) {
    if (kind !== '' && each.kind !== kind) continue;
    const version = versionOf(each);
    seen.set(version, (seen.get(version) ?? true) && isOld(each));
  }
  for (const [version, old] of seen) {
    const completion = option(version, old ? 'deprecated' : 'API version', cursor);
    yield { ...completion, rank: old ? 8 : 3, ...(old ? { deprecated: true } : {}) };
  }
}

function* kinds({ schemas, apiVersion }: Asked, cursor: Cursor): Iterable<Completion> {
  const names = new Map<string, PackKind>();
  for (const each of schemas.kinds) {
    const fits = apiVersion === '' ? !isOld(each) : versionOf(each) === apiVersion;
    if (fits && !names.has(each.kind)) names.set(each.kind, each);
  }
  for (const each of names.values()) yield { ...option(each.kind, versionOf(each), cursor), kind: 'kind' };
}

function isOld({ successor }: PackKind): boolean {
  return successor !== undefined;
}
