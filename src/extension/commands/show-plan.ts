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
export async function planAgainst(sluice: Sluice, against: PlanAgainst, cluster?: string): Promise<void> {
  const run = sluice.newRun();
  let choices: readonly string[] | undefined;
  await window.withProgress({ location: { viewId: viewIds.plan } }, () =>
    window.withProgress(
      { location: ProgressLocation.Window, cancellable: true, title: l10n.t('Planning') },
      async (progress, token) => {
        const heard = sluice.client.on('sluice/progress', (news) => {
          if (news.run === run) progress.report({ message: news.message });
        });
        try {
          const where = cluster === undefined ? {} : { cluster };
          const plan = await sluice.client.request('sluice/plan', { against, run, ...where }, token);
          choices = plan.choices;
          if (choices !== undefined) return;
          sluice.showPlan(plan);
          await commands.executeCommand(`${viewIds.plan}.focus`);
        } catch (error) {
          if (!token.isCancellationRequested) await complain(sluice, (error as Error).message);
        } finally {
          heard.dispose();
        }
      },
    ),
  );
  if (choices === undefined) return;
  const title = l10n.t('Several cluster directories: which one is it for?');
  const picked = await window.showQuickPick(
    choices.map((folder) => folder.slice(1)),
    { title },
  );
  if (picked !== undefined) await planAgainst(sluice, against, `/${picked}`);
}
