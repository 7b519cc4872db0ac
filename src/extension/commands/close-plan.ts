/** Puts the plan away. */
import type { Command } from './command.ts';

export const closePlan: Command = {
  id: 'sluice.closePlan',
  async run({ client, showPlan }) {
    showPlan(undefined);
    await client.request('sluice/forgetPlan', {});
  },
};
