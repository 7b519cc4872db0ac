/**
 * The transformer configuration: for each transformer the field specs it works on, for names who refers to whom. Starts
 * from kustomize's own tables and grows by `configurations` and `crds`, in a base and in everything above it.
 */
import type { Mapping } from '../yaml/node.ts';
import { boolean, decodeMapping, list, string, struct } from './decode.ts';
import { type FieldSpec, fieldSpec, type Gvk, isSelected } from './fieldspec.ts';
import { type FieldSpecEntry, fieldSpecEntry } from './kustomization.ts';
import { Refusal } from './refusal.ts';

/** Objects of `target` are referred to by name in these fields. */
export interface NameReference {
  readonly target: Gvk;
  readonly referrers: readonly FieldSpec[];
}

const listNames = [
  'namePrefix',
  'nameSuffix',
  'namespace',
  'commonLabels',
  'labels',
  'templateLabels',
  'volumeClaimTemplateLabels',
  'commonAnnotations',
  'varReference',
  'images',
  'replicas',
] as const;

export type SpecList = (typeof listNames)[number];

export interface Config extends Readonly<Record<SpecList, readonly FieldSpec[]>> {
  readonly nameReference: readonly NameReference[];
  /** The configurations that this one was merged from, so that none is merged twice. */
  readonly parts: ReadonlySet<unknown>;
}

/** The field specs as kustomize's sources hold them. */
export interface FieldSpecTables extends Readonly<Partial<Record<SpecList, readonly SpecRow[]>>> {
  readonly nameReference?: readonly (Partial<Gvk> & { readonly fieldSpecs?: readonly SpecRow[] })[];
}

interface SpecRow extends Partial<Gvk> {
  readonly path: string;
  readonly create?: boolean;
}

export const emptyConfig: Config = makeConfig(() => [], []);

function makeConfig(specs: (name: SpecList) => readonly FieldSpec[], references: readonly NameReference[]): Config {
  const lists = Object.fromEntries(listNames.map((name) => [name, sorted(specs(name))])) as Record<
    SpecList,
    readonly FieldSpec[]
  >;
  const nameReference = [...references].sort((a, b) => compareGvk(a.target, b.target));
  const config = { ...lists, nameReference, parts: new Set<unknown>() };
  config.parts.add(config);
  return config;
}

/** A configuration of these lists and references alone; references to the same kind are joined. */
export function configFrom(
  lists: Readonly<Partial<Record<SpecList, readonly FieldSpec[]>>>,
  references: readonly NameReference[],
): Config {
  return makeConfig((name) => mergeSpecs([], lists[name] ?? []), mergeReferences([], references));
}

export function defaultConfig(tables: FieldSpecTables): Config {
  const toSpec = (row: SpecRow): FieldSpec => fieldSpec(row.path, row.create ?? false, row);
  return makeConfig(
    (name) => (tables[name] ?? []).map(toSpec),
    (tables.nameReference ?? []).map(({ fieldSpecs, group = '', version = '', kind = '' }) => ({
      target: { group, version, kind },
      referrers: (fieldSpecs ?? []).map(toSpec),
    })),
  );
}

const entries = list(fieldSpecEntry);
const configFile = struct('TransformerConfig', {
  ...(Object.fromEntries(listNames.map((name) => [name, entries])) as Record<SpecList, typeof entries>),
  nameReference: list(
    struct('NameBackReferences', {
      group: string,
      version: string,
      kind: string,
      fieldSpecs: list(
        struct('FieldSpec', { group: string, version: string, kind: string, path: string, create: boolean }),
      ),
    }),
  ),
});

export function specOf(entry: FieldSpecEntry): FieldSpec {
  return fieldSpec(entry.path?.text ?? '', entry.create ?? false, {
    group: entry.group?.text ?? '',
    version: entry.version?.text ?? '',
    kind: entry.kind?.text ?? '',
  });
}

/** A file that `configurations` names. */
export function readConfig(node: Mapping): Config {
  const read = decodeMapping(configFile, node, { dialect: 'sigs', strict: true, texts: 'converted' });
  return makeConfig(
    (name) => (read[name] ?? []).map(specOf),
    (read.nameReference ?? []).map((row) => ({
      target: { group: row.group?.text ?? '', version: row.version?.text ?? '', kind: row.kind?.text ?? '' },
      referrers: (row.fieldSpecs ?? []).map(specOf),
    })),
  );
}

/** Both configurations in one. Two specs of the same field that differ in `create` are refused, as kustomize does. */
export function mergeConfig(base: Config, added: Config): Config {
  if ([...added.parts].every((part) => base.parts.has(part))) return base;
  if ([...base.parts].every((part) => added.parts.has(part))) return added;
  const merged = {
    ...makeConfig(
      (name) => mergeSpecs(base[name], added[name]),
      mergeReferences(base.nameReference, added.nameReference),
    ),
    parts: new Set([...base.parts, ...added.parts]),
  };
  return merged;
}

export function mergeSpecs(base: readonly FieldSpec[], added: readonly FieldSpec[]): readonly FieldSpec[] {
  let out = base;
  for (const spec of added) {
    const same = out.find((old) => isSelected(old, spec) && old.path === spec.path);
    if (same === undefined) out = [...out, spec];
    else if (same.create !== spec.create) throw new Refusal(`conflicting fieldspecs for '${spec.path}'`);
  }
  return out;
}

function mergeReferences(base: readonly NameReference[], added: readonly NameReference[]): readonly NameReference[] {
  const out = [...base];
  for (const reference of added) {
    const index = out.findIndex(({ target }) => gvkText(target) === gvkText(reference.target));
    const old = out[index];
    if (old === undefined) out.push(reference);
    else out[index] = { target: old.target, referrers: mergeSpecs(old.referrers, reference.referrers) };
  }
  return out;
}

function sorted(specs: readonly FieldSpec[]): readonly FieldSpec[] {
  return [...specs].sort(compareGvk);
}

function gvkText({ group, version, kind }: Gvk): string {
  return `${group || '~G'}_${version || '~V'}_${kind || '~K'}`;
}

const first = (
  'Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole ' +
  'RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume ' +
  'PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget'
).split(' ');
const last = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** The order of kinds that kustomize calls legacy. */
export const legacyOrder = { first, last } as const;

function rank(kind: string): number {
  const early = first.indexOf(kind);
  return early >= 0 ? early - first.length : last.indexOf(kind) + 1;
}

function compareGvk(a: Gvk, b: Gvk): number {
  const byRank = rank(a.kind) - rank(b.kind);
  if (byRank !== 0) return byRank;
  const x = gvkText(a);
  const y = gvkText(b);
  return x < y ? -1 : x > y ? 1 : 0;
}
