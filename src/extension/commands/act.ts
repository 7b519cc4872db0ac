/** What reconcile, suspend and resume share: ask the server, show progress, show the outcome. */
import { l10n, window } from 'vscode';
import type { FluxAction, Outcome, PlacedName, TreeNode } from '../../protocol/index.ts';
import type { CommandId } from '../contributions.ts';
import { askToWrite, guardsOf, type Permission } from '../views/guard.ts';
import { withProgress } from '../views/progress.ts';
import type { Command, Sluice } from './command.ts';
import { pickObject } from './pick.ts';

export function actCommand(
  id: CommandId,
  action: FluxAction,
  can: NonNullable<TreeNode['can']>[number],
  title: () => string,
): Command {
  return {
    id,
    async run(sluice, argument) {
      const object = await pickObject(sluice, argument, can, title());
      if (object === undefined) return;
      const permission = await askToWrite(sluice, title(), guardsOf(sluice.plan.left, [object]));
      if (permission !== undefined) await actOn(sluice, { action, object, title: title() }, permission);
    },
  };
}

export interface Act {
  readonly action: FluxAction;
  readonly object: PlacedName;
  readonly title: string;
}

/** Asks the server, with progress that can be canceled, and shows how it went. */
export async function actOn(sluice: Sluice, { action, object, title }: Act, permission: Permission): Promise<void> {
  const outcome = await withProgress(sluice, `${title}: ${object.kind} ${object.name}`, (run, token) =>
    sluice.client.request('sluice/act', { action, object, run, ...permission }, token),
  );
  await tell(sluice, outcome);
}

/** How it went: in passing when all is well. What was canceled needs no word. */
export async function tell(sluice: Sluice, outcome: Outcome | undefined): Promise<void> {
  if (outcome === undefined) return;
  if (outcome.canceled) return void window.setStatusBarMessage(outcome.message, 8000);
  if (outcome.ok && !outcome.warning) return void window.setStatusBarMessage(`$(check) ${outcome.message}`, 8000);
  await complain(sluice, outcome.message, outcome.warning === true);
}

/** Says what went wrong, once, with the log behind a button. */
export async function complain(sluice: Sluice, message: string, mild = false): Promise<void> {
  sluice.log.warn(message);
  const details = l10n.t('Show Log');
  const show = mild ? window.showWarningMessage : window.showErrorMessage;
  if ((await show(message, details)) === details) sluice.log.show();
}
