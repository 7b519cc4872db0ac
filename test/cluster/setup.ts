/**
 * Before the cluster suite: the tools and the command line are built, a stack of its own runs, and no other run of the suite uses it. After
 * it: a stack that was started for it stops. `SLUICE_CLUSTER_DIR` names another stack, for a run beside this one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readLayout } from '../../scripts/cluster/layout.ts';
import { down, status, up } from '../../scripts/cluster/up.ts';
import { suiteDirectory } from './stack.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const tools = fileURLToPath(new URL('../../scripts/tools.ts', import.meta.url));
  const built = spawnSync('npx', ['tsx', tools, '--for', 'cluster', '--for', 'sources', '--for', 'secrets'], {
    stdio: 'inherit',
  });
  if (built.status !== 0)
    throw new Error('the tools of the cluster suite could not be built; Go 1.26 or newer is needed');
  const bundled = spawnSync('npm', ['run', '--silent', 'build', '--', '--outdir=out/cluster-suite'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  if (bundled.status !== 0) throw new Error('the bundle of the command line could not be built');
  const dir = suiteDirectory();
  const release = await lock(dir);
  const before = readLayout(dir);
  const running = before !== undefined && !(await status(before)).some((line) => / stopped| not ready/.test(line));
  const layout = await up({ dir, part: 'full' });
  return async () => {
    if (!running) await down(layout);
    release();
  };
}

/** Waits until no other run has the stack; a lock whose process is gone counts for nothing. */
async function lock(dir: string): Promise<() => void> {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'suite.lock');
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch {
      if (!alive(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true });
      else await sleep(1000);
    }
  }
}

function alive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
