/** Tells Flux to leave an object alone. */
import { l10n } from 'vscode';
import { actCommand } from './act.ts';

export const suspend = actCommand('sluice.suspend', 'suspend', 'suspend', () => l10n.t('Suspend'));
