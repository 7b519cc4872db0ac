/** The fields that may stand here and do not yet, required ones first; in an empty document, whole objects. */
import type { Field, PackKind, Schema } from '../../engine/index.ts';
import type { Cursor } from '../cursor.ts';
import { fieldText, typeText } from '../fields.ts';
import type { Asked, Completion, Source } from './completion.ts';

export const fields: Source = function* (asked, cursor) {
  if (cursor.key !== undefined) return;
  const { schemas, apiVersion, kind, kustomization } = asked;
  if (cursor.isEmpty && kustomization === undefined) yield* skeletons(asked, cursor);
  const known = schemas.kind(apiVersion, kind) !== undefined;
  const here = known ? schemas.fields(apiVersion, kind, cursor.path) : cursor.path.length === 0 ? objectFields : [];
  for (const field of here) {
    if (cursor.siblings.has(field.name) || field.name === 'status') continue;
    yield completionOf(field, cursor, asked.text[cursor.end] === ':');
  }
};

const objectFields: readonly Field[] = ['apiVersion', 'kind', 'metadata', 'spec'].map((name) => ({
  name,
  schema: { type: name === 'metadata' || name === 'spec' ? 'object' : 'string' },
  required: name !== 'spec',
}));

/** `named`: the colon is there already, and what follows it stays. */
function completionOf({ name, schema, required }: Field, cursor: Cursor, named: boolean): Completion {
  return {
    label: name,
    kind: 'field',
    detail: `${typeText(schema)}${required ? ', required' : ''}`,
    documentation: fieldText(name, schema, required),
    insert: named ? name : `${name}:${opening(schema, cursor.column)}`,
    snippet: !named,
    start: cursor.start,
    end: cursor.end,
    rank: required ? 1 : 5,
    ...(/deprecated/i.test(schema.description ?? '') ? { deprecated: true } : {}),
  };
}

/** What follows the colon: the next line, one step in, for what is no scalar. */
function opening(schema: Schema, column: number): string {
  const indent = ' '.repeat(column + 2);
  if (schema.type === 'object') return `\n${indent}$0`;
  if (schema.type === 'array') return `\n${indent}- $0`;
  const { default: fallback } = schema;
  return fallback === undefined || typeof fallback === 'object' ? ' $0' : ` ${escapeSnippet(String(fallback))}$0`;
}

function escapeSnippet(text: string): string {
  return text.replaceAll(/[\\$}]/g, '\\$&');
}

/** Objects of every current kind with what they cannot do without. */
function* skeletons({ schemas }: Asked, cursor: Cursor): Iterable<Completion> {
  for (const kind of schemas.kinds) {
    if (kind.successor !== undefined || kind.plural === '') continue;
    const apiVersion = versionOf(kind);
    yield {
      label: kind.kind,
      kind: 'kind',
      detail: apiVersion,
      insert: `apiVersion: ${apiVersion}\nkind: ${kind.kind}\nmetadata:\n  name: $0\n${specOf(kind, schemas)}`,
      snippet: true,
      start: cursor.start,
      end: cursor.end,
      rank: kind.group.includes('.fluxcd.') ? 2 : 6,
    };
  }
}

function specOf(kind: PackKind, schemas: Asked['schemas']): string {
  const apiVersion = versionOf(kind);
  const required = schemas.fields(apiVersion, kind.kind, ['spec']).filter((field) => field.required);
  if (schemas.at(apiVersion, kind.kind, ['spec']) === undefined) return '';
  const lines = required.map(({ name, schema }) => {
    const known = schema.default ?? schema.enum?.[0];
    if (known !== undefined && typeof known !== 'object') return `  ${name}: ${escapeSnippet(String(known))}\n`;
    if (schema.type !== 'object') return `  ${name}: ${name === 'interval' ? '10m' : name === 'prune' ? 'true' : ''}\n`;
    const inner = schemas.fields(apiVersion, kind.kind, ['spec', name]).filter((field) => field.required);
    const enumOf = (field: Field): string => (field.schema.enum === undefined ? '' : String(field.schema.enum[0]));
    return `  ${name}:\n${inner.map((field) => `    ${field.name}: ${enumOf(field)}\n`).join('')}`;
  });
  return `spec:\n${lines.join('')}`;
}

export function versionOf({ group, version }: Pick<PackKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
