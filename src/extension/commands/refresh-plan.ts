/** The plan once more: the same part, against what it was against. */
import type { Command } from './command.ts';
import { planAgainst } from './show-plan.ts';

export const refreshPlan: Command = {
  id: 'sluice.refreshPlan',
  run: (sluice) => planAgainst(sluice, sluice.plan.plan?.against ?? { kind: 'cluster' }, sluice.lastPlan()),
};
