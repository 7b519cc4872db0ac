/** Dangers of the open plan as problems at the lines that cause them; they go with the plan. */
import { Diagnostic, DiagnosticSeverity, type Disposable, languages, Range, Uri } from 'vscode';
import type { PlanView } from '../../protocol/index.ts';
import { rangeOf } from './documents.ts';
import { dangersOf } from './plan.ts';

export interface Dangers extends Disposable {
  show(plan: PlanView | undefined): void;
}

/** Of what spans many lines, a whole object say, the first one: it is the beginning that is meant. */
function firstLine(range: Range): Range {
  return range.isSingleLine ? range : new Range(range.start, range.start.with({ character: 10_000 }));
}

export function createDangers(): Dangers {
  const problems = languages.createDiagnosticCollection('sluice plan');
  return {
    show(plan) {
      const byFile = new Map<string, Diagnostic[]>();
      for (const { place, message, severity, rule } of plan === undefined ? [] : dangersOf(plan)) {
        if (place === undefined) continue;
        const level = severity === 'danger' ? DiagnosticSeverity.Warning : DiagnosticSeverity.Information;
        const found = new Diagnostic(firstLine(rangeOf(place)), message, level);
        found.source = 'sluice plan';
        found.code = rule;
        byFile.set(place.uri, [...(byFile.get(place.uri) ?? []), found]);
      }
      problems.clear();
      problems.set([...byFile].map(([uri, found]) => [Uri.parse(uri), found]));
    },
    dispose: () => problems.dispose(),
  };
}
