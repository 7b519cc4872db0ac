/** The plan of what one file, or a folder with all below it, causes. */
import { l10n, Uri, window } from 'vscode';
import type { Command } from './command.ts';
import { planAgainst } from './show-plan.ts';

export const showPlanForFile: Command = {
  id: 'sluice.showPlanForFile',
  async run(sluice, argument) {
    const uri = argument instanceof Uri ? argument : window.activeTextEditor?.document.uri;
    if (uri?.scheme !== 'file') {
      return void window.showInformationMessage(l10n.t('Open a file of the fleet, or right-click one.'));
    }
    await planAgainst(sluice, { kind: 'cluster' }, { scope: { kind: 'file', uri: uri.toString() } });
  },
};
