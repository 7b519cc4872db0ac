/** A plan of a thousand changes, and a server that ends while it is shown. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writeFleet } from '../../bench/fleet.ts';
import { type Editor, startEditor } from './editor.ts';

let folder: string;
let editor: Editor;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-large-'));
  const git = (...args: string[]): void => void execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  git('init', '--quiet', '--initial-branch=main');
  git(
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'Nothing',
  );
  writeFleet(folder, 50);
  editor = await startEditor({ folder, env: { KUBECONFIG: '', SLUICE_STORY: folder } });
});

afterAll(async () => {
  await editor?.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(({ task }) => editor?.shotOfFailure(task));

/** The process of Sluice's server in this story's editor, and in no other. */
function serverProcess(): number {
  const text = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const mine = pids.filter((pid) => text(pid, 'cmdline').includes('dist/server.js'));
  const [pid] = mine.filter((one) => text(one, 'environ').includes(`SLUICE_STORY=${folder}`));
  return Number(pid);
}

test('a plan of a thousand changes shows', async () => {
  await editor.sluice();
  await editor.command('Sluice: Show Plan against Git HEAD');
  await editor.row(/^create Kustomization app-00/).waitFor();
  await editor.page.getByText(/^\+1102 .*HEAD/).waitFor();
  await editor.shot('plan-of-a-thousand');
});

test('when the server ends, it is started again', async () => {
  const before = serverProcess();
  process.kill(before, 'SIGKILL');
  await expect.poll(serverProcess).toSatisfy((pid: number) => pid > 0 && pid !== before);
  await editor.command('Sluice: Show Plan against Git HEAD');
  await editor.row(/^create Kustomization app-00/).waitFor();
  await editor.shot('plan-after-a-crash');
});
