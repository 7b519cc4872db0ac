/**
 * `npm run cluster -- up [--core] | down [--wipe] | status`: a real cluster on loopback, without containers: etcd,
 * kube-apiserver, controller-manager, scheduler, kwok's pretended node, a Git server, Flux's source-controller and
 * kustomize-controller. The tools are built first (`scripts/tools.ts`), once.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { contextName, readLayout, stackDirectory } from './cluster/layout.ts';
import { down, status, up } from './cluster/up.ts';

const [verb, ...options] = process.argv.slice(2);
const dir = stackDirectory();

async function main(): Promise<number> {
  switch (verb) {
    case 'up':
      return bringUp(options.includes('--core') ? 'core' : 'full');
    case 'down':
      return bringDown(options.includes('--wipe'));
    case 'status':
      return showStatus();
    default:
      console.error('usage: npm run cluster -- up [--core] | down [--wipe] | status');
      return 2;
  }
}

async function bringUp(part: 'core' | 'full'): Promise<number> {
  const tools = fileURLToPath(new URL('tools.ts', import.meta.url));
  const built = spawnSync(process.execPath, [...process.execArgv, tools, '--for', 'cluster'], { stdio: 'inherit' });
  if (built.status !== 0) return 2;
  const started = performance.now();
  const layout = await up({ dir, part });
  console.error(`cluster: ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  console.log(`export KUBECONFIG=${layout.kubeconfig}`);
  console.log(
    `# context ${contextName}; Git at http://127.0.0.1:${layout.ports.git}/NAME.git; logs in ${layout.file('logs')}`,
  );
  return 0;
}

async function bringDown(wipe: boolean): Promise<number> {
  const layout = readLayout(dir);
  if (layout !== undefined) await down(layout);
  if (wipe) rmSync(dir, { recursive: true, force: true });
  return 0;
}

async function showStatus(): Promise<number> {
  const layout = readLayout(dir);
  if (layout === undefined) {
    console.log(`no cluster in ${dir}`);
    return 1;
  }
  const lines = await status(layout);
  console.log(lines.join('\n'));
  return lines.some((line) => / stopped| not ready/.test(line)) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`cluster: ${(error as Error).message}`);
  process.exitCode = 2;
}
