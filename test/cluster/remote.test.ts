/** A Kustomization with `spec.kubeConfig`, with two real API servers: what it wants is compared in the far one, and goes there. */
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Layout } from '../../scripts/cluster/layout.ts';
import { down, kubectl, up } from '../../scripts/cluster/up.ts';
import { timer } from '../../src/cli/timer.ts';
import { type ApplyEvent, applyPlan, planLive } from '../../src/engine/index.ts';
import { kustomization as liveKustomization, set } from '../engine/sets.ts';
import { told } from './fleet.ts';
import { connectTo, refOf, rig, value } from './rig.ts';
import { suiteDirectory } from './stack.ts';

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
