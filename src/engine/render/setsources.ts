/**
 * What a ResourceSet's annotations take from ConfigMaps and Secrets: `copyFrom` (their data), `convertKubeConfigFrom` (the
 * address and certificate of a kubeconfig) and `checksumFrom` (a digest that rolls workloads). Where a source is known
 * only to the cluster, the object is shown with what is missing, and never compared or sent.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { string } from '../flux/index.ts';
import { keyOf } from '../objects/object.ts';
import { get, getPath, type Mapping, mapping, type Node, type Origin, set, str, text } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import type { RenderContext } from './context.ts';
import type { DesiredObject } from './desired.ts';
import { fromBase64, type InputQuery, inputEntries } from './variables.ts';

const prefix = 'fluxcd.controlplane.io/';

interface Entry {
  readonly value: string;
  readonly at: Origin;
}

interface Source {
  readonly node: Mapping;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** A source's entries, or what is missing. */
type Lookup = (query: InputQuery) => Source | string;

export function withSources(objects: readonly DesiredObject[], context: RenderContext): readonly DesiredObject[] {
  const lookup: Lookup = (query) => entriesOf(context.input(query).found, query);
  const copied = objects.map((object) => converted(copy(object, lookup), lookup));
  const own = new Map(copied.map((object) => [keyOf(object.id), object.node]));
  // What this very set is about to apply goes before what is there.
  const found = (asked: InputQuery) =>
    own.get(keyOf({ group: '', version: 'v1', ...asked })) ?? context.input(asked).found;
  return copied.map((object) => summed(object, (asked) => entriesOf(found(asked), asked)));
}

function entriesOf(node: Mapping | undefined, query: InputQuery): Source | string {
  const title = `${query.kind} ${query.namespace}/${query.name}`;
  if (node === undefined) return title;
  const entries = new Map<string, Entry>();
  for (const [key, variable] of inputEntries(node, query.kind)) {
    if (variable === undefined) return `${title} (encrypted)`;
    entries.set(key, variable);
  }
  return { node, entries };
}

function annotation({ node }: DesiredObject, name: string): string | undefined {
  return text(getPath(node, ['metadata', 'annotations', prefix + name]));
}

function query(kind: 'ConfigMap' | 'Secret', reference: string): InputQuery | undefined {
  const [namespace, name, ...rest] = reference.split('/');
  return namespace && name && rest.length === 0 ? { kind, namespace, name } : undefined;
}

function lacking(object: DesiredObject, what: string): DesiredObject {
  return { ...object, unresolved: [...(object.unresolved ?? []), what] };
}

function copy(object: DesiredObject, lookup: Lookup): DesiredObject {
  const { id, node } = object;
  const reference = annotation(object, 'copyFrom');
  if (reference === undefined || id.group !== '' || (id.kind !== 'ConfigMap' && id.kind !== 'Secret')) return object;
  const asked = query(id.kind, reference);
  const source = asked === undefined ? `${prefix}copyFrom: ${reference}` : lookup(asked);
  if (typeof source === 'string') return lacking(object, source);
  if (id.kind === 'ConfigMap') {
    const binary = get(source.node, 'binaryData');
    const data = set(node, 'data', mapOf(source.entries, node.at));
    return { ...object, node: binary === undefined ? data : set(data, 'binaryData', binary) };
  }
  const type = get(node, 'type') ?? get(source.node, 'type') ?? str('Opaque', node.at);
  const filled = set(set(node, 'type', type), 'stringData', mapOf(source.entries, node.at));
  return { ...object, node: filled, secretValues: [...(object.secretValues ?? []), ...valuesOf(source)] };
}

function converted(object: DesiredObject, lookup: Lookup): DesiredObject {
  const { id, node } = object;
  const reference = annotation(object, 'convertKubeConfigFrom');
  if (reference === undefined || id.group !== '' || id.kind !== 'ConfigMap') return object;
  const [name = '', key] = reference.split(':');
  const asked = query('Secret', name);
  const source = asked === undefined ? `${prefix}convertKubeConfigFrom: ${reference}` : lookup(asked);
  if (typeof source === 'string') return lacking(object, source);
  const found =
    key === undefined ? (source.entries.get('kubeconfig') ?? source.entries.get('value')) : source.entries.get(key);
  const root = found && parse(found.value, '').documents[0]?.root;
  const clusters = get(root, 'clusters');
  const cluster = clusters?.kind === 'sequence' ? get(clusters.items[0], 'cluster') : undefined;
  const server = string(cluster, 'server')?.value;
  if (found === undefined || server === undefined) return lacking(object, `a kubeconfig in Secret ${name}`);
  const authority = string(cluster, 'certificate-authority-data')?.value ?? '';
  const data = get(node, 'data') ?? mapping([], node.at);
  const add = (map: Node, field: string, value: string): Node =>
    map.kind !== 'mapping' || get(map, field) !== undefined ? map : set(map, field, str(value, found.at));
  const filled = add(add(data, 'address', server), 'ca.crt', fromBase64(authority));
  return { ...object, node: set(node, 'data', filled) };
}

/** Every `metadata.annotations` of the object, that of a pod template too. */
function summed(object: DesiredObject, lookup: Lookup): DesiredObject {
  const missing: string[] = [];
  const walk = (node: Node): Node => {
    if (node.kind === 'sequence') {
      const items = node.items.map(walk);
      return items.some((item, i) => item !== node.items[i]) ? { ...node, items } : node;
    }
    if (node.kind === 'scalar') return node;
    let changed = false;
    const entries = node.entries.map((entry) => {
      const value = walk(entry.key.text === 'metadata' ? withChecksum(entry.value) : entry.value);
      changed ||= value !== entry.value;
      return value === entry.value ? entry : { ...entry, value };
    });
    return changed ? { ...node, entries } : node;
  };
  const withChecksum = (metadata: Node): Node => {
    const annotations = get(metadata, 'annotations');
    const references = text(get(annotations, `${prefix}checksumFrom`));
    if (!references || metadata.kind !== 'mapping' || annotations?.kind !== 'mapping') return metadata;
    const sum = checksum(references, lookup);
    if ('missing' in sum) {
      missing.push(sum.missing);
      return metadata;
    }
    const at = get(annotations, `${prefix}checksumFrom`)!.at;
    return set(metadata, 'annotations', set(annotations, `${prefix}checksum`, str(sum.digest, at)));
  };
  const node = walk(object.node) as Mapping;
  const done = node === object.node ? object : { ...object, node };
  return missing.reduce(lacking, done);
}

function checksum(references: string, lookup: Lookup): { readonly digest: string } | { readonly missing: string } {
  let told = '';
  for (const reference of references.split(',').map((part) => part.trim())) {
    if (reference === '') continue;
    const [kind, ...rest] = reference.split('/');
    const asked = kind === 'ConfigMap' || kind === 'Secret' ? query(kind, rest.join('/')) : undefined;
    const source = asked === undefined ? `${prefix}checksumFrom: ${reference}` : lookup(asked);
    if (typeof source === 'string') return { missing: source };
    const entries = [...source.entries].sort(([a], [b]) => (a < b ? -1 : 1));
    told += `${reference}\0${entries.map(([key, { value }]) => `${key}\0${value}\0`).join('')}`;
  }
  return { digest: `sha256:${bytesToHex(sha256(new TextEncoder().encode(told)))}` };
}

function mapOf(entries: ReadonlyMap<string, Entry>, at: Origin): Mapping {
  return mapping(
    [...entries].map(([key, { value, at: from }]) => ({ key: str(key, at), value: str(value, from) })),
    at,
  );
}

function valuesOf({ entries }: Source): readonly string[] {
  return [...entries.values()].map(({ value }) => value).filter((value) => value !== '');
}
