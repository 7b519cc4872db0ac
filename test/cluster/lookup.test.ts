/** A chart's `lookup` against a real API server, judged by helm 3 and helm 4: the same text, the same words of failure. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRepository } from '../../scripts/cluster/repository.ts';
import { type Cluster, helm, type Problem } from '../../src/engine/index.ts';
import { createInputs } from '../../src/io/cluster/inputs.ts';
import { diskTree } from '../../src/io/disk.ts';
import { renderFetched } from '../../src/io/fetch/index.ts';
import { sluice } from './cli.ts';
import { connectTo, type Rig, rig } from './rig.ts';

const run = promisify(execFile);
let it: Rig;
beforeAll(() => {
  it = rig();
});

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A chart that prints each expression, one line for each. */
function chartOf(expressions: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lookup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines = expressions.map((expression, i) => `  l${i}: {{ ${expression} | toJson | quote }}\n`);
  write(folder, {
    'Chart.yaml': 'apiVersion: v2\nname: looks\nversion: 0.1.0\n',
    'templates/out.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: out}\ndata:\n${lines.join('')}`,
  });
  return folder;
}

async function ours(chart: string, version: 3 | 4, cluster: Cluster): Promise<string> {
  const inputs = createInputs(cluster, { keep: Number.POSITIVE_INFINITY, now: () => 0 });
  const render = () =>
    helm.renderChart({
      chart: helm.loadChartFolder(diskTree('/'), chart).value!,
      values: helm.table({ file: 'none', start: 0, end: 0 }),
      release: { name: 'r', namespace: 'default', isUpgrade: false, revision: 1 },
      capabilities: helm.defaultCapabilities(version),
      lookup: (query) => inputs.lookup({ ...query, asks: { namespace: 'default', account: '' } }),
    });
  const { value, problems } = await renderFetched(render, inputs, AbortSignal.timeout(30_000));
  return value === undefined ? errorOf(problems) : value.manifests.map(({ text }) => text).join('\n');
}

const errorOf = ([problem]: readonly Problem[]) => `Error: ${problem?.message}`;

async function theirs(chart: string, version: 3 | 4, ...more: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: it.layout.file('home'), KUBECONFIG: it.layout.kubeconfig };
  const words = ['template', 'r', chart, '--dry-run=server', ...more];
  const ran = await run(it.tool(`helm${version}`), words, { env }).catch((error: { stderr: string }) => error);
  if ('stdout' in ran && ran.stdout !== '') return ran.stdout.replace(/^---\n# Source: .*\n/, '');
  return ran.stderr
    .slice(ran.stderr.indexOf('Error: '))
    .replace(/\n\nUse --debug[\s\S]*/, '')
    .trim();
}

async function checkSame(expressions: readonly string[]): Promise<string> {
  const chart = chartOf(expressions);
  for (const version of [3, 4] as const) {
    const [mine, real] = [await ours(chart, version, it.cluster), await theirs(chart, version)];
    expect(mine.trim()).toBe(real.trim());
  }
  return await ours(chart, 4, it.cluster);
}

test('what is there, what is not, lists, kinds without a namespace and kinds that nobody knows', async () => {
  const namespace = await it.namespace();
  await it.kubectl(['create', '-n', namespace, 'secret', 'generic', 'one', '--from-literal=password=p4ss']);
  await it.kubectl(['create', '-n', namespace, 'configmap', 'map', '--from-literal=a=1']);
  await it.kubectl(['create', '-n', namespace, 'deployment', 'web', '--image=registry.local/none:1', '--replicas=0']);
  const of = (kind: string, name: string, space = namespace) => `(lookup "v1" "${kind}" "${space}" "${name}")`;
  const shown = await checkSame([
    of('Secret', 'one'),
    of('Secret', 'none'),
    of('Secret', 'one', ''),
    of('Secret', 'one', 'no-such-namespace'),
    `index ${of('Secret', 'one')}.data "password" | b64dec`,
    `omit ${of('ConfigMap', '')} "metadata"`,
    `omit ${of('ConfigMap', '', 'no-such-namespace')} "metadata"`,
    `len (omit ${of('Namespace', '', '')} "metadata").items`,
    of('Namespace', namespace),
    of('Namespace', namespace, ''),
    of('Foo', 'x'),
    of('secret', 'one'),
    `(lookup "apps/v1" "Deployment" "${namespace}" "web").spec.replicas | typeOf`,
    `(lookup "apps/v1" "Deployment" "${namespace}" "web").metadata.generation | add 1000000`,
    '(lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "helmreleases.helm.toolkit.fluxcd.io").spec.scope',
  ]);
  expect(shown).toContain('l4: "\\"p4ss\\""');
});

test('versions that are not served, paths out of the kind, and what this user may not see fail in the same words', async () => {
  const namespace = await it.namespace();
  for (const call of [
    '"example.com/v1" "Foo" "x" "y"',
    '"apps/v7" "Deployment" "x" "y"',
    '"a/b/c" "Foo" "x" "y"',
    '"" "Foo" "x" "y"',
    '"v1" "ConfigMap" "x" "a/b"',
    '"v1" "ConfigMap" "x" "../b%c"',
    '"v1" "ConfigMap" "x" ".."',
    '"v1" "ConfigMap" "../x" "a"',
    '"v1" "Secret" "x"',
  ])
    await checkSame([`lookup ${call}`]);
  await it.kubectl(['create', '-n', namespace, 'serviceaccount', 'weak']);
  const token = (await it.kubectl(['create', '-n', namespace, 'token', 'weak'])).trim();
  const config = JSON.parse(await it.kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    users: { user: unknown }[];
  };
  for (const one of config.users) one.user = { token };
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-lookup-')), 'kubeconfig');
  onTestFinished(() => rmSync(dirname(file), { recursive: true }));
  writeFileSync(file, JSON.stringify(config));
  for (const call of [`"v1" "Secret" "${namespace}" "x"`, '"v1" "Secret" "" ""', '"v1" "Node" "" "x"']) {
    const chart = chartOf([`lookup ${call}`]);
    const real = await theirs(chart, 4, '--kubeconfig', file);
    expect(real).toContain('is forbidden: User');
    expect(await ours(chart, 4, connectTo(file))).toBe(real);
  }
});

test('a chart on the command line sees the cluster that --context names: what is in it, its version and its APIs', async () => {
  const namespace = await it.namespace();
  await it.kubectl(['create', '-n', namespace, 'configmap', 'map', '--from-literal=a=1']);
  const chart = chartOf([
    `(lookup "v1" "ConfigMap" "${namespace}" "map").data`,
    '.Capabilities.KubeVersion.Version',
    '.Capabilities.APIVersions.Has "kustomize.toolkit.fluxcd.io/v1/Kustomization"',
    '.Capabilities.APIVersions.Has "example.com/v1"',
  ]);
  const words = ['template', 'r', chart, '--context', 'sluice-loopback'];
  const mine = await sluice(it.layout, words);
  expect(mine.err).toBe('');
  expect(mine.out.replace(/^---\n# Source: .*\n/, '').trim()).toBe((await theirs(chart, 4)).trim());
  const asked = await sluice(it.layout, [...words, '--kube-version', 'v1.30.0', '--api-versions', 'example.com/v1']);
  expect(asked.out).toContain('l1: "\\"v1.30.0\\""');
  expect(asked.out).toContain('l3: "true"');
});

/** A fleet whose only release keeps the password that it drew when it was installed. */
async function keeping() {
  const namespace = await it.namespace();
  const { folder } = await createRepository(it.layout, namespace);
  const root = 'clusters/test';
  const sync = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: ${namespace} }
spec: { interval: 1h, url: "http://127.0.0.1:1/none.git", suspend: true }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: ${namespace} }
spec: { interval: 1h, suspend: true, prune: true, path: ./${root}, sourceRef: { kind: GitRepository, name: flux-system } }
`;
  write(folder, {
    [`${root}/gotk-sync.yaml`]: sync,
    'charts/app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.0.0\n',
    'charts/app/values.yaml': 'greeting: hello\n',
    'charts/app/templates/all.yaml': `{{- $old := lookup "v1" "Secret" .Release.Namespace "app" }}
{{- $password := (dig "data" "password" "" $old | b64dec) | default (randAlphaNum 16) }}
apiVersion: v1
kind: Secret
metadata: { name: app }
data: { password: {{ b64enc $password }} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: app, annotations: { sum: {{ sha256sum $password }} } }
data: { url: "db://app:{{ $password }}@host", greeting: {{ .Values.greeting }} }
`,
  });
  await it.kubectl(['apply', '--server-side', '-f', join(folder, root, 'gotk-sync.yaml')]);
  const target = [folder, '--cluster', root, '--context', 'sluice-loopback'];
  return {
    namespace,
    values: (text: string) =>
      write(folder, {
        [`${root}/release.yaml`]: `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  chart: { spec: { chart: ./charts/app, sourceRef: { kind: GitRepository, name: flux-system } } }
  values: ${text}
`,
      }),
    sluice: (verb: string, ...more: string[]) => sluice(it.layout, [verb, ...target, ...more]),
    async password(): Promise<string> {
      const path = ['get', 'secret', '-n', namespace, 'app', '-o', 'jsonpath={.data.password}'];
      return Buffer.from(await it.kubectl(path), 'base64').toString();
    },
  };
}

test('a password that is looked up stays through an upgrade, is drawn for each cluster, and is never shown', {
  timeout: 240_000,
}, async () => {
  const fleet = await keeping();
  fleet.values('{ greeting: one }');
  const applied = await fleet.sluice('apply', '--yes');
  expect(applied.code, applied.out + applied.err).toBe(0);
  const first = await fleet.password();
  expect(first).toMatch(/^[0-9A-Za-z]{16}$/);
  expect(new Set(first).size).toBeGreaterThan(4);
  const settled = await fleet.sluice('diff');
  expect(settled.code, settled.out).toBe(0);

  fleet.values('{ greeting: two }');
  const upgrade = await fleet.sluice('diff', '-o', 'json');
  expect(upgrade.code, upgrade.err).toBe(1);
  // What the cluster holds is found, so the greeting is all that changes.
  expect(upgrade.out).toContain('greeting');
  expect(upgrade.out).not.toContain(first);
  const again = await fleet.sluice('apply', '--yes');
  expect(again.code, again.out + again.err).toBe(0);
  expect(await fleet.password()).toBe(first);
  expect((await fleet.sluice('diff')).code).toBe(0);

  fleet.values('{ greeting: three }');
  await it.kubectl([
    'patch',
    'secret',
    '-n',
    fleet.namespace,
    'app',
    '-p',
    '{"stringData":{"password":"by-another-hand"}}',
  ]);
  const changed = await fleet.sluice('diff');
  const built = await fleet.sluice('build', '--only', `ConfigMap//app`);
  for (const { out, err } of [applied, upgrade, again, changed, built]) {
    for (const secret of [first, 'by-another-hand', Buffer.from(first).toString('base64')])
      expect(out + err).not.toContain(secret);
  }
  expect(built.out).toContain('greeting: three');
  expect(built.out).toMatch(/url: db:\/\/app:\*+@host|url: .*\*\*\*/);
});
