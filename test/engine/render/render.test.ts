/** From a fleet to what it wants in the cluster: expansion, Flux's own fields, variables, order, and what goes wrong. */
import { expect, test } from 'vitest';
import { createRenderer, getPath, openWorkspace, textFile, titleOf } from '../../../src/engine/index.ts';
import { overlayTree } from '../../../src/io/disk.ts';
import {
  checkRender,
  configMap,
  type Files,
  kustomization,
  kustomizer,
  open,
  render,
  sourceOf,
  sync,
  treeOf,
  yamlOf,
} from './check.ts';

const labels = (name: string, indent = '    ') =>
  `${indent}kustomize.toolkit.fluxcd.io/name: ${name}\n${indent}kustomize.toolkit.fluxcd.io/namespace: flux-system\n`;

test('children are expanded to any depth, each owner once, with its labels', () => {
  const sets = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
    'apps/more.yaml': kustomization('more', 'path: ./more'),
    'more/a.yaml': configMap('a', 'k: v'),
  });
  expect(sets.map((set) => titleOf(set.owner.id))).toEqual([
    'Kustomization flux-system/flux-system',
    'Kustomization flux-system/apps',
    'Kustomization flux-system/more',
  ]);
  expect(yamlOf(sets[2]!)).toBe(
    'apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\nmetadata:\n  labels:\n' +
      `${labels('more')}  name: a\n  namespace: apps\n`,
  );
  expect(sets.every((set) => set.complete)).toBe(true);
});

test('the fields of a Flux Kustomization are merged into the kustomization file', () => {
  const files: Files = {
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization(
      'apps',
      `path: ./apps
targetNamespace: prod
namePrefix: x-
nameSuffix: -y
commonMetadata: {labels: {team: a}, annotations: {note: b}}
images: [{name: app, newTag: "2"}]
components: [../part, ../absent]
ignoreMissingComponents: true
patches:
- patch: |
    - {op: replace, path: /data/k, value: patched}
  target: {kind: ConfigMap, name: a}`,
    ),
    'apps/kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: app, newName: reg/app, newTag: "1"}]\n',
    'apps/a.yaml': configMap('a', 'k: v'),
    'part/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [pod.yaml]\n',
    'part/pod.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: app:0}]}\n',
  };
  const [, apps] = render(files);
  expect(apps!.problems).toEqual([]);
  const [map, pod] = apps!.objects;
  expect(map!.id).toMatchObject({ name: 'x-a-y', namespace: 'prod' });
  expect(getPath(map!.node, ['data', 'k'])).toMatchObject({ text: 'patched' });
  expect(getPath(map!.node, ['metadata', 'labels', 'team'])).toMatchObject({ text: 'a' });
  expect(getPath(map!.node, ['metadata', 'annotations', 'note'])).toMatchObject({ text: 'b' });
  expect(getPath(pod!.node, ['spec', 'containers', 0, 'image'])).toMatchObject({ text: 'reg/app:2' });
});

test('variables: sources in order, inline values win, each value leads back to its definition by its token', () => {
  const files: Files = {
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/settings.yaml': configMap('settings', 'a: from-map, port: "8080", host: example.com', 'flux-system'),
    'clusters/one/apps.yaml': kustomization(
      'apps',
      `path: ./apps
postBuild:
  substitute: {a: inline}
  substituteFrom: [{kind: ConfigMap, name: settings}]`,
    ),
    'apps/a.yaml': configMap('x', 'a: "${a}", port: "${port}", url: "https://${host}/", keep: "$${host}"'),
  };
  const sets = render(files);
  const apps = sets.find((set) => set.owner.id.name === 'apps')!;
  expect(apps.problems).toEqual([]);
  expect(yamlOf(apps)).toContain('  a: inline\n  keep: ${host}\n  port: 8080\n  url: https://example.com/\n');
  const port = getPath(apps.objects[0]!.node, ['data', 'port'])!;
  expect(sourceOf(files, port.at)).toBe('"8080"');
  expect(sourceOf(files, port.at.via!)).toBe('${port}');
  const url = getPath(apps.objects[0]!.node, ['data', 'url'])!;
  expect(sourceOf(files, url.at)).toBe('example.com');
  expect(sourceOf(files, url.at.via!)).toBe('${host}');
  expect(sourceOf(files, getPath(apps.objects[0]!.node, ['metadata', 'name'])!.at)).toBe('x');
});

const unset: Files = {
  'clusters/one/flux-system/gotk-sync.yaml': sync(),
  'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps\npostBuild: {substitute: {a: "1"}}'),
  'apps/a.yaml': configMap('x', 'v: "${nope}"'),
  'apps/b.yaml': configMap('y', 'v: "${nope:=d}"'),
};

test('an unset variable is an error at its token, and empty for a Flux before 2.9', () => {
  const [, strict] = render(unset);
  expect(strict!.complete).toBe(false);
  expect(strict!.problems).toMatchObject([{ code: 'flux-substitution', severity: 'error' }]);
  expect(strict!.problems[0]!.message).toContain('variable not set (strict mode): "nope"');
  expect(sourceOf(unset, strict!.problems[0]!.at!)).toBe('${nope}');
  const [, lenient] = render(unset, '/clusters/one', { substitution: 'lenient' });
  expect(lenient!.complete).toBe(true);
  expect(yamlOf(lenient!)).toContain('v: null');
});

test('substitution is skipped where an object says so', () => {
  const files = {
    ...unset,
    'apps/a.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\ndata: {v: "${nope}"}\n',
  };
  expect(yamlOf(render(files)[1]!)).toContain('v: ${nope}');
});

test('a Secret that the cluster makes leaves its variables standing, and says so', () => {
  const [, apps] = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization(
      'apps',
      'path: ./apps\npostBuild: {substituteFrom: [{kind: Secret, name: settings}]}',
    ),
    'clusters/one/external.yaml':
      'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: settings, namespace: flux-system}\n',
    'apps/a.yaml': configMap('x', 'v: "${domain}"'),
  });
  expect(apps!.problems).toMatchObject([{ severity: 'information' }]);
  expect(apps!.note).toContain('ConfigMap apps/x uses ${domain}');
  expect(yamlOf(apps!)).toContain('v: ${domain}');
});

test('values from a Secret are told, so that they can be masked', () => {
  const [, apps] = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization(
      'apps',
      'path: ./apps\npostBuild: {substituteFrom: [{kind: Secret, name: settings}]}',
    ),
    'clusters/one/secret.yaml':
      'apiVersion: v1\nkind: Secret\nmetadata: {name: settings, namespace: flux-system}\ndata: {word: aHVudGVyMg==}\n',
    'apps/a.yaml': configMap('x', 'v: "pre-${word}"'),
  });
  expect(yamlOf(apps!)).toContain('v: pre-hunter2');
  expect(apps!.objects[0]!.secretValues).toEqual(['hunter2']);
});

test('objects come in the order in which Flux sends them', () => {
  const object = (kind: string, name: string, apiVersion = 'v1') =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n---\n`;
  const [root] = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/all.yaml':
      object('ValidatingWebhookConfiguration', 'w', 'admissionregistration.k8s.io/v1') +
      object('Widget', 'x', 'example.com/v1') +
      object('Service', 's') +
      object('ConfigMap', 'c') +
      object('StorageClass', 'k', 'storage.k8s.io/v1') +
      object('Namespace', 'n') +
      object('CustomResourceDefinition', 'd', 'apiextensions.k8s.io/v1'),
  });
  expect(root!.objects.map((o) => o.id.kind)).toEqual(order);
});

const order = [
  ...['CustomResourceDefinition', 'Namespace', 'StorageClass', 'ConfigMap', 'Service', 'Widget', 'Kustomization'],
  ...['GitRepository', 'ValidatingWebhookConfiguration'],
];

test('a folder without a kustomization file takes in every manifest, nested kustomizations whole', () => {
  checkRender(
    {
      'clusters/one/flux-system/gotk-sync.yaml': sync(),
      'clusters/one/nested/kustomization.yaml': 'namePrefix: n-\nresources: [../../../base]\n',
      'clusters/one/nested/ignored.yaml': configMap('ignored', 'k: v'),
      'base/kustomization.yaml': 'resources: [b.yaml]\n',
      'base/b.yaml': configMap('b', 'k: v'),
      'clusters/one/.sourceignore': 'skip.yaml\n',
      'clusters/one/skip.yaml': 'not: kubernetes\n',
    },
    {
      'Kustomization flux-system/flux-system': expect.stringMatching(/name: n-b\n[\s\S]*kind: Kustomization/) as never,
    },
  );
});

test('dependsOn decides the order of owners', () => {
  const sets = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/a.yaml': kustomization('a', 'path: ./a\ndependsOn: [{name: b}]'),
    'clusters/one/b.yaml': kustomization('b', 'path: ./b'),
    'a/x.yaml': configMap('x', ''),
    'b/y.yaml': configMap('y', ''),
  });
  expect(sets.map((set) => set.owner.id.name)).toEqual(['flux-system', 'b', 'a']);
});

test('what one Kustomization of many has wrong stays with it', () => {
  const files: Files = {
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/missing.yaml': kustomization('missing', 'path: ./nowhere'),
    'clusters/one/above.yaml': kustomization('above', 'path: ../../etc'),
    'clusters/one/broken.yaml': kustomization('broken', 'path: ./broken'),
    'clusters/one/foreign.yaml': kustomization('foreign', 'path: ./x').replace('name: flux-system}', 'name: other}'),
    'clusters/one/other.yaml':
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other, namespace: flux-system}\nspec: {url: "https://git.example.com/other"}\n',
    'clusters/one/good.yaml': kustomization('good', 'path: ./good'),
    'broken/x.yaml': 'a: [\n',
    'good/x.yaml': configMap('x', 'k: v'),
  };
  const sets = Object.fromEntries(render(files).map((set) => [set.owner.id.name, set]));
  expect(sets.good).toMatchObject({ complete: true, problems: [] });
  expect(sets.missing).toMatchObject({ complete: false, objects: [], problems: [{ code: 'file-missing' }] });
  expect(sourceOf(files, sets.missing!.problems[0]!.at!)).toBe('./nowhere');
  expect(sets.above!.problems).toMatchObject([{ code: 'file-missing' }]);
  expect(sets.broken).toMatchObject({
    complete: false,
    problems: [{ code: 'yaml-syntax', at: { file: 'broken/x.yaml' } }],
  });
  expect(sets.foreign).toMatchObject({ complete: false, objects: [], problems: [{ severity: 'information' }] });
  expect(sets.foreign!.note).toContain('https://git.example.com/other, which is not open here');
});

test('Kustomizations that contain each other are cut and told', () => {
  const sets = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/a.yaml': kustomization('a', 'path: ./a'),
    'a/b.yaml': kustomization('b', 'path: ./b'),
    'b/a.yaml': kustomization('a', 'path: ./a'),
  });
  expect(sets.map((set) => set.owner.id.name)).toEqual(['flux-system', 'a', 'b']);
  expect(sets[2]!.problems[0]!.message).toContain('contains itself');
});

test('a folder that the owner syncs from a generated artifact', () => {
  const sets = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/artifacts.yaml': `
apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: g, namespace: flux-system}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system}]
  artifacts:
  - name: apps
    copy:
    - {from: "@repo/apps/base/**", to: "@artifact/base/"}
    - {from: "@repo/apps/one/**", to: "@artifact/one/", exclude: ["*.md"]}
`,
    'clusters/one/apps.yaml': kustomization('apps', 'path: ./one').replace(
      '{kind: GitRepository, name: flux-system}',
      '{kind: ExternalArtifact, name: apps}',
    ),
    'apps/base/kustomization.yaml': 'resources: [a.yaml]\n',
    'apps/base/a.yaml': configMap('a', 'k: v'),
    'apps/one/kustomization.yaml': 'resources: [../base]\nnamePrefix: one-\n',
    'apps/one/README.md': '#\n',
  });
  expect(sets[1]).toMatchObject({ complete: true, problems: [] });
  expect(sets[1]!.objects.map((o) => o.id.name)).toEqual(['one-a']);
  expect(sets[1]!.objects[0]!.node.at.file).toBe('apps/base/a.yaml');
});

test('an edit renders again only what it touches', () => {
  const files = {
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/a.yaml': kustomization('a', 'path: ./a'),
    'clusters/one/b.yaml': kustomization('b', 'path: ./b'),
    'a/x.yaml': configMap('x', 'k: v'),
    'b/y.yaml': configMap('y', 'k: v'),
  };
  const tree = treeOf(files);
  const renderer = createRenderer({ kustomizer: kustomizer() });
  const at = (edits: Files) => {
    const overlay = new Map(Object.entries(edits).map(([path, text]) => [`/${path}`, textFile(path, text)]));
    return renderer.renderCluster(openWorkspace(overlayTree(tree, overlay), { remotes: [] }), '/clusters/one');
  };
  const before = at({});
  const after = at({ 'b/y.yaml': configMap('y', 'k: w') });
  expect(after.map((set, i) => set === before[i])).toEqual([true, true, false]);
  expect(yamlOf(after[2]!)).toContain('k: w');
  const added = at({ 'a/z.yaml': configMap('z', 'k: v') });
  expect(added.map((set) => set.objects.length)).toEqual([4, 2, 1]);
});

test('a FluxInstance roots its cluster, with its patches', () => {
  const sets = render({
    'clusters/one/flux.yaml': `apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {name: flux, namespace: flux-system}
spec:
  sync: {kind: GitRepository, url: "https://git.example.com/fleet", ref: refs/heads/main, path: clusters/one}
  kustomize:
    patches:
    - target: {kind: Kustomization, name: flux-system}
      patch: |
        - {op: add, path: /spec/postBuild, value: {substitute: {who: me}}}
`,
    'clusters/one/a.yaml': configMap('a', 'by: "${who}"'),
  });
  expect(sets.map((set) => titleOf(set.owner.id))).toEqual([
    'Kustomization flux-system/flux-system',
    'FluxInstance flux-system/flux',
  ]);
  expect(sets[0]!.problems).toEqual([]);
  expect(yamlOf(sets[0]!)).toContain('by: me');
  expect(sets[1]!.objects.map((o) => titleOf(o.id))).toEqual([
    'Kustomization flux-system/flux-system',
    'GitRepository flux-system/flux-system',
  ]);
  expect(sets[1]).toMatchObject({ complete: false, problems: [] });
});

test('what a FluxInstance adds is what the operator would write', () => {
  const made = (spec: string) => {
    const sets = render({
      'clusters/one/flux.yaml': `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec: ${spec}\n`,
    });
    return yamlOf(sets.find(({ owner }) => owner.id.kind === 'FluxInstance')!);
  };
  const owner = '  labels:\n    fluxcd.controlplane.io/name: flux\n    fluxcd.controlplane.io/namespace: flux-system\n';
  const sync = 'ref: refs/heads/main, path: clusters/one, interval: 1h, pullSecret: auth, provider: github';
  const repository = made(`{sync: {kind: GitRepository, url: "https://git.example.com/fleet", ${sync}}}`);
  expect(repository).toContain(`metadata:\n${owner}  name: flux-system\n  namespace: flux-system\n`);
  expect(repository).toContain(
    'spec:\n  interval: 1h0m0s\n  provider: github\n  ref:\n    name: refs/heads/main\n  secretRef:\n    name: auth\n  url: https://git.example.com/fleet\n',
  );
  const bucket = made(
    '{cluster: {multitenant: true}, sync: {kind: Bucket, url: s3.example.com, ref: fleet, path: clusters/one}}',
  );
  expect(bucket).toContain('spec:\n  bucketName: fleet\n  endpoint: s3.example.com\n  interval: 1m0s\n');
  expect(bucket).toContain('  interval: 10m0s\n  path: clusters/one\n');
  expect(bucket).toContain('  serviceAccountName: kustomize-controller\n');
});

test('a failure is told once, with what it holds up; a circle and a missing name are told', () => {
  const sets = Object.fromEntries(
    render({
      'clusters/one/flux-system/gotk-sync.yaml': sync(),
      'clusters/one/base.yaml': kustomization('base', 'path: ./nowhere'),
      'clusters/one/mid.yaml': kustomization('mid', 'path: ./good\ndependsOn: [{name: base}]'),
      'clusters/one/top.yaml': kustomization('top', 'path: ./good\ndependsOn: [{name: mid}, {name: absent}]'),
      'clusters/one/x.yaml': kustomization('x', 'path: ./good\ndependsOn: [{name: y}]'),
      'clusters/one/y.yaml': kustomization('y', 'path: ./good\ndependsOn: [{name: x}]'),
      'good/a.yaml': configMap('a', 'k: v'),
    }).map((set) => [set.owner.id.name, set]),
  );
  expect(sets.base!.problems[0]!.related?.[0]?.message).toBe(
    'Kustomization flux-system/base holds up Kustomization flux-system/mid, Kustomization flux-system/top',
  );
  expect(sets.mid).toMatchObject({
    problems: [],
    note: 'it waits for Kustomization flux-system/base, which cannot be built',
  });
  expect(sets.top!.problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('absent') }]);
  expect(sets.x!.problems).toMatchObject([{ severity: 'error', message: expect.stringContaining('goes round') }]);
  expect(sets.y!.problems).toEqual([]);
});

test('a repository that includes another one, and one that is pinned', () => {
  const repository = (name: string, more: string) =>
    `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {url: "https://git.example.com/fleet", ${more}}\n---\n`;
  const sets = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/sources.yaml':
      repository('both', 'include: [{repository: {name: lib}, fromPath: lib, toPath: vendor}]') +
      repository('lib', 'ref: {branch: main}') +
      repository('old', 'ref: {tag: v1}'),
    'clusters/one/a.yaml': kustomization('a', 'path: ./vendor').replace(
      'GitRepository, name: flux-system',
      'GitRepository, name: both',
    ),
    'clusters/one/b.yaml': kustomization('b', 'path: ./lib').replace(
      'GitRepository, name: flux-system',
      'GitRepository, name: old',
    ),
    'lib/x.yaml': configMap('x', 'k: v'),
  });
  expect(sets[1]).toMatchObject({ complete: true, problems: [], objects: [{ id: { name: 'x' } }] });
  expect(sets[2]!.note).toContain('old follows tag v1 of this repository');
  const alone = {
    'clusters/one/a.yaml': kustomization('a', 'path: ./lib').replace('name: flux-system}', 'name: old}'),
    'clusters/one/old.yaml': repository('old', 'ref: {tag: v1}'),
    'lib/x.yaml': configMap('x', 'k: v'),
  };
  const workspace = open(alone, { remotes: ['https://git.example.com/fleet'] });
  const [, pinned] = createRenderer({ kustomizer: kustomizer() }).renderCluster(workspace, '/clusters/one');
  expect(pinned!.note).toContain('is pinned to v1; shown are the files of the open folder');
});
