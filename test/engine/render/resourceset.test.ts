/** ResourceSets: inputs, templates, and the operator's own golden files where its module is in the Go cache. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  createRenderer,
  type DesiredSet,
  get,
  getPath,
  type Mapping,
  type ObjectRef,
  parse,
  print,
  remove,
  set,
} from '../../../src/engine/index.ts';
import { createInputs } from '../../../src/io/cluster/inputs.ts';
import { renderFetched } from '../../../src/io/fetch/index.ts';
import { type Files, kustomizer, open, render, sourceOf, sync, yamlOf } from './check.ts';

const fleet = (resourceSet: string, more = ''): Files => ({
  'clusters/one/flux-system/gotk-sync.yaml': sync(),
  'clusters/one/set.yaml': `apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: s, namespace: apps}\n${resourceSet}\n---\n${more}`,
});

const only = (files: Files): DesiredSet => render(files).find((one) => one.owner.id.kind === 'ResourceSet')!;

test('one object for each input, each value leading back to the input', () => {
  const files = fleet(`spec:
  inputs:
  - {tenant: alpha, replicas: 2}
  - {tenant: beta, replicas: 3}
  resources:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: "<< inputs.tenant >>-x", namespace: apps}
    data: {n: "<< inputs.replicas >>", q: << inputs.tenant | upper | quote >>, keep: "{{ .Values.x }}", by: "<< inputs.provider.kind >>"}
`);
  const rendered = only(files);
  expect(rendered.problems).toEqual([]);
  expect(rendered.objects.map((o) => o.id.name)).toEqual(['alpha-x', 'beta-x']);
  const data = (key: string) => getPath(rendered.objects[1]!.node, ['data', key])!;
  expect([data('n'), data('q'), data('keep'), data('by')]).toMatchObject([
    { text: '3' },
    { text: 'BETA' },
    { text: '{{ .Values.x }}' },
    { text: 'ResourceSet' },
  ]);
  expect(sourceOf(files, data('n').at)).toBe('3');
  expect(getPath(rendered.objects[0]!.node, ['metadata', 'labels'])).toBeDefined();
});

test('providers are permuted, each under its name', () => {
  const provider = (name: string, values: string) =>
    `apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSetInputProvider\nmetadata: {name: ${name}, namespace: apps, labels: {of: s}}\nspec: {type: Static, defaultValues: {${values}}}\n---\n`;
  const rendered = only(
    fleet(
      `spec:
  inputStrategy: {name: Permute}
  inputs: [{env: dev}, {env: prod}]
  inputsFrom: [{selector: {matchLabels: {of: s}}}]
  resourcesTemplate: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "<< inputs.s.env >>-<< inputs.team_a.app >>"}
`,
      provider('team-a', 'app: web'),
    ),
  );
  expect(rendered.problems).toEqual([]);
  expect(rendered.objects.map((o) => o.id.name)).toEqual(['dev-web', 'prod-web']);
});

test('a Kustomization that a ResourceSet makes is expanded in turn', () => {
  const files: Files = {
    ...fleet(`spec:
  inputs: [{app: web}]
  resources:
  - apiVersion: kustomize.toolkit.fluxcd.io/v1
    kind: Kustomization
    metadata: {name: << inputs.app >>, namespace: flux-system}
    spec: {interval: 10m, path: "./apps/<< inputs.app >>", prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
`),
    'apps/web/a.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n',
  };
  const sets = render(files);
  expect(sets.map((one) => one.owner.id.kind)).toEqual(['Kustomization', 'ResourceSet', 'Kustomization']);
  expect(yamlOf(sets[2]!)).toContain('kind: Namespace');
});

test('a missing input is an error at its template; inputs that only the cluster knows are told', () => {
  const files = fleet(
    'spec: {inputs: [{a: b}], resources: [{apiVersion: v1, kind: ConfigMap, metadata: {name: "<< inputs.nope >>"}}]}',
  );
  const rendered = only(files);
  expect(rendered).toMatchObject({ complete: false, problems: [{ severity: 'error' }] });
  expect(rendered.problems[0]!.message).toContain('map has no entry for key "nope"');
  expect(rendered.problems[0]!.at?.file).toBe('clusters/one/set.yaml');
  const unknown = only(
    fleet(
      'spec: {inputsFrom: [{name: gh}], resources: []}',
      'apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSetInputProvider\nmetadata: {name: gh, namespace: apps}\nspec: {type: GitHubBranch}\n',
    ),
  );
  expect(unknown).toMatchObject({
    complete: false,
    objects: [],
    problems: [{ severity: 'information', message: expect.stringContaining('type GitHubBranch are not asked here') }],
  });
  expect(unknown.note).toContain('known only to the cluster');
});

test('inputs that the operator of the chosen cluster found are taken from there, and that is said', async () => {
  const files = fleet(
    'spec: {inputsFrom: [{name: gh}, {name: far}], resources: [{apiVersion: v1, kind: ConfigMap, metadata: {name: "pr-<< inputs.id >>"}, data: {sha: "<< inputs.sha >>"}}]}',
    'apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSetInputProvider\nmetadata: {name: gh, namespace: apps}\nspec: {type: GitHubPullRequest}\n',
  );
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  const found: Record<string, object> = { gh: { exportedInputs: [{ id: '7', sha: 'abc' }], ...ready }, far: ready };
  const get = async ({ namespace, name }: ObjectRef) => {
    const status = found[name];
    if (status === undefined) return { ok: false, failure: { reason: 'not-found', message: '' } };
    return { ok: true, value: { metadata: { name, namespace }, status } };
  };
  const inputs = createInputs({ get } as never, { keep: 0, now: () => 0 });
  const renderer = createRenderer({ kustomizer: kustomizer(), provider: inputs.provider });
  const workspace = open(files);
  const render = () => renderer.renderCluster(workspace, '/clusters/one');
  const sets = await renderFetched(render, inputs, new AbortController().signal);
  const set = sets.find(({ owner }) => owner.id.kind === 'ResourceSet')!;
  expect(set).toMatchObject({ complete: true, problems: [] });
  expect(set.objects.map(({ id }) => id.name)).toEqual(['pr-7']);
  expect(set.note).toContain("the inputs of ResourceSetInputProvider gh are the cluster's, as it last found them");
  const sha = getPath(set.objects[0]!.node, ['data', 'sha'])!;
  expect([sha, sha.at.file]).toMatchObject([
    { text: 'abc' },
    'cluster ResourceSetInputProvider apps/gh exportedInputs',
  ]);
});

test('data of other ConfigMaps and Secrets is copied, converted and summed; what is not known is marked', () => {
  const annotated = (kind: string, name: string, key: string, value: string) =>
    `  - {apiVersion: v1, kind: ${kind}, metadata: {name: ${name}, namespace: apps, annotations: {fluxcd.controlplane.io/${key}: "${value}"}}}\n`;
  const kubeconfig = 'clusters: [{cluster: {server: "https://k", certificate-authority-data: Y2E=}}]';
  const rendered = only({
    ...fleet(
      `spec:\n  resources:\n${annotated('ConfigMap', 'a', 'copyFrom', 'flux-system/runtime')}${annotated('Secret', 'b', 'copyFrom', 'flux-system/login')}` +
        `${annotated('ConfigMap', 'c', 'convertKubeConfigFrom', 'flux-system/remote')}${annotated('ConfigMap', 'd', 'checksumFrom', 'ConfigMap/apps/a')}${annotated('ConfigMap', 'e', 'copyFrom', 'flux-system/nowhere')}`,
    ),
    'clusters/one/sources.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: runtime, namespace: flux-system}\ndata: {k: v}\n---
apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: flux-system}\ntype: kubernetes.io/basic-auth\ndata: {password: aHVudGVyMg==}\n---
apiVersion: v1\nkind: Secret\nmetadata: {name: remote, namespace: flux-system}\nstringData: {value: '${kubeconfig}'}\n`,
  });
  const one = (name: string) => rendered.objects.find(({ id }) => id.name === name)!;
  const value = (name: string, ...path: string[]) => getPath(one(name).node, path);
  expect(value('a', 'data', 'k')).toMatchObject({ text: 'v' });
  expect(value('b', 'stringData', 'password')).toMatchObject({ text: 'hunter2' });
  expect(value('b', 'type')).toMatchObject({ text: 'kubernetes.io/basic-auth' });
  expect(one('b').secretValues).toEqual(['hunter2']);
  expect([value('c', 'data', 'address'), value('c', 'data', 'ca.crt')]).toMatchObject([
    { text: 'https://k' },
    { text: 'ca' },
  ]);
  const sum = createHash('sha256').update('ConfigMap/apps/a\0k\0v\0').digest('hex');
  expect(value('d', 'metadata', 'annotations', 'fluxcd.controlplane.io/checksum')).toMatchObject({
    text: `sha256:${sum}`,
  });
  expect(one('e').unresolved).toEqual(['ConfigMap flux-system/nowhere']);
  expect(rendered.note).toContain('ConfigMap flux-system/nowhere is known only to the cluster');
});

test('a set waits for what its annotations copy, where another one makes it', () => {
  const maker = `apiVersion: fluxcd.controlplane.io/v1
kind: ResourceSet
metadata: {name: zz-maker, namespace: apps}
spec:
  resources:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: made-later, namespace: apps}, data: {k: v}}
`;
  const copy =
    'spec:\n  resources:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: copied, namespace: apps, ' +
    'annotations: {fluxcd.controlplane.io/copyFrom: apps/made-later}}}';
  const sets = render({ ...fleet(copy), 'clusters/one/zz.yaml': maker });
  const objects = sets.filter(({ owner }) => owner.id.kind === 'ResourceSet').flatMap((set) => set.objects);
  const copied = objects.find(({ id }) => id.name === 'copied')!;
  expect(copied.unresolved).toBeUndefined();
  expect(getPath(copied.node, ['data', 'k'])).toMatchObject({ text: 'v' });
});

const modules = process.env.GOMODCACHE ?? join(homedir(), 'go/pkg/mod');
const operator = join(modules, 'github.com/controlplaneio-fluxcd');
const version = existsSync(operator)
  ? readdirSync(operator).find((name) => name.startsWith('flux-operator@'))
  : undefined;
const testdata = join(operator, version ?? '', 'internal/builder/testdata/resourceset');

test.skipIf(version === undefined)("the operator's golden files (skipped without its module in the Go cache)", () => {
  const goldens = readdirSync(testdata).filter((name) => name.endsWith('.golden.yaml'));
  const wrong: string[] = [];
  for (const golden of goldens) {
    const source = readFileSync(join(testdata, golden.replace('.golden', '')), 'utf8');
    const workspace = open({ 'x.yaml': source });
    const node = workspace.objects.find((object) => object.id.kind === 'ResourceSet')!.node;
    const made = createRenderer({ kustomizer: kustomizer() }).renderKustomization({ node }, workspace);
    const ours = made.objects.map((object) => print(withoutOwner(object.node), 'kyaml'));
    const theirs = parse(readFileSync(join(testdata, golden), 'utf8'), golden).documents.flatMap(({ root }) =>
      root ? [print(root, 'sigs')] : [],
    );
    if (ours.sort().join('---\n') !== theirs.sort().join('---\n'))
      wrong.push(`${golden}: ${made.problems[0]?.message ?? ours[0]}`);
  }
  console.log(`ResourceSet: ${goldens.length - wrong.length} of ${goldens.length} golden files of the operator`);
  expect(wrong).toEqual([]);
});

function withoutOwner(node: Mapping): Mapping {
  const metadata = get(node, 'metadata') as Mapping;
  let labels = get(metadata, 'labels') as Mapping;
  for (const key of ['name', 'namespace']) labels = remove(labels, `resourceset.fluxcd.controlplane.io/${key}`);
  const kept = labels.entries.length === 0 ? remove(metadata, 'labels') : set(metadata, 'labels', labels);
  return set(node, 'metadata', kept);
}
