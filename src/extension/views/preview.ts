/** Opening a preview beside the editor; the server keeps it fresh as files change. */
import { l10n, type Range, Uri, ViewColumn, window } from 'vscode';
import type { PreviewOf, ReleasePreview } from '../../protocol/index.ts';
import { objectOf, type Sluice } from '../commands/command.ts';
import { rangeOf } from './documents.ts';

export async function openPreview(sluice: Sluice, of: PreviewOf): Promise<void> {
  const { uri, message, choices } = await sluice.client.request('sluice/preview', { of });
  const chosen = choices === undefined ? uri : (await window.showQuickPick([...choices], { title: titleFor(of) }))?.uri;
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

function titleFor({ kind }: PreviewOf): string {
  return kind === 'release'
    ? l10n.t('Several releases could be meant: which one, in which cluster directory?')
    : l10n.t('Several Flux objects build this file');
}

/** Opens a release that was chosen in a tree, or that the file in the editor, or a right-clicked one, is about. */
export async function openRelease(sluice: Sluice, argument: unknown, show: ReleasePreview['show']): Promise<void> {
  const object = objectOf(argument);
  if (object !== undefined) return await openPreview(sluice, { kind: 'release', show, object });
  const editor = window.activeTextEditor;
  const uri = argument instanceof Uri ? argument : editor?.document.uri;
  if (uri?.scheme !== 'file') {
    return void window.showInformationMessage(l10n.t('Open the file of a HelmRelease, or right-click it.'));
  }
  const line = uri.toString() === editor?.document.uri.toString() ? { line: editor.selection.active.line } : {};
  await openPreview(sluice, { kind: 'release', show, uri: uri.toString(), ...line });
}

/** Where the line at the cursor shows in the preview, so that it opens there and not at its top. */
async function renderedRange(sluice: Sluice, of: PreviewOf, into: Uri): Promise<Range | undefined> {
  const editor = window.activeTextEditor;
  if (!('uri' in of) || editor?.document.uri.toString() !== of.uri) return undefined;
  const asked = { uri: of.uri, line: editor.selection.active.line, into: into.toString() };
  const { places } = await sluice.client.request('sluice/renderedOf', asked);
  return places[0] === undefined ? undefined : rangeOf(places[0]);
}
