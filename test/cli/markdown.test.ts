/** A plan as a comment of a pull request: however large the plan, it fits, and what is left out is counted. */
import { expect, test } from 'vitest';
import { commentLimit, planMarkdown } from '../../src/cli/plan/markdown.ts';
import type { Plan, PlanEntry, PlanGroup } from '../../src/engine/index.ts';

const id = (kind: string, name: string) => ({ group: '', version: 'v1', kind, namespace: 'apps', name });

function entry(name: string, lines: number): PlanEntry {
  const text = (value: string) => Object.fromEntries(Array.from({ length: lines }, (_, at) => [`k${at}`, value]));
  return {
    id: id('ConfigMap', name),
    action: 'configure',
    reason: 'differs from the cluster',
    before: { data: text('old') },
    after: { data: text('new') },
    changes: [{ path: ['data', 'k0'], before: 'old', after: 'new', manager: 'kubectl-edit' }],
    dangers: [{ rule: 'x', severity: 'danger', message: `look at ${name}` }],
  };
}

function plan(groups: number, entries: number, lines: number): Plan {
  const made = Array.from({ length: groups }, (_, group): PlanGroup => {
    const owner = { id: id('Kustomization', `g${group}`), at: { file: '', start: 0, end: 0 } };
    return { owner, entries: Array.from({ length: entries }, (_, at) => entry(`m${group}-${at}`, lines)) };
  });
  const target = { kind: 'cluster', context: 'c', server: 's', identity: 'i' } as const;
  return { target, groups: made, problems: [], inputs: '' };
}

test.each([
  [1, 1, 1],
  [1, 1, 4_000],
  [1, 1_000, 3],
  [900, 1, 2],
  [60, 20, 10],
])('%i Flux objects, %i objects each, %i lines each', (groups, entries, lines) => {
  const text = planMarkdown(plan(groups, entries, lines), { title: 't', textOf: () => undefined, limit: commentLimit });
  expect(text.length).toBeLessThanOrEqual(commentLimit);
  expect(text.split('<details>').length).toBe(text.split('</details>').length);
  expect(text.split('```').length % 2).toBe(1);
  const whole = groups * entries * lines < 10;
  expect(/left out|… and \d+ more/.test(text)).toBe(!whole);
  expect(text).toContain('> [!CAUTION]\n> - look at m0-0');
  if (whole) expect(text).toContain("- `data.k0` (kubectl-edit's in the cluster)");
});
