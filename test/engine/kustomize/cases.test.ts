/** The cases beside this file, against what real kustomize made of them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cases } from './cases.ts';
import { buildFiles, type Files, printResult, realKustomize, runReal } from './kustomizer.ts';

const golden = fileURLToPath(new URL('golden/cases.txt', import.meta.url));
const separator = '\n=== ';
const refused = 'refused\n';

function ours(files: Files): string {
  const result = buildFiles(files);
  return result.problems.some(({ severity }) => severity === 'error') ? refused : printResult(result);
}

function real(files: Files): string {
  const outcome = runReal(files);
  return outcome.ok ? outcome.text : refused;
}

/** Asks the real kustomize, or, where it is not at hand, writes what comes out here. */
function update(): void {
  const make = realKustomize === undefined ? ours : real;
  const parts = Object.entries(cases).map(([name, files]) => `${separator}${name}\n${make(files)}`);
  writeFileSync(golden, parts.join(''));
}

test('small kustomizations come out as from the real kustomize', () => {
  if (process.env.UPDATE_GOLDEN === '1') update();
  const wanted = new Map<string, string>();
  for (const part of readFileSync(golden, 'utf8').split(separator).slice(1)) {
    const newline = part.indexOf('\n');
    wanted.set(part.slice(0, newline), part.slice(newline + 1));
  }
  const made = new Map(Object.entries(cases).map(([name, files]) => [name, ours(files)]));
  for (const [name, text] of made) expect(`${name}\n${text}`).toBe(`${name}\n${wanted.get(name)}`);
  console.log(`kustomize cases: ${made.size} agree`);
});
