/** Owners with a service account: asked about and applied as that account, in the cluster that their objects go to. */
import { expect, test } from 'vitest';
import { type ApplyEvent, applyPlan } from '../../../src/engine/apply/index.ts';
import { type Plan, planLive } from '../../../src/engine/plan/index.ts';
import type { ClusterFailure, ObjectRef } from '../../../src/engine/ports.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const namespaces =
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---\n';
const map = (name: string, value: string, labels = '{}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels} }\ndata: { a: ${value} }\n---\n`;
const tenant = (inventory: readonly string[] = [], more = '\nserviceAccountName: deployer') =>
  kustomization('tenant', inventory, `prune: true\nsuspend: true${more}`);
const deployer = 'system:serviceaccount:flux-system:deployer';

/** What an account without any right on the named kinds is told. */
const without =
  (...kinds: readonly string[]) =>
  (verb: string, { kind, name }: ObjectRef): ClusterFailure | undefined =>
    kinds.includes(kind)
      ? { reason: 'forbidden', message: `${name} is forbidden: User "${deployer}" cannot ${verb} ${kind}` }
      : undefined;

function cluster(objects: string, rights: ReturnType<typeof without> | undefined, user = deployer): FakeCluster {
  const made = fakeCluster(...live(namespaces + objects));
  if (rights !== undefined) made.accounts.set(user, rights);
  return made;
}

const told = (plan: Plan) =>
  plan.groups.flatMap(({ owner, entries }) =>
    entries
      .filter(({ action }) => action !== 'unchanged')
      .map(({ action, id }) => `${owner.id.name}: ${action} ${id.name}`),
  );

async function carryOut(on: FakeCluster, plan: Plan): Promise<readonly string[]> {
  const events: ApplyEvent[] = [];
  const timer = { now: () => 1_700_000_000_000, sleep: async () => {} };
  for await (const event of applyPlan(on, plan, { timer, prune: 'all', wait: 'dependencies', by: 'tester' }))
    events.push(event);
  return events.flatMap((event) =>
    event.type === 'object'
      ? [`${event.outcome} ${event.id.name}: ${event.message}`]
      : event.type === 'trouble' || event.type === 'refused'
        ? [JSON.stringify(event)]
        : [],
  );
}

test('asked about, sent and pruned as the account; the owner itself as the user', async () => {
  const on = cluster(
    `${tenant(['apps_one__ConfigMap', 'apps_gone__ConfigMap'])}---\n${map('one', 'old', owned('tenant'))}${map('gone', 'x', owned('tenant'))}`,
    without('Kustomization'),
  );
  const wanted = [set('flux-system', tenant()), set('tenant', map('one', 'new'))];
  const plan = await planLive(on, wanted);
  expect(told(plan)).toEqual(['tenant: configure one', 'tenant: delete gone']);
  expect(plan.groups.map(({ as }) => as)).toEqual([undefined, deployer]);
  expect(plan.groups[1]!.note).toContain('as the service account flux-system/deployer');
  expect(on.requests).toContain(`as ${deployer}: dry-run ConfigMap one`);
  on.requests.length = 0;
  expect(await carryOut(on, plan)).toEqual(['applied one: configured', 'deleted gone: deleted']);
  expect(on.requests).toContain(`as ${deployer}: apply ConfigMap one`);
  expect(on.requests).toContain(`as ${deployer}: delete ConfigMap gone`);
  expect(on.requests.filter((one) => one.includes(`${deployer}: patch-status`))).toEqual([]);
});

test('what the account may not do is what Flux could not do either, and is never sent as somebody else', async () => {
  const on = cluster(tenant(), without('Secret'));
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: apps }\n';
  const plan = await planLive(on, [set('flux-system', tenant()), set('tenant', `${map('one', 'x')}${secret}`)]);
  expect(told(plan)).toEqual(['tenant: create one', 'tenant: unknown s']);
  expect(plan.groups[1]!.entries[1]!.reason).toMatch(/lacks a right|cannot get Secret/);
  expect(plan.problems).toMatchObject([{ severity: 'error', code: 'cluster-forbidden' }]);
  on.accounts.set(deployer, without('ConfigMap'));
  expect(await carryOut(on, plan)).toEqual([expect.stringContaining('cannot get ConfigMap')]);
  on.accounts.delete(deployer);
  expect(await carryOut(on, plan)).toEqual([
    expect.stringContaining('nothing can be sent as the service account flux-system/deployer'),
    expect.stringContaining('Secret apps/s is not sent: Flux cannot apply it'),
    expect.stringContaining('not-sent one'),
  ]);
});

test('who may not act as the account is told so, and sees the plan as himself', async () => {
  const on = cluster(tenant(), undefined);
  const plan = await planLive(on, [set('flux-system', tenant()), set('tenant', map('one', 'x'))]);
  expect(told(plan)).toEqual(['tenant: create one']);
  expect(plan.groups[1]!.as).toBeUndefined();
  expect(plan.groups[1]!.note).toContain(
    'as you, and not as its service account flux-system/deployer: User "me" cannot',
  );
  expect(await carryOut(on, plan)).toEqual(['applied one: created']);
});

const controller = (flag: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: kustomize-controller, namespace: flux-system, labels: { app.kubernetes.io/component: kustomize-controller } }
spec: { template: { spec: { containers: [{ name: manager, args: [--watch-all-namespaces, ${flag}] }] } } }
---
`;

test("the controllers' default account stands for owners that name none, and a plan made anew keeps it", async () => {
  const on = cluster(
    `${controller('--default-service-account=nobody')}${tenant([], '')}`,
    without(),
    'system:serviceaccount:flux-system:nobody',
  );
  const wanted = [set('flux-system', tenant([], '')), set('tenant', map('one', 'x'))];
  const plan = await planLive(on, wanted);
  expect(plan.groups.map(({ as }) => as)).toEqual(Array(2).fill('system:serviceaccount:flux-system:nobody'));
  on.requests.length = 0;
  const again = await planLive(on, wanted, { earlier: plan });
  expect(again.groups[1]!.as).toBe('system:serviceaccount:flux-system:nobody');
  expect(on.requests).not.toContain('list Deployment /');
  const named = [set('flux-system', tenant()), set('tenant', map('one', 'x'))];
  expect((await planLive(on, named)).groups[1]!.note).toContain('flux-system/deployer');
});

test('in the cluster of spec.kubeConfig, too; and a move between accounts is a move', async () => {
  const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: far, namespace: flux-system }\ndata: { value: ${btoa('far')} }\n---\n`;
  const far = cluster(map('one', 'old', owned('tenant')), without());
  far.identity = async () => ({ ok: true, value: 'far' });
  const spec = (account: string) => `\nserviceAccountName: ${account}\nkubeConfig: { secretRef: { name: far } }`;
  const home = cluster(`${secret}${tenant(['apps_one__ConfigMap'], spec('deployer'))}`, undefined);
  home.remotes.set('far', far);
  const other = kustomization('other', [], `prune: true${spec('another')}`);
  far.accounts.set('system:serviceaccount:flux-system:another', without());
  const plan = await planLive(home, [
    set('flux-system', `${tenant([], spec('deployer'))}---\n${other}`),
    set('tenant', ''),
    set('other', map('one', 'new')),
  ]);
  expect(told(plan)).toEqual(['flux-system: create other', 'tenant: keep one', 'other: configure one']);
  expect(plan.groups[1]!.entries[0]!.movesTo).toMatchObject({ name: 'other' });
  expect(plan.groups[1]!.as).toBe(deployer);
  expect(far.requests).toContain('as system:serviceaccount:flux-system:another: dry-run ConfigMap one');
});

test('an owner that goes while its account is gone leaves what it applied, as Flux would', async () => {
  const root = kustomization('root', ['flux-system_tenant_kustomize.toolkit.fluxcd.io_Kustomization']);
  const gone = kustomization('tenant', ['apps_one__ConfigMap'], 'prune: true\nserviceAccountName: deployer').replace(
    '{ kustomize.toolkit.fluxcd.io/name: flux-system,',
    '{ kustomize.toolkit.fluxcd.io/name: root,',
  );
  const objects = `${root}---\n${gone}---\n${map('one', 'x', owned('tenant'))}`;
  const removed = await planLive(cluster(objects, without()), [set('root', map('two', 'x'))]);
  expect(removed.groups[1]!.entries).toMatchObject([{ action: 'keep', reason: expect.stringContaining('is gone') }]);
  const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: deployer, namespace: flux-system }\n';
  const there = await planLive(cluster(`${objects}${account}`, without()), [set('root', map('two', 'x'))]);
  expect(there.groups[1]!.entries).toMatchObject([{ action: 'delete' }]);
  expect(there.groups[1]!.as).toBe(deployer);
});
