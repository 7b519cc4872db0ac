/** `sluice build`: a fleet, one cluster, one object, its origins, one Kustomization; and what it says when it cannot. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { build } from '../../src/cli/commands/build.ts';
import { check } from '../../src/cli/commands/check.ts';
import { invoke } from './invoke.ts';

const fleet = fileURLToPath(new URL('../../examples/my-fleet', import.meta.url));

function scratch(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'build-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('the clusters of a fleet in turn, or the one that is named', async () => {
  const both = await invoke(build, [fleet]);
  const one = await invoke(build, [fleet, '--cluster', 'clusters/staging']);
  expect([both.code, one.code]).toEqual([0, 0]);
  const count = (text: string) => text.match(/^kind: Deployment$/gm)?.length;
  expect([count(both.out), count(one.out)]).toEqual([4, 2]);
  expect(one.out).toContain('environment: staging');
  expect(one.out).not.toContain('environment: production');
});

test('one object with the line behind each field', async () => {
  const only = ['--cluster', 'clusters/production', '--only', 'Deployment/apps/api'];
  const ran = await invoke(build, [fleet, ...only, '-o', 'json', '--origins']);
  const list = JSON.parse(ran.out);
  expect(list).toMatchObject({ kind: 'List', items: [{ kind: 'Deployment', metadata: { name: 'api' } }] });
  expect(list.origins[0]).toMatchObject({ cluster: 'clusters/production', owner: 'Kustomization flux-system/apps' });
  expect(list.origins[0].fields['/metadata/labels/environment']).toEqual(['apps/production/kustomization.yaml:10:20']);
});

test('a substituted field has its origin in the ConfigMap that says it, and the token that asked', async () => {
  const folder = scratch({});
  for (const name of ['apps', 'cluster']) mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, 'cluster/all.yaml'),
    `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system }
spec: { url: https://git.example.com/fleet }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  path: ./apps
  prune: true
  sourceRef: { kind: GitRepository, name: fleet }
  postBuild: { substituteFrom: [{ kind: ConfigMap, name: settings }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: flux-system }
data:
  region: east
`,
  );
  writeFileSync(
    join(folder, 'apps/a.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: apps }\ndata: { k: "in ${region}" }\n',
  );
  const source = ['--source', `GitRepository/flux-system/fleet=${folder}`];
  const ran = await invoke(build, [
    folder,
    '--cluster',
    'cluster',
    ...source,
    '-o',
    'json',
    '--origins',
    '--only',
    'ConfigMap/apps/a',
  ]);
  expect(JSON.parse(ran.out).origins[0].fields['/data/k']).toEqual(['cluster/all.yaml:19:11', 'apps/a.yaml:4:16']);
});

test('one Kustomization of a file, in YAML or JSON, its path taken under PATH', async () => {
  const ks = (path: string) => ({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'x', namespace: 'y' },
    spec: { path, postBuild: { substitute: { a: 'b' } } },
  });
  const folder = scratch({ 'ks.json': JSON.stringify(ks('./apps/staging')), 'bad.json': JSON.stringify(ks('./nope')) });
  const ran = await invoke(build, [fleet, '--kustomization-file', join(folder, 'ks.json')]);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('kustomize.toolkit.fluxcd.io/name: x\n');
  expect(ran.out.endsWith('---\n')).toBe(true);
  const bad = await invoke(build, [fleet, '--kustomization-file', join(folder, 'bad.json')]);
  expect(bad).toMatchObject({ code: 2, out: '' });
  expect(bad.err).toContain('invalid resource path "./nope"');
});

test('a source that another folder stands for', async () => {
  const source = (name: string, url: string) =>
    `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {url: "${url}"}\n---\n`;
  const ks = (name: string, from: string) =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {path: ./, prune: true, sourceRef: {kind: GitRepository, name: ${from}}}\n---\n`;
  const folder = scratch({
    'all.yaml':
      source('a', 'https://git.example.com/a') + source('b', 'https://git.example.com/b') + ks('x', 'a') + ks('y', 'b'),
  });
  const other = scratch({ 'm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n' });
  const alone = await invoke(build, [folder]);
  expect(alone.out).not.toContain('kind: ConfigMap');
  expect(alone.err).toContain('which is not open here');
  const by = ['--source', `GitRepository/flux-system/a=${other}`, '--source', `git@git.example.com:b.git=${other}`];
  const mapped = await invoke(build, [folder, ...by]);
  expect(mapped).toMatchObject({ code: 0, err: '' });
  expect(mapped.out.match(/kind: ConfigMap/g)).toHaveLength(2);
  const broken = scratch({ 'kustomization.yaml': 'resources: [nowhere.yaml]\n' });
  expect((await invoke(check, [folder])).out).not.toContain('nowhere.yaml');
  const checked = await invoke(check, [folder, '--source', `GitRepository/flux-system/a=${broken}`]);
  expect(checked.out).toContain(`${broken}/kustomization.yaml:1:13: error: `);
});

test('what cannot be done', async () => {
  expect(await invoke(build, ['/nowhere-at-all'])).toMatchObject({ code: 2, out: '' });
  const empty = await invoke(build, [scratch({})]);
  expect(empty.code).toBe(2);
  expect(empty.err).toContain('no cluster directory was found');
  const folder = scratch({ 'ks.yaml': 'a: [\n', 'none.yaml': 'a: b\n' });
  const broken = await invoke(build, [fleet, '--kustomization-file', join(folder, 'ks.yaml')]);
  expect(broken.code).toBe(2);
  expect(broken.err).toMatch(/ks\.yaml:\d+:\d+: /);
  const none = await invoke(build, [fleet, '--kustomization-file', join(folder, 'none.yaml')]);
  expect(none.err).toContain('holds no Kustomization');
  await expect(invoke(build, [fleet, '--only', 'x'])).rejects.toThrow('KIND/NS/NAME');
});
