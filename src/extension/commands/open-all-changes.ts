/** Every change of the plan in one multi-file diff editor. */
import { commands, l10n, Uri, window } from 'vscode';
import type { Command } from './command.ts';

export const openAllChanges: Command = {
  id: 'sluice.openAllChanges',
  async run({ plan: { plan } }) {
    const items = (plan?.groups ?? []).flatMap((group) => group.items);
    const changes = items.filter((item) => ['create', 'configure', 'recreate', 'delete'].includes(item.action));
    if (plan === undefined || changes.length === 0) {
      return void window.showInformationMessage(l10n.t('There is no change to open.'));
    }
    const resources = changes.map(({ before, after }) => [Uri.parse(after), Uri.parse(before), Uri.parse(after)]);
    await commands.executeCommand('vscode.changes', l10n.t('Plan: {0}', plan.target), resources);
  },
};
