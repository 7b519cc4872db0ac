/** A Kustomization with `spec.kubeConfig`, with two real API servers: what it wants is compared in the far one, and goes there. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Layout } from '../../scripts/cluster/layout.ts';
import { createRepository } from '../../scripts/cluster/repository.ts';
import { down, kubectl, up } from '../../scripts/cluster/up.ts';
import { timer } from '../../src/cli/timer.ts';
import { type ApplyEvent, applyPlan, planLive } from '../../src/engine/index.ts';
import { kustomization as liveKustomization, set } from '../engine/sets.ts';
import { sluice } from './cli.ts';
import { told } from './fleet.ts';
import { connectTo, refOf, rig, value } from './rig.ts';
import { suiteDirectory } from './stack.ts';

const run = promisify(execFile);
let far: Layout;
beforeAll(async () => {
  const dir = `${suiteDirectory()}-far`;
  rmSync(dir, { recursive: true, force: true });
  far = await up({ dir, part: 'core' });
});
afterAll(async () => {
  await down(far);
  rmSync(far.dir, { recursive: true, force: true });
});

const map = (name: string, text: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: far-apps }\ndata: { a: ${text} }\n`;

test('created, configured and gone in the far cluster; a kubeconfig that would run a program is refused', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const kubeconfig = readFileSync(far.kubeconfig, 'utf8');
  const secret = async (name: string, text: string) =>
    value(
      await it.cluster.create(
        { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: { value: text } },
        { manager: 'test' },
      ),
    );
  await secret('far', kubeconfig);
  await secret(
    'runs',
    kubeconfig.replace(/token: .*/, 'exec: { apiVersion: client.authentication.k8s.io/v1, command: /bin/true }'),
  );
  await kubectl(far, ['create', 'namespace', 'far-apps']);
  await kubectl(far, ['apply', '--server-side', '--field-manager=kustomize-controller', '-f', '-'], map('one', 'old'));
  const owner = (ref: string) =>
    liveKustomization(
      'away',
      [],
      `interval: 1h\nsuspend: true\nprune: true\npath: ./\nsourceRef: { kind: GitRepository, name: x }\nkubeConfig: { secretRef: { name: ${ref} } }`,
    )
      .replaceAll('namespace: flux-system', `namespace: ${namespace}`)
      .replace(/\n {2}finalizers:.*/, '')
      .replace(/\nstatus:[\s\S]*/, '\n');
  const wanted = (ref: string) => {
    const away = set('away', `${map('one', 'new')}---\n${map('two', 'x')}`);
    const id = { ...away.owner.id, namespace };
    return [set('root', owner(ref)), { ...away, owner: { ...away.owner, id } }];
  };
  const plan = await planLive(it.cluster, wanted('far'));
  expect(told(plan).slice(1)).toEqual(['configure ConfigMap/far-apps/one', 'create ConfigMap/far-apps/two']);
  expect(plan.groups[1]!.remote?.server).toBe(`https://127.0.0.1:${far.ports.api}`);
  expect(plan.groups[1]!.remote?.identity).toBe(value(await connectTo(far.kubeconfig).identity()));
  expect(plan.groups[1]!.entries[0]!.changes[0]).toMatchObject({ before: 'old', after: 'new' });
  const refused = await planLive(it.cluster, wanted('runs'));
  expect(told(refused).slice(1)).toEqual(['unknown ConfigMap/far-apps/one', 'unknown ConfigMap/far-apps/two']);
  expect(refused.groups[1]!.note).toContain('asks for an exec plugin, which Flux does not use');
});

test('as the service account of the same name in the far cluster', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const held = { metadata: { name: 'far', namespace }, stringData: { value: readFileSync(far.kubeconfig, 'utf8') } };
  value(await it.cluster.create({ apiVersion: 'v1', kind: 'Secret', ...held }, { manager: 'test' }));
  const spec =
    'interval: 1h\nsuspend: true\nprune: true\npath: ./\nsourceRef: { kind: GitRepository, name: x }\nkubeConfig: { secretRef: { name: far } }\nserviceAccountName: deployer';
  const owner = liveKustomization('away', [], spec)
    .replaceAll('namespace: flux-system', `namespace: ${namespace}`)
    .replace(/\n {2}finalizers:.*/, '')
    .replace(/\nstatus:[\s\S]*/, '\n');
  const away = set('away', map('one', 'x').replace('far-apps', namespace));
  const id = { ...away.owner.id, namespace };
  const user = `system:serviceaccount:${namespace}:deployer`;
  const plan = await planLive(it.cluster, [set('root', owner), { ...away, owner: { ...away.owner, id } }]);
  expect(plan.groups[1]).toMatchObject({
    as: user,
    remote: { server: `https://127.0.0.1:${far.ports.api}` },
    entries: [{ action: 'unknown', reason: expect.stringContaining(`User "${user}" cannot get`) }],
  });
});

test('applied to the far cluster and pruned there; the inventory and the suspension are kept here', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const text = readFileSync(far.kubeconfig, 'utf8');
  const held = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'far', namespace },
    stringData: { value: text },
  };
  value(await it.cluster.create(held, { manager: 'test' }));
  const there = connectTo(far.kubeconfig);
  const spec = `interval: 1h\nsuspend: true\nprune: true\npath: ./\nsourceRef: { kind: GitRepository, name: x }\nkubeConfig: { secretRef: { name: far } }`;
  const owner = liveKustomization('away', [], spec)
    .replaceAll('namespace: flux-system', `namespace: ${namespace}`)
    .replace(/\n {2}finalizers:.*/, '')
    .replace(/\nstatus:[\s\S]*/, '\n');
  const inFar = (names: readonly string[]) =>
    names
      .map((name) => map(name, 'x').replace('far-apps', namespace))
      .concat(`apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespace} }\n`)
      .join('---\n');
  const apply = async (names: readonly string[]) => {
    const away = set('away', inFar(names));
    const wanted = [set('root', owner), { ...away, owner: { ...away.owner, id: { ...away.owner.id, namespace } } }];
    const plan = await planLive(it.cluster, wanted);
    const events: ApplyEvent[] = [];
    for await (const event of applyPlan(it.cluster, plan, { timer, prune: 'all', wait: 'all', by: 'test' }))
      events.push(event);
    return events.flatMap((event) =>
      event.type === 'object' ? [`${event.cluster ?? 'here'}: ${event.outcome} ${event.id.kind} ${event.id.name}`] : [],
    );
  };
  const server = `https://127.0.0.1:${far.ports.api}`;
  const inventory = async () => {
    const live = value(
      await it.cluster.get(refOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', namespace, 'away')),
    );
    return (live.status as { inventory: { entries: { id: string }[] } }).inventory.entries.map(({ id }) => id).sort();
  };
  const mapRef = (name: string) => refOf('v1', 'ConfigMap', namespace, name);

  expect((await apply(['one', 'two'])).sort()).toEqual([
    'here: applied Kustomization away',
    `${server}: applied ConfigMap one`,
    `${server}: applied ConfigMap two`,
    `${server}: applied Namespace ${namespace}`,
  ]);
  expect(value(await there.get(mapRef('two'))).data).toEqual({ a: 'x' });
  expect(await it.cluster.get(mapRef('two'))).toMatchObject({ ok: false, failure: { reason: 'not-found' } });
  expect(await inventory()).toEqual([
    `_${namespace}__Namespace`,
    `${namespace}_one__ConfigMap`,
    `${namespace}_two__ConfigMap`,
  ]);

  expect(await apply(['one'])).toEqual([`${server}: deleted ConfigMap two`]);
  expect(await there.get(mapRef('two'))).toMatchObject({ ok: false, failure: { reason: 'not-found' } });
  expect(await inventory()).toEqual([`_${namespace}__Namespace`, `${namespace}_one__ConfigMap`]);
});

test('sluice apply installs and uninstalls a release in the far cluster, names that cluster, and helm finds it there', async () => {
  const it = rig();
  const namespace = await it.namespace();
  await kubectl(far, ['create', 'namespace', namespace]);
  const { folder } = await createRepository(it.layout, namespace);
  const root = 'clusters/test';
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  write({
    'charts/app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.2.3\n',
    'charts/app/templates/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: of-release }\n',
    [`${root}/release.yaml`]: `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace}, labels: { sharding.fluxcd.io/key: nobody } }
spec:
  interval: 1h
  kubeConfig: { secretRef: { name: far } }
  chart: { spec: { chart: ./charts/app, sourceRef: { kind: GitRepository, name: flux-system } } }
`,
    [`${root}/gotk-sync.yaml`]: `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: ${namespace} }
spec: { interval: 1h, url: "http://127.0.0.1:1/none.git", suspend: true }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: ${namespace} }
spec:
  interval: 1h
  suspend: true
  prune: true
  path: ./${root}
  sourceRef: { kind: GitRepository, name: flux-system }
`,
  });
  await it.kubectl(['apply', '--server-side', '-f', join(folder, root, 'gotk-sync.yaml')]);
  const held = { metadata: { name: 'far', namespace }, stringData: { value: readFileSync(far.kubeconfig, 'utf8') } };
  value(await it.cluster.create({ apiVersion: 'v1', kind: 'Secret', ...held }, { manager: 'test' }));
  const target = ['apply', folder, '--cluster', root, '--context', 'sluice-loopback', '--prune'];
  const server = `https://127.0.0.1:${far.ports.api}`;

  const unasked = await sluice(it.layout, target);
  expect(unasked.code).toBe(2);
  expect(unasked.err).toContain(` and ${server} (Secret ${namespace}/far): say so with --yes`);
  const guarded = (name: string, more: readonly string[] = []) =>
    sluice(it.layout, [...target, '--yes', ...more], { env: { [name]: `${server}*` } });
  expect((await guarded('SLUICE_READ_ONLY')).err).toContain(`${server} is read-only here`);
  expect((await guarded('SLUICE_PROTECTED')).err).toContain(`${server} is protected`);
  const installed = await guarded('SLUICE_PROTECTED', ['--confirm', 'sluice-loopback']);
  expect(installed.code, installed.out + installed.err).toBe(0);
  expect(installed.out).toContain(`writes also to ${server} (Secret ${namespace}/far)`);
  expect(installed.out).toContain(`applied ConfigMap ${namespace}/of-release in ${server}`);
  const helm = (kubeconfig: string) => {
    const env = { PATH: process.env.PATH, HOME: it.layout.file('home'), KUBECONFIG: kubeconfig };
    return run(it.tool('helm4'), ['-n', namespace, 'list'], { env }).then(({ stdout }) => stdout);
  };
  expect(await helm(far.kubeconfig)).toMatch(/app\s+\S+\s+1\s.*deployed\s+app-1\.2\.3/);
  expect(await helm(it.layout.kubeconfig)).not.toContain('app-1.2.3');
  expect(await it.kubectl(['get', 'configmap', '-n', namespace, '-o', 'name'])).not.toContain('of-release');

  rmSync(join(folder, root, 'release.yaml'));
  const removed = await sluice(it.layout, [...target, '--yes']);
  expect(removed.code, removed.out + removed.err).toBe(0);
  expect(await helm(far.kubeconfig)).not.toContain('app-1.2.3');
  expect(await kubectl(far, ['get', 'configmap', '-n', namespace, '-o', 'name'])).not.toContain('of-release');
});
