/** The open folder as one program: objects, references, cluster roots, and which sources the folder stands for. */
import { expect, test } from 'vitest';
import { titleOf, whyUnread } from '../../../src/engine/index.ts';
import { configMap, type Files, kustomization, open, render, sync, yamlOf } from '../render/check.ts';

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

test('why no build reads a file', () => {
  const files = {
    ...fleet,
    'apps/.sourceignore': 'drafts/\n!drafts/kept.yaml\n',
    'apps/drafts/new.yaml': configMap('d', 'k: v'),
    'apps/forgotten.yaml': configMap('f', 'k: v'),
    'apps/picture.png': 'x',
    'docs/note.yaml': 'a: b\n',
    'legacy/old.yaml': 'a: b\n',
    'clusters/one/flux-system/gotk-sync.yaml': sync().replace('{interval', '{ignore: /legacy/, interval'),
  };
  const workspace = open(files);
  const source = 'leaves it out of GitRepository flux-system/flux-system';
  expect(whyUnread(workspace, '/apps/drafts/new.yaml')).toBe(`"drafts/" in apps/.sourceignore ${source}`);
  expect(whyUnread(workspace, '/apps/drafts')).toBe(`"drafts/" in apps/.sourceignore ${source}`);
  expect(whyUnread(workspace, '/legacy/old.yaml')).toBe(`"/legacy/" in spec.ignore ${source}`);
  expect(whyUnread(workspace, '/apps/forgotten.yaml')).toBe('apps/kustomization.yaml does not name it');
  expect(whyUnread(workspace, '/docs/note.yaml')).toBe('no Flux Kustomization takes it in');
  expect(whyUnread(open({ ...fleet, '.gitignore': 'x' }), '/.gitignore')).toBe(
    `".gitignore", which Flux leaves out of every source, ${source}`,
  );
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

const instanceValues = `
instance:
  distribution: {version: 2.8.x}
  sync: {kind: OCIRepository, url: "oci://registry.example.com/fleet", ref: main, path: ./clusters/two}
`;

test('the chart that installs a FluxInstance roots a cluster by its values, in the release or in a file of their own', () => {
  const values = instanceValues.replace(/^/gm, '    ');
  const release = `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: flux-instance, namespace: flux-system}
spec:
  chartRef: {kind: OCIRepository, name: flux-instance}
  values:
${values}`;
  const objects = { 'deploy/clusters/two/a.yaml': configMap('a', 'k: v') };
  checkClusters({ ...objects, 'deploy/apps/flux/helmrelease.yaml': release }, []);
  checkClusters({ ...objects, 'deploy/clusters/two/flux/helmrelease.yaml': release }, ['/deploy/clusters/two']);
  checkClusters({ ...objects, 'deploy/clusters/two/flux/values.yaml': instanceValues }, ['/deploy/clusters/two']);
});

test('what a kustomization file leaves out, and what is put away in a hidden folder, roots nothing', () => {
  checkClusters(
    {
      'kubernetes/flux/apps.yaml': kustomization('all', 'path: ./kubernetes/apps'),
      'kubernetes/apps/kustomization.yaml': 'resources: [one/ks.yaml] # two/ks.yaml\n',
      'kubernetes/apps/one/ks.yaml': kustomization('one', 'path: ./kubernetes/apps/one/app'),
      'kubernetes/apps/two/ks.yaml': kustomization('two', 'path: ./kubernetes/apps/two/app'),
      '.archive/old/ks.yaml': kustomization('old', 'path: ./old'),
    },
    ['/kubernetes/flux'],
  );
});

/** A fleet whose bootstrap objects are patched in an overlay, which names no source of its own. */
const patchedRoot: Files = {
  'clusters/one/kustomization.yaml': 'resources: [../../flux]\npatches: [{path: flux.yaml}]\n',
  'clusters/one/flux.yaml': `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {path: ./clusters/one, postBuild: {substitute: {zone: north}}}
`,
  'flux/kustomization.yaml': 'resources: [sync.yaml, vars.yaml]\n',
  'flux/sync.yaml': kustomization('flux-system', 'path: ./elsewhere'),
  'flux/vars.yaml': configMap('a', 'k: "${zone}"'),
};

test('a patch for the Kustomization that applies it roots a cluster', () => {
  checkClusters(patchedRoot, ['/clusters/one']);
});

test('the root is built as the Kustomization in its own output says', () => {
  const [root] = render(patchedRoot);
  expect(titleOf(root!.owner.id)).toBe('Kustomization flux-system/flux-system');
  expect(yamlOf(root!)).toContain('k: north');
});

function checkSubstitution(files: Files, expected: 'strict' | 'lenient') {
  expect(open(files).clusters.map((cluster) => cluster.substitution)).toEqual([expected]);
  const [root] = render({
    ...files,
    'clusters/one/apps.yaml': unset,
    'apps/a.yaml': configMap('a', 'k: "${unset}"'),
  }).filter((set) => set.owner.id.name === 'apps');
  const expectedProblems = expected === 'strict' ? ['flux-substitution'] : [];
  expect(root!.problems.map((problem) => problem.code)).toEqual(expectedProblems);
}

const unset = kustomization('apps', 'path: ./apps\npostBuild: {substitute: {other: v}}');

const components = (version: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: kustomize-controller, namespace: flux-system, labels: {app.kubernetes.io/version: ${version}}}
`;

test('unset variables are as in the Flux that the fleet itself installs', () => {
  const flux = (version: string): Files => ({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/flux-system/gotk-components.yaml': components(version),
    'clusters/one/flux-system/kustomization.yaml': 'resources: [gotk-components.yaml, gotk-sync.yaml]\n',
  });
  checkSubstitution({ 'clusters/one/flux-system/gotk-sync.yaml': sync() }, 'strict');
  checkSubstitution(flux('v2.9.4'), 'strict');
  checkSubstitution(flux('v2.8.6'), 'lenient');
  const gated = (gate: string) =>
    'resources: [gotk-components.yaml, gotk-sync.yaml]\npatches:\n- target: {kind: Deployment, name: kustomize-controller}\n' +
    `  patch: |\n    - {op: add, path: /metadata/annotations, value: {a: "--feature-gates=StrictPostBuildSubstitutions=${gate}"}}\n`;
  checkSubstitution({ ...flux('v2.8.6'), 'clusters/one/flux-system/kustomization.yaml': gated('true') }, 'strict');
  checkSubstitution({ ...flux('v2.9.4'), 'clusters/one/flux-system/kustomization.yaml': gated('false') }, 'lenient');
});

test.each([
  ['2.x', 'strict'],
  ['2.8.x', 'lenient'],
  ['~2.8.0', 'lenient'],
  ['">= 2.7"', 'strict'],
  ['2.9.4', 'strict'],
] as const)('a FluxInstance of %s substitutes %s', (version, expected) => {
  const instance =
    'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\n' +
    `spec: {distribution: {version: ${version}}, sync: {kind: GitRepository, url: "https://git.example.com/fleet", path: clusters/one}}\n`;
  checkSubstitution({ 'clusters/one/flux.yaml': instance }, expected);
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
