/** Fetches the charts that releases ask for and no open folder holds, now that the person says so. */
import { l10n, ProgressLocation, window } from 'vscode';
import type { Command } from './command.ts';

export const fetchCharts: Command = {
  id: 'sluice.fetchCharts',
  async run(sluice) {
    const run = sluice.newRun();
    const outcome = await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Fetching charts') },
      async (progress, token) => {
        const heard = sluice.client.on('sluice/progress', (news) => {
          if (news.run === run) progress.report({ message: news.message });
        });
        try {
          return await sluice.client.request('sluice/fetchCharts', { run }, token);
        } catch (error) {
          if (token.isCancellationRequested) return undefined;
          throw error;
        } finally {
          heard.dispose();
        }
      },
    );
    if (outcome === undefined) return;
    sluice.log.info(outcome.message);
    if (outcome.ok && outcome.warning !== true) void window.setStatusBarMessage(outcome.message, 5000);
    else void window.showWarningMessage(outcome.message);
  },
};
