/** Opening a preview beside the editor; the server keeps it fresh as files change. */
import { l10n, Uri, ViewColumn, window } from 'vscode';
import type { PreviewOf } from '../../protocol/index.ts';
import type { Sluice } from '../commands/command.ts';

export async function openPreview(sluice: Sluice, of: PreviewOf): Promise<void> {
  const { uri, message, choices } = await sluice.client.request('sluice/preview', { of });
  const chosen =
    choices === undefined
      ? uri
      : (await window.showQuickPick([...choices], { title: l10n.t('Several Flux objects build this file') }))?.uri;
  if (chosen === undefined) {
    if (choices === undefined) void window.showInformationMessage(message ?? l10n.t('There is nothing to build here.'));
    return;
  }
  await window.showTextDocument(Uri.parse(chosen), {
    viewColumn: ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}
