/** The plan of what the selected lines cause; without a selection, of what the YAML document at the cursor does. */
import { l10n, type TextEditor, window } from 'vscode';
import type { PlanScope } from '../../protocol/index.ts';
import type { Command } from './command.ts';
import { planAgainst } from './show-plan.ts';

export const showPlanForSelection: Command = {
  id: 'sluice.showPlanForSelection',
  async run(sluice) {
    const editor = window.activeTextEditor;
    if (editor?.document.uri.scheme !== 'file') {
      return void window.showInformationMessage(l10n.t('Select lines of a file of the fleet.'));
    }
    await planAgainst(sluice, { kind: 'cluster' }, { scope: linesOf(editor) });
  },
};

function linesOf({ document, selection }: TextEditor): PlanScope {
  const uri = document.uri.toString();
  if (!selection.isEmpty)
    return { kind: 'file', uri, lines: { first: selection.start.line, last: selection.end.line } };
  const separates = (line: number): boolean => document.lineAt(line).text.startsWith('---');
  let start = selection.active.line;
  while (start > 0 && !separates(start)) start--;
  let end = selection.active.line;
  while (end + 1 < document.lineCount && !separates(end + 1)) end++;
  return { kind: 'file', uri, lines: { first: start, last: end } };
}
