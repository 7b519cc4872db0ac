/**
 * The way back of an apply: commit and push what was applied, hand the owners back to Flux, and follow the commit until its
 * workloads are ready. The dialog names the remote, the branch and every file.
 */
import { l10n, window, workspace } from 'vscode';
import type { Outcome, PushView } from '../../protocol/index.ts';
import { askToWrite, guardsOf, type Permission } from '../views/guard.ts';
import { placedTitle } from '../views/left.ts';
import { withProgress } from '../views/progress.ts';
import { tell } from './act.ts';
import type { Command, Sluice } from './command.ts';
import { planAgainst } from './show-plan.ts';

/** Files that the dialog names. */
const told = 12;

export const pushAndFollow: Command = {
  id: 'sluice.pushAndFollow',
  async run(sluice) {
    // Which files belong to it, the plan knows.
    if (sluice.plan.plan?.against.kind !== 'cluster') await planAgainst(sluice, { kind: 'cluster' });
    // What is not saved is in the plan, and would not be in the commit.
    if (workspace.textDocuments.some(({ isDirty, uri }) => isDirty && uri.scheme === 'file')) {
      return void window.showWarningMessage(l10n.t('Save your files first: only what is saved is committed.'));
    }
    const shown = await sluice.client.request('sluice/pushPlan', {});
    if ('message' in shown) return void window.showWarningMessage(shown.message);
    const text = await agree(sluice, shown);
    if (text === undefined) return;
    const { left } = sluice.plan;
    const resumed = left.suspended.map(({ object }) => object);
    const permission = await askToWrite(sluice, l10n.t('Commit, Push and Follow'), guardsOf(left, resumed));
    if (permission === undefined) return;
    await tell(sluice, await send(sluice, shown, text, permission));
  },
};

/** The commit's message, once the person agreed to what is pushed where. */
async function agree(sluice: Sluice, shown: PushView): Promise<string | undefined> {
  const { remote, url, branch, files, ahead } = shown;
  const resumed = sluice.plan.left.suspended.map(({ object }) => placedTitle(object)).join(', ');
  const more = files.length > told ? [l10n.t('and {0} more', files.length - told)] : [];
  const commits =
    files.length === 0 ? l10n.t('Everything is committed.') : [...files.slice(0, told), ...more].join('\n');
  const detail = [
    commits,
    ahead === 0 ? '' : l10n.t('Pushed along: {0} earlier commits.', ahead),
    resumed === '' ? '' : l10n.t('Flux then takes over again: {0}.', resumed),
  ];
  const question = l10n.t('Push to {0} of {1} ({2})?', branch, remote, url);
  const yes = files.length === 0 ? l10n.t('Push') : l10n.t('Commit and Push');
  const answer = { modal: true, detail: detail.filter(Boolean).join('\n\n') };
  if ((await window.showWarningMessage(question, answer, yes)) !== yes) return undefined;
  if (files.length === 0) return l10n.t('Push');
  const text = await window.showInputBox({ title: l10n.t('Commit message'), ignoreFocusOut: true });
  return text?.trim() ? text : undefined;
}

async function send(
  sluice: Sluice,
  shown: PushView,
  text: string,
  permission: Permission,
): Promise<Outcome | undefined> {
  try {
    return await withProgress(
      sluice,
      l10n.t('Following the commit'),
      (run, token) => sluice.client.request('sluice/push', { shown, text, run, ...permission }, token),
      ({ message }) => sluice.plan.follow(message),
    );
  } finally {
    sluice.plan.follow('');
  }
}
