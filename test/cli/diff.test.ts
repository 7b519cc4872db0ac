/** `sluice diff` against a commit, in each of its forms; and what it says when it cannot. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { apply } from '../../src/cli/commands/apply.ts';
import { diff } from '../../src/cli/commands/diff.ts';
import { get } from '../../src/cli/commands/get.ts';
import { invoke } from './invoke.ts';

const example = fileURLToPath(new URL('../../examples/my-fleet', import.meta.url));
const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));
let template: string;

beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'diff-template-'));
  cpSync(example, template, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: template });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'the fleet');
  return () => rmSync(template, { recursive: true });
});

/** A copy of the example fleet, committed, with edits on top. */
function edited(edits: Readonly<Record<string, readonly [string | RegExp, string]>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'diff-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(template, folder, { recursive: true });
  for (const [path, [from, to]] of Object.entries(edits)) {
    const file = join(folder, path);
    const text = readFileSync(file, 'utf8');
    if (text.replace(from, to) === text) throw new Error(`${path} has no ${from}`);
    writeFileSync(file, text.replace(from, to));
  }
  return folder;
}

function checkGolden(name: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden(name), text);
  expect(text).toBe(readFileSync(golden(name), 'utf8'));
}

const edits = {
  'apps/production/api/kustomization.yaml': [/newTag: \S+/, 'newTag: 2.0.0'],
  'apps/production/worker/kustomization.yaml': ['QUEUE=critical', 'QUEUE=other'],
  'clusters/production/apps.yaml': ['cluster_name: production', 'cluster_name: renamed'],
} as const;

test.each(['text', 'json', 'markdown'])('an edit as %s', async (format) => {
  const folder = edited(edits);
  const { code, out } = await invoke(diff, [folder, '--cluster', 'clusters/production', '-o', format]);
  expect(code).toBe(1);
  checkGolden(`edit.${format}`, out);
});

test('a part of the plan: one object, or what one Flux object applies', async () => {
  const folder = edited(edits);
  const args = [folder, '--cluster', 'clusters/production'];
  const one = await invoke(diff, [...args, '--only', 'deployment/apps/api']);
  expect(one.out).toContain('1 to change (against HEAD)');
  const root = await invoke(diff, [...args, '--only', 'Kustomization/flux-system/infrastructure']);
  expect(root.code).toBe(0);
  await expect(invoke(diff, [...args, '--only', 'api'])).rejects.toThrow(/--only wants/);
});

test('nothing edited: nothing to do, and why', async () => {
  const { code, out } = await invoke(diff, [edited({}), '--cluster', 'clusters/production']);
  expect(code).toBe(0);
  expect(out).toContain('(up to date at HEAD)');
});

test('a file that no longer parses: its line, no deletion, and the rest goes on', async () => {
  const folder = edited({ ...edits, 'apps/base/api/service.yaml': [/^/, 'a: [b\n'] });
  const { code, out, err } = await invoke(diff, [folder, '--cluster', 'clusters/production']);
  expect(code).toBe(1);
  expect(err).toMatch(/apps\/base\/api\/service\.yaml:\d+:\d+: error/);
  expect(out).not.toMatch(/^ {2}- delete/m);
  expect(out).toContain('Kustomization flux-system/apps');
});

test('what cannot be done is one sentence and exit code 2', async () => {
  const folder = edited({});
  const check = async (args: readonly string[], sentence: RegExp, command = diff) => {
    const { code, out, err } = await invoke(command, args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(sentence);
  };
  await check([join(folder, 'nowhere')], /nowhere is no folder/);
  await check(
    [folder, '--cluster', 'clusters/none'],
    /clusters\/none is no folder .*clusters\/production, clusters\/staging/,
  );
  await check([folder, '--against', 'no-such-branch'], /there is no revision "no-such-branch"/);
  await check([folder, '--context', 'production'], /There is no kubeconfig at/);
  await check(['--context', 'production'], /There is no kubeconfig at/, get);
  await check([folder, '--context', 'production'], /There is no kubeconfig at/, apply);
});
