/** Fetches the charts that releases ask for and no open folder holds, now that the person says so. */
import { l10n } from 'vscode';
import { withProgress } from '../views/progress.ts';
import { tell } from './act.ts';
import type { Command } from './command.ts';

export const fetchCharts: Command = {
  id: 'sluice.fetchCharts',
  async run(sluice) {
    const outcome = await withProgress(sluice, l10n.t('Fetching charts'), (run, token) =>
      sluice.client.request('sluice/fetchCharts', { run }, token),
    );
    await tell(sluice, outcome);
  },
};
