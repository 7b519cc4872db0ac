/** A process whose thread is stuck ends by itself; one that works goes on. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sluice-watchdog-'));
const bundle = join(folder, 'watchdog.cjs');

beforeAll(() => {
  const entry = join(import.meta.dirname, '../../src/server/watchdog.ts');
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile: bundle });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(work: string, patience: number): Promise<string> {
  const code = `require(${JSON.stringify(bundle)}).watchMainThread({ patience: ${patience} }); ${work}`;
  const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
  const late = setTimeout(() => child.kill('SIGTERM'), 50_000);
  return await new Promise((resolve) =>
    child.on('exit', (status, signal) => {
      clearTimeout(late);
      resolve(signal ?? String(status));
    }),
  );
}

test('stuck for ever', async () => {
  expect(await run('for (;;);', 500)).toBe('SIGKILL');
});

test('busy, but coming round', async () => {
  const slice = 'const end = Date.now() + 100; while (Date.now() < end);';
  expect(await run(`let n = 0; setInterval(() => { ${slice} if (++n === 25) process.exit(0); }, 10);`, 2000)).toBe('0');
});
