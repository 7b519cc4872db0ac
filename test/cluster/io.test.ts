/** io/cluster against a real API server: what the pretended one of the quick loop cannot vouch for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { components } from '../../scripts/cluster/components.ts';
import type { Layout } from '../../scripts/cluster/layout.ts';
import { start, stop } from '../../scripts/cluster/process.ts';
import { down, up } from '../../scripts/cluster/up.ts';
import type { ClusterAnswer, LiveObject, WatchEvent } from '../../src/engine/index.ts';
import { connectTo, refOf, rig, value } from './rig.ts';

const how = { manager: 'sluice-test', force: false, dryRun: false };

function configMap(namespace: string, name: string, fields: object): LiveObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...fields };
}

function reasonOf(answer: ClusterAnswer<unknown>): string {
  return answer.ok ? 'ok' : answer.failure.reason;
}

test('discovery agrees with kubectl', async () => {
  const it = rig();
  const { version, apis } = value(await it.cluster.capabilities());
  expect(version).toBe('v1.36.3');
  const versions = (await it.kubectl(['api-versions'])).trim().split('\n');
  expect(apis.filter((api) => versions.includes(api)).sort()).toEqual(versions.sort());
  // NAME, short names (perhaps none), APIVERSION, NAMESPACED, KIND
  const rows = (await it.kubectl(['api-resources', '--no-headers'])).trim().split('\n');
  for (const row of rows) {
    const [apiVersion, namespaced, kind] = row.trim().split(/\s+/).slice(-3) as [string, string, string];
    const plural = row.split(/\s+/)[0];
    const [group, served] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    expect(value(await it.cluster.served(group!, kind))).toEqual({
      group,
      kind,
      version: served,
      plural,
      namespaced: namespaced === 'true',
    });
  }
});

test('a dry run answers what would be stored and stores nothing', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace },
    spec: {
      selector: { matchLabels: { a: 'd' } },
      template: { metadata: { labels: { a: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  };
  const dry = value(await it.cluster.apply(deployment, { ...how, dryRun: true }));
  expect(dry.spec).toMatchObject({ replicas: 1, strategy: { type: 'RollingUpdate' } });
  const ref = refOf('apps/v1', 'Deployment', namespace, 'd');
  expect(reasonOf(await it.cluster.get(ref))).toBe('not-found');
  value(await it.cluster.apply(deployment, how));
  const stored = value(await it.cluster.get(ref));
  const other = { ...deployment, spec: { ...deployment.spec, selector: { matchLabels: { a: 'other' } } } };
  expect(reasonOf(await it.cluster.apply(other, { ...how, dryRun: true }))).toMatch(/invalid|immutable/);
  // The apply of the same object is a change of nothing.
  const again = value(await it.cluster.apply(deployment, { ...how, dryRun: true }));
  expect((again.metadata as { generation: number }).generation).toBe(
    (stored.metadata as { generation: number }).generation,
  );
});

test('15: a conflict names the manager and the field, and force takes it', async () => {
  const it = rig();
  const namespace = await it.namespace();
  value(await it.cluster.apply(configMap(namespace, 'c', { data: { a: '1' } }), { ...how, manager: 'first' }));
  const second = configMap(namespace, 'c', { data: { a: '2' } });
  const refused = await it.cluster.apply(second, how);
  expect(refused).toMatchObject({
    ok: false,
    failure: { reason: 'conflict', conflicts: [{ manager: 'first', field: '.data.a' }] },
  });
  expect(value(await it.cluster.apply(second, { ...how, force: true })).data).toEqual({ a: '2' });
});

test('what can never change is immutable', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const job = (image: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image }] } } },
  });
  const service = (clusterIP: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace },
    spec: { ports: [{ port: 80 }], clusterIP },
  });
  const stateful = (serviceName: string) => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's', namespace },
    spec: {
      serviceName,
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const binding = (name: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'r', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [],
  });
  const frozen = (a: string) => configMap(namespace, 'f', { immutable: true, data: { a } });
  const pairs: [LiveObject, LiveObject][] = [
    [job('a'), job('b')],
    [service('10.96.7.7'), service('10.96.7.8')],
    [stateful('a'), stateful('b')],
    [binding('a'), binding('b')],
    [frozen('a'), frozen('b')],
  ];
  for (const [before, after] of pairs) {
    value(await it.cluster.apply(before, how));
    expect([after.kind, reasonOf(await it.cluster.apply(after, { ...how, dryRun: true }))]).toEqual([
      after.kind,
      'immutable',
    ]);
  }
});

test('58d: an answer about a Secret gives nothing of it away', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const secret = (fields: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace },
    ...fields,
  });
  const canary = 'canary-hunter2';
  const wrong = [
    secret({ data: { password: `${canary}!!` } }),
    secret({ data: { password: [canary] } }),
    secret({ data: { password: { nested: canary } } }),
    secret({ stringData: { password: { nested: canary } } }),
    secret({ stringData: [canary] }),
    secret({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': canary } }),
    secret({ type: 'kubernetes.io/tls', stringData: { 'tls.crt': canary } }),
  ];
  const answers = [];
  for (const object of wrong) answers.push(await it.cluster.apply(object as LiveObject, { ...how, dryRun: true }));
  for (const object of wrong) answers.push(await it.cluster.create(object as LiveObject, { manager: 'sluice-test' }));
  expect(answers.map(reasonOf)).toEqual(answers.map(() => 'invalid'));
  expect(JSON.stringify(answers)).not.toMatch(/canary|hunter2|Y2FuYXJ5/);
});

test('8: who may do nothing hears so, and the rest goes on', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const visitor = connectTo(it.layout.visitorKubeconfig);
  const object = configMap(namespace, 'c', { data: {} });
  value(await it.cluster.apply(object, how));
  const ref = refOf('v1', 'ConfigMap', namespace, 'c');
  expect(reasonOf(await visitor.get(ref))).toBe('forbidden');
  expect(reasonOf(await visitor.apply(object, { ...how, dryRun: true }))).toBe('forbidden');
  expect(reasonOf(await visitor.identity())).toBe('ok');
  await it.kubectl(['create', 'role', 'reader', '--verb=get,list,watch', '--resource=configmaps', '-n', namespace]);
  await it.kubectl(['create', 'rolebinding', 'reader', '--role=reader', '--user=visitor', '-n', namespace]);
  await expect.poll(async () => reasonOf(await visitor.get(ref))).toBe('ok');
  expect(reasonOf(await visitor.list(value(await visitor.served('', 'ConfigMap'))!))).toBe('forbidden');
  expect(reasonOf(await visitor.patch(ref, { data: { a: 'b' } }, { manager: 'm' }))).toBe('forbidden');
});

test('a client certificate is who we are', async () => {
  const it = rig();
  const dir = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'config');
  const credentials = `client-certificate: ${it.layout.file('client.crt')}\n      client-key: ${it.layout.file('client.key')}`;
  writeFileSync(file, readFileSync(it.layout.kubeconfig, 'utf8').replace(/token: .*/, credentials));
  const answer = await connectTo(file).get(refOf('v1', 'Secret', 'default', 'x'));
  expect(answer).toMatchObject({
    failure: { reason: 'forbidden', message: expect.stringMatching(/User "certified"/) },
  });
});

test('a kind arrives, is served, and goes again', async () => {
  const it = rig();
  const plural = `widgets-${Date.now()}`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!).replace('-', '');
  const kind = plural[0]!.toUpperCase() + plural.slice(1);
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.test.sluice.dev` },
    spec: {
      group: 'test.sluice.dev',
      scope: 'Cluster',
      names: { plural, kind },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
  const cluster = connectTo(it.layout.kubeconfig, { timing: { discoveryMs: 100 } });
  const object = { apiVersion: 'test.sluice.dev/v1', kind, metadata: { name: 'w' }, spec: { n: 9007199254740993n } };
  expect(reasonOf(await cluster.apply(object, how))).toBe('unknown-kind');
  value(await cluster.apply(crd, how));
  await expect.poll(async () => reasonOf(await cluster.apply(object, how))).toBe('ok');
  const ref = refOf(object.apiVersion, kind, '', 'w');
  expect(value(await cluster.get(ref)).spec).toEqual({ n: 9007199254740993n });
  const crdRef = refOf(crd.apiVersion, crd.kind, '', crd.metadata.name);
  value(await cluster.delete(crdRef, { propagation: 'Background' }));
  await expect.poll(async () => reasonOf(await cluster.get(ref))).toBe('unknown-kind');
});

test('4: a watch goes through a restart of the API server', async () => {
  const layout = await ownStack();
  const server = components.find((one) => one.name === 'kube-apiserver')!;
  const it = rig(layout);
  const cluster = connectTo(layout.kubeconfig, { timing: { backoffMs: 100, maxBackoffMs: 500, spacingMs: 50 } });
  const kind = value(await cluster.served('', 'ConfigMap'))!;
  const heard: string[] = [];
  const abort = new AbortController();
  const watching = cluster.watch(
    kind,
    { namespace: 'flux-system' },
    (event) => heard.push(describe(event)),
    abort.signal,
  );
  await expect.poll(() => heard.length).toBe(1);
  value(await it.cluster.apply(configMap('flux-system', 'before', {}), how));
  await expect.poll(() => heard).toContain('set before');

  await stop(layout, server);
  await expect.poll(() => heard.at(-1)).toMatch(/^stale/);
  expect(await it.cluster.get(refOf('v1', 'ConfigMap', 'flux-system', 'before'))).toMatchObject({
    failure: { reason: 'unreachable', message: expect.stringMatching(/ECONNREFUSED/) },
  });
  start(layout, server);
  await expect.poll(() => heard.at(-1)).toMatch(/^list .*before/);
  await expect
    .poll(async () => reasonOf(await it.cluster.apply(configMap('flux-system', 'after', {}), how)))
    .toBe('ok');
  await expect.poll(() => heard.at(-1)).toMatch(/^set after|^list .*after/);
  // A starting server may refuse some more after it has answered: each fault is said once.
  const short = heard.map((one) => one.split(' ')[0]).join(' ');
  expect(short).toMatch(/^list set( stale list)+( set)?$/);
  abort.abort();
  await watching;
});

function describe(event: WatchEvent): string {
  const name = (object: LiveObject) => (object.metadata as { name: string }).name;
  if (event.type === 'list') return `list ${event.objects.map(name).join(' ')}`;
  return event.type === 'stale' ? `stale ${event.reason.reason}` : `${event.type} ${name(event.object)}`;
}

/** A stack of etcd and kube-apiserver that the test may break. */
async function ownStack(): Promise<Layout> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-stack-'));
  const layout = await up({ dir, part: 'core' });
  onTestFinished(async () => {
    await down(layout);
    rmSync(dir, { recursive: true, force: true });
  });
  return layout;
}
