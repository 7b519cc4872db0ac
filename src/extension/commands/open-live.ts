/** A live object as YAML, read-only. */
import { l10n, Uri, window } from 'vscode';
import type { Command } from './command.ts';
import { pickObject } from './pick.ts';

export const openLive: Command = {
  id: 'sluice.openLive',
  async run(sluice, argument) {
    const object = await pickObject(sluice, argument, 'live', l10n.t('Open the live object'));
    if (object === undefined) return;
    const { uri } = await sluice.client.request('sluice/live', { object });
    await window.showTextDocument(Uri.parse(uri), { preview: true });
  },
};
