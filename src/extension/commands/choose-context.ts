/** Which cluster this window shows. The choice stays in the window; the kubeconfig is never written. */
import { l10n, type QuickPickItem, window } from 'vscode';
import { chosenContextKey } from '../client.ts';
import type { Command } from './command.ts';

export const chooseContext: Command = {
  id: 'sluice.chooseContext',
  async run({ client, context }) {
    const { contexts, chosen, files, problems } = await client.request('sluice/contexts', {});
    if (contexts.length === 0) {
      const reason = problems[0] ?? l10n.t('There is no context in {0}.', files.join(', ') || 'any kubeconfig');
      return void window.showWarningMessage(reason);
    }
    const items = contexts.map(
      ({ name, server, namespace, user }): QuickPickItem => ({
        label: name,
        description: name === chosen ? l10n.t('{0} (this window)', server) : server,
        detail: [namespace, user].filter((part) => part !== '').join(' · '),
      }),
    );
    const picked = await window.showQuickPick(items, {
      title: l10n.t('Choose the context of this window'),
      placeHolder: l10n.t('Kept in this window only; the kubeconfig is not changed'),
      matchOnDescription: true,
    });
    if (picked === undefined) return;
    await context.workspaceState.update(chosenContextKey, picked.label);
    await client.request('sluice/chooseContext', { context: picked.label });
  },
};
