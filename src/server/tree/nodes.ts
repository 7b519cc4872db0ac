/** Live objects to tree nodes: pure, so that every look of the tree is tested without a cluster. */
import { healthOf, type LiveObject } from '../../engine/index.ts';
import type { NodeStatus, ObjectName, TreeNode } from '../../protocol/index.ts';
import { at, byHandAnnotation, groupOf, listAt, objectKey, suspendedAnnotation, textAt } from '../live.ts';
import type { KindName, Seen } from '../store.ts';
import type { Group } from './groups.ts';

/** From the worst to the best: a heading shows the worst of what is under it. */
const order: readonly NodeStatus[] = ['failed', 'stale', 'terminating', 'progressing', 'unknown', 'suspended', 'ready'];

/** Kinds without a `spec.suspend`: nothing to suspend, and no reconcile request either where there is no controller. */
const noSuspend = new Set(['Provider', 'Alert', 'ExternalArtifact', 'ImagePolicy']);
const noReconcile = new Set(['Provider', 'Alert', 'ExternalArtifact']);
const withSource = new Set(['Kustomization', 'HelmRelease', 'HelmChart', 'ImageUpdateAutomation', 'ImagePolicy']);

/** A heading: how many objects, and how many of them need a look. */
export function groupNode(group: Group, seen: readonly Seen[]): TreeNode {
  const objects = seen.flatMap((one) => ('objects' in one ? [...one.objects.values()] : []));
  const states = [...objects.map(statusOf), ...seen.flatMap(troubleOf)];
  const worst = order.find((status) => states.includes(status));
  const failed = states.filter((status) => status === 'failed').length;
  const loading = seen.some((one) => one.state === 'loading');
  const parts = [loading && objects.length === 0 ? 'loading' : `${objects.length}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (seen.some((one) => one.state === 'stale')) parts.push('connection lost, retrying');
  return {
    id: `group:${group.id}`,
    kind: 'group',
    label: group.label,
    description: parts.join(', '),
    ...(worst === undefined || worst === 'ready' ? {} : { status: worst }),
    expandable: group.id === 'kustomizations' ? 'expanded' : 'collapsed',
  };
}

function troubleOf(seen: Seen): NodeStatus[] {
  return seen.state === 'failed' ? ['failed'] : seen.state === 'stale' ? ['stale'] : [];
}

/** The objects of one kind under a heading, by name; a kind that cannot be listed says why. */
export function kindNodes(kind: KindName, seen: Seen): readonly TreeNode[] {
  if (seen.state === 'failed') {
    return [
      {
        id: `failure:${kind.kind}.${kind.group}`,
        kind: 'message',
        label: kind.kind,
        description: seen.failure.message,
        status: 'failed',
      },
    ];
  }
  if (!('objects' in seen)) return [];
  const nodes = [...seen.objects.values()].map((object) => fluxNode(object, seen.state === 'stale'));
  return nodes.sort((a, b) => compare(a.object!.namespace, b.object!.namespace) || compare(a.label, b.label));
}

/** One Flux object. A ready one shows its revision, any other what is in the way. */
export function fluxNode(object: LiveObject, stale = false): TreeNode {
  const name = objectNameOf(object);
  const health = healthOf(object);
  const revision = revisionOf(object);
  const suspended = at(object, 'spec', 'suspend') === true;
  const status: NodeStatus = stale ? 'stale' : health.status;
  const calm = health.status === 'ready' || health.status === 'suspended';
  const words = calm && revision !== '' ? revision : firstLine(health.message);
  const applies = name.kind === 'Kustomization' || name.kind === 'HelmRelease';
  return {
    id: `flux:${keyOf(name)}`,
    kind: 'flux',
    label: name.name,
    description: [suspended ? 'suspended' : '', words, name.namespace].filter((part) => part !== '').join(' · '),
    details: detailsOf(name, health.status, health.message, object, revision),
    status,
    ...(applies ? { expandable: 'collapsed' as const } : {}),
    object: name,
    can: actionsOf(name.kind, suspended),
  };
}

function detailsOf(
  name: ObjectName,
  status: string,
  message: string,
  object: LiveObject,
  revision: string,
): readonly string[] {
  const attempted = textAt(object, 'status', 'lastAttemptedRevision');
  const lines = [`${name.kind} ${name.namespace}/${name.name}`, `${status}: ${message}`];
  if (revision !== '') lines.push(`Revision: ${revision}`);
  if (attempted !== '' && shortRevision(attempted) !== revision) lines.push(`Attempted: ${shortRevision(attempted)}`);
  if (at(object, 'spec', 'verify') !== undefined) lines.push(`Signature: ${signatureOf(object)}`);
  const notes = [suspendedAnnotation, byHandAnnotation].map((key) => textAt(object, 'metadata', 'annotations', key));
  for (const note of notes) if (note !== '') lines.push(`Suspended with Sluice: ${note}`);
  return lines.filter((line) => !/: $/.test(line));
}

/** What source-controller found of a source's signature: Sluice itself verifies none. */
function signatureOf(object: LiveObject): string {
  const found = listAt(object, 'status', 'conditions').find((one) => textAt(one, 'type') === 'SourceVerified');
  if (found === undefined) return 'not verified yet';
  const message = firstLine(textAt(found, 'message'));
  if (textAt(found, 'status') === 'True') return message === '' ? 'verified' : message;
  return `not verified${message === '' ? '' : `, ${message}`}`;
}

function actionsOf(kind: string, suspended: boolean): NonNullable<TreeNode['can']> {
  const can: NonNullable<TreeNode['can']>[number][] = ['live', 'source'];
  if (!noReconcile.has(kind)) can.push('reconcile');
  if (withSource.has(kind)) can.push('with-source');
  if (!noSuspend.has(kind)) can.push(suspended ? 'resume' : 'suspend');
  if (kind === 'Kustomization' || kind === 'HelmRelease') can.push('preview');
  if (kind === 'HelmRelease') can.push('values');
  return can;
}

/** What is under a Kustomization or HelmRelease: its inventory, in kind and name order. */
export interface InventoryEntry extends ObjectName {
  readonly group: string;
}

/** Flux writes `<namespace>_<name>_<group>_<kind>` (names cannot hold `_`), a colon in a name doubled up as `__`. */
export function inventoryOf(object: LiveObject): readonly InventoryEntry[] {
  const entries: InventoryEntry[] = [];
  for (const entry of listAt(object, 'status', 'inventory', 'entries')) {
    const parts = /^([^_]*)_(.*)_([^_]*)_([^_]*)$/.exec(textAt(entry, 'id'));
    if (parts === null) continue;
    const [, namespace, name, group, kind] = parts as unknown as [string, string, string, string, string];
    const version = textAt(entry, 'v');
    entries.push({
      apiVersion: group === '' ? version : `${group}/${version}`,
      group,
      kind,
      namespace,
      name: name.replaceAll('__', ':'),
    });
  }
  return entries.sort(
    (a, b) => compare(a.kind, b.kind) || compare(a.namespace, b.namespace) || compare(a.name, b.name),
  );
}

/** One applied object. `live` is undefined while unknown, and `null` when the cluster no longer has it. */
export function appliedNode(
  owner: string,
  entry: InventoryEntry,
  live: LiveObject | null | undefined,
  stale = false,
): TreeNode {
  const { apiVersion, kind, namespace, name } = entry;
  const object: ObjectName = { apiVersion, kind, namespace, name };
  const health = live ? healthOf(live) : undefined;
  const status: NodeStatus = stale ? 'stale' : (health?.status ?? 'unknown');
  const message = live === null ? "gone, or without its owner's labels" : (health?.message ?? '');
  const words = health?.status === 'ready' ? '' : firstLine(message);
  return {
    id: `applied:${owner}|${keyOf(object)}`,
    kind: 'applied',
    label: `${kind} ${name}`,
    description: [words, namespace].filter((part) => part !== '').join(' · '),
    details: [`${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`, message].filter((line) => line !== ''),
    status,
    object,
    can: ['live', 'source'],
  };
}

export function objectNameOf(object: LiveObject): ObjectName {
  return {
    apiVersion: textAt(object, 'apiVersion'),
    kind: textAt(object, 'kind'),
    namespace: textAt(object, 'metadata', 'namespace'),
    name: textAt(object, 'metadata', 'name'),
  };
}

function keyOf(name: ObjectName): string {
  return objectKey(groupOf(name.apiVersion), name.kind, name.namespace, name.name);
}

function statusOf(object: LiveObject): NodeStatus {
  return healthOf(object).status;
}

/** What is in the cluster now, short: `main@1a2b3c4`, `1.4.2`. */
function revisionOf(object: LiveObject): string {
  const places = [
    ['status', 'lastAppliedRevision'],
    ['status', 'artifact', 'revision'],
    ['status', 'latestRef', 'tag'],
    ['status', 'lastAttemptedRevision'],
  ];
  const found = places.map((path) => textAt(object, ...path)).find((text) => text !== '');
  const release = listAt(object, 'status', 'history')[0];
  return shortRevision(textAt(object, 'kind') === 'HelmRelease' ? textAt(release, 'chartVersion') : (found ?? ''));
}

/** `main@sha1:1a2b3c4d…` → `main@1a2b3c4`; digests are cut to seven characters, as git does. */
export function shortRevision(revision: string): string {
  return revision.replace(/(?:sha1:|sha256:)?([0-9a-f]{7})[0-9a-f]{33,57}\b/g, '$1');
}

function firstLine(message: string): string {
  const line = message.split('\n', 1)[0]!;
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
