/** Follows the commit that is checked out until its workloads are ready: what a push from elsewhere comes to. */
import { l10n } from 'vscode';
import { withProgress } from '../views/progress.ts';
import { tell } from './act.ts';
import type { Command } from './command.ts';

export const followCommit: Command = {
  id: 'sluice.followCommit',
  async run(sluice) {
    const outcome = await withProgress(sluice, l10n.t('Following the commit'), (run, token) =>
      sluice.client.request('sluice/follow', { run }, token),
    );
    await tell(sluice, outcome);
  },
};
