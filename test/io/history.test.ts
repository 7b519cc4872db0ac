/** Other revisions of the open repository come from its own history, without network and under names of their own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../src/cli/commands/build.ts';
import { check } from '../../src/cli/commands/check.ts';
import { invoke } from '../cli/invoke.ts';

let root: string;
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
    stdio: 'pipe',
  })
    .toString()
    .trim();

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const repository = (name: string, ref: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: ${name}, namespace: flux-system}
spec: {url: "https://git.example.com/acme/fleet", ref: ${ref}}
`;
const kustomization = (name: string, source: string, path: string) => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec: {path: ${path}, prune: true, sourceRef: {kind: GitRepository, name: ${source}}}
`;
const configMap = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: default}\ndata: {v: ${value}}\n`;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-history-'));
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', 'git@git.example.com:acme/fleet.git');
  write({ 'apps/a.yaml': configMap('a', 'tagged') });
  git('add', '.');
  git('commit', '-qm', 'one');
  git('tag', 'v1.2.0');
  git('checkout', '-qb', 'dev');
  write({ 'apps/a.yaml': configMap('b', 'dev') });
  git('commit', '-qam', 'two');
  git('checkout', '-qb', 'broken');
  write({ 'apps/kustomization.yaml': 'resources: [nowhere.yaml]\n' });
  git('add', '.');
  git('commit', '-qm', 'three');
  git('checkout', '-q', 'main');
  write({
    'clusters/one/flux-system/gotk-sync.yaml':
      repository('flux-system', '{branch: main}') + kustomization('flux-system', 'flux-system', './clusters/one'),
    'clusters/one/dev.yaml': repository('dev', '{branch: dev}') + kustomization('dev', 'dev', './apps'),
    'clusters/one/range.yaml': repository('range', '{semver: "1.x"}') + kustomization('range', 'range', './apps'),
    'clusters/one/broken.yaml': repository('broken', '{branch: broken}') + kustomization('broken', 'broken', './apps'),
    'clusters/one/gone.yaml': repository('gone', '{branch: gone}') + kustomization('gone', 'gone', './apps'),
  });
});
afterAll(() => rmSync(root, { recursive: true }));

test('a branch and a range of tags are read where they are, and what is not there is said', async () => {
  const { out, err } = await invoke(build, [root, '-o', 'json', '--origins']);
  const { items, origins } = JSON.parse(out);
  const values = items.filter((item: { kind: string }) => item.kind === 'ConfigMap');
  expect(values.map((item: { data: { v: string } }) => item.data.v)).toEqual(['dev', 'tagged']);
  const fields = origins.find((one: { object: string }) => one.object === 'ConfigMap default/b').fields;
  expect(fields['/data/v']).toEqual(['apps/a.yaml@dev:4:11']);
  expect(err).toContain('GitRepository flux-system/gone follows branch gone of this repository');
});

test('a check reads them, too', async () => {
  const { out } = await invoke(check, [root]);
  expect(out).toMatch(/^apps\/kustomization.yaml@broken:1:13: error: .*nowhere.yaml/m);
});
