/** Showing a place: in the editor that already shows the file where there is one, so that nothing is opened twice. */
import { TextEditorRevealType, Uri, type ViewColumn, window, workspace } from 'vscode';
import type { Place } from '../../protocol/index.ts';
import { scheme } from '../contributions.ts';
import { rangeOf } from './documents.ts';

export async function showPlace(place: Place): Promise<void> {
  const uri = Uri.parse(place.uri);
  const range = rangeOf(place);
  const shown = window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString());
  const document = shown?.document ?? (await workspace.openTextDocument(uri));
  const column = shown?.viewColumn ?? besidePreview(uri);
  const editor = await window.showTextDocument(document, {
    selection: range,
    ...(column === undefined ? {} : { viewColumn: column }),
  });
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
}

/** From a preview to a file that is not shown yet: where files are shown, so that the preview stays in sight. */
function besidePreview(uri: Uri): ViewColumn | undefined {
  if (uri.scheme !== 'file' || window.activeTextEditor?.document.uri.scheme !== scheme) return undefined;
  return window.visibleTextEditors.find(({ document }) => document.uri.scheme === 'file')?.viewColumn;
}
