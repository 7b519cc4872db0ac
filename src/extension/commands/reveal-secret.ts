/** The values of one Secret of the plan, after a question; the document goes with the plan and is stored nowhere. */
import { l10n, window } from 'vscode';
import type { PlanItem } from '../../protocol/index.ts';
import { titleOf } from '../views/left.ts';
import type { PlanElement } from '../views/plan.ts';
import { showRevealed } from '../views/revealed.ts';
import type { Command, Sluice } from './command.ts';

export const revealSecret: Command = {
  id: 'sluice.revealSecret',
  async run(sluice, argument) {
    const element = argument as PlanElement | undefined;
    const item = element?.type === 'item' ? element.item : await pick(sluice);
    if (item === undefined) return;
    const yes = l10n.t('Reveal');
    const detail = l10n.t('They are shown in an editor that is not saved and that closes with the plan.');
    const question = l10n.t('Show the values of {0} in the clear?', titleOf(item.object));
    if ((await window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
    const plan = sluice.plan.plan?.id ?? '';
    const { values, message } = await sluice.client.request('sluice/reveal', { plan, entry: item.id });
    if (values.length > 0) await showRevealed(titleOf(item.object), values);
    else void window.showInformationMessage(message ?? l10n.t('There is nothing to reveal.'));
  },
};

async function pick({ plan: { plan } }: Sluice): Promise<PlanItem | undefined> {
  const items = (plan?.groups ?? []).flatMap((group) => group.items).filter(({ masked }) => masked === true);
  if (items.length === 0) return void window.showInformationMessage(l10n.t('Nothing in the plan is masked.'));
  const choices = items.map((item) => ({ label: titleOf(item.object), description: item.object.namespace, item }));
  return (await window.showQuickPick(choices, { title: l10n.t('Reveal the values of') }))?.item;
}
