/** What is no longer in Git and not pruned stays, and nobody looks after it any more. */
import { titleOf } from '../../objects/object.ts';
import type { DangerRule } from './rule.ts';

export const orphans: DangerRule = {
  name: 'orphans',
  check({ entry }) {
    if (entry.action !== 'keep' || entry.movesTo !== undefined || !entry.reason.includes('orphan')) return [];
    return [
      { severity: 'warning', message: `${titleOf(entry.id)} stays in the cluster as an orphan, managed by nobody` },
    ];
  },
};
