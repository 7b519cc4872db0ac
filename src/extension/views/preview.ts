/** Opening a preview beside the editor; the server keeps it fresh as files change. */
import { l10n, type QuickPickItem, Uri, ViewColumn, window } from 'vscode';
import type { ObjectName, PreviewOf } from '../../protocol/index.ts';
import type { Sluice } from '../commands/command.ts';

export async function openPreview(sluice: Sluice, of: PreviewOf): Promise<void> {
  const { uri, message, choices } = await sluice.client.request('sluice/preview', { of });
  if (choices !== undefined && choices.length > 0) {
    const object = await choose(choices);
    if (object !== undefined) await openPreview(sluice, { kind: 'flux-object', object });
    return;
  }
  if (uri === undefined) {
    return void window.showInformationMessage(message ?? l10n.t('There is nothing to build here.'));
  }
  await window.showTextDocument(Uri.parse(uri), {
    viewColumn: ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}

async function choose(choices: readonly ObjectName[]): Promise<ObjectName | undefined> {
  const items = choices.map((object): QuickPickItem & { readonly object: ObjectName } => ({
    label: `${object.kind} ${object.name}`,
    description: object.namespace,
    object,
  }));
  return (await window.showQuickPick(items, { title: l10n.t('Several Flux objects build this file') }))?.object;
}
