/** From a line of the workspace to where it shows in an open preview or plan document. */
import { l10n, Uri, window } from 'vscode';
import { scheme } from '../contributions.ts';
import { showPlace } from '../views/places.ts';
import type { Command } from './command.ts';

export const goToRendered: Command = {
  id: 'sluice.goToRendered',
  async run({ client }) {
    const editor = window.activeTextEditor;
    if (editor?.document.uri.scheme !== 'file') return;
    const uri = editor.document.uri.toString();
    const { line } = editor.selection.active;
    const open = window.visibleTextEditors.map(({ document }) => document.uri).filter((one) => one.scheme === scheme);
    for (const into of open) {
      const { places } = await client.request('sluice/renderedOf', { uri, line, into: into.toString() });
      if (places[0] !== undefined) return await showPlace({ ...places[0], uri: Uri.from(into).toString() });
    }
    void window.showInformationMessage(
      open.length === 0
        ? l10n.t('Open a preview beside this file first.')
        : l10n.t('This line does not show in the open preview.'),
    );
  },
};
