/** From a rendered line to the line of the workspace that caused it. */
import { l10n, window } from 'vscode';
import { scheme } from '../contributions.ts';
import { showPlace } from '../views/places.ts';
import type { Command } from './command.ts';

export const goToSource: Command = {
  id: 'sluice.goToSource',
  async run({ client }) {
    const editor = window.activeTextEditor;
    if (editor?.document.uri.scheme !== scheme) {
      return void window.showInformationMessage(l10n.t('Put the cursor on a line of a preview or of the plan.'));
    }
    const { line, character } = editor.selection.active;
    const uri = editor.document.uri.toString();
    const { places } = await client.request('sluice/sourceOf', { uri, line, character });
    if (places[0] !== undefined) await showPlace(places[0]);
    else void window.showInformationMessage(l10n.t('No line of the workspace causes this one.'));
  },
};
