/** The line of the workspace that declares an object of the tree or of the plan. */
import { l10n, window } from 'vscode';
import { showPlace } from '../views/places.ts';
import type { Command } from './command.ts';
import { pickObject } from './pick.ts';

export const openSource: Command = {
  id: 'sluice.openSource',
  async run(sluice, argument) {
    const object = await pickObject(sluice, argument, 'source', l10n.t('Open the source line of'));
    if (object === undefined) return;
    const { place, message } = await sluice.client.request('sluice/declaration', { object });
    if (place !== undefined) await showPlace(place);
    else void window.showInformationMessage(message ?? l10n.t('Nothing in the workspace declares it.'));
  },
};
