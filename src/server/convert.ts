/** Between the engine's values and the editor's: the one place that knows both. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Diagnostic, DiagnosticSeverity, type Range } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Origin, Problem, Severity } from '../engine/index.ts';
import type { Place } from '../protocol/index.ts';

const severities: Record<Severity, DiagnosticSeverity> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** The range of an origin in the text that it was made from. */
export function rangeOf(text: string, at: { readonly start: number; readonly end: number }): Range {
  const lines = linesOf(text);
  return { start: lines.positionAt(at.start), end: lines.positionAt(at.end) };
}

export function placeOf(uri: string, text: string, at: Pick<Origin, 'start' | 'end'>): Place {
  const { start, end } = rangeOf(text, at);
  return { uri, line: start.line, character: start.character, endLine: end.line, endCharacter: end.character };
}

export function diagnosticOf(text: string, problem: Problem): Diagnostic {
  return {
    range: rangeOf(text, problem.at ?? { start: 0, end: 0 }),
    severity: severities[problem.severity],
    code: problem.code,
    source: 'sluice',
    message: problem.message,
  };
}

/** The path on this machine of a `file:` URI. */
export function pathOf(uri: string): string {
  return fileURLToPath(uri);
}

export function uriOf(path: string): string {
  return pathToFileURL(path).href;
}

let last: { readonly text: string; readonly lines: TextDocument } | undefined;

/** A text's line table. The last one is kept: callers ask for many ranges of one text in a row. */
export function linesOf(text: string): TextDocument {
  if (last?.text !== text) last = { text, lines: TextDocument.create('memory:text', 'yaml', 0, text) };
  return last.lines;
}
