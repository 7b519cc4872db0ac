/** sprig's own assertions, read from the Go module cache: each `runt(template, expected)` of its tests. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fromJson } from '../../../src/engine/gotemplate/index.ts';
import { render } from './check.ts';
import { elements, stringOf } from './gosource.ts';

const folder = sprigFolder();

function sprigFolder(): string | undefined {
  try {
    const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
    const path = join(cache, 'github.com/!masterminds/sprig/v3@v3.3.0');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

interface Row {
  readonly where: string;
  readonly template: string | undefined;
  readonly expected: string | undefined;
  /** The variables as Go wrote them. */
  readonly vars: string;
}

/** Follows a test function from top to bottom: the template at hand, the table at hand, each assertion. */
function rowsOf(file: string, body: string): Row[] {
  const rows: Row[] = [];
  let template: string | undefined;
  let table: readonly string[] = [];
  const step = /\b(?:tpl|tests|expected)\s*:?=\s*|\brunt(?:v)?\(/g;
  const constants: Record<string, string> = {};
  for (let match = step.exec(body); match !== null; match = step.exec(body)) {
    const at = match.index + match[0].length;
    if (match[0].startsWith('tests')) {
      table = body.startsWith('map[string]string{', at) ? elements(body, body.indexOf('{', at) + 1) : [];
    } else if (match[0].startsWith('expected')) {
      constants.expected = stringOf(firstLine(body, at)) ?? '';
    } else if (!match[0].startsWith('runt')) {
      template = stringOf(elements(body, at).join(',').split('\n\t')[0]!) ?? stringOf(firstLine(body, at));
    } else {
      const [tpl = '', want = '', vars = ''] = elements(body, at);
      if (tpl === 'tpl' && want === 'expect') {
        for (const pair of table) rows.push({ where: file, ...pairOf(pair), vars });
      } else {
        const text = tpl === 'tpl' ? template : stringOf(tpl);
        rows.push({ where: file, template: text, expected: stringOf(want, constants), vars });
      }
    }
  }
  return rows;
}

function firstLine(body: string, at: number): string {
  return body.slice(at, body.indexOf('\n', at)).trim();
}

/** A `key: value` of a map literal whose key is one string literal. */
function pairOf(pair: string): { template: string | undefined; expected: string | undefined } {
  const mark = pair[0]!;
  let end = 1;
  while (pair[end] !== mark) end += mark === '"' && pair[end] === '\\' ? 2 : 1;
  return {
    template: stringOf(pair.slice(0, end + 1)),
    expected: stringOf(pair.slice(pair.indexOf(':', end) + 1).trim()),
  };
}

/** Variables that are a map of strings; undefined for Go values that only the test has. */
function variables(text: string): Record<string, string> | undefined {
  if (text === '') return {};
  const inner = /^map\[string\](?:interface\{\}|string)\{(.*)\}$/s.exec(text);
  if (inner === null) return undefined;
  const out: Record<string, string> = {};
  for (const pair of elements(`${inner[1]}}`, 0)) {
    const { template: key, expected: value } = pairOf(pair);
    if (key === undefined || value === undefined) return undefined;
    out[key] = value;
  }
  return out;
}

/** Assertions that do not hold in Helm or for us, and why. */
const known: readonly [RegExp, string][] = [
  [/\b(env|expandenv)\b/, 'Helm takes env and expandenv away'],
  [/getHostByName/, 'Helm answers no DNS questions'],
  [/randInt 10 12/, 'the template is checked by a pattern'],
  [/shuffle "Hello World"/, "the order comes from Go's own dice"],
  [/C:/, 'paths of Windows: Flux and Helm run on Linux'],
  [/fromJson/, "Helm's fromJson gives a map, sprig's anything"],
];

test.skipIf(folder === undefined)("sprig's assertions (no module sprig v3.3.0 here)", () => {
  const skipped = new Map<string, number>();
  const failed: string[] = [];
  let passed = 0;
  const skip = (reason: string) => skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  for (const file of readdirSync(folder!).filter((name) => name.endsWith('_test.go'))) {
    const source = readFileSync(join(folder!, file), 'utf8');
    for (const body of source.split(/\nfunc (?=Test)/).slice(1)) {
      for (const { where, template, expected, vars } of rowsOf(file, body)) {
        const values = variables(vars);
        const reason = known.find(([pattern]) => pattern.test(template ?? ''));
        if (reason !== undefined) skip(reason[1]);
        else if (template === undefined || expected === undefined) skip('the test computes the template or the answer');
        else if (values === undefined) skip('the variables are Go values of the test');
        else {
          const { text, problems } = render(template, fromJson(values), { missingKey: 'default' });
          if (problems.length === 0 && text === expected) passed++;
          else failed.push(`${where}: ${template} want ${expected} got ${problems[0]?.message ?? text}`);
        }
      }
    }
  }
  console.log(
    `sprig: ${passed} passed, ${[...skipped].map(([reason, count]) => `${count} skipped: ${reason}`).join('; ')}`,
  );
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThanOrEqual(300);
});
