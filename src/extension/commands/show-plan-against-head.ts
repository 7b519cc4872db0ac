/** What the edits since the last commit change, with no cluster at all. */
import type { Command } from './command.ts';
import { planAgainst } from './show-plan.ts';

export const showPlanAgainstHead: Command = {
  id: 'sluice.showPlanAgainstHead',
  run: (sluice) => planAgainst(sluice, { kind: 'commit', revision: 'HEAD' }),
};
