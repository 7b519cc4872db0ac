/** Fetches the source anew and then reconciles what is built from it. */
import { l10n } from 'vscode';
import { actCommand } from './act.ts';

export const reconcileWithSource = actCommand(
  'sluice.reconcileWithSource',
  'reconcile-with-source',
  'with-source',
  () => l10n.t('Reconcile with source'),
);
