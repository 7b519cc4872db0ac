/** The open folder as one program: objects, references, cluster roots, and which sources the folder stands for. */
import { expect, test } from 'vitest';
import { titleOf } from '../../../src/engine/index.ts';
import { configMap, type Files, kustomization, open, sync } from '../render/check.ts';

const fleet: Files = {
  'clusters/one/flux-system/gotk-sync.yaml': sync(),
  'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps\ndependsOn: [{name: infra}]'),
  'clusters/one/infra.yaml': kustomization('infra', 'path: ./infra'),
  'apps/kustomization.yaml': 'resources: [a.yaml, ../base]\n',
  'apps/a.yaml': configMap('a', 'k: v'),
  'base/kustomization.yaml': 'resources: [b.yaml]\n',
  'base/b.yaml': configMap('b', 'k: v'),
  'infra/x.yaml': configMap('x', 'k: v'),
};

test('objects, references and who refers to whom', () => {
  const workspace = open(fleet);
  const infra = workspace.find({ kind: 'Kustomization', namespace: 'flux-system', name: 'infra' })[0]!;
  expect(workspace.linksTo(infra).map((link) => `${titleOf(link.from.id)} ${link.reference.role}`)).toEqual([
    'Kustomization flux-system/apps depends-on',
  ]);
  const source = workspace.find({ kind: 'GitRepository', namespace: 'flux-system', name: 'flux-system' })[0]!;
  expect(workspace.linksTo(source)).toHaveLength(3);
});

test('the contents of a Kustomization follow its kustomization files', () => {
  const workspace = open(fleet);
  const apps = workspace.find({ kind: 'Kustomization', namespace: 'flux-system', name: 'apps' })[0]!;
  expect([...workspace.contents(apps)].sort()).toEqual([
    '/apps/a.yaml',
    '/apps/kustomization.yaml',
    '/base/b.yaml',
    '/base/kustomization.yaml',
  ]);
});

function checkClusters(files: Files, folders: readonly string[]) {
  expect(open(files).clusters.map((cluster) => cluster.folder)).toEqual(folders);
}

test('a bootstrapped folder is a cluster, wherever the fleet lies', () => {
  checkClusters(fleet, ['/clusters/one']);
  const below = Object.fromEntries(Object.entries(fleet).map(([path, text]) => [`examples/fleet/${path}`, text]));
  checkClusters(below, ['/examples/fleet/clusters/one']);
});

test('a FluxInstance roots a cluster', () => {
  checkClusters(
    {
      'clusters/two/flux.yaml':
        'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\n' +
        'spec: {sync: {kind: GitRepository, url: "https://git.example.com/fleet", path: clusters/two}}\n',
    },
    ['/clusters/two'],
  );
});

test('without either, what nothing else contains is a root', () => {
  checkClusters(
    {
      'kubernetes/flux/apps.yaml': kustomization('all', 'path: ./kubernetes/apps'),
      'kubernetes/apps/one/ks.yaml': kustomization('one', 'path: ./kubernetes/apps/one/app'),
      'kubernetes/apps/kustomization.yaml': 'resources: [one/ks.yaml]\n',
    },
    ['/kubernetes/flux'],
  );
});

test('a folder stands for a source by its remote, by its own bootstrap file, by a mapping, and not otherwise', () => {
  const query = (workspace: ReturnType<typeof open>, kind: string, name: string) => {
    const object = workspace.find({ kind, namespace: 'flux-system', name })[0]?.node;
    return workspace.sources.folderOf({ kind, namespace: 'flux-system', name, ...(object && { object }) });
  };
  const other =
    'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other, namespace: flux-system}\nspec: {url: "ssh://git@git.example.com/other.git"}\n';
  const workspace = open({ ...fleet, 'clusters/one/other.yaml': other });
  expect(query(workspace, 'GitRepository', 'flux-system')).toMatchObject({ root: '/' });
  expect(query(workspace, 'GitRepository', 'other')).toContain('which is not open here');
  expect(query(workspace, 'GitRepository', 'undeclared')).toMatchObject({ reason: expect.stringContaining('assumed') });
  const remote = open({ ...fleet, 'clusters/one/other.yaml': other }, { remotes: ['https://git.example.com/other'] });
  expect(query(remote, 'GitRepository', 'other')).toMatchObject({ root: '/' });
  const tree = open({}).tree;
  const mapped = open(
    { ...fleet, 'clusters/one/other.yaml': other },
    { mappings: [{ source: 'GitRepository/flux-system/other', tree }] },
  );
  expect(query(mapped, 'GitRepository', 'other')).toMatchObject({ reason: expect.stringContaining('mapped') });
});

test('a broken file is one problem, and the rest is read', () => {
  const workspace = open({ ...fleet, 'apps/broken.yaml': 'a: [\n' });
  expect(workspace.problems.map((problem) => problem.at?.file)).toEqual(['apps/broken.yaml']);
  expect(workspace.objects.length).toBeGreaterThan(5);
});
