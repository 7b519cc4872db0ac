/**
 * The Go libraries behind the yaml room, as a program (test/oracle/yaml). `npm run tools -- yaml-oracle` builds it into
 * the user's cache; tests that need it skip without.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Question {
  readonly mode: 'kyaml' | 'sigs' | 'marshal' | 'pretty' | 'tree';
  readonly text: string;
}

export interface Answer {
  readonly output: string;
  readonly error?: string;
}

const program = join(
  process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin'),
  'yaml-oracle',
);

export const hasOracle = existsSync(program);

/** One answer for each question, in order. */
export function ask(questions: readonly Question[]): readonly Answer[] {
  const run = spawnSync(program, [], {
    input: questions.map((question) => JSON.stringify(question)).join('\n'),
    maxBuffer: 1 << 30,
  });
  if (run.status !== 0) throw new Error(`yaml-oracle failed: ${run.stderr}`);
  const lines = run.stdout.toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}
