/**
 * The tree's live side: which watches each node needs, and which nodes a watch's news is about. What a Kustomization
 * applied is followed by Flux's own owner labels, one watch a kind, only while the node is open.
 */
import type { LiveObject } from '../../engine/index.ts';
import type { TreeNode } from '../../protocol/index.ts';
import type { Linked } from '../link.ts';
import { textAt } from '../live.ts';
import { type KindName, type Seen, watchName } from '../store.ts';
import { fluxKinds, groups } from './groups.ts';
import { appliedNode, fluxNode, groupNode, type InventoryEntry, inventoryOf, kindNodes } from './nodes.ts';

/** The headings; a heading without objects is left out, and a cluster without Flux says so. */
export async function roots({ store }: Linked): Promise<readonly TreeNode[]> {
  const seen = await Promise.all(groups.map((group) => Promise.all(group.kinds.map((kind) => store.settled(kind)))));
  if (seen.flat().every((one) => one.state === 'absent')) return [notInstalled];
  return groups
    .map((group, index) => ({ group, seen: seen[index]! }))
    .filter(({ seen }) => seen.some((one) => one.state !== 'absent'))
    .map(({ group, seen }) => groupNode(group, seen));
}

const notInstalled: TreeNode = {
  id: 'message:no-flux',
  kind: 'message',
  label: 'Flux is not installed in this cluster',
  status: 'unknown',
};

/** The children of a node that `roots` or an earlier call gave. */
export function childrenOf(linked: Linked, id: string): readonly TreeNode[] {
  const group = groups.find((one) => `group:${one.id}` === id);
  if (group !== undefined) {
    const nodes = group.kinds.flatMap((kind) => kindNodes(kind, linked.store.seen(kind)));
    return group.kinds.length === 1 ? nodes : nodes.map(withKind);
  }
  const owner = ownerOf(linked, id);
  return owner === undefined ? [] : appliedNodes(linked, id, owner);
}

/** Under a heading of several kinds, each object says which it is. */
function withKind(node: TreeNode): TreeNode {
  return node.kind === 'flux' ? { ...node, label: `${node.object!.kind} ${node.label}` } : node;
}

/** Every Flux object that the cluster has, for pickers. */
export async function fluxObjects({ store }: Linked): Promise<readonly TreeNode[]> {
  const seen = await Promise.all(fluxKinds.map((kind) => store.settled(kind)));
  return seen.flatMap((one) => ('objects' in one ? [...one.objects.values()].map((object) => fluxNode(object)) : []));
}

/** The nodes that show something of these watches: headings, and owners whose children changed. */
export function nodesOf(watches: ReadonlySet<string>): readonly string[] {
  const ids = new Set<string>();
  for (const name of watches) {
    const group = groups.find((one) => one.kinds.some((kind) => watchName(kind) === name));
    if (group !== undefined) ids.add(`group:${group.id}`);
    const owner = ownerLabels.exec(name.slice(name.indexOf('?') + 1));
    if (owner !== null) ids.add(`flux:${ownerKinds[owner[1]!]}/${owner[3]}/${owner[2]}`);
  }
  return [...ids];
}

/** Ends the watches that an open node needed. */
export function closed({ store }: Linked, id: string): void {
  const parts = fluxId.exec(id);
  if (parts !== null) store.forget(selectorOf(parts[1]!, parts[3]!, parts[4]!));
}

const fluxId = /^flux:([^./]+)(\.[^/]*)?\/([^/]*)\/([^/]*)$/;
const ownerKinds: Readonly<Record<string, string>> = {
  kustomize: 'Kustomization.kustomize.toolkit.fluxcd.io',
  helm: 'HelmRelease.helm.toolkit.fluxcd.io',
};
const ownerLabels =
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\/name=([^,]*),(?:kustomize|helm)\.toolkit\.fluxcd\.io\/namespace=(.*)$/;

function selectorOf(kind: string, namespace: string, name: string): string {
  const prefix = kind === 'HelmRelease' ? 'helm.toolkit.fluxcd.io' : 'kustomize.toolkit.fluxcd.io';
  return `${prefix}/name=${name},${prefix}/namespace=${namespace}`;
}

function ownerOf({ store }: Linked, id: string): LiveObject | undefined {
  for (const kind of fluxKinds) {
    const prefix = `flux:${kind.kind}.${kind.group}/`;
    if (!id.startsWith(prefix)) continue;
    const seen = store.seen(kind);
    return 'objects' in seen ? seen.objects.get(id.slice('flux:'.length)) : undefined;
  }
  return undefined;
}

function appliedNodes({ store }: Linked, id: string, owner: LiveObject): readonly TreeNode[] {
  const entries = inventoryOf(owner);
  if (entries.length === 0) return [nothingApplied(id, owner)];
  const selector = selectorOf(
    textAt(owner, 'kind'),
    textAt(owner, 'metadata', 'namespace'),
    textAt(owner, 'metadata', 'name'),
  );
  return entries.map((entry) => {
    const seen = store.seen(entry as KindName, selector);
    return appliedNode(id, entry, liveOf(seen, entry), seen.state === 'stale');
  });
}

function liveOf(seen: Seen, entry: InventoryEntry): LiveObject | null | undefined {
  if (!('objects' in seen)) return undefined;
  const group = entry.group === '' ? '' : `.${entry.group}`;
  return seen.objects.get(`${entry.kind}${group}/${entry.namespace}/${entry.name}`) ?? null;
}

function nothingApplied(id: string, owner: LiveObject): TreeNode {
  const kind = textAt(owner, 'kind');
  return { id: `message:${id}`, kind: 'message', label: `This ${kind} has no inventory yet` };
}
