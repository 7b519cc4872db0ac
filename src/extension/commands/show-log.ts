/** The output channel: what Sluice and its server did. */
import type { Command } from './command.ts';

export const showLog: Command = {
  id: 'sluice.showLog',
  run: ({ log }) => log.show(),
};
