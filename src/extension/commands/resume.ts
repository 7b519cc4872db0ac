/** Lets Flux take care of an object again, and waits for its answer. */
import { l10n } from 'vscode';
import { actCommand } from './act.ts';

export const resume = actCommand('sluice.resume', 'resume', 'resume', () => l10n.t('Resume'));
