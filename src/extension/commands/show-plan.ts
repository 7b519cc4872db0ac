/** What the workspace, unsaved edits included, would do to the cluster. */
import { commands, l10n, ProgressLocation, window } from 'vscode';
import type { PlanAgainst } from '../../protocol/index.ts';
import { viewIds } from '../contributions.ts';
import { complain } from './act.ts';
import type { Command, Sluice } from './command.ts';

export const showPlan: Command = {
  id: 'sluice.showPlan',
  run: (sluice) => planAgainst(sluice, { kind: 'cluster' }),
};

/** Makes a plan and shows it; the progress is in the plan's own view and can be canceled where it says so. */
export async function planAgainst(sluice: Sluice, against: PlanAgainst): Promise<void> {
  const run = sluice.newRun();
  await window.withProgress({ location: { viewId: viewIds.plan } }, () =>
    window.withProgress(
      { location: ProgressLocation.Window, cancellable: true, title: l10n.t('Planning') },
      async (progress, token) => {
        const heard = sluice.client.on('sluice/progress', (news) => {
          if (news.run === run) progress.report({ message: news.message });
        });
        try {
          sluice.showPlan(await sluice.client.request('sluice/plan', { against, run }, token));
          await commands.executeCommand(`${viewIds.plan}.focus`);
        } catch (error) {
          if (!token.isCancellationRequested) await complain(sluice, (error as Error).message);
        } finally {
          heard.dispose();
        }
      },
    ),
  );
}
