/** Pushing: what goes along, what is in the way, and that nothing which the repository names is run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findRepository } from '../../src/io/git.ts';
import { isAncestor, preparePush, push } from '../../src/io/push.ts';

let top: string;
let here: string;
const { signal } = new AbortController();
const git = (folder: string, ...args: readonly string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
const write = (file: string, text: string) => writeFileSync(join(here, file), text);

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'sluice-push-'));
  here = join(top, 'here');
  git(top, 'init', '-q', '--bare', '-b', 'main', 'bare.git');
  git(top, 'init', '-q', '-b', 'main', 'here');
  git(here, 'config', 'user.name', 'someone');
  git(here, 'config', 'user.email', 'someone@example.com');
  git(here, 'remote', 'add', 'origin', join(top, 'bare.git'));
  write('a.yaml', 'a: 1\n');
  write('gone.yaml', 'a: 1\n');
  git(here, 'add', '.');
  git(here, 'commit', '-qm', 'one');
  git(here, 'push', '-q', 'origin', 'main');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const yaml = (path: string) => path.endsWith('.yaml');

test('the wanted files are committed and pushed, added and removed ones too; others stay as they are', async () => {
  write('a.yaml', 'a: 2\n');
  write('new ü.yaml', 'a: 1\n');
  write('notes.txt', 'mine\n');
  rmSync(join(here, 'gone.yaml'));
  const plan = await preparePush(here, yaml, signal);
  expect(plan).toMatchObject({ branch: 'main', to: 'main', remote: 'origin', ahead: 0 });
  if ('message' in plan) throw new Error(plan.message);
  expect(plan.files).toEqual(['a.yaml', 'gone.yaml', 'new ü.yaml']);
  const { commit } = await push(plan, 'Two', signal);
  expect(git(join(top, 'bare.git'), 'rev-parse', 'main')).toBe(commit);
  expect(
    git(here, '-c', 'core.quotePath=false', 'show', '--no-renames', '--format=%s', '--name-status', 'HEAD').split('\n'),
  ).toEqual(['Two', '', 'M\ta.yaml', 'D\tgone.yaml', 'A\tnew ü.yaml']);
  expect(git(here, 'status', '--porcelain')).toBe('?? notes.txt');
  const before = git(here, 'rev-parse', 'HEAD~1');
  const repository = findRepository(here)!;
  expect(await isAncestor(repository, before, commit, signal)).toBe(true);
  expect(await isAncestor(repository, commit, before, signal)).toBe(false);
  expect(await isAncestor(repository, commit, 'f'.repeat(40), signal)).toBe(false);
});

test('something else that is staged is in the way', async () => {
  write('notes.txt', 'mine\n');
  git(here, 'add', 'notes.txt');
  expect(await preparePush(here, yaml, signal)).toEqual({
    message: 'notes.txt is staged and does not belong to the plan: commit or unstage it first',
  });
});

test('a branch that is behind is not pushed; earlier commits of its own are counted', async () => {
  git(top, 'clone', '-q', 'bare.git', 'other');
  writeFileSync(join(top, 'other', 'b.yaml'), 'b: 1\n');
  git(join(top, 'other'), 'add', '.');
  git(join(top, 'other'), 'commit', '-qm', 'theirs');
  git(join(top, 'other'), 'push', '-q');
  write('a.yaml', 'a: 2\n');
  expect(await preparePush(here, yaml, signal)).toMatchObject({
    message: expect.stringMatching(/^main is behind main/),
  });
  git(here, 'stash', '-q');
  git(here, 'pull', '-q', '--ff-only', 'origin', 'main');
  git(here, 'stash', 'pop', '-q');
  git(here, 'commit', '-qam', 'mine');
  expect(await preparePush(here, yaml, signal)).toMatchObject({ files: [], ahead: 1 });
});

test('a push that meets a newer commit is refused by the remote, never forced, and says what stands', async () => {
  write('a.yaml', 'a: 2\n');
  const plan = await preparePush(here, yaml, signal);
  if ('message' in plan) throw new Error(plan.message);
  git(top, 'clone', '-q', 'bare.git', 'other');
  git(join(top, 'other'), 'commit', '-q', '--allow-empty', '-m', 'theirs');
  git(join(top, 'other'), 'push', '-q');
  const theirs = git(join(top, 'bare.git'), 'rev-parse', 'main');
  await expect(push(plan, 'Mine', signal)).rejects.toThrow(/is committed here and was not pushed/);
  expect(git(join(top, 'bare.git'), 'rev-parse', 'main')).toBe(theirs);
});

test.each([
  ['core.sshCommand', 'touch PWNED'],
  ['filter.x.clean', 'touch PWNED'],
  ['credential.helper', '!touch PWNED'],
  ['remote.origin.receivepack', 'touch PWNED'],
  ['include.path', 'other'],
  ['core.fsmonitor', 'touch PWNED #'],
])('a repository that names a program (%s) is left alone', async (key, value) => {
  git(here, 'config', key, value);
  write('a.yaml', 'a: 2\n');
  const plan = await preparePush(here, yaml, signal);
  expect(plan).toMatchObject({ message: expect.stringContaining('would run a program: push by hand') });
  expect(existsSync(join(here, 'PWNED'))).toBe(false);
});

test('hooks do not run', async () => {
  for (const hook of ['pre-commit', 'commit-msg', 'post-commit', 'pre-push', 'reference-transaction'])
    writeFileSync(join(here, '.git/hooks', hook), `#!/bin/sh\ntouch ${join(top, 'PWNED')}\n`, { mode: 0o755 });
  write('a.yaml', 'a: 2\n');
  const plan = await preparePush(here, yaml, signal);
  if ('message' in plan) throw new Error(plan.message);
  await push(plan, 'Two', signal);
  expect(existsSync(join(top, 'PWNED'))).toBe(false);
});

test('a remote of the kind that runs a command is not asked', async () => {
  git(here, 'config', 'remote.origin.url', `ext::touch ${join(top, 'PWNED')}`);
  await expect(preparePush(here, yaml, signal)).rejects.toThrow(/ext/);
  expect(existsSync(join(top, 'PWNED'))).toBe(false);
});

test('without a branch there is nothing to push', async () => {
  git(here, 'checkout', '-q', '--detach');
  expect(await preparePush(here, yaml, signal)).toEqual({ message: 'HEAD is on no branch with a commit' });
});
