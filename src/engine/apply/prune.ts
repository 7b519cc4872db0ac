/** Deleting one object: only what the plan lists, only what is still ours, and only that very object (by its uid). */

import { keepReason } from '../plan/exempt.ts';
import type { PlanEntry } from '../plan/plan.ts';
import type { Propagation } from '../plan/releasespec.ts';
import type { ClusterFailure } from '../ports.ts';
import type { Owner } from '../render/desired.ts';
import { listAt, stringAt } from '../status/fields.ts';
import { failure, type SendContext, type Sent } from './send.ts';
import { refOf } from './stale.ts';

export async function pruneOne(
  { cluster, signal }: SendContext,
  entry: PlanEntry,
  owner: Owner,
  propagation: Propagation = 'Background',
): Promise<Sent> {
  const ref = refOf(entry);
  // Looked at again: in this very apply it may have moved to another owner.
  const live = await cluster.get(ref, signal);
  if (!live.ok) {
    const gone = goneMessage(live.failure.reason);
    if (gone !== undefined) return { outcome: 'gone', message: gone };
    return failure(live.failure);
  }
  const kept = keepReason(live.value, owner.id);
  if (kept !== undefined) return { outcome: 'kept', message: kept };
  const uid = entry.seen?.uid;
  const options = { propagation, ...(uid === undefined ? {} : { uid }) };
  const answer = await cluster.delete(ref, options, signal);
  if (answer.ok) return { outcome: 'deleted', message: 'deleted' };
  const gone = goneMessage(answer.failure.reason);
  if (gone !== undefined) return { outcome: 'gone', message: gone };
  return failure(answer.failure);
}

function goneMessage(reason: ClusterFailure['reason']): string | undefined {
  if (reason === 'unknown-kind') return 'its kind is gone, and it with it';
  return reason === 'not-found' ? 'it was gone already' : undefined;
}

/** How long an object that was told to go may take, in milliseconds: a finalizer that nobody serves holds it for ever. */
const patience = 60_000;

/**
 * What became of an object whose deletion was accepted: gone, or held by finalizers. One that is held stays in the
 * inventory, so that it is shown and tried again until it is gone.
 */
export async function untilGone({ cluster, timer, signal }: SendContext, entry: PlanEntry): Promise<Sent | undefined> {
  const ref = refOf(entry);
  const until = timer.now() + patience;
  for (let pause = 100; ; pause = Math.min(pause * 1.6, 2000)) {
    const live = await cluster.get(ref, signal);
    if (!live.ok) {
      return goneMessage(live.failure.reason) !== undefined
        ? undefined
        : { ...failure(live.failure), outcome: 'unknown' };
    }
    if (stringAt(live.value, 'metadata', 'uid') !== entry.seen?.uid) return undefined;
    if (signal?.aborted || timer.now() >= until) {
      const holders = listAt(live.value, 'metadata', 'finalizers').map(String).join(', ');
      const why = holders === '' ? 'it is not gone yet' : `it is held by its finalizers (${holders})`;
      return { outcome: 'failed', message: `its deletion was accepted, and ${why}: it stays in the inventory` };
    }
    await timer.sleep(pause, signal);
  }
}
