/** What Git knows: remotes and HEAD read by hand as git itself answers, commits read without running what a repository names. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitTree, findRepository, headOf, remotesOf } from '../../src/io/git.ts';

let root: string;
const env = { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' };
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    env,
    stdio: 'pipe',
  })
    .toString()
    .trim();
const never = new AbortController().signal;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-git-'));
  git('init', '-q', '-b', 'main');
  mkdirSync(join(root, 'apps'));
  writeFileSync(join(root, 'apps/a.yaml'), 'one');
  symlinkSync('a.yaml', join(root, 'apps/link.yaml'));
  symlinkSync('/etc/hostname', join(root, 'apps/out.yaml'));
  git('add', '.');
  git('commit', '-qm', 'one');
  writeFileSync(join(root, 'apps/a.yaml'), 'two');
  git('commit', '-qam', 'two');
  git('remote', 'add', 'origin', 'git@example.com:acme/fleet.git');
  git('config', '--add', 'remote.origin.pushurl', 'https://example.com/acme/fleet # not a comment');
  git('config', 'url.https://mirror.example.com/.insteadOf', 'git@example.com:');
});
afterAll(() => rmSync(root, { recursive: true }));

test('remotes, branch and commit, as git says', () => {
  const repository = findRepository(join(root, 'apps'))!;
  expect(repository.root).toBe(root);
  expect(remotesOf(repository)).toEqual([
    'https://mirror.example.com/acme/fleet.git',
    'git@example.com:acme/fleet.git',
    'https://example.com/acme/fleet # not a comment',
  ]);
  const head = { branch: 'main', commit: git('rev-parse', 'HEAD') };
  expect(headOf(repository)).toEqual(head);
  git('pack-refs', '--all');
  expect(headOf(repository)).toEqual(head);
});

test('a linked worktree, a detached HEAD, and no repository', () => {
  git('worktree', 'add', '-q', '--detach', join(root, 'linked'));
  const linked = findRepository(join(root, 'linked'))!;
  expect(remotesOf(linked)).toContain('git@example.com:acme/fleet.git');
  expect(headOf(linked)).toEqual({ commit: git('rev-parse', 'HEAD') });
  git('worktree', 'remove', '--force', join(root, 'linked'));
  expect(findRepository('/')).toBeUndefined();
});

test('a commit as a tree, of the whole and of a folder', async () => {
  const tree = await commitTree(root, 'HEAD~1', never);
  expect(tree.file('/apps/a.yaml')).toMatchObject({ name: 'apps/a.yaml', text: 'one' });
  const apps = await commitTree(join(root, 'apps'), 'main', never);
  expect(apps.file('/link.yaml')?.text).toBe('two');
  expect(apps.realPath('/link.yaml')).toBe('/a.yaml');
  expect(apps.file('/out.yaml')).toBeUndefined();
  expect(apps.directory('/')?.map((entry) => entry.name)).toEqual(['a.yaml', 'link.yaml']);
});

test('what is no revision is refused, and nothing that the repository names runs', async () => {
  await expect(commitTree(root, 'nope', never)).rejects.toThrow('there is no revision "nope"');
  await expect(commitTree(root, '--output=x', never)).rejects.toThrow('is not a revision');
  const aborted = AbortSignal.abort();
  await expect(commitTree(root, 'HEAD', aborted)).rejects.toThrow();
  git('config', 'core.fsmonitor', `touch ${join(root, 'PWNED')} #`);
  await commitTree(root, 'HEAD', never);
  expect(existsSync(join(root, 'PWNED'))).toBe(false);
});
