/** What the workspace, unsaved edits included, would do to the cluster. */
import { commands, l10n, window } from 'vscode';
import type { PlanAgainst, PlanScope } from '../../protocol/index.ts';
import { viewIds } from '../contributions.ts';
import { withQuietProgress } from '../views/progress.ts';
import type { Command, Sluice } from './command.ts';

export const showPlan: Command = {
  id: 'sluice.showPlan',
  run: (sluice) => planAgainst(sluice, { kind: 'cluster' }),
};

/** Of which cluster directory, and which part of it. */
export interface PlanPart {
  readonly cluster?: string;
  readonly scope?: PlanScope;
}

/** Makes a plan and shows it; where several cluster directories could be meant, the person chooses one. */
export async function planAgainst(sluice: Sluice, against: PlanAgainst, part: PlanPart = {}): Promise<void> {
  // At once: by the time the plan is there, the person may be in the middle of something else.
  const focused = commands.executeCommand(`${viewIds.plan}.focus`);
  const run = sluice.newRun();
  const plan = await withQuietProgress(sluice, { title: l10n.t('Planning'), viewId: viewIds.plan, run }, (token) =>
    sluice.client.request('sluice/plan', { against, run, ...part }, token),
  );
  if (plan === undefined) return;
  if (plan.choices !== undefined) {
    // A pick that loses the focus closes.
    await focused;
    const picked = await window.showQuickPick(plan.choices, {
      title: l10n.t('Several cluster directories: which one is it for?'),
      matchOnDescription: true,
    });
    return picked === undefined ? undefined : await planAgainst(sluice, against, { ...part, cluster: picked.cluster });
  }
  sluice.showPlan(plan, part);
}
