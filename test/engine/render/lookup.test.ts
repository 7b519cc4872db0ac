/** A chart's `lookup`: what it finds in the cluster, in the rounds in which a render gets to know it. */
import { expect, test } from 'vitest';
import { createRenderer, type DesiredSet, getPath, type LiveObject, text } from '../../../src/engine/index.ts';
import { createInputs } from '../../../src/io/cluster/inputs.ts';
import { renderFetched } from '../../../src/io/fetch/index.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { live } from '../sets.ts';
import { type Files, kustomization, kustomizer, open, sync } from './check.ts';

const never = new AbortController().signal;

const fleet = (template: string, spec = ''): Files => ({
  'clusters/one/flux-system/gotk-sync.yaml': sync(),
  'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
  'apps/release.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec:
  interval: 10m
  chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}
${spec}`,
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n',
  'charts/web/templates/out.yaml': template,
});

const showing = (action: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: out}\ndata:\n  v: {{ ${action} }}\n`;

const secret = (name: string, password: string) =>
  live(`apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: apps}
type: Opaque
data: {password: ${btoa(password)}}
`)[0]!;

/** Renders as a command does, for a cluster with these objects; again with `again`. */
function rendering(files: Files, cluster: FakeCluster) {
  const inputs = createInputs(cluster, { keep: Number.POSITIVE_INFINITY, now: () => 0 });
  const renderer = createRenderer({ kustomizer: kustomizer(), input: inputs.input, lookup: inputs.lookup });
  const workspace = open(files);
  let rounds = 0;
  const render = () => {
    rounds += 1;
    return renderer.renderCluster(workspace, '/clusters/one');
  };
  return {
    inputs,
    rounds: () => rounds,
    async set(): Promise<DesiredSet> {
      const sets = await renderFetched(render, inputs, never);
      return sets.find(({ owner }) => owner.id.kind === 'HelmRelease')!;
    },
  };
}

const shown = (set: DesiredSet) => {
  expect(set.problems).toEqual([]);
  return text(getPath(set.objects[0]!.node, ['data', 'v']));
};

async function checkShown(action: string, expected: string, ...objects: readonly LiveObject[]): Promise<DesiredSet> {
  const set = await rendering(fleet(showing(action)), fakeCluster(...objects)).set();
  expect(shown(set)).toBe(expected);
  expect(set.complete).toBe(true);
  return set;
}

const keep = 'dig "data" "password" ("drawn" | b64enc) (lookup "v1" "Secret" "apps" "kept") | b64dec | quote';

test('an object, a list, nothing; as Go values', async () => {
  await checkShown(keep, 'drawn');
  await checkShown(keep, 'correct horse', secret('kept', 'correct horse'));
  const [one, two] = [secret('a', 'x'), secret('b', 'y')];
  const names = 'range $i, $s := (lookup "v1" "Secret" "apps" "").items }}{{ $s.metadata.name }}{{ end';
  await checkShown(names, 'ab', one, two);
  await checkShown('len (lookup "v1" "Secret" "" "").items | quote', '2', one, two);
  // Whole numbers are int64 here, float64 in values.
  const [map] = live(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: numbers, namespace: apps, generation: 1000000}\n',
  );
  await checkShown('(lookup "v1" "ConfigMap" "apps" "numbers").metadata.generation | typeOf', 'int64', map!);
  // A cluster-scoped kind has no namespace, whatever the chart says; a namespaced one has no path without.
  const [space] = live('apiVersion: v1\nkind: Namespace\nmetadata: {name: apps}\n');
  await checkShown('(lookup "v1" "Namespace" "other" "apps").metadata.name', 'apps', space!);
  await checkShown('lookup "v1" "Secret" "" "a" | toJson | quote', '{}', one);
});

test('one look-up may lead to another; the rounds are as many as the chain is long', async () => {
  const [first] = live(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first, namespace: apps}\ndata: {next: second}\n',
  );
  const [second] = live('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second, namespace: apps}\ndata: {v: end}\n');
  const next = '(lookup "v1" "ConfigMap" "apps" "first").data.next';
  const one = rendering(
    fleet(showing(`(lookup "v1" "ConfigMap" "apps" (${next} | default "none")).data.v | quote`)),
    fakeCluster(first!, second!),
  );
  expect(shown(await one.set())).toBe('end');
  expect(one.rounds()).toBe(3);
});

test('what is not allowed and what is not served fails as in Helm; a kind of no such name finds nothing', async () => {
  const failing = async (action: string, cluster: FakeCluster) => {
    const set = await rendering(fleet(showing(action)), cluster).set();
    expect(set.complete).toBe(false);
    return set.problems[0]!;
  };
  const words = 'secrets "kept" is forbidden: User "me" cannot get resource "secrets"';
  const cluster = fakeCluster(secret('kept', 'x'));
  cluster.fault = (verb) => (verb === 'get' ? { reason: 'forbidden', status: 403, message: words } : undefined);
  const problem = await failing(keep, cluster);
  expect(problem.message).toContain(`error calling lookup: ${words}`);
  expect(problem.at?.file).toBe('charts/web/templates/out.yaml');
  expect((await failing('lookup "v1" "Secret" "apps" "a/b"', fakeCluster())).message).toContain(
    `error calling lookup: invalid resource name "a/b": [may not contain '/']`,
  );
  expect((await failing('lookup "" "Secret" "apps" "a"', fakeCluster())).message).toContain(
    `unable to get apiresource from unstructured: /, Kind=Secret: groupVersion shouldn't be empty`,
  );
});

test('without a cluster it finds nothing, as in helm template, and the set says so', () => {
  const renderer = createRenderer({ kustomizer: kustomizer() });
  const sets = renderer.renderCluster(open(fleet(showing(keep))), '/clusters/one');
  const set = sets.find(({ owner }) => owner.id.kind === 'HelmRelease')!;
  expect(shown(set)).toBe('drawn');
  expect(set.note).toBe('the chart looks up Secret apps/kept: without a cluster it finds nothing');
});

test('a value leads to the object of the cluster, and is a secret wherever it lands', async () => {
  const template = `apiVersion: v1
kind: ConfigMap
metadata: {name: out}
data:
{{- $p := (lookup "v1" "Secret" "apps" "kept").data.password | b64dec }}
  url: {{ printf "db://me:%s@host" $p }}
  part: {{ trunc 7 $p }}
  sum: {{ sha256sum $p }}
  uid: {{ (lookup "v1" "Secret" "apps" "kept").metadata.name }}
`;
  const set = await rendering(fleet(template), fakeCluster(secret('kept', 'correct horse'))).set();
  const { node, secretValues } = set.objects[0]!;
  const at = (key: string) => getPath(node, ['data', key])!.at;
  expect(at('part')).toMatchObject({ file: 'cluster Secret apps/kept password' });
  expect(at('part').via?.file).toBe('charts/web/templates/out.yaml');
  expect(at('uid')).toMatchObject({ file: 'cluster Secret apps/kept' });
  for (const key of ['url', 'part', 'sum']) {
    const value = text(getPath(node, ['data', key]))!;
    expect(
      secretValues?.some((one) => value.includes(one)),
      key,
    ).toBe(true);
  }
  expect(secretValues).toContain('correct horse');
  expect(secretValues).toContain(btoa('correct horse'));
  expect(secretValues).not.toContain('kept');
  expect(set.inputs).toMatchObject([{ title: 'Secret apps/kept', from: 'cluster' }]);
});

test('a chart that fails with a secret in its words does not tell it', async () => {
  const said = 'fail (printf "bad: %s" ((lookup "v1" "Secret" "apps" "kept").data.password | b64dec))';
  const set = await rendering(fleet(showing(said)), fakeCluster(secret('kept', 'correct horse'))).set();
  expect(set.problems[0]!.message).toContain('bad: ***');
  expect(JSON.stringify(set.problems)).not.toContain('correct horse');
});

test('what changed in the cluster is seen once the answers are renewed, and what did not is not rendered again', async () => {
  const cluster = fakeCluster(secret('kept', 'before'));
  const one = rendering(fleet(showing(keep)), cluster);
  const first = await one.set();
  expect(shown(first)).toBe('before');
  one.inputs.renew();
  expect(await one.set()).toBe(first);
  cluster.put(secret('kept', 'after!'));
  one.inputs.renew();
  expect(shown(await one.set())).toBe('after!');
});

test('a release with kubeConfig looks in the cluster that it goes to', async () => {
  const far = fakeCluster(secret('kept', 'of the far one'));
  const [config] = live(
    `apiVersion: v1\nkind: Secret\nmetadata: {name: far, namespace: apps}\ndata: {value: ${btoa('the kubeconfig')}}\n`,
  );
  const cluster = fakeCluster(secret('kept', 'of this one'), config!);
  cluster.remotes.set('the kubeconfig', far);
  const spec = (name: string) => `  kubeConfig: {secretRef: {name: ${name}}}\n`;
  expect(shown(await rendering(fleet(showing(keep), spec('far')), cluster).set())).toBe('of the far one');
  const lost = await rendering(fleet(showing(keep), spec('lost')), cluster).set();
  expect(lost.problems[0]!.message).toMatch(/error calling lookup: Secret apps\/lost cannot be read/);
});

test('a release looks as the service account that Flux acts as for it; as this user where that is refused', async () => {
  const cluster = fakeCluster(secret('kept', 'seen by you'));
  const spec = '  serviceAccountName: weak\n';
  expect(shown(await rendering(fleet(showing(keep), spec), cluster).set())).toBe('seen by you');
  const words = 'secrets "kept" is forbidden: User "system:serviceaccount:apps:weak" cannot get resource "secrets"';
  cluster.accounts.set('system:serviceaccount:apps:weak', () => ({ reason: 'forbidden', status: 403, message: words }));
  const refused = await rendering(fleet(showing(keep), spec), cluster).set();
  expect(refused.problems[0]!.message).toContain(words);
});

test('a chart whose questions have no end is asked for so many rounds, and is not complete', async () => {
  const step = '{{ with (lookup "v1" "ConfigMap" "apps" $n).data }}{{ $n = .next }}{{ end }}';
  const cluster = fakeCluster();
  const get: FakeCluster['get'] = async (ref) => ({
    ok: true,
    value: { ...ref, metadata: { name: ref.name, namespace: 'apps' }, data: { next: `${ref.name}1` } },
  });
  const files = fleet(`{{ $n := "1" }}{{ range until 150 }}${step}{{ end }}`);
  const one = rendering(files, { ...cluster, get });
  const set = await one.set();
  expect(one.rounds()).toBe(101);
  expect(set.complete).toBe(false);
  expect(set.note).toMatch(/^the chart looks up ConfigMap apps\/1+, which was not read in the cluster$/);
});
