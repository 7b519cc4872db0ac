/**
 * An object that another Flux object takes over by a push: the old owner prunes what it no longer renders, and it may do so
 * before the new one has applied it. An apply from here is safe, for it sends the object to its new owner first.
 */
import { titleOf } from '../../objects/object.ts';
import { lossOf } from './deletes-state.ts';
import type { DangerRule } from './rule.ts';

export const movesOwner: DangerRule = {
  name: 'moves-owner',
  check({ entry, before }) {
    // The live object is known where its old owner would prune it.
    if (entry.movesTo === undefined || before === undefined) return [];
    const what = `${titleOf(entry.id)} moves to ${titleOf(entry.movesTo)}`;
    const loss = lossOf(entry.id);
    const gone = loss === undefined ? 'delete it' : `delete it ${loss},`;
    const message = `${what}: pushed without an apply, Flux may ${gone} before it is created there (an apply first, or prune: disabled on it, prevents that)`;
    return [{ severity: loss === undefined ? 'warning' : 'danger', message }];
  },
};
