/**
 * What leaves the cluster: entries of the owner's inventory that are no longer wanted. Only the inventory counts, never a
 * label search, and only objects that still carry the owner's labels. After any error in a render nothing is pruned.
 * A Kustomization that is deleted takes along what its own inventory lists: the whole cascade is shown.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { ClusterAnswer, LiveObject } from '../ports.ts';
import type { DesiredSet, Owner } from '../render/desired.ts';
import { stringAt, stringsAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { accountNotes, accountTitle } from './accounts.ts';
import { withPlaces } from './dangers/groups.ts';
import { entryDangers } from './dangers/index.ts';
import { keepReason } from './exempt.ts';
import type { Gathered } from './failures.ts';
import { contentOf } from './hash.ts';
import { inventoryOf, parseInventory } from './inventory.ts';
import type { LiveOwner } from './liveowner.ts';
import { mask } from './mask.ts';
import { fluxOrder } from './order.ts';
import { shownOf } from './outcome.ts';
import { deletesWithOwner, isHelmRelease, isKustomization, type OwnerSpec, ownerSpec } from './owner.ts';
import { clusterOf, type Place, type Reach } from './places.ts';
import type { PlanEntry, PlanGroup } from './plan.ts';
import { withRelease } from './release.ts';
import type { Requests } from './requests.ts';
import { secretValuesOf } from './secrets.ts';

export interface DeletionQuestion {
  readonly owner: LiveOwner;
  readonly set: DesiredSet;
  /** For each cluster every wanted object's key and its owner. */
  readonly wantedBy: ReadonlyMap<Place, ReadonlyMap<string, ObjectId>>;
  readonly gathered: Gathered;
  /** Whether an object that is no longer wanted belongs to the part that is planned. */
  removes(id: ObjectId): boolean;
  /** The way to the cluster that a removed owner applied to, as the account that it applied as. */
  readonly reach: Reach;
}

export interface Deletions {
  readonly entries: readonly PlanEntry[];
  /** What the inventory lists and nothing is to be done about: it is gone, or its new owner has it. */
  readonly settled: readonly ObjectId[];
  /** Groups of owners that are deleted, with all that goes with them. */
  readonly cascades: readonly PlanGroup[];
}

export async function deletionsOf(place: Place, question: DeletionQuestion): Promise<Deletions> {
  const { owner, set, wantedBy, removes } = question;
  const ours = (id: ObjectId) => {
    const by = wantedBy.get(clusterOf(place))?.get(keyOf(id));
    return by !== undefined && keyOf(by) === keyOf(owner.owner.id);
  };
  const stale = owner.state.inventory
    .map(parseInventory)
    .filter((id): id is ObjectId => id !== undefined && !ours(id) && removes(id))
    .sort((a, b) => fluxOrder(b, a));
  const hold = holdReason(owner, set);
  const found = await Promise.all(stale.map((id) => leaving(place, id, { owner, hold }, question)));
  const entries = found.flatMap((one) => (one === undefined ? [] : [one.entry]));
  const settled = stale.filter((_, index) => found[index] === undefined);
  const seen = new Set([keyOf(owner.owner.id)]);
  const cascades: PlanGroup[] = [];
  for (const one of found) {
    if (one?.entry.action === 'delete' && one.live !== undefined) {
      const groups = await cascade(place, { id: one.entry.id, live: one.live }, question, seen);
      cascades.push(...groups.map((group) => ({ ...group, entries: withPlaces(group.entries, set.owner.at) })));
    }
  }
  return { entries, settled, cascades };
}

/** Why nothing of this owner is pruned; undefined when it is. */
function holdReason(owner: LiveOwner, set: DesiredSet): string | undefined {
  if (!set.complete) return 'no longer rendered, but the render failed, and then nothing is pruned';
  if (set.objects.length === 0 && set.note !== undefined)
    return `nothing was rendered (${set.note}), so nothing is pruned`;
  if (!owner.spec.prune) return 'no longer rendered; prune is off, so it stays as an orphan';
  return undefined;
}

interface Leaving {
  readonly entry: PlanEntry;
  readonly live?: LiveObject;
}

/** undefined: it is gone already, or its kind is, or its new owner has it, and all of that is settled. */
async function leaving(
  place: Place,
  id: ObjectId,
  { owner, hold }: { readonly owner: Pick<LiveOwner, 'owner' | 'secretValues'>; readonly hold: string | undefined },
  { wantedBy, gathered }: DeletionQuestion,
): Promise<Leaving | undefined> {
  const { requests } = place;
  const moved = wantedBy.get(clusterOf(place))?.get(keyOf(id));
  if (moved !== undefined) {
    const entry: PlanEntry = { id, action: 'keep', reason: `moves to ${titleOf(moved)}`, changes: [], movesTo: moved };
    const found = await read(requests, id);
    if (found?.answer.ok !== true) return { entry };
    const live = found.answer.value;
    if (isHeldBy(live, moved) && !isHeldBy(live, owner.owner.id)) return undefined;
    const pruned = hold === undefined && keepReason(live, owner.owner.id) === undefined;
    return { entry: pruned ? withDangers(entry, live) : entry };
  }
  const found = await read(requests, id);
  if (found === undefined) return undefined;
  const { answer, version } = found;
  if (!answer.ok) {
    if (answer.failure.reason === 'not-found' || answer.failure.reason === 'unknown-kind') return undefined;
    gathered.add({ problems: [], failure: answer.failure });
    return { entry: { id, action: 'unknown', reason: answer.failure.message, changes: [] } };
  }
  const live = answer.value;
  const kept = hold ?? keepReason(live, owner.owner.id);
  const base = {
    id: { ...id, version },
    changes: [],
    ...mask(shownOf(live), undefined, { before: owner.secretValues }),
    seen: seenOf(live),
  };
  if (kept !== undefined) return { entry: withDangers({ ...base, action: 'keep', reason: kept }, live), live };
  const gone = stringAt(live, 'metadata', 'deletionTimestamp') !== '';
  const left = isHelmRelease(owner.owner.id)
    ? 'no longer rendered, so the next revision removes it'
    : 'no longer rendered';
  const reason = gone ? 'no longer rendered; it is being deleted already' : left;
  return { entry: withDangers({ ...base, action: 'delete', reason }, live), live };
}

/** Whether an object's labels name this owner. */
export function isHeldBy(live: LiveObject, { group, name, namespace }: ObjectId): boolean {
  const labels = stringsAt(live, 'metadata', 'labels');
  return labels[`${group}/name`] === name && labels[`${group}/namespace`] === namespace;
}

/** An object in the version that is served; undefined when its kind is served no more. */
async function read(
  requests: Requests,
  id: ObjectId,
): Promise<{ readonly answer: ClusterAnswer<LiveObject>; readonly version: string } | undefined> {
  const served = await requests.served(id.group, id.kind, id.version);
  if (served.ok && served.value === undefined) return undefined;
  const version = served.ok ? (served.value?.version ?? id.version) : id.version;
  const apiVersion = id.group === '' ? version : `${id.group}/${version}`;
  const answer = await requests.get({ apiVersion, kind: id.kind, namespace: id.namespace, name: id.name });
  return { answer, version };
}

function seenOf(live: LiveObject) {
  return {
    uid: stringAt(live, 'metadata', 'uid'),
    resourceVersion: stringAt(live, 'metadata', 'resourceVersion'),
    content: contentOf(live),
  };
}

function withDangers(entry: PlanEntry, live: Json): PlanEntry {
  const dangers = entryDangers({ entry, before: live, after: undefined });
  return dangers.length === 0 ? entry : { ...entry, dangers };
}

/** What goes when a Flux object goes, and what goes with that. */
async function cascade(
  place: Place,
  { id, live }: { readonly id: ObjectId; readonly live: LiveObject },
  question: DeletionQuestion,
  seen: Set<string>,
): Promise<readonly PlanGroup[]> {
  if ((!isKustomization(id) && !isHelmRelease(id)) || seen.has(keyOf(id))) return [];
  seen.add(keyOf(id));
  const spec = ownerSpec(id, live);
  const title = titleOf(id);
  const owner: Owner = { id, at: { file: '', start: 0, end: 0 } };
  const home = clusterOf(place);
  const opened =
    spec.kubeConfig === undefined
      ? { place: home, remote: home.remote }
      : await question.reach.open(home, id.namespace, spec.kubeConfig);
  if (typeof opened === 'string') {
    const note = `${title} is removed; what it applied is in another cluster, which cannot be asked: ${opened}`;
    return [{ owner, entries: [], note, complete: false }];
  }
  const { place: target, notAs } = await question.reach.acting(opened.place, { id, object: live, home });
  const secretValues = await secretValuesOf(home.requests, id, [live]);
  const hold = deletesWithOwner(spec)
    ? await accountGone(home, target, spec)
    : `${title} is removed without pruning: it stays as an orphan`;
  const state = { exists: true, suspended: spec.suspend, controlled: false, inventory: inventoryOf(live) };
  const stored =
    spec.release === undefined ? { state } : await withRelease(target.requests, state, { spec: spec.release });
  const inventory = stored.state.inventory
    .map(parseInventory)
    .filter((entry): entry is ObjectId => entry !== undefined)
    .sort((a, b) => fluxOrder(b, a));
  const found = await Promise.all(
    inventory.map((entry) => leaving(target, entry, { owner: { owner, secretValues }, hold }, question)),
  );
  const kept = found.flatMap((one) => (one === undefined ? [] : [one]));
  const entries = kept.map(({ entry }) =>
    entry.action === 'delete' ? { ...entry, reason: `goes with ${title}` } : entry,
  );
  const below: PlanGroup[] = [];
  for (const { entry, live: object } of kept) {
    if (entry.action === 'delete' && object !== undefined) {
      below.push(...(await cascade(target, { id: entry.id, live: object }, question, seen)));
    }
  }
  const where = {
    ...(opened.remote === undefined ? {} : { remote: opened.remote }),
    ...(home.remote === undefined ? {} : { standsIn: home.remote }),
    ...(target.as === undefined ? {} : { as: target.as }),
  };
  const note = [`${title} is removed`, ...accountNotes(target, notAs)].join('; ');
  return [{ owner, entries, note, ...where, ...(spec.release === undefined ? {} : { spec }) }, ...below];
}

/** Flux gives up pruning for an owner whose account is gone: it could not act as that. */
async function accountGone({ requests }: Place, { as }: Place, { kind }: OwnerSpec): Promise<string | undefined> {
  if (as === undefined || kind !== 'Kustomization') return undefined;
  const [namespace, name] = accountTitle(as).split('/') as [string, string];
  const answer = await requests.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name });
  if (answer.ok || answer.failure.reason !== 'not-found') return undefined;
  return `the service account ${namespace}/${name} is gone, and without it Flux prunes nothing: it stays as an orphan`;
}
