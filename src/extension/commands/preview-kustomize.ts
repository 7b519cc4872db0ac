/** What `kustomize build` makes of the directory of a file, side by side and live. */
import { l10n, Uri, window } from 'vscode';
import { openPreview } from '../views/preview.ts';
import type { Command } from './command.ts';

export const previewKustomize: Command = {
  id: 'sluice.previewKustomize',
  async run(sluice, argument) {
    const uri = argument instanceof Uri ? argument : window.activeTextEditor?.document.uri;
    if (uri?.scheme !== 'file') {
      return void window.showInformationMessage(l10n.t('Open a file of the directory to build, or right-click it.'));
    }
    await openPreview(sluice, { kind: 'kustomize', uri: uri.toString() });
  },
};
