/** Connects again and lists anew. The watches keep the tree fresh, so this is for after a repair. */
import { window } from 'vscode';
import { viewIds } from '../contributions.ts';
import type { Command } from './command.ts';

export const refresh: Command = {
  id: 'sluice.refresh',
  async run({ client }) {
    await window.withProgress({ location: { viewId: viewIds.fleet } }, () => client.request('sluice/refresh', {}));
  },
};
