/**
 * Thousands of expressions against what Go and Helm answer. golden/answers.jsonl is made by the oracle
 * (test/oracle/gotemplate, built to `gotemplate-oracle` among the tools) with UPDATE_GOLDEN=1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { fromJson, map } from '../../../src/engine/gotemplate/index.ts';
import { render } from './check.ts';
import { helm, raw, values } from './corpus.ts';

const golden = join(dirname(new URL(import.meta.url).pathname), 'golden/answers.jsonl');
const tools = process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');

interface Answer {
  readonly text?: string;
  readonly error?: string;
}

/** Where we differ from Go, and why that stays. */
const known: readonly [RegExp, string][] = [
  [/printf "%#[^"]*[xX]\|?"/, 'Go counts the digits of %#x on floats in a way of its own'],
  [/printf "%[^"]*p\|" \.Values/, 'an address in memory'],
  [/fromToml/, 'the words for what is no TOML are ours'],
];

const requests = [
  ...raw.map((template) => ({ template, raw: true })),
  ...helm.map((template) => ({ template, raw: false })),
];

if (process.env.UPDATE_GOLDEN === '1' && existsSync(join(tools, 'gotemplate-oracle'))) {
  const input = `${requests.map((request) => JSON.stringify({ ...request, values })).join('\n')}\n`;
  const { stdout } = spawnSync(join(tools, 'gotemplate-oracle'), { input, maxBuffer: 1 << 28, env: { TZ: 'UTC' } });
  writeFileSync(golden, stdout);
}

function answer(template: string, isRaw: boolean): Answer {
  const name = isRaw ? 't' : 'c/templates/t.yaml';
  const root = fromJson(values);
  const release = fromJson({ Name: 'r', Namespace: 'n' });
  const chart = fromJson({ Name: 'c', Version: '0.1.0' });
  const place = fromJson({ Name: name, BasePath: 'c/templates' });
  const data = isRaw
    ? map([['Values', root]])
    : map([
        ['Values', root],
        ['Release', release],
        ['Chart', chart],
        ['Template', place],
      ]); // prettier-ignore
  const { text, problems } = render(template, data, { name });
  if (problems[0] !== undefined) return { error: problems[0].message.replace(/HELM_ERR_(START|END)/g, '') };
  return { text: wellFormed(isRaw ? text : text.replaceAll('<no value>', '')) };
}

/** JSON cannot carry bytes that are no UTF-8: the oracle's answers have U+FFFD there. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, '\ufffd');
}

test('every expression gives what Go gives', () => {
  const answers = readFileSync(golden, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer); // prettier-ignore
  expect(answers.length).toBe(requests.length);
  const wrong: unknown[] = [];
  let skipped = 0;
  requests.forEach(({ template, raw: isRaw }, i) => {
    if (known.some(([pattern]) => pattern.test(template))) {
      skipped++;
      return;
    }
    const want = answers[i]!;
    const got = answer(template, isRaw);
    // Helm rewrites its errors for people; here only whether there is one counts, the raw rows have Go's words.
    const same = isRaw ? got.error === want.error : (got.error === undefined) === (want.error === undefined);
    if (!same || got.text !== want.text) wrong.push({ template, want, got });
  });
  console.log(
    `expressions: ${requests.length - skipped - wrong.length} of ${requests.length} as Go, ${skipped} left out`,
  );
  expect(wrong.slice(0, 10)).toEqual([]);
});
