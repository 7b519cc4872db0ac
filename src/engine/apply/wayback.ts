/**
 * The way back of an apply beside running controllers. What Sluice suspended says so in an annotation, in the cluster
 * itself, so that it is found again after a restart and by other people: who, when, and why.
 */
import type { RemoteTarget } from '../plan/plan.ts';
import { steadily } from '../plan/requests.ts';
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef, Timer } from '../ports.ts';
import { at, conditionsOf, stringAt } from '../status/fields.ts';
import { isSuspended } from '../status/index.ts';
import { byHandAnnotation, sluiceManager, suspendedAnnotation } from './owner.ts';
import { listOf, reachingFrom, type Spot } from './remotes.ts';

/** What the annotation of a suspended object says; texts are empty where it does not say it. */
export interface Suspension {
  /** RFC 3339. */
  readonly when: string;
  readonly who: string;
  readonly why: string;
}

/** A Flux object that Sluice suspended and nobody resumed. */
export interface WayBack {
  readonly owner: ObjectRef;
  readonly suspension: Suspension;
  /** The annotation itself. */
  readonly note: string;
  /** What it takes its content from: to be fetched before the resume, or Flux undoes what was applied. */
  readonly source?: ObjectRef;
  /** The other cluster that it stands in, where `spec.kubeConfig` leads to it. */
  readonly away?: Away;
}

export interface Away {
  readonly cluster: Cluster;
  readonly remote: RemoteTarget;
}

const owners = [
  ['kustomize.toolkit.fluxcd.io', 'Kustomization'],
  ['helm.toolkit.fluxcd.io', 'HelmRelease'],
] as const;

/**
 * Every way back that is open in a cluster and in those that its Flux objects lead to, by namespace and name. Kinds that a
 * cluster does not have are passed over, and so is another cluster that cannot be looked into.
 */
export async function openWaysBack(cluster: Cluster, signal?: AbortSignal): Promise<ClusterAnswer<readonly WayBack[]>> {
  const reaching = reachingFrom(cluster, signal);
  const spots: Spot[] = [{ cluster }];
  const found: WayBack[] = [];
  for (let spot = spots[0]; spot !== undefined; spot = spots[spots.indexOf(spot) + 1]) {
    const inside = await suspendedIn(spot, signal);
    if (!inside.ok && spot.remote === undefined) return inside;
    const { ways, owners } = inside.ok ? inside.value : { ways: [], owners: [] };
    found.push(...ways);
    for (const owner of owners) {
      const next = await reaching.spotOf(spot, owner);
      if (typeof next !== 'string' && !spots.some((one) => one.cluster === next.cluster)) spots.push(next);
    }
  }
  return { ok: true, value: found.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)) };
}

interface Inside {
  readonly ways: readonly WayBack[];
  readonly owners: readonly LiveObject[];
}

async function suspendedIn({ cluster, remote }: Spot, signal: AbortSignal | undefined): Promise<ClusterAnswer<Inside>> {
  const lists = await Promise.all(owners.map(([group, kind]) => listOf(cluster, group, kind, signal)));
  const refused = lists.find((list) => !list.ok);
  if (refused !== undefined && !refused.ok) return refused;
  const all = lists.flatMap((list) => (list.ok ? [...list.value] : []));
  const away = remote === undefined ? {} : { away: { cluster, remote } };
  const ways = all.flatMap((live) => wayBackOf(live) ?? []).map((way) => ({ ...way, ...away }));
  return { ok: true, value: { ways, owners: all } };
}

function sortKey({ owner, away }: WayBack): string {
  return `${away?.remote.server ?? ''} ${owner.kind === 'Kustomization' ? 0 : 1}/${owner.namespace}/${owner.name}`;
}

/** The way back of one live object; undefined when it is not suspended, or not by an apply. */
export function wayBackOf(live: LiveObject): WayBack | undefined {
  const note = stringAt(live, 'metadata', 'annotations', suspendedAnnotation);
  if (note === '' || !isSuspended(live)) return undefined;
  const source = sourceRefOf(live);
  return { owner: refOfLive(live), note, suspension: suspensionOf(note), ...(source === undefined ? {} : { source }) };
}

/** Who suspended an object with Sluice, by an apply or on purpose. */
export function suspensionIn(live: LiveObject): Suspension | undefined {
  const notes = [suspendedAnnotation, byHandAnnotation].map((key) => stringAt(live, 'metadata', 'annotations', key));
  const note = notes.find((one) => one !== '');
  return note === undefined || !isSuspended(live) ? undefined : suspensionOf(note);
}

/** Reads `2026-01-01T00:00:00.000Z by alice: why`; a note in other words is all reason. */
export function suspensionOf(note: string): Suspension {
  const match = /^(\d{4}-\d\d-\d\dT\S+) by ([^:]*)(?:: ([\s\S]*))?$/.exec(note);
  if (match === null) return { when: '', who: '', why: note };
  return { when: match[1]!, who: match[2]!, why: match[3] ?? '' };
}

/** The object that a Kustomization or HelmRelease takes its content from; its namespace defaults to the owner's. */
export function sourceRefOf(live: LiveObject): ObjectRef | undefined {
  for (const path of [['sourceRef'], ['chartRef'], ['chart', 'spec', 'sourceRef']]) {
    const ref = at(live, 'spec', ...path);
    if (ref === undefined) continue;
    const [kind, name] = [stringAt(ref, 'kind'), stringAt(ref, 'name')];
    const namespace = stringAt(ref, 'namespace') || stringAt(live, 'metadata', 'namespace');
    const apiVersion = stringAt(ref, 'apiVersion') || 'source.toolkit.fluxcd.io/v1';
    return { apiVersion, kind, namespace, name };
  }
  return undefined;
}

export function refOfLive(live: LiveObject): ObjectRef {
  return {
    apiVersion: stringAt(live, 'apiVersion'),
    kind: stringAt(live, 'kind'),
    namespace: stringAt(live, 'metadata', 'namespace'),
    name: stringAt(live, 'metadata', 'name'),
  };
}

/** Lets Flux go on with an object and takes Sluice's annotation away. What Git says of `suspend` counts again. */
export function resumeOwner(
  cluster: Cluster,
  owner: ObjectRef,
  signal?: AbortSignal,
): Promise<ClusterAnswer<LiveObject>> {
  const patch = { metadata: { annotations: { [suspendedAnnotation]: null } }, spec: { suspend: null } };
  return steadily(() => cluster.patch(owner, patch, { manager: sluiceManager }, signal));
}

const requestedAt = 'reconcile.fluxcd.io/requestedAt';

/** Asks the controller to look now. Answers the token that `status.lastHandledReconcileAt` repeats when it has. */
export async function requestReconcile(
  cluster: Cluster,
  object: ObjectRef,
  { timer, signal }: { readonly timer: Timer; readonly signal?: AbortSignal },
): Promise<ClusterAnswer<string>> {
  const token = new Date(timer.now()).toISOString();
  const patch = { metadata: { annotations: { [requestedAt]: token } } };
  const asked = await steadily(() => cluster.patch(object, patch, { manager: sluiceManager }, signal));
  return asked.ok ? { ok: true, value: token } : asked;
}

/** The words of an object's Ready condition. */
export function readyMessage(live: LiveObject): string {
  return conditionsOf(live).find(({ type }) => type === 'Ready')?.message ?? '';
}
