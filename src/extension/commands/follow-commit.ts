/** Follows the commit that is checked out until its workloads are ready: what a push from elsewhere comes to. */
import { l10n, ProgressLocation, window } from 'vscode';
import type { Outcome } from '../../protocol/index.ts';
import { complain } from './act.ts';
import type { Command } from './command.ts';

export const followCommit: Command = {
  id: 'sluice.followCommit',
  async run(sluice) {
    const run = sluice.newRun();
    const title = l10n.t('Following the commit');
    const options = { location: ProgressLocation.Notification, cancellable: true, title };
    const outcome = await window.withProgress<Outcome | undefined>(options, async (progress, token) => {
      const heard = sluice.client.on('sluice/progress', (news) => {
        if (news.run === run) progress.report({ message: news.message });
      });
      try {
        return await sluice.client.request('sluice/follow', { run }, token);
      } catch (error) {
        if (!token.isCancellationRequested) throw error;
        return undefined;
      } finally {
        heard.dispose();
      }
    });
    if (outcome === undefined) return;
    if (outcome.ok) return void window.setStatusBarMessage(`$(check) ${outcome.message}`, 8000);
    await complain(sluice, outcome.message, outcome.warning === true);
  },
};
