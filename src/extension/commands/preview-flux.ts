/** What the Flux object that builds this file, or that is chosen in the tree, would send to the cluster. */
import { l10n, Uri, window } from 'vscode';
import { openPreview } from '../views/preview.ts';
import { type Command, objectOf } from './command.ts';

export const previewFlux: Command = {
  id: 'sluice.previewFlux',
  async run(sluice, argument) {
    const object = objectOf(argument);
    if (object !== undefined) return await openPreview(sluice, { kind: 'flux-object', object });
    const editor = window.activeTextEditor;
    const uri = argument instanceof Uri ? argument : editor?.document.uri;
    if (uri?.scheme !== 'file') {
      return void window.showInformationMessage(l10n.t('Open a file of the fleet, or right-click it.'));
    }
    const line = uri.toString() === editor?.document.uri.toString() ? { line: editor.selection.active.line } : {};
    await openPreview(sluice, { kind: 'flux', uri: uri.toString(), ...line });
  },
};
