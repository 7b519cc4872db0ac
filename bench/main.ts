/**
 * `npm run bench [-- CASE…]`: how fast this is, as ratios to the real tools measured in the same run on the same
 * machine. Each case runs in a process of its own, so that none warms up the next.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cases } from './cases/index.ts';
import { format } from './measure.ts';

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '--case') return runCase(args[1] ?? '');
  const names = args.length > 0 ? args : Object.keys(cases);
  for (const name of names) {
    if (cases[name] === undefined) throw new Error(`no case ${name}; there are ${Object.keys(cases).join(', ')}`);
    execFileSync(process.execPath, [__filename, '--case', name], { stdio: 'inherit' });
  }
}

async function runCase(name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    for (const table of await cases[name]!(folder)) process.stdout.write(`${format(table)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
