/**
 * The live owner during an apply: suspended first where a controller would act beside Sluice, and its inventory kept so
 * that the controller agrees with it afterwards, whatever happens in between.
 */
import { type ObjectId, titleOf } from '../objects/object.ts';
import { inventoryId, inventoryOf } from '../plan/inventory.ts';
import type { InventoryEntry } from '../plan/plan.ts';
import { steadily } from '../plan/requests.ts';
import type { Cluster, LiveObject, ObjectRef, Timer } from '../ports.ts';
import { conditionsOf } from '../status/fields.ts';

/** Says of an owner that an apply suspended who applied, when and why; removed by the resume. */
export const suspendedAnnotation = 'sluice/suspended';
/** The same of an object that somebody suspended on purpose: no push takes that back. */
export const byHandAnnotation = 'sluice/suspended-by-hand';
export const sluiceManager = 'sluice';

export function ownerRef(id: ObjectId): ObjectRef {
  return { apiVersion: `${id.group}/${id.version}`, kind: id.kind, namespace: id.namespace, name: id.name };
}

/** Done, or what went wrong: `fatal` when it is not safe to go on. */
export type Taken = { readonly ok: true } | { readonly ok: false; readonly fatal: boolean; readonly message: string };

const done: Taken = { ok: true };

/** What the annotation says; `suspensionOf` reads it again. */
export function suspensionNote({ by, why, timer }: Pick<SuspendOptions, 'by' | 'why' | 'timer'>): string {
  return `${new Date(timer.now()).toISOString()} by ${by}: ${why}`;
}

export interface SuspendOptions {
  readonly by: string;
  readonly why: string;
  readonly timer: Timer;
  readonly signal?: AbortSignal;
}

/** Suspends an owner and waits until a reconciliation that is under way has ended (at most 20 s). */
export async function suspendOwner(cluster: Cluster, id: ObjectId, options: SuspendOptions): Promise<Taken> {
  const { timer, signal } = options;
  const note = { [suspendedAnnotation]: suspensionNote(options) };
  const patch = { metadata: { annotations: note }, spec: { suspend: true } };
  const answer = await steadily(() => cluster.patch(ownerRef(id), patch, { manager: sluiceManager }, signal));
  if (!answer.ok)
    return { ok: false, fatal: true, message: `${titleOf(id)} could not be suspended: ${answer.failure.message}` };
  const until = timer.now() + 20_000;
  let live: LiveObject = answer.value;
  while (busy(live)) {
    if (signal?.aborted || timer.now() >= until) {
      return {
        ok: false,
        fatal: false,
        message: `${titleOf(id)} is suspended, but its last reconciliation still runs`,
      };
    }
    await timer.sleep(500, signal);
    const again = await steadily(() => cluster.get(ownerRef(id), signal));
    if (!again.ok) return { ok: false, fatal: true, message: again.failure.message };
    live = again.value;
  }
  return done;
}

/** Whether a reconciliation is under way; one that waits, for its retry or for what it needs, is not. */
function busy(live: LiveObject): boolean {
  const conditions = conditionsOf(live);
  const reconciling = conditions.find(({ type }) => type === 'Reconciling');
  if (awaitsOther(live)) return false;
  return reconciling?.status === 'True' && reconciling.reason !== 'ProgressingWithRetry';
}

/** Whether it is not ready for what it needs is not: its controller comes back to it. */
export function awaitsOther(live: LiveObject): boolean {
  const ready = conditionsOf(live).find(({ type }) => type === 'Ready');
  return ready?.status === 'False' && ['SourceNotReady', 'DependencyNotReady', 'ArtifactFailed'].includes(ready.reason);
}

/** The inventory of a live owner; undefined when there is no such owner; a sentence when it cannot be read. */
export async function readInventory(
  cluster: Cluster,
  id: ObjectId,
  signal?: AbortSignal,
): Promise<readonly InventoryEntry[] | string | undefined> {
  const answer = await steadily(() => cluster.get(ownerRef(id), signal));
  if (answer.ok) return inventoryOf(answer.value);
  const none = answer.failure.reason === 'not-found' || answer.failure.reason === 'unknown-kind';
  return none ? undefined : `the inventory of ${titleOf(id)} could not be read: ${answer.failure.message}`;
}

/** Writes the inventory. Who may not write a status may still apply, and is told what that leaves undone. */
export async function writeInventory(
  cluster: Cluster,
  id: ObjectId,
  entries: readonly InventoryEntry[],
  signal?: AbortSignal,
): Promise<Taken> {
  const patch = { status: { inventory: { entries: entries.map(({ id: name, v }) => ({ id: name, v })) } } };
  const options = { manager: sluiceManager, subresource: 'status' as const };
  const answer = await steadily(() => cluster.patch(ownerRef(id), patch, options, signal));
  if (answer.ok) return done;
  const { reason, message } = answer.failure;
  return {
    ok: false,
    fatal: reason !== 'forbidden',
    message: `the inventory of ${titleOf(id)} could not be written: ${message}`,
  };
}

/** An inventory with some objects added and some removed; the order of what stays is kept. */
export function edited(
  inventory: readonly InventoryEntry[],
  add: readonly ObjectId[],
  remove: readonly ObjectId[],
): readonly InventoryEntry[] {
  const gone = new Set(remove.map(inventoryId));
  const out = inventory.filter((entry) => !gone.has(entry.id));
  const have = new Set(out.map((entry) => entry.id));
  for (const id of add) {
    const name = inventoryId(id);
    if (have.has(name) || gone.has(name)) continue;
    have.add(name);
    out.push({ id: name, v: id.version });
  }
  return out;
}
