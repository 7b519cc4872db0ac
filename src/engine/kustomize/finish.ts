/** The last touches: annotations of provenance, the managed-by label, and what kustomize never lets out. */
import { type Entry, get, type Mapping, type Origin } from '../yaml/node.ts';
import { resolvePlain } from '../yaml/resolve.ts';
import { compareText } from './decode.ts';
import { withStrings } from './patches/apply.ts';
import { Refusal } from './refusal.ts';
import type { ResMap } from './resmap.ts';
import { originKey, type Provenance, type Resource, transformationsKey } from './resource.ts';
import { setField, updateAt, withEntry } from './tree.ts';

const internal = 'internal.config.kubernetes.io/';
const bookkeeping = new Set([
  ...[
    'previousKinds',
    'previousNames',
    'prefixes',
    'suffixes',
    'previousNamespaces',
    'allowNameChange',
    'allowKindChange',
    'refBy',
    'generatorBehavior',
    'needsHashSuffix',
    'path',
    'index',
    'seqindent',
    'id',
    'annotations-migration-resource-id',
    'helm-generated',
  ].map((name) => internal + name),
  'config.kubernetes.io/path',
  'config.kubernetes.io/index',
  'config.k8s.io/id',
]);

export interface Finish {
  readonly originAnnotations: boolean;
  readonly transformerAnnotations: boolean;
  readonly managedBy: { readonly version: string; readonly at: Origin } | undefined;
}

export function finish(map: ResMap, options: Finish): void {
  map.update((of) => {
    let { node } = of;
    if (options.managedBy !== undefined) node = withManagedBy(node, options.managedBy);
    node = withAnnotations(node, of, options);
    return node === of.node ? of : { ...of, node };
  });
}

function withManagedBy(node: Mapping, { version, at }: NonNullable<Finish['managedBy']>): Mapping {
  const value = { kind: 'scalar', text: `kustomize-${version}`, style: 'plain', tag: '!!str', at } as const;
  return updateAt(node, ['metadata', 'labels'], at, (labels) =>
    setField(
      labels?.kind === 'mapping' ? labels : { kind: 'mapping', entries: [], at },
      'app.kubernetes.io/managed-by',
      value,
    ),
  );
}

/** Annotations as strings, without bookkeeping, with what the kustomization asks for. */
function withAnnotations(node: Mapping, of: Resource, options: Finish): Mapping {
  const metadata = get(node, 'metadata');
  if (metadata?.kind !== 'mapping') return node;
  const added: Entry[] = [];
  if (options.originAnnotations && of.provenance !== undefined) {
    added.push(annotation(originKey, provenanceText(of.provenance, ''), metadata.at));
  }
  if (options.transformerAnnotations && of.transformations.length > 0) {
    const text = of.transformations.map((each) => `- ${provenanceText(each, '  ')}`).join('');
    added.push(annotation(transformationsKey, text, metadata.at));
  }
  const old = get(metadata, 'annotations');
  if (old === undefined && added.length === 0) return node;
  const kept = (old?.kind === 'mapping' ? old.entries : []).filter(({ key }) => {
    if (key.text === originKey) return options.originAnnotations && of.provenance === undefined;
    if (key.text === transformationsKey) return options.transformerAnnotations && of.transformations.length === 0;
    return !bookkeeping.has(key.text);
  });
  // kustomize writes them again without quotes, so that a key like "true" is none any more.
  const lost = kept.find(({ key }) => resolvePlain(key.text, 'kyaml') !== key.text);
  if (lost !== undefined) throw new Refusal(`the annotation ${lost.key.text} loses its quotes`, lost.key.at);
  const entries = [...kept, ...added].sort((a, b) => compareText(a.key.text, b.key.text));
  const isSame = old?.kind === 'mapping' && added.length === 0 && kept.length === old.entries.length;
  if (isSame && kept.length > 0 && kept.every(({ value }) => isText(value))) return node;
  const at = old?.at ?? metadata.at;
  const changed = withStrings(withEntry(metadata, 'annotations', { kind: 'mapping', entries, at }), 'annotations');
  return withEntry(node, 'metadata', changed);
}

function isText(value: Entry['value']): boolean {
  return value.kind === 'scalar' && (value.tag === '!!str' || (value.tag === undefined && value.style !== 'plain'));
}

function annotation(key: string, text: string, at: Origin): Entry {
  return {
    key: { kind: 'scalar', text: key, style: 'plain', tag: '!!str', at },
    value: { kind: 'scalar', text, style: 'literal', tag: '!!str', at },
  };
}

/** The provenance as YAML, its lines after the first behind `margin`. */
function provenanceText({ path, configuredIn, configuredBy }: Provenance, margin: string): string {
  const lines: string[] = [];
  if (path !== undefined && path !== '') lines.push(`path: ${path}`);
  if (configuredIn !== undefined && configuredIn !== '') lines.push(`configuredIn: ${configuredIn}`);
  if (configuredBy !== undefined) {
    const { apiVersion, kind, name, namespace } = configuredBy;
    lines.push('configuredBy:', `  apiVersion: ${apiVersion}`, `  kind: ${kind}`);
    if (name) lines.push(`  name: ${name}`);
    if (namespace) lines.push(`  namespace: ${namespace}`);
  }
  return lines.map((line, index) => `${index === 0 ? '' : margin}${line}\n`).join('');
}
