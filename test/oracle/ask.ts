/**
 * The oracles: Go programs of ours around the real libraries, one JSON request per line in and one answer per line out.
 * `npm run tools -- NAME` builds one into the user's cache; a test that needs it skips without, and says so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Oracle {
  readonly present: boolean;
  /** Added to a test's name, so that a skipped one says why. */
  readonly without: string;
  ask<Answer>(requests: readonly object[]): readonly Answer[];
}

export function oracle(name: string): Oracle {
  const tools = process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
  const program = join(tools, name);
  const present = existsSync(program);
  return { present, without: present ? '' : ` (skipped: no ${program})`, ask: (requests) => ask(program, requests) };
}

function ask<Answer>(program: string, requests: readonly object[]): readonly Answer[] {
  const input = requests.map((request) => JSON.stringify(request)).join('\n');
  const run = spawnSync(program, [], { input, maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`${program} failed: ${run.stderr}`);
  const lines = run.stdout.toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}
