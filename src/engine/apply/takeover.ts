/** Taking an owner over for the time of an apply, and leaving an inventory that its controller agrees with. */
import { keyOf, type ObjectId } from '../objects/object.ts';
import { isKustomization } from '../plan/owner.ts';
import { edited, readInventory, suspendOwner, writeInventory } from './owner.ts';
import { runsControllers, type State, signalOf, type Turn } from './turn.ts';

/** Suspends the owner where a controller runs and would act beside this apply. */
export async function suspend(state: State, { group }: Turn): Promise<void> {
  const { cluster, options, tell } = state;
  const { id } = group.owner;
  if (!isKustomization(id) || state.stopped !== undefined || options.signal?.aborted) return;
  if (group.state?.suspended === true || state.suspended.has(keyOf(id))) return;
  if (group.state?.controlled !== true && !runsControllers(state.plan)) return;
  const why = 'a plan of the workspace was applied';
  const wrong = await suspendOwner(cluster, id, { by: options.by, why, timer: options.timer, ...signalOf(options) });
  if (wrong !== undefined) tell({ type: 'trouble', owner: id, message: wrong });
  state.suspended.add(keyOf(id));
  tell({ type: 'suspended', owner: id, wayBack: wayBack(id, cluster.context) });
}

/** Suspends an owner that has only just come about, and writes down everything that is about to be sent. */
export async function takeOver(state: State, turn: Turn): Promise<void> {
  const { cluster, options, tell } = state;
  const { id } = turn.group.owner;
  if (!isKustomization(id) || state.stopped !== undefined || options.signal?.aborted) return;
  const inventory = await readInventory(cluster, id, options.signal);
  if (inventory === undefined) return;
  await suspend(state, turn);
  const next = edited(
    inventory,
    turn.sends.map((entry) => entry.id),
    [],
  );
  if (next.length === inventory.length) return;
  const wrong = await writeInventory(cluster, id, next, options.signal);
  if (wrong !== undefined) tell({ type: 'trouble', owner: id, message: wrong });
}

function wayBack(id: ObjectId, context: string): string {
  return `commit and push, then: sluice resume ${id.kind}/${id.name} -n ${id.namespace} --context ${context}`;
}

/** What was deleted leaves the inventory; what could not be deleted stays in it, to be tried again. */
export async function keepInventory(state: State, turn: Turn): Promise<void> {
  const { id } = turn.group.owner;
  if (!isKustomization(id) || state.stopped !== undefined) return;
  const settled = turn.deletes.filter((entry) => ['deleted', 'gone', 'kept'].includes(turn.outcomes.get(entry) ?? ''));
  const unsent = turn.sends.filter((entry) => entry.seen === undefined && turn.outcomes.get(entry) === 'not-sent');
  const whole = !turn.failed && !state.options.signal?.aborted && state.options.selection === undefined;
  const orphans = whole
    ? turn.group.entries.filter((entry) => entry.action === 'keep' && turn.group.complete !== false)
    : [];
  const remove = [...settled, ...unsent, ...orphans].map((entry) => entry.id);
  if (remove.length === 0) return;
  const inventory = await readInventory(state.cluster, id);
  if (inventory === undefined) return;
  const next = edited(inventory, [], remove);
  if (next.length === inventory.length) return;
  const wrong = await writeInventory(state.cluster, id, next);
  if (wrong !== undefined) state.tell({ type: 'trouble', owner: id, message: wrong });
}
