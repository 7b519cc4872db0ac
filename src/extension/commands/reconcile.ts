/** Asks the controller to reconcile now, and waits for its answer. */
import { l10n } from 'vscode';
import { actCommand } from './act.ts';

export const reconcile = actCommand('sluice.reconcile', 'reconcile', 'reconcile', () => l10n.t('Reconcile'));
