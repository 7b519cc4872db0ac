/** Patches on resources: what a strategic merge or a JSON patch leaves untouched of an object's identity. */
import { get, type Mapping, type Node, type Origin } from '../../yaml/node.ts';
import type { OpenApi } from '../openapi.ts';
import type { ResMap } from '../resmap.ts';
import { originKey, type Resource, remember, transformationsKey } from '../resource.ts';
import { entryOf, isNull, setText, settle, updateAt, withEntry } from '../tree.ts';
import { applyJsonPatch, type Operation } from './json6902.ts';
import { strategicMerge } from './strategic.ts';

export interface PatchOptions {
  readonly allowNameChange: boolean;
  readonly allowKindChange: boolean;
}

/** The resource with the patch merged in; undefined when the patch deletes it. Kind, name and namespace stay. */
export function mergePatch(
  of: Resource,
  patch: Mapping,
  options: PatchOptions,
  map: ResMap,
  openApi: OpenApi,
): Resource | undefined {
  const mayChange = options.allowNameChange || options.allowKindChange;
  const kept = mayChange ? remember(of, map.isClusterScoped) : of;
  let node = strategicMerge(of.node, patch, openApi);
  if (node === undefined) return undefined;
  const old = of.node;
  if (!options.allowKindChange) node = restore(node, ['kind'], get(old, 'kind'));
  if (!options.allowNameChange) node = restore(node, ['metadata', 'name'], get(get(old, 'metadata'), 'name'));
  node = restore(node, ['metadata', 'namespace'], get(get(old, 'metadata'), 'namespace'));
  return { ...kept, node };
}

function restore(node: Mapping, path: readonly string[], value: Node | undefined): Mapping {
  if (value === undefined && path.length > 1 && entryOf(node, path[0]!)?.value.kind !== 'mapping') return node;
  return updateAt(node, path, value?.at ?? node.at, () => value);
}

/**
 * The patch as kustomize lays it over selected targets: with the target's apiVersion, its own kind, and its labels and
 * annotations as strings, a null among them included.
 */
export function patchForTarget(patch: Mapping, target: Mapping): Mapping {
  const metadata = get(patch, 'metadata');
  let out = patch;
  if (metadata?.kind === 'mapping') {
    let inner: Mapping = metadata;
    for (const field of ['labels', 'annotations']) inner = withStrings(inner, field);
    const name = entryOf(inner, 'name');
    if (name === undefined) inner = setText(inner, 'name', '', metadata.at);
    out = withEntry(out, 'metadata', inner);
  }
  return withEntry(out, 'apiVersion', get(target, 'apiVersion'));
}

/** A map of the metadata with every value a string, or without it when it is empty. */
export function withStrings(metadata: Mapping, field: string): Mapping {
  const map = entryOf(metadata, field)?.value;
  if (map === undefined) return metadata;
  if (map.kind !== 'mapping' || map.entries.length === 0) return withEntry(metadata, field, undefined);
  const entries = map.entries.map(({ key, value }) => ({ key, value: asString(value) }));
  return withEntry(metadata, field, { ...map, entries });
}

function asString(value: Node): Node {
  const at: Origin = value.at;
  return settle({ kind: 'scalar', text: value.kind === 'scalar' ? value.text : '', style: 'plain', tag: '!!str', at });
}

/**
 * The resource with a JSON patch applied. A resource that kustomize has a history of has annotations for it, so that a
 * patch can put one beside them where the file has none; what stays empty is dropped in the end.
 */
export function jsonPatch(of: Resource, operations: readonly Operation[]): Resource {
  const hasHistory = of.previous.length > 0 || of.needsHash || of.behavior !== 'unspecified' || of.prefixes.length > 0;
  const node = hasHistory ? withAnnotations(of.node) : of.node;
  if (of.provenance !== undefined) return patchTracked({ ...of, node }, operations);
  const patched = applyJsonPatch(node, operations);
  // kustomize puts its bookkeeping back, and with it writes every annotation anew, as a string.
  const metadata = entryOf(patched, 'metadata')?.value;
  if (metadata?.kind !== 'mapping') return { ...of, node: patched };
  return { ...of, node: withEntry(patched, 'metadata', withStrings(metadata, 'annotations')) };
}

/**
 * With annotations of provenance asked for, those are ordinary annotations to a JSON patch: one that replaces or removes
 * the annotations takes them away, and what comes after starts to write them anew.
 */
function patchTracked(of: Resource, operations: readonly Operation[]): Resource {
  const at = of.node.at;
  const mark = (node: Mapping, key: string): Mapping =>
    updateAt(withAnnotations(node), ['metadata', 'annotations'], at, (old) =>
      old?.kind === 'mapping' ? setText(old, key, 'kept', at) : old,
    );
  let node = mark(of.node, originKey);
  if (of.transformations.length > 0) node = mark(node, transformationsKey);
  const patched = jsonPatch({ ...of, node, provenance: undefined }, operations);
  const annotations = get(get(patched.node, 'metadata'), 'annotations');
  const has = (key: string): boolean => get(annotations, key) !== undefined;
  const bare = [originKey, transformationsKey].reduce(
    (each, key) => (has(key) ? updateAt(each, ['metadata', 'annotations', key], at, () => undefined) : each),
    patched.node,
  );
  return {
    ...patched,
    node: bare,
    provenance: has(originKey) ? of.provenance : undefined,
    transformations: has(transformationsKey) ? of.transformations : [],
  };
}

function withAnnotations(node: Mapping): Mapping {
  return updateAt(node, ['metadata', 'annotations'], node.at, (old) =>
    old === undefined || isNull(old) ? { kind: 'mapping', entries: [], at: node.at } : old,
  );
}
