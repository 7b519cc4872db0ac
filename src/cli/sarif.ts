/** Problems as SARIF 2.1.0, which code-scanning services read. */
import type { Origin, Problem, Severity } from '../engine/index.ts';
import type { TextOf } from './problems.ts';

const levels: Record<Severity, 'error' | 'warning' | 'note'> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
};

/** One run with every code as a rule. Paths are relative to what was checked, under the base id `%SRCROOT%`. */
export function toSarif(problems: readonly Problem[], textOf: TextOf): object {
  const codes = [...new Set(problems.map((problem) => problem.code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Sluice', rules: codes.map((id) => ({ id, name: id })) } },
        columnKind: 'utf16CodeUnits',
        results: problems.map(({ code, severity, message, at, related }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: levels[severity],
          message: { text: message },
          ...(at === undefined ? {} : { locations: [{ physicalLocation: physical(at, textOf) }] }),
          ...(related === undefined
            ? {}
            : {
                relatedLocations: related.map((each, id) => ({
                  id,
                  message: { text: each.message },
                  physicalLocation: physical(each.at, textOf),
                })),
              }),
        })),
      },
    ],
  };
}

function physical(at: Origin, textOf: TextOf) {
  const text = textOf(at.file);
  const uri = at.file.split('/').map(encodeURIComponent).join('/');
  const artifactLocation = { uri, uriBaseId: '%SRCROOT%' };
  if (text === undefined) return { artifactLocation };
  const start = place(text, at.start);
  const end = place(text, at.end);
  return {
    artifactLocation,
    region: { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column },
  };
}

/** Line and column from 1, in UTF-16 units. */
function place(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
