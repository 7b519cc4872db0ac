/** Every fault of the shared list about clusters, prune and secrets (1–37, 58d) is in the name of a test, and faults.md tells which. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const here = new URL('.', import.meta.url).pathname;
const numbers = [...Array.from({ length: 37 }, (_, i) => String(i + 1)), '58d'];

/** The texts of all test files, by their paths without `.test.ts`. */
const files = new Map(
  readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => [path.replaceAll('\\', '/').replace('.test.ts', ''), readFileSync(join(here, path), 'utf8')]),
);

/** `'4, 29: a connection …'` as the first argument of a test. */
const named = /\(\s*'((?:\d+d?(?:, )?)+): /g;

test('each fault is in the name of a test', () => {
  const tested = new Set(
    [...files.values()].flatMap((text) => [...text.matchAll(named)].flatMap(([, all]) => all!.split(', '))),
  );
  expect(numbers.filter((number) => !tested.has(number))).toEqual([]);
});

test('faults.md has a line for each, and the tests that it names are there', () => {
  const rows = readFileSync(join(here, 'faults.md'), 'utf8').matchAll(/^\| (\d+d?) \| [^|]* \| (.*) \|$/gm);
  const lines = new Map([...rows].map(([, number, tests]) => [number!, tests!]));
  expect([...lines.keys()]).toEqual(numbers);
  const lost = [...lines].flatMap(([number, tests]) =>
    [...tests.matchAll(/([\w/-]+): \*([^*]+)\*/g)].flatMap(([, file, title]) => {
      const text = files.get(file!) ?? '';
      return text.includes(title!.replace(/…/g, '').replace(/^\d[\d, ]*: /, ''))
        ? []
        : [`${number}: ${file}: ${title}`];
    }),
  );
  expect(lost).toEqual([]);
});
