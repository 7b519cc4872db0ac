/** Deleting one object: only what the plan lists, only what is still ours, and only that very object (by its uid). */

import { keepReason } from '../plan/exempt.ts';
import type { PlanEntry } from '../plan/plan.ts';
import type { Owner } from '../render/desired.ts';
import { failure, type SendContext, type Sent } from './send.ts';
import { refOf } from './stale.ts';

export async function pruneOne({ cluster, signal }: SendContext, entry: PlanEntry, owner: Owner): Promise<Sent> {
  const ref = refOf(entry);
  // Looked at again: in this very apply it may have moved to another owner.
  const live = await cluster.get(ref, signal);
  if (!live.ok) {
    if (live.failure.reason === 'not-found') return { outcome: 'gone', message: 'it was gone already' };
    return failure(live.failure);
  }
  const kept = keepReason(live.value, owner.id);
  if (kept !== undefined) return { outcome: 'kept', message: kept };
  const uid = entry.seen?.uid;
  const options = { propagation: 'Background' as const, ...(uid === undefined ? {} : { uid }) };
  const answer = await cluster.delete(ref, options, signal);
  if (answer.ok) return { outcome: 'deleted', message: 'deleted' };
  if (answer.failure.reason === 'not-found') return { outcome: 'gone', message: 'it was gone already' };
  return failure(answer.failure);
}
