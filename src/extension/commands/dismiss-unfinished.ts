/** Puts away what an apply that did not come to its end left in its journal. */
import type { Command } from './command.ts';

export const dismissUnfinished: Command = {
  id: 'sluice.dismissUnfinished',
  run: async ({ client }) => void (await client.request('sluice/forgetUnfinished', {})),
};
