/** Which sources the open folder stands for, where several revisions of its repository or several folders could be meant. */
import { expect, test } from 'vitest';
import { openWorkspace, type Workspace, type WorkspaceOptions } from '../../../src/engine/index.ts';
import { type Files, kustomization, treeOf } from '../render/check.ts';

const url = 'https://git.example.com/acme/fleet';

function source(name: string, ref: string, at = url): string {
  return (
    'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n' +
    `metadata: {name: ${name}, namespace: flux-system}\nspec: {url: "${at}", ref: ${ref}}\n`
  );
}

const synced = (ref: string, at = url): string =>
  `${source('flux-system', ref, at)}---\n${kustomization('flux-system', 'path: ./clusters/one')}`;

function open(files: Files, options: Partial<WorkspaceOptions> = {}): Workspace {
  return openWorkspace(treeOf(files), { remotes: [url], ...options });
}

/** The reason why something stands for the source; a sentence in brackets why nothing does. */
function reasonOf(workspace: Workspace, name: string): string {
  const object = workspace.find({ kind: 'GitRepository', namespace: 'flux-system', name })[0]!.node;
  const found = workspace.sources.folderOf({ kind: 'GitRepository', namespace: 'flux-system', name, object });
  return typeof found === 'string' ? `(${found})` : found.reason;
}

const elsewhere = (name: string, revision: string) =>
  `(GitRepository flux-system/${name} follows ${revision} of this repository, which is not what is open here)`;
const own = `${url} is a remote of this folder`;

const fleet: Files = {
  'clusters/one/flux-system/gotk-sync.yaml': synced('{branch: main}'),
  'clusters/one/sources.yaml': [
    source('same', '{branch: main}'),
    source('dev', '{branch: dev}'),
    source('named', '{name: refs/heads/main, branch: ignored}'),
    source('tag', '{tag: v1}'),
    source('range', '{semver: ">=1"}'),
    source('commit', '{branch: main, commit: "1111111111111111111111111111111111111111"}'),
  ].join('---\n'),
};

test('the folder stands for what roots the cluster, whatever is checked out; other revisions are elsewhere', () => {
  const workspace = open(fleet, { head: { branch: 'feature' } });
  for (const name of ['flux-system', 'same', 'named']) expect(reasonOf(workspace, name)).toBe(own);
  expect(reasonOf(workspace, 'dev')).toBe(elsewhere('dev', 'branch dev'));
  expect(reasonOf(workspace, 'tag')).toBe(elsewhere('tag', 'tag v1'));
  expect(reasonOf(workspace, 'range')).toBe(elsewhere('range', 'semver >=1'));
  expect(reasonOf(workspace, 'commit')).toContain('follows commit 1111');
});

test('the checked-out branch is the folder, where a source follows it', () => {
  expect(reasonOf(open(fleet, { head: { branch: 'dev' } }), 'dev')).toBe(own);
  const head = { branch: 'main', commit: '1'.repeat(40) };
  expect(reasonOf(open(fleet, { head }), 'commit')).toBe(own);
});

test('a repository with one revision is the folder, whatever it is called', () => {
  const alone = open({ 'a.yaml': source('tag', '{tag: v1}') }, { head: { branch: 'main' } });
  expect(reasonOf(alone, 'tag')).toBe(own);
});

test('what no file declares follows the branch that the remote calls its own', () => {
  const files = { 'a.yaml': source('team', '{branch: team}'), 'b.yaml': kustomization('apps', 'path: ./apps') };
  const head = { branch: 'feature', trunk: 'main' };
  expect(reasonOf(open(files, { head }), 'team')).toBe(elsewhere('team', 'branch team'));
  expect(reasonOf(open(files, { head: { ...head, trunk: 'team' } }), 'team')).toBe(own);
});

test.each([
  'git@git.example.com:acme/fleet.git',
  'ssh://git@git.example.com/acme/fleet',
  'ssh://git@git.example.com:22/acme/fleet.git',
  'https://user@git.example.com/acme/fleet/',
  'https://git.example.com:443/Acme/Fleet.git',
])('%s is the same repository', (spelled) => {
  expect(reasonOf(open({ 'a.yaml': source('x', '{branch: main}', spelled) }), 'x')).toContain('is a remote');
});

test('another open folder stands for the sources of its own remotes', () => {
  const apps = 'https://git.example.com/acme/apps';
  const neighbour = { name: '/work/apps', tree: treeOf({}), remotes: ['git@git.example.com:acme/apps.git'] };
  const files = { ...fleet, 'clusters/one/apps.yaml': source('apps', '{branch: main}', apps) };
  expect(reasonOf(open(files), 'apps')).toBe(`(GitRepository flux-system/apps is ${apps}, which is not open here)`);
  const both = open(files, { neighbours: [neighbour] });
  expect(reasonOf(both, 'apps')).toBe(`${apps} is a remote of the open folder /work/apps`);
});

test('of two folders with one remote, each stands for the branch that is checked out in it', () => {
  const neighbours = [{ name: '/work/dev', tree: treeOf({}), remotes: [url], head: { branch: 'dev' } }];
  const workspace = open(fleet, { head: { branch: 'main' }, neighbours });
  expect(reasonOf(workspace, 'same')).toBe(own);
  expect(reasonOf(workspace, 'dev')).toBe(`${url} is a remote of the open folder /work/dev`);
  expect(reasonOf(workspace, 'tag')).toBe(elsewhere('tag', 'tag v1'));
});
