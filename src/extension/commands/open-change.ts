/** One entry of the plan in the diff editor: the cluster (or commit) on the left, the workspace on the right. */
import { commands, l10n, type QuickPickItem, Uri, window } from 'vscode';
import type { PlanItem, PlanView } from '../../protocol/index.ts';
import type { PlanElement } from '../views/plan.ts';
import type { Command } from './command.ts';

export const openChange: Command = {
  id: 'sluice.openChange',
  async run({ plan }, argument) {
    const element = argument as PlanElement | undefined;
    const item = element?.type === 'item' ? element.item : await pick(plan.plan);
    if (item === undefined) return;
    const live = plan.plan?.against.kind === 'commit' ? plan.plan.against.revision : l10n.t('live');
    const title = `${item.object.kind} ${item.object.name} (${live} ↔ ${l10n.t('workspace')})`;
    await commands.executeCommand('vscode.diff', Uri.parse(item.before), Uri.parse(item.after), title, {
      preview: true,
    });
  },
};

async function pick(plan: PlanView | undefined): Promise<PlanItem | undefined> {
  const items = (plan?.groups ?? []).flatMap((group) => group.items).filter((item) => item.action !== 'unchanged');
  if (items.length === 0) return void window.showInformationMessage(l10n.t('There is no change to open.'));
  const picked = await window.showQuickPick(
    items.map((item): QuickPickItem & { readonly item: PlanItem } => ({
      label: `${item.object.kind} ${item.object.name}`,
      description: item.action,
      detail: item.changes.join(', ') || item.reason,
      item,
    })),
    { title: l10n.t('Open a change') },
  );
  return picked?.item;
}
