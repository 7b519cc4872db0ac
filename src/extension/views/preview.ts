/** Opening a preview beside the editor; the server keeps it fresh as files change. */
import { l10n, type Range, Uri, ViewColumn, window } from 'vscode';
import type { PreviewOf } from '../../protocol/index.ts';
import type { Sluice } from '../commands/command.ts';
import { rangeOf } from './documents.ts';

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
  const target = Uri.parse(chosen);
  const range = await renderedRange(sluice, of, target);
  await window.showTextDocument(target, {
    viewColumn: ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
    ...(range === undefined ? {} : { selection: range }),
  });
}

/** Where the line at the cursor shows in the preview, so that it opens there and not at its top. */
async function renderedRange(sluice: Sluice, of: PreviewOf, into: Uri): Promise<Range | undefined> {
  const editor = window.activeTextEditor;
  if (!('uri' in of) || editor?.document.uri.toString() !== of.uri) return undefined;
  const asked = { uri: of.uri, line: editor.selection.active.line, into: into.toString() };
  const { places } = await sluice.client.request('sluice/renderedOf', asked);
  return places[0] === undefined ? undefined : rangeOf(places[0]);
}
