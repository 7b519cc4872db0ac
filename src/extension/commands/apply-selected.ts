/** Applies some of the plan: the row that the command was started on, or all that are selected with it. */
import { l10n, window } from 'vscode';
import type { PlanItem } from '../../protocol/index.ts';
import { applyItems } from '../views/applying.ts';
import type { PlanElement } from '../views/plan.ts';
import type { Command } from './command.ts';

export const applySelected: Command = {
  id: 'sluice.applySelected',
  async run(sluice, argument, selected) {
    const { plan } = sluice.plan;
    const rows = selected ?? (argument === undefined ? sluice.selectedOfPlan() : [argument as PlanElement]);
    const items = new Set(rows.flatMap(itemsOf).filter(({ acts }) => acts));
    if (plan?.applicable && items.size > 0) return await applyItems(sluice, plan, [...items]);
    void window.showInformationMessage(l10n.t('Select changes of a plan against a cluster first, in the Plan view.'));
  },
};

function itemsOf(element: PlanElement): readonly PlanItem[] {
  if (element.type === 'item') return [element.item];
  return element.type === 'group' ? element.group.items : [];
}
