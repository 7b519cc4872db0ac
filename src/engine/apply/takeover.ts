/** Taking an owner over for the time of an apply, and leaving an inventory that its controller agrees with. */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import { isHeldBy } from '../plan/deletions.ts';
import { isHelmRelease, isKustomization } from '../plan/owner.ts';
import { payloadOf } from '../plan/payload.ts';
import type { PlanEntry, RemoteTarget } from '../plan/plan.ts';
import { at } from '../status/fields.ts';
import { edited, ownerRef, readInventory, suspendOwner, writeInventory } from './owner.ts';
import { clusterKey, inCluster, type Site } from './site.ts';
import { keyIn, runsControllers, type State, signalOf, type Turn } from './turn.ts';

/** Suspends the owner where a controller runs and would act beside this apply. */
export async function suspend(state: State, turn: Turn): Promise<void> {
  const { options } = state;
  const { group, home } = turn;
  const { id } = group.owner;
  const release = isHelmRelease(id);
  if (!(isKustomization(id) || release) || home.stopped !== undefined || options.signal?.aborted) return;
  if (group.state?.suspended === true || state.suspended.has(keyIn(home, id))) return;
  if (group.state?.controlled !== true && (release || !runsControllers(state.plan, home))) return;
  if (await isSuspendedNow(state, turn, { id, home, why: 'a plan of the workspace was applied' }))
    await suspendParents(state, turn, { id, home });
}

interface Standing {
  readonly id: ObjectId;
  readonly home: Site;
}

async function isSuspendedNow(
  state: State,
  turn: Turn,
  { id, home, why }: Standing & { readonly why: string },
): Promise<boolean> {
  const { options } = state;
  const how = { by: options.by, why, timer: options.timer, ...signalOf(options) };
  const taken = await suspendOwner(home.cluster, id, how);
  if (!taken.ok) trouble(state, turn, taken);
  if (turn.barred !== undefined) return false;
  tellSuspended(state, home, id);
  return true;
}

/** Notes that an owner is suspended by this apply, and how that is taken back. */
export function tellSuspended(state: State, home: Site, id: ObjectId): void {
  state.suspended.set(keyIn(home, id), { ...id, ...inCluster(home) });
  state.tell({ type: 'suspended', owner: id, wayBack: wayBack(state, home, id), ...inCluster(home) });
}

/**
 * A parent that sets `spec.suspend` on its child in Git would take the suspension back when it next reconciles: it is
 * suspended too, and so on upwards. Other parents leave a field alone that they do not set.
 */
async function suspendParents(state: State, turn: Turn, child: Standing): Promise<void> {
  for (const group of state.plan.groups) {
    // What it applies to another cluster is not this child.
    if (clusterKey(group) !== clusterKey(child.home)) continue;
    const { owner, entries, state: live } = group;
    if (live?.exists !== true || live.suspended || !isKustomization(owner.id)) continue;
    const key = keyOf(child.id);
    const object = entries.flatMap((entry) => (keyOf(entry.id) === key ? [payloadOf(entry)?.object] : []))[0];
    if (object === undefined || at(object, 'spec', 'suspend') === undefined) continue;
    const home = state.sites.home(group);
    if (state.suspended.has(keyIn(home, owner.id))) continue;
    const why = `it sets spec.suspend of ${titleOf(child.id)}, to which a plan of the workspace was applied`;
    if (!(await isSuspendedNow(state, turn, { id: owner.id, home, why }))) return;
    await suspendParents(state, turn, { id: owner.id, home });
  }
}

/**
 * Suspends an owner that has only just come about, and writes down everything that is about to be sent. A root Kustomization
 * that its own objects bring into being has no inventory before they are sent: it is taken over afterwards.
 */
export async function takeOver(state: State, turn: Turn): Promise<void> {
  const { options } = state;
  const { stopped, cluster } = turn.home;
  const { id } = turn.group.owner;
  if (!isKustomization(id) || turn.barred !== undefined || stopped !== undefined || options.signal?.aborted) return;
  const inventory = await readInventory(cluster, id, options.signal);
  if (inventory === undefined) return;
  if (typeof inventory === 'string') return trouble(state, turn, { fatal: true, message: inventory });
  await suspend(state, turn);
  if (turn.barred !== undefined) return;
  // What stands as it should belongs in it as well: an earlier apply may have been refused the writing of it.
  const standing = turn.group.entries.filter(({ action }) => action === 'unchanged');
  const next = edited(
    inventory,
    [...standing, ...turn.sends].map((entry) => entry.id),
    [],
  );
  if (next.length === inventory.length) return;
  const taken = await writeInventory(cluster, id, next, options.signal);
  if (!taken.ok) trouble(state, turn, taken);
}

function trouble(
  state: State,
  turn: Turn,
  { fatal, message }: { readonly fatal: boolean; readonly message: string },
): void {
  if (fatal) turn.barred = message;
  state.tell({ type: 'trouble', owner: turn.group.owner.id, message });
}

/** How a suspension is taken back. */
function wayBack({ cluster: { context } }: State, { remote }: Site, id: ObjectId): string {
  const through = remote === undefined ? '' : throughWords(remote);
  return `sluice push --context ${context}, or take it back: sluice resume ${id.kind}/${id.name} -n ${id.namespace} --context ${context}${through}`;
}

/** As the command line takes the way to another cluster: a Secret for each step. */
function throughWords({ namespace, from, through }: RemoteTarget): string {
  const key = from.kind === 'Secret' && from.key !== '' ? `/${from.key}` : '';
  return `${through === undefined ? '' : throughWords(through)} --through ${namespace}/${from.name}${key}`;
}

/** What was deleted leaves the inventory; what could not be deleted stays in it, to be tried again. */
export async function keepInventory(state: State, turns: readonly Turn[], turn: Turn): Promise<void> {
  const { id } = turn.group.owner;
  const { cluster, stopped } = turn.home;
  if (!isKustomization(id) || stopped !== undefined || turn.site.closed !== undefined) return;
  const settled = turn.deletes.filter((entry) => ['deleted', 'gone', 'kept'].includes(turn.outcomes.get(entry) ?? ''));
  const unsent = turn.sends.filter((entry) => entry.seen === undefined && turn.outcomes.get(entry) === 'not-sent');
  const whole = !turn.failed && !state.options.signal?.aborted && state.options.selection === undefined;
  const orphans = whole
    ? turn.group.entries.filter(
        (entry) => entry.action === 'keep' && turn.group.complete !== false && hasLeft(state, turns, entry),
      )
    : [];
  const ids = [...settled, ...unsent, ...orphans].map((entry) => entry.id);
  const remove = [...ids, ...(await stillSettled(state, turn))];
  if (remove.length === 0) return;
  const inventory = await readInventory(cluster, id);
  if (inventory === undefined || typeof inventory === 'string') return;
  const next = edited(inventory, [], remove);
  if (next.length === inventory.length) return;
  const taken = await writeInventory(cluster, id, next);
  if (!taken.ok) trouble(state, turn, taken);
}

/** What was gone when the plan was made may have come back since: then it is the owner's again, and stays in the inventory. */
async function stillSettled({ options }: State, { group, site }: Turn): Promise<readonly ObjectId[]> {
  const found = await Promise.all(
    (group.settled ?? []).map(async (id) => {
      const live = await site.cluster.get(ownerRef(id), options.signal);
      const isOver = live.ok
        ? !isHeldBy(live.value, group.owner.id)
        : ['not-found', 'unknown-kind'].includes(live.failure.reason);
      return isOver ? [id] : [];
    }),
  );
  return found.flat();
}

/** Whether a kept object needs this inventory no more; one that moves does until its new owner has it. */
function hasLeft({ plan }: State, turns: readonly Turn[], kept: PlanEntry): boolean {
  if (kept.movesTo === undefined) return true;
  const to = keyOf(kept.movesTo);
  const group = plan.groups.find((one) => keyOf(one.owner.id) === to);
  const there = group?.entries.find((entry) => keyOf(entry.id) === keyOf(kept.id));
  if (there === undefined) return false;
  if (there.action === 'unchanged') return true;
  const outcome = turns.find((turn) => turn.group === group)?.outcomes.get(there);
  return outcome === 'applied' || outcome === 'unchanged';
}
