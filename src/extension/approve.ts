/**
 * Asks before a kubeconfig of the opened folder runs a program or reads a file elsewhere: whoever wrote the folder may
 * have written that, too. What was allowed is remembered for this workspace, by its every word.
 */
import { type ExtensionContext, l10n, window } from 'vscode';
import type { Approval } from '../protocol/index.ts';

const rememberedKey = 'sluice.approved';

export async function approve({ workspaceState }: ExtensionContext, asked: Approval): Promise<boolean> {
  const words = JSON.stringify([asked.kind, asked.what, asked.user, asked.kubeconfig]);
  const remembered = workspaceState.get<readonly string[]>(rememberedKey, []);
  if (remembered.includes(words)) return true;
  const yes = l10n.t('Allow');
  const question =
    asked.kind === 'command'
      ? l10n.t('Let a kubeconfig of this folder run a program?')
      : l10n.t('Let a kubeconfig of this folder read a file outside of it?');
  const detail = l10n.t('{0}\n\nUser "{1}" of {2}', asked.what, asked.user, asked.kubeconfig);
  if ((await window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return false;
  await workspaceState.update(rememberedKey, [...remembered, words]);
  return true;
}
