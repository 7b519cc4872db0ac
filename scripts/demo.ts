/**
 * `npm run demo`: the main job on a copy of the example fleet. Prints the plan of a prepared edit against Git HEAD, each
 * change with the line that causes it, then opens the fleet in a real VS Code. `-- --cluster` does it against the
 * loopback cluster; `-- --no-editor`, or no terminal, ends after the plan.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { simpleGit } from 'simple-git';

const root = fileURLToPath(new URL('..', import.meta.url));
const remote = 'https://git.example.com/acme/my-fleet.git';

/** The prepared edit: what a person would do to scale the api, move it to another host and retire a queue setting. */
const edits: readonly (readonly [file: string, from: string, to: string])[] = [
  ['apps/production/api/kustomization.yaml', 'count: 3', 'count: 5'],
  ['apps/production/worker/kustomization.yaml', 'QUEUE=critical', 'QUEUE=bulk'],
  ['clusters/production/apps.yaml', 'domain: example.com', 'domain: shop.example.com'],
];

/** A Git repository with the example fleet committed, so that there is a HEAD to compare with. */
async function prepare(): Promise<string> {
  const folder = join(mkdtempSync(join(tmpdir(), 'sluice-demo-')), 'my-fleet');
  cpSync(join(root, 'examples/my-fleet'), folder, { recursive: true });
  const git = simpleGit(folder, { config: ['user.name=Demo', 'user.email=demo@example.com'] });
  await git.init(['--quiet', '--initial-branch=main']);
  await git.addRemote('origin', remote);
  await git.add('.');
  await git.commit('The fleet');
  return folder;
}

function edit(folder: string): void {
  for (const [file, from, to] of edits) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} no longer holds "${from}": adjust the prepared edit`);
    writeFileSync(path, text.replace(from, to));
    console.log(`edit  ${file}: ${from} → ${to}`);
  }
}

function sluice(...args: string[]): number {
  console.log(`\n$ npx sluice ${args.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...args], { stdio: 'inherit' });
  return status ?? 2;
}

async function main(args: readonly string[]): Promise<number> {
  const cluster = args.includes('--cluster') ? await (await import('./demo/cluster.ts')).startCluster() : undefined;
  const folder = cluster?.folder ?? (await prepare());
  edit(folder);
  const target = cluster === undefined ? ['--against', 'HEAD'] : ['--context', cluster.context];
  if (cluster !== undefined) process.env.KUBECONFIG = cluster.kubeconfig;
  // Exit code 1 is what is wanted here: there are differences.
  if (sluice('diff', folder, '--cluster', 'clusters/production', ...target) === 2) return 2;
  console.log(`\nThe fleet, with the edit, is in ${folder}`);
  if (cluster !== undefined) console.log('The cluster goes on running; "npm run cluster -- down" stops it.');
  if (args.includes('--no-editor') || !process.stdout.isTTY) return 0;
  await (await import('./demo/editor.ts')).openEditor(folder, cluster?.kubeconfig);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
