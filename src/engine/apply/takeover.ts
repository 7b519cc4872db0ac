/** Taking an owner over for the time of an apply, and leaving an inventory that its controller agrees with. */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import { isHelmRelease, isKustomization } from '../plan/owner.ts';
import { payloadOf } from '../plan/payload.ts';
import type { PlanEntry } from '../plan/plan.ts';
import { at } from '../status/fields.ts';
import { edited, readInventory, suspendOwner, writeInventory } from './owner.ts';
import { runsControllers, type State, signalOf, type Turn } from './turn.ts';

/** Suspends the owner where a controller runs and would act beside this apply. */
export async function suspend(state: State, turn: Turn): Promise<void> {
  const { cluster, options, tell } = state;
  const { group } = turn;
  const { id } = group.owner;
  const release = isHelmRelease(id);
  if (!(isKustomization(id) || release) || state.here.stopped !== undefined || options.signal?.aborted) return;
  if (group.state?.suspended === true || state.suspended.has(keyOf(id))) return;
  if (group.state?.controlled !== true && (release || !runsControllers(state.plan))) return;
  const why = 'a plan of the workspace was applied';
  const taken = await suspendOwner(cluster, id, { by: options.by, why, timer: options.timer, ...signalOf(options) });
  if (!taken.ok) trouble(state, turn, taken);
  if (turn.barred !== undefined) return;
  state.suspended.add(keyOf(id));
  tell({ type: 'suspended', owner: id, wayBack: wayBack(id, cluster.context) });
  await suspendParents(state, turn, id);
}

/**
 * A parent that sets `spec.suspend` on its child in Git would take the suspension back when it next reconciles: it is
 * suspended too, and so on upwards. Other parents leave a field alone that they do not set.
 */
async function suspendParents(state: State, turn: Turn, child: ObjectId): Promise<void> {
  for (const { owner, entries, state: live, remote } of state.plan.groups) {
    // What it applies to another cluster is not this child.
    if (remote !== undefined) continue;
    const key = keyOf(owner.id);
    if (live?.exists !== true || live.suspended || state.suspended.has(key) || !isKustomization(owner.id)) continue;
    const object = entries.flatMap((entry) => (keyOf(entry.id) === keyOf(child) ? [payloadOf(entry)?.object] : []))[0];
    if (object === undefined || at(object, 'spec', 'suspend') === undefined) continue;
    const { cluster, options, tell } = state;
    const why = `it sets spec.suspend of ${titleOf(child)}, to which a plan of the workspace was applied`;
    const taken = await suspendOwner(cluster, owner.id, {
      by: options.by,
      why,
      timer: options.timer,
      ...signalOf(options),
    });
    if (!taken.ok) trouble(state, turn, taken);
    if (turn.barred !== undefined) return;
    state.suspended.add(key);
    tell({ type: 'suspended', owner: owner.id, wayBack: wayBack(owner.id, cluster.context) });
    await suspendParents(state, turn, owner.id);
  }
}

/**
 * Suspends an owner that has only just come about, and writes down everything that is about to be sent. A root Kustomization
 * that its own objects bring into being has no inventory before they are sent: it is taken over afterwards.
 */
export async function takeOver(state: State, turn: Turn): Promise<void> {
  const { cluster, options } = state;
  const { id } = turn.group.owner;
  if (!isKustomization(id) || turn.barred !== undefined || state.here.stopped !== undefined || options.signal?.aborted)
    return;
  const inventory = await readInventory(cluster, id, options.signal);
  if (inventory === undefined) return;
  if (typeof inventory === 'string') return trouble(state, turn, { fatal: true, message: inventory });
  await suspend(state, turn);
  if (turn.barred !== undefined) return;
  const next = edited(
    inventory,
    turn.sends.map((entry) => entry.id),
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
export function wayBack(id: ObjectId, context: string): string {
  return `sluice push --context ${context}, or take it back: sluice resume ${id.kind}/${id.name} -n ${id.namespace} --context ${context}`;
}

/** What was deleted leaves the inventory; what could not be deleted stays in it, to be tried again. */
export async function keepInventory(state: State, turns: readonly Turn[], turn: Turn): Promise<void> {
  const { id } = turn.group.owner;
  if (!isKustomization(id) || state.here.stopped !== undefined || turn.site.closed !== undefined) return;
  const settled = turn.deletes.filter((entry) => ['deleted', 'gone', 'kept'].includes(turn.outcomes.get(entry) ?? ''));
  const unsent = turn.sends.filter((entry) => entry.seen === undefined && turn.outcomes.get(entry) === 'not-sent');
  const whole = !turn.failed && !state.options.signal?.aborted && state.options.selection === undefined;
  const orphans = whole
    ? turn.group.entries.filter(
        (entry) => entry.action === 'keep' && turn.group.complete !== false && hasLeft(state, turns, entry),
      )
    : [];
  const remove = [...settled, ...unsent, ...orphans].map((entry) => entry.id);
  if (remove.length === 0) return;
  const inventory = await readInventory(state.cluster, id);
  if (inventory === undefined || typeof inventory === 'string') return;
  const next = edited(inventory, [], remove);
  if (next.length === inventory.length) return;
  const taken = await writeInventory(state.cluster, id, next);
  if (!taken.ok) trouble(state, turn, taken);
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
