/**
 * Which objects get patched somewhere: what such an object lacks may come from the patch (a base HelmRelease without
 * its chart version, a Deployment without its image), so that nothing is said to be missing from it.
 */
import { flux, get, type Mapping, type Node, parse, text, type Workspace } from '../engine/index.ts';
import { itemsOf, rolesOf } from './roles.ts';

export interface Patched {
  has(object: Mapping): boolean;
}

/** A target as kustomize reads it; what is undefined fits everything. */
interface Selector {
  readonly kind: RegExp | undefined;
  readonly name: RegExp | undefined;
}

const cache = new WeakMap<Workspace, Patched>();

export function patchedOf(workspace: Workspace): Patched {
  let patched = cache.get(workspace);
  if (patched === undefined) {
    patched = findPatched(workspace);
    cache.set(workspace, patched);
  }
  return patched;
}

function findPatched(workspace: Workspace): Patched {
  const roles = rolesOf(workspace);
  const exact = new Set<string>();
  const selectors: Selector[] = [];
  for (const { path, objects } of workspace.files) {
    if (roles.isPatch(path)) for (const { id } of objects) exact.add(`${id.kind}/${id.name}`);
  }
  const patches = [
    ...roles.kustomizations.flatMap(({ root }) => [
      ...itemsOf(get(root, 'patches')),
      ...itemsOf(get(root, 'patchesJson6902')),
      ...itemsOf(get(root, 'patchesStrategicMerge')),
    ]),
    ...workspace.objects.flatMap((object) =>
      object.flux === flux.kustomization ? flux.kustomization.view(object.node).patches : [],
    ),
  ];
  for (const patch of patches) {
    const target = get(patch, 'target');
    if (target !== undefined)
      selectors.push({ kind: anchored(get(target, 'kind')), name: anchored(get(target, 'name')) });
    else for (const key of inline(patch)) exact.add(key);
  }
  return {
    has(object) {
      const kind = text(get(object, 'kind')) ?? '';
      const name = text(get(get(object, 'metadata'), 'name')) ?? '';
      if (exact.has(`${kind}/${name}`)) return true;
      return selectors.some((each) => (each.kind?.test(kind) ?? true) && (each.name?.test(name) ?? true));
    },
  };
}

/** Only plain names count as such: a real regular expression is taken to fit everything, and is never run. */
function anchored(node: Node | undefined): RegExp | undefined {
  const pattern = text(node);
  if (pattern === undefined || !/^[\w.-]+$/.test(pattern)) return undefined;
  return new RegExp(`^${pattern.replaceAll('.', '\\.')}$`);
}

const inlines = new WeakMap<Node, readonly string[]>();

/** The objects of a patch that is written in place, as `kind/name`. */
function inline(patch: Node): readonly string[] {
  const written = text(patch) ?? text(get(patch, 'patch'));
  if (written === undefined || !written.includes('\n')) return [];
  let keys = inlines.get(patch);
  if (keys === undefined) {
    keys = parse(written, '').documents.flatMap(({ root }) => {
      const kind = text(get(root, 'kind'));
      return kind === undefined ? [] : [`${kind}/${text(get(get(root, 'metadata'), 'name')) ?? ''}`];
    });
    inlines.set(patch, keys);
  }
  return keys;
}
