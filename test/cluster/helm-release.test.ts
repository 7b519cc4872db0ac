/**
 * `sluice apply` of HelmReleases that no helm-controller watches: the releases are real ones, judged by helm 3 and helm 4
 * themselves, which list, roll back, upgrade and uninstall them, and whose own records ours are compared with.
 */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { releaseFleet } from './release-fleet.ts';
import { type Rig, rig } from './rig.ts';

let it: Rig;
beforeAll(() => {
  it = rig();
});

const chart: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.2.3\nappVersion: "2.0"\ndescription: For the test\n',
  'values.yaml': 'replicas: 1\nextra: true\ngreeting: hello\nport: 8080\n',
  'README.md': 'A chart.\n',
  'templates/NOTES.txt': 'Release {{ .Release.Name }} says {{ .Values.greeting }}.\n',
  'templates/config.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  greeting: {{ .Values.greeting | quote }}
  upgrade: {{ .Release.IsUpgrade | quote }}
`,
  'templates/extra.yaml': `{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-extra
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-kept
  annotations:
    helm.sh/resource-policy: keep
stringData:
  drawn: {{ randAlphaNum 8 | quote }}
  token: {{ .Values.token | default "none" | quote }}
{{- end }}
`,
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec:
      {{- with .Values.node }}
      nodeSelector: { node: {{ . }} }
      {{- end }}
      containers:
        - name: app
          image: registry.local/app:{{ .Chart.AppVersion }}
          ports: [{ containerPort: {{ .Values.port }} }]
`,
  'templates/hook.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "3"
data:
  greeting: {{ .Values.greeting | quote }}
`,
  'templates/passing.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-passing
  annotations:
    helm.sh/hook: post-install
    helm.sh/hook-delete-policy: hook-succeeded
`,
};

const fleetOf = () => releaseFleet(it, { chart, controller: 'watches not' });

test('helm 3 and helm 4 accept an installed and an upgraded release, and nothing is left to do', async () => {
  const fleet = await fleetOf();
  fleet.release('{ greeting: canary-one }');
  const installed = await fleet.apply('--prune');
  expect(installed.out).toMatch(/applied Deployment .*app/);
  expect(installed.code, installed.out + installed.err).toBe(0);
  for (const version of [3, 4] as const) {
    expect(await fleet.helm(version, 'list')).toMatch(/app\s+\S+\s+1\s.*deployed\s+app-1\.2\.3\s+2\.0/);
    expect(await fleet.helm(version, 'status', 'app')).toContain('Release app says canary-one.');
    expect(await fleet.helm(version, 'get', 'values', 'app')).toContain('greeting: canary-one');
    expect(await fleet.helm(version, 'get', 'hooks', 'app')).toContain('app-passing');
    expect(await fleet.helm(version, 'get', 'manifest', 'app')).toContain('# Source: app/templates/config.yaml');
  }
  expect(installed.out).toMatch(/applied ConfigMap .*app-passing: hook post-install/);
  const maps = await it.kubectl(['get', 'configmap', '-n', fleet.namespace, '-o', 'name']);
  expect(maps).toContain('configmap/app-hook');
  expect(maps).not.toContain('configmap/app-passing');
  // The chart asks whether it is upgraded and draws a random value; Helm is not run again, so neither matters.
  const after = await fleet.diff();
  expect(after.code, after.out).toBe(0);
  await it.kubectl(['scale', '-n', fleet.namespace, 'deployment/app', '--replicas=3']);
  const left = await fleet.diff();
  expect(left.code, left.out).toBe(0);
  expect(left.out).toContain('1 of its objects drifted, and Flux leaves it so');
  const detected = '  driftDetection: { mode: enabled }\n';
  fleet.release('{ greeting: canary-one }', detected);
  expect((await fleet.diff()).out).toContain('corrects what drifted from release app at revision 1');
  expect((await fleet.apply('--prune')).code).toBe(0);
  expect(await fleet.history(4)).toEqual(['1 deployed']);

  fleet.release('{ greeting: two, extra: false }', detected);
  expect((await fleet.diff()).out).toMatch(
    /delete ConfigMap .*app-extra: no longer rendered, so the next revision removes it/,
  );
  const upgraded = await fleet.apply();
  expect(upgraded.code, upgraded.out + upgraded.err).toBe(0);
  expect(upgraded.out).toMatch(/deleted ConfigMap .*app-extra/);
  expect(await fleet.history(4)).toEqual(['1 superseded', '2 deployed']);
  expect(await it.kubectl(['get', 'secret,configmap', '-n', fleet.namespace, '-o', 'name'])).toContain(
    'secret/app-kept',
  );
  const again = await fleet.diff();
  expect(again.code, again.out).toBe(0);
  fleet.write({ 'charts/app/Chart.yaml': chart['Chart.yaml']!.replace('1.2.3', '2.0.0') });
  expect((await fleet.diff()).out).toContain('the chart app goes from 1.2.3 to 2.0.0, a new major version');
});

test('helm rolls back, upgrades and uninstalls what we installed, and we go on from where it left off', async () => {
  const fleet = await fleetOf();
  fleet.release('{ greeting: one }');
  expect((await fleet.apply('--prune')).code).toBe(0);
  fleet.release('{ greeting: two }');
  expect((await fleet.apply('--prune')).code).toBe(0);
  await fleet.helm(3, 'rollback', 'app', '1', '--no-hooks');
  await fleet.helm(
    4,
    'upgrade',
    'app',
    join(fleet.folder, 'charts/app'),
    '--set',
    'greeting=helm',
    '--server-side=true',
    '--force-conflicts',
  );
  expect(await fleet.history(3)).toEqual(['1 superseded', '2 superseded', '3 superseded', '4 deployed']);
  const ours = await fleet.apply('--prune');
  expect(ours.code, ours.out + ours.err).toBe(0);
  expect((await fleet.history(4)).at(-1)).toBe('5 deployed');
  await fleet.helm(4, 'uninstall', 'app');
  expect(await fleet.helm(4, 'list')).not.toContain('app-1.2.3');
});

test('a release that helm installed is upgraded, and one that leaves the fleet is uninstalled with its records', async () => {
  const fleet = await fleetOf();
  await fleet.helm(4, 'install', 'app', join(fleet.folder, 'charts/app'), '--set', 'greeting=helm');
  fleet.release('{ greeting: sluice, extra: false }');
  const taken = await fleet.apply('--prune');
  expect(taken.code, taken.out + taken.err).toBe(0);
  expect(taken.out).toMatch(/deleted ConfigMap .*app-extra/);
  expect(await fleet.history(4)).toEqual(['1 superseded', '2 deployed']);

  fleet.write({ 'clusters/test/release.yaml': '' });
  const gone = await fleet.apply('--prune');
  expect(gone.code, gone.out + gone.err).toBe(0);
  expect(await fleet.helm(4, 'list'), gone.out).not.toContain('app-1.2.3');
  const left = await it.kubectl(['get', 'secret,deployment', '-n', fleet.namespace, '-o', 'name']);
  expect(left.trim()).toBe('secret/app-kept');
});

test('our record is what helm itself writes for the same chart and values', async () => {
  const [ours, theirs] = [await fleetOf(), await fleetOf()];
  ours.release('{ greeting: same, port: 9090 }');
  expect((await ours.apply('--prune')).code).toBe(0);
  theirs.write({ 'values.yaml': 'greeting: same\nport: 9090\n' });
  const values = join(theirs.folder, 'values.yaml');
  await theirs.helm(4, 'install', 'app', join(theirs.folder, 'charts/app'), '-f', values);
  const [a, b] = [await ours.record(1), await theirs.record(1)];
  expect(comparable(a)).toEqual(comparable(b));
});

test('an apply that is canceled leaves a failed revision, from which helm and we go on; no secret is ever said', async () => {
  const fleet = await fleetOf();
  const secret = `apiVersion: v1
kind: Secret
metadata: { name: values, namespace: ${fleet.namespace} }
stringData: { values.yaml: "token: canary-token" }
`;
  fleet.write({ 'clusters/test/secret.yaml': secret });
  const from = '  valuesFrom: [{ kind: Secret, name: values }]\n';
  fleet.release('{}', from);
  const first = await fleet.apply('--prune');
  expect(first.code, first.out + first.err).toBe(0);
  fleet.release('{ node: nowhere }', from);
  const running = fleet.start('--prune');
  await expect.poll(running.out).toContain('waiting for');
  running.interrupt();
  const canceled = await running.done;
  expect(canceled.out).toContain('Upgrade "app" failed: canceled; revision 2 is stored as failed');
  expect(await fleet.history(3)).toEqual(['1 deployed', '2 failed']);
  const planned = await fleet.diff();
  expect(planned.out).toContain('revision 2 failed');
  await fleet.helm(3, 'rollback', 'app', '1', '--no-hooks');
  fleet.release('{ greeting: again }', from);
  const again = await fleet.apply('--prune');
  expect(again.code, again.out + again.err).toBe(0);
  expect((await fleet.history(4)).at(-1)).toBe('4 deployed');
  for (const { out, err } of [first, canceled, planned, again]) {
    expect(out + err).not.toContain('canary-token');
    expect(out + err).not.toContain(btoa('canary-token'));
  }
  expect(JSON.stringify(await fleet.record(4))).toContain('canary-token');
});

/** Without times, without what names the namespace, and YAML as data: helm keeps the templates' own words. */
function comparable(record: { [key: string]: unknown }): unknown {
  const text = JSON.stringify({ ...record, manifest: objectsOf(record.manifest as string) }, (key, value) => {
    if (['namespace', 'modtime', 'schemamodtime', 'first_deployed', 'last_deployed'].includes(key)) return undefined;
    if (['started_at', 'completed_at'].includes(key)) return undefined;
    if (key === 'drawn') return undefined;
    if (key === 'manifest' && typeof value === 'string') return objectsOf(value);
    return (key === 'templates' || key === 'files') && Array.isArray(value)
      ? [...(value as { name: string }[])].sort((x, y) => (x.name < y.name ? -1 : 1))
      : value;
  });
  return JSON.parse(text);
}

/** The objects of a manifest, without the labels by which helm-controller and we say where they come from. */
function objectsOf(manifest: string): unknown {
  return manifest.split(/^---$/m).flatMap((document) => {
    const object = parse(document) as { metadata: { labels?: Record<string, string> } } | null;
    if (object === null) return [];
    const { labels, ...metadata } = object.metadata;
    const own = Object.entries(labels ?? {}).filter(([key]) => !key.startsWith('helm.toolkit.fluxcd.io/'));
    return [{ ...object, metadata: own.length === 0 ? metadata : { ...metadata, labels: Object.fromEntries(own) } }];
  });
}
