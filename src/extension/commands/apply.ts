/** Applies all that the plan view shows, after a dialog that names the context and the counts. */
import { l10n, window } from 'vscode';
import { applyItems } from '../views/applying.ts';
import { actingItems } from '../views/plan.ts';
import type { Command } from './command.ts';
import { planAgainst } from './show-plan.ts';

export const apply: Command = {
  id: 'sluice.apply',
  async run(sluice) {
    if (sluice.plan.plan?.against.kind !== 'cluster') await planAgainst(sluice, { kind: 'cluster' });
    const { plan } = sluice.plan;
    if (plan === undefined) return;
    if (plan.applicable) return await applyItems(sluice, plan, actingItems(plan));
    void window.showInformationMessage(plan.message ?? l10n.t('The plan has nothing to apply.'));
  },
};
