/**
 * Releases between Sluice and the real helm-controller: what Sluice installs the controller takes over without touching
 * it, upgrades beside a running controller are undisturbed, and the controller rolls back and uninstalls what is ours.
 */
import { beforeAll, expect, test } from 'vitest';
import { type ReleaseFleet, releaseFleet } from './release-fleet.ts';
import { type Rig, refOf, rig } from './rig.ts';

let it: Rig;
beforeAll(() => {
  it = rig();
});

/** It prints its revision, so that a render is never what is deployed; only what is stored tells that nothing is new. */
const chart: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.2.3\nappVersion: "2.0"\ndescription: For <the> test & more\n',
  'values.yaml': 'extra: true\ngreeting: hello\nblock: false\n',
  'templates/NOTES.txt': 'Release {{ .Release.Name }} says <{{ .Values.greeting }}>.\n',
  'templates/config.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  greeting: {{ .Values.greeting | quote }}
  revision: {{ .Release.Revision | quote }}
---
{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-extra
{{- end }}
`,
  'templates/claim.yaml': `{{- if .Values.block }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}-never
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: nobody
  resources: { requests: { storage: 1Gi } }
{{- end }}
`,
  'templates/test.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    helm.sh/hook: test
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: test, image: registry.local/test }] } } }
`,
  'templates/hook.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations:
    helm.sh/hook: post-install,post-upgrade
    helm.sh/hook-weight: "3"
`,
};

const spec = `  upgrade: { timeout: 5s, remediation: { retries: 0, remediateLastFailure: true } }
  commonMetadata: { labels: { team: "a" }, annotations: { note: "<b>" } }
  postRenderers:
    - kustomize:
        patches:
          - target: { kind: ConfigMap, name: app-config }
            patch: |
              - { op: add, path: /data/patched, value: "<yes> & no" }
`;

const releaseRef = ({ namespace }: ReleaseFleet) => refOf('helm.toolkit.fluxcd.io/v2', 'HelmRelease', namespace, 'app');

interface Status {
  readonly history: readonly { readonly version: number; readonly digest: string; readonly status: string }[];
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
}

test('helm-controller takes over what Sluice installed and upgraded, changes nothing, and rolls it back', async () => {
  const fleet = await releaseFleet(it, { chart, controller: 'watches not' });
  fleet.release('{ greeting: one, list: [1, 1.5, "on", { a10: x, a2: "y\\nz" }] }', spec);
  const installed = await fleet.apply('--prune');
  expect(installed.code, installed.out + installed.err).toBe(0);
  const first = await fleet.diff();
  expect(first.code, first.out).toBe(0);
  const noted = (await it.until(releaseRef(fleet), () => true)).status as unknown as Status;
  const taken = (await fleet.reconciled()).status as unknown as Status;
  expect(taken).toMatchObject({ ...noted, history: [{ version: 1, status: 'deployed' }] });
  expect(await fleet.history(3)).toEqual(['1 deployed']);

  fleet.release('{ greeting: two, extra: false }', spec);
  const upgraded = await fleet.apply('--prune');
  expect(upgraded.code, upgraded.out + upgraded.err).toBe(0);
  expect(upgraded.out).toMatch(/HelmRelease .*app is suspended/);
  const second = await fleet.diff();
  expect(second.code, second.out).toBe(0);
  const resumed = await fleet.resume();
  expect(resumed.code, resumed.out + resumed.err).toBe(0);
  const kept = (await fleet.reconciled()).status as unknown as Status;
  expect(await fleet.history(4)).toEqual(['1 superseded', '2 deployed']);
  expect(kept.history.map(({ version, status }) => `${version} ${status}`)).toEqual(['2 deployed', '1 superseded']);

  const values = JSON.stringify({ spec: { values: { block: true } } });
  await it.kubectl(['patch', 'hr', 'app', '-n', fleet.namespace, '--type=merge', '-p', values]);
  await it.until(releaseRef(fleet), ({ status }) =>
    (status as unknown as Status).conditions.some(
      ({ type, status, message }) => type === 'Remediated' && status === 'True' && message.includes('app.v2'),
    ),
  );
  expect(await fleet.history(4)).toEqual(['1 superseded', '2 superseded', '3 failed', '4 deployed']);

  await it.kubectl(['delete', 'hr', 'app', '-n', fleet.namespace, '--timeout=30s']);
  expect(await it.kubectl(['get', 'configmap', '-n', fleet.namespace, '-o', 'name'])).not.toContain('app-config');
  expect(await fleet.helm(4, 'list')).not.toContain('app-1.2.3');
});

test('a release that is new beside helm-controller is created suspended, installed as planned, and resumed as it is', async () => {
  const fleet = await releaseFleet(it, { chart, controller: 'watches' });
  fleet.release('{ greeting: new }');
  const installed = await fleet.apply('--prune');
  expect(installed.code, installed.out + installed.err).toBe(0);
  expect(installed.out).toMatch(/HelmRelease .*app is suspended\. The way back: /);
  expect(installed.out).toMatch(/applied ConfigMap .*app-config/);
  const live = await it.until(
    releaseRef(fleet),
    ({ metadata }) => (metadata as { finalizers?: unknown }).finalizers !== undefined,
  );
  expect(live.spec).toMatchObject({ suspend: true });
  const planned = await fleet.diff();
  expect(planned.code, planned.out).toBe(0);
  // As kustomize-controller will send it: the suspension is Sluice's own and stays.
  expect((await fleet.apply('--prune')).code).toBe(0);
  expect((await it.until(releaseRef(fleet), () => true)).spec).toMatchObject({ suspend: true });
  const resumed = await fleet.resume();
  expect(resumed.code, resumed.out + resumed.err).toBe(0);
  await fleet.reconciled();
  expect(await fleet.history(3)).toEqual(['1 deployed']);
});

test('the plan of what helm-controller itself installed and upgraded is empty', async () => {
  const fleet = await releaseFleet(it, { chart, controller: 'watches' });
  for (const [index, greeting] of ['one', 'two'].entries()) {
    fleet.release(`{ greeting: ${greeting}, list: [1, 1.5] }`, spec);
    await fleet.followed();
    await fleet.reconciled();
    expect(await fleet.history(4)).toHaveLength(index + 1);
    const planned = await fleet.diff();
    expect(planned.code, planned.out).toBe(0);
  }
});

test('tests are run, and a failed upgrade is rolled back as helm-controller does it, which goes on from there', async () => {
  const fleet = await releaseFleet(it, { chart, controller: 'watches not' });
  const asked =
    '  test: { enable: true }\n  upgrade: { timeout: 5s, cleanupOnFail: true, remediation: { remediateLastFailure: true } }\n';
  fleet.release('{ greeting: one }', asked);
  const installed = await fleet.apply();
  expect(installed.code, installed.out + installed.err).toBe(0);
  expect(installed.out).toMatch(/applied Job .*app-test: hook test/);
  const first = (await it.until(releaseRef(fleet), () => true)).status;
  expect(first).toMatchObject({ history: [{ testHooks: { 'app-test': { phase: 'Succeeded' } } }] });

  fleet.release('{ greeting: two, extra: false, block: true }', asked);
  expect((await fleet.diff()).out).toContain('where that fails, it is rolled back to the revision before');
  const failed = await fleet.apply();
  expect(failed.code, failed.out).toBe(1);
  expect(failed.out).toContain('app is rolled back to revision 1');
  expect(await fleet.history(3)).toEqual(['1 superseded', '2 failed', '3 deployed']);
  const maps = await it.kubectl(['get', 'configmap,pvc', '-n', fleet.namespace, '-o', 'name']);
  expect(maps).toContain('configmap/app-extra');
  expect(maps).not.toContain('app-never');
  const second = (await it.until(releaseRef(fleet), () => true)).status as unknown as Status;
  expect(second.history.map(({ version, status }) => `${version} ${status}`)).toEqual([
    '3 deployed',
    '2 failed',
    '1 superseded',
  ]);
  expect(second.conditions).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'RollbackSucceeded' }),
      expect.objectContaining({ type: 'Released', status: 'False', reason: 'UpgradeFailed' }),
    ]),
  );
  expect(await fleet.helm(4, 'get', 'values', 'app', '--revision', '3')).toContain('greeting: one');
});
