/**
 * The same chart, once by helm-controller and once by `sluice apply`: the stored records, the objects with their labels
 * and field managers, what hooks leave behind, and the HelmRelease's status are the same after each step.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { type ReleaseFleet, recordIn, releaseFleet } from './release-fleet.ts';
import { type Rig, rig } from './rig.ts';

const hook = (
  name: string,
  events: string,
  more = '',
  kind = 'ConfigMap',
  body = '',
) => `apiVersion: ${kind === 'Job' ? 'batch/v1' : 'v1'}
kind: ${kind}
metadata:
  name: {{ .Release.Name }}-${name}
  annotations:
    helm.sh/hook: ${events}
${more}${body}`;
const policy = (policies: string, weight = '0') =>
  `    helm.sh/hook-delete-policy: ${policies}\n    helm.sh/hook-weight: "${weight}"\n`;
const pod = 'restartPolicy: Never, containers: [{ name: run, image: registry.local/run }]';

const chart: Readonly<Record<string, string>> = {
  'Chart.yaml': `apiVersion: v2
name: whole
version: 1.2.3
appVersion: "2.0"
description: Everything that a chart can hold
home: https://example.com
keywords: [one, two]
maintainers: [{ name: Somebody, email: somebody@example.com }]
annotations: { category: test }
dependencies:
  - { name: sub, version: ">=0.1.0", repository: "file://charts/sub", alias: below, condition: below.enabled, tags: [extra] }
  - { name: off, version: 0.1.0, repository: "file://charts/off", condition: off.enabled, import-values: [data] }
`,
  'Chart.lock': `dependencies:
- { name: sub, repository: "file://charts/sub", version: 0.1.0 }
- { name: off, repository: "file://charts/off", version: 0.1.0 }
digest: sha256:5a2cf5ce9a4ad8dd1d9d3f4a4fdbe5a4f5c6b9ba4b0a6b4cf7a2a4d0ad6fb2c1
generated: "2026-01-02T03:04:05.678901234+01:00"
`,
  'values.yaml':
    'greeting: hello\nextra: true\nbelow: { enabled: true, size: 2 }\noff: { enabled: false }\nempty: null\n',
  'values.schema.json': '{ "type": "object", "properties": { "greeting": { "type": "string" } } }\n',
  'README.md': 'A chart.\n',
  '.helmignore': '*.txt.bak\n',
  'files/data.txt': 'data <&>\n',
  'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\n',
  'charts/sub/values.yaml': 'size: 1\n',
  'charts/sub/crds/below.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: belows.NAMESPACE.example.com }
spec:
  group: NAMESPACE.example.com
  names: { kind: Below, plural: belows }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`,
  'charts/sub/templates/map.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }}-{{ .Chart.Name }} }\ndata: { size: {{ .Values.size | quote }} }\n',
  'charts/off/Chart.yaml': 'apiVersion: v2\nname: off\nversion: 0.1.0\n',
  'charts/off/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }}-off }\n',
  'templates/NOTES.txt': 'Release {{ .Release.Name }} says {{ .Values.greeting }}.\n',
  'templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-config }
data:
  greeting: {{ .Values.greeting | quote }}
  file: {{ .Files.Get "files/data.txt" | quote }}
  is: "{{ .Release.IsInstall }} {{ .Release.Revision }} {{ .Release.Namespace }}"
---
{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}-extra }
---
{{- end }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-kept
  annotations: { helm.sh/resource-policy: keep }
stringData: { token: t }
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { clusterIP: None, selector: { app: x }, ports: [{ port: 80 }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: {{ .Release.Name }}-job }
spec: { template: { spec: { ${pod} } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  selector: { matchLabels: { app: x } }
  template:
    metadata: { labels: { app: x } }
    spec: { containers: [{ name: app, image: registry.local/app }] }
`,
  'templates/hooks.yaml': [
    hook('plain', 'pre-install,pre-upgrade'),
    hook('gone', 'post-install,post-upgrade', policy('hook-succeeded', '-5')),
    hook('failing', 'post-install', policy('hook-failed', '7')),
    hook('both', 'pre-upgrade,post-delete', policy('before-hook-creation,hook-succeeded', '2')),
    hook('rollback', 'pre-rollback,post-rollback'),
    hook(
      'migrate',
      'pre-install,pre-upgrade',
      policy('before-hook-creation', '3'),
      'Job',
      `spec: { template: { spec: { ${pod} } } }\n`,
    ),
    hook('pod', 'post-install,pre-delete', policy('hook-succeeded'), 'Pod', `spec: { ${pod} }\n`),
    hook('test', 'test', '', 'Pod', `spec: { ${pod} }\n`),
  ].join('---\n'),
};

const spec = (namespace: string) => `  releaseName: web
  targetNamespace: ${namespace}-to
  storageNamespace: ${namespace}-in
  maxHistory: 1
  install: { createNamespace: true }
  commonMetadata: { labels: { team: a } }
`;

/** One fleet for each of the two; a namespace of its own for the storage. */
async function fleets(it: Rig): Promise<{ readonly theirs: ReleaseFleet; readonly ours: ReleaseFleet }> {
  const [theirs, ours] = await Promise.all(
    (['watches', 'watches not'] as const).map((controller) => releaseFleet(it, { chart, controller })),
  );
  for (const { namespace, write } of [theirs!, ours!]) {
    await it.kubectl(['create', 'namespace', `${namespace}-in`]);
    write({
      'charts/app/charts/sub/crds/below.yaml': chart['charts/sub/crds/below.yaml']!.replaceAll('NAMESPACE', namespace),
    });
  }
  return { theirs: theirs!, ours: ours! };
}

test('each step leaves the same behind', async () => {
  const it = rig();
  const { theirs, ours } = await fleets(it);
  for (const { namespace } of [theirs, ours]) endsPods(it, `${namespace}-to`);
  const values = '{ greeting: one, port: 8080, ratio: 1.5 }';
  for (const revision of [1, 2]) {
    theirs.release(values, spec(theirs.namespace));
    await theirs.followed();
    await theirs.reconciled(revision);
    ours.release(values, spec(ours.namespace));
    const applied = await ours.apply('--prune');
    expect(applied.code, applied.out + applied.err).toBe(0);
    expect(await leftBy(it, ours)).toEqual(await leftBy(it, theirs));
    for (const fleet of [theirs, ours]) changeChart(fleet);
  }
  // Without a policy, definitions that are there already are applied with an upgrade: `Create` is the default, and does that.
  const shortNames = [
    'get',
    'crd',
    `belows.${theirs.namespace}.example.com`,
    '-o',
    'jsonpath={.spec.names.shortNames}',
  ];
  expect(await it.kubectl(shortNames)).toBe('["be"]');
  for (const { write } of [theirs, ours]) write({ 'clusters/test/release.yaml': '' });
  await theirs.followed();
  await it.kubectl(['wait', '--for=delete', 'hr/app', '-n', theirs.namespace, '--timeout=60s']);
  const removed = await ours.apply('--prune');
  expect(removed.code, removed.out + removed.err).toBe(0);
  expect(await leftBy(it, ours)).toEqual(await leftBy(it, theirs));
  for (const { namespace } of [theirs, ours])
    await it.kubectl(['delete', 'namespace', `${namespace}-to`, `${namespace}-in`, '--wait=false']);
}, 180_000);

/** kwok ends the pods of Jobs; of a hook that is a Pod nobody says that it succeeded. */
function endsPods(it: Rig, namespace: string): void {
  let ended = false;
  const done = (async () => {
    while (!ended) {
      const pods = await it
        .kubectl(['get', 'pod', '-n', namespace, '--field-selector=status.phase=Running', '-o', 'name'])
        .catch(() => '');
      for (const pod of pods.split('\n').filter((name) => /-(pod|test)$/.test(name)))
        await it
          .kubectl(['patch', pod, '-n', namespace, '--subresource=status', '-p', '{"status":{"phase":"Succeeded"}}'])
          .catch(() => undefined);
      await sleep(300);
    }
  })();
  onTestFinished(() => {
    ended = true;
    return done;
  });
}

/** All in the chart, so that it is one revision for helm-controller too; a chart is packed anew for another version only. */
function changeChart({ namespace, write }: ReleaseFleet): void {
  const definition = chart['charts/sub/crds/below.yaml']!.replaceAll('NAMESPACE', namespace);
  write({
    'charts/app/Chart.yaml': chart['Chart.yaml']!.replace('1.2.3', '1.2.4'),
    'charts/app/values.yaml': chart['values.yaml']!.replace('extra: true', 'extra: false'),
    'charts/app/charts/sub/crds/below.yaml': definition.replace('plural: belows', 'plural: belows, shortNames: [be]'),
  });
}

interface Live {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** What a fleet's release left in the cluster, without times, ids and its namespace's name. */
async function leftBy(it: Rig, fleet: ReleaseFleet): Promise<unknown> {
  const { namespace } = fleet;
  const kinds = 'configmap,secret,service,job,pod,deployment';
  const list = async (where: string, what: string, ...more: string[]) =>
    (
      JSON.parse(await it.kubectl(['get', what, '-n', where, '-o', 'json', '--show-managed-fields', ...more])) as {
        items: Live[];
      }
    ).items;
  const objects = (await list(`${namespace}-to`, kinds)).filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt');
  const crds = (await list('', 'crd')).filter(({ metadata }) => metadata.name.includes(namespace));
  const get = async (...what: string[]) =>
    (JSON.parse(await it.kubectl(['get', ...what, '-o', 'json', '--show-managed-fields'])) as { items: Live[] }).items;
  const spaces = (await get('namespace')).filter(({ metadata }) => metadata.name === `${namespace}-to`);
  const [release] = await get('helmrelease', '-n', namespace);
  const stored = await list(`${namespace}-in`, 'secret', '-l', 'owner=helm');
  const records = stored.map(({ metadata, type, data }) => ({
    type,
    name: metadata.name,
    labels: metadata.labels,
    record: recordIn((data as { release: string }).release),
  }));
  const text = JSON.stringify({
    objects: [...objects.filter(({ metadata }) => metadata.ownerReferences === undefined), ...crds, ...spaces].map(
      comparable,
    ),
    records,
    status: release?.status ?? null,
  });
  return withoutNoise(JSON.parse(text.replaceAll(namespace, 'NS')));
}

function comparable({ kind, metadata, status: _status, ...rest }: Live): unknown {
  const { labels, annotations, managedFields } = metadata;
  const managers = (managedFields as { manager: string; operation: string; subresource?: string }[] | undefined)
    ?.filter(({ subresource }) => subresource === undefined)
    .map(({ manager, operation }) => `${manager} ${operation}`);
  return {
    kind,
    name: metadata.name,
    labels,
    annotations,
    managers,
    ...(kind === 'Service' || kind === 'Deployment' ? {} : rest),
  };
}

const noise = new Set([
  'modtime',
  'schemamodtime',
  'first_deployed',
  'last_deployed',
  'started_at',
  'completed_at',
  'firstDeployed',
  'lastDeployed',
  'digest',
  'lastTransitionTime',
  'lastAttemptedReleaseActionDuration',
  'lastAttemptedGeneration',
  'observedGeneration',
  'createdAt',
  'modifiedAt',
  'helmChart',
  'lastHandledReconcileAt',
  'uid',
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
  'nodeName',
  'generated_',
]);

function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([key]) => !noise.has(key));
  return Object.fromEntries(
    entries.map(([key, one]) => {
      if (key === 'manifest' && typeof one === 'string') return [key, one.split(/^---$/m).map((doc) => parse(doc))];
      if ((key === 'templates' || key === 'files') && Array.isArray(one))
        return [key, [...one].sort((a, b) => (a.name < b.name ? -1 : 1)).map(withoutNoise)];
      return [key, withoutNoise(one)];
    }),
  );
}
