/** `spec.serviceAccountName` against the real API server and kustomize-controller: what the account may not do fails in both. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { timer } from '../../src/cli/timer.ts';
import { applyPlan, type ClusterAnswer, planLive } from '../../src/engine/index.ts';
import { sluice } from './cli.ts';
import { child, fleet, kustomization, told, visitor } from './fleet.ts';
import { connectTo, type Rig, refOf, rig, value } from './rig.ts';

const map = (name: string, text: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: ${text} }\n`;
const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { a: b }\n';

/** The account with its rights: ConfigMaps of the namespace, and nothing else. */
const account = `apiVersion: v1
kind: ServiceAccount
metadata: { name: deployer, namespace: NAMESPACE }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: deployer, namespace: NAMESPACE }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get, list, create, patch, delete] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: deployer, namespace: NAMESPACE }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer }
subjects: [{ kind: ServiceAccount, name: deployer, namespace: NAMESPACE }]
`;

const tenancy = (it: Rig) =>
  fleet(it, {
    'apps/kustomization.yaml': 'resources: [one.yaml]\n',
    'apps/one.yaml': map('one', 'x'),
    'clusters/test/account.yaml': account,
    'clusters/test/apps.yaml': child('apps', '  serviceAccountName: deployer\n'),
  });

const twoObjects = { 'apps/kustomization.yaml': 'resources: [one.yaml, s.yaml]\n', 'apps/s.yaml': secret };

test('planned as the account: what it may not do is named, and the real controller is refused the same', async () => {
  const it = rig();
  const there = await tenancy(it);
  const { namespace } = there;
  expect(told(await there.planned())).toEqual([]);
  there.edit({ ...twoObjects, 'apps/one.yaml': map('one', 'new') });
  const plan = await there.planned();
  expect(told(plan)).toEqual([`configure ConfigMap/${namespace}/one`, `unknown Secret/${namespace}/s`]);
  const group = plan.groups.find(({ owner }) => owner.id.name === 'apps')!;
  expect(group.as).toBe(`system:serviceaccount:${namespace}:deployer`);
  expect(group.entries.find(({ id }) => id.name === 's')!.reason).toContain('"s" is forbidden');
  expect(plan.problems).toMatchObject([{ severity: 'error', code: 'cluster-forbidden' }]);
  await there.push();
  const failed = await it.until(kustomization(namespace, 'apps'), (object) =>
    readyMessage(object).includes('forbidden'),
  );
  expect(readyMessage(failed)).toContain(
    `User "system:serviceaccount:${namespace}:deployer" cannot patch resource "secrets"`,
  );
});

test('applied as the account, whose rights are asked again when it is sent', async () => {
  const it = rig();
  const there = await tenancy(it);
  const { namespace } = there;
  there.edit({ 'apps/one.yaml': map('one', 'new') });
  const plan = await there.planned();
  await it.kubectl(['delete', 'rolebinding', 'deployer', '-n', namespace]);
  const deployer = value(await it.cluster.as(`system:serviceaccount:${namespace}:deployer`));
  const one = refOf('v1', 'ConfigMap', namespace, 'one');
  await untilIs('forbidden', () => deployer.get(one));
  const events = [];
  for await (const event of applyPlan(it.cluster, plan, { timer, prune: 'none', wait: 'dependencies', by: 'test' }))
    events.push(event);
  expect(JSON.stringify(events)).toContain(`system:serviceaccount:${namespace}:deployer`);
  expect(events.map(({ type }) => type)).toEqual(['refused']);
});

test('a visitor who may act as the account plans and applies with no other right; one who may not is told so', async () => {
  const it = rig();
  const there = await tenancy(it);
  const { namespace } = there;
  there.edit({ 'apps/one.yaml': map('one', 'new') });
  const reads = `  - { apiGroups: ['*'], resources: ['*'], verbs: [get, list] }`;
  await visitor(
    it,
    `${reads}\n  - { apiGroups: [''], resources: [serviceaccounts], resourceNames: [deployer], verbs: [impersonate] }\n  - { apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations, kustomizations/status], verbs: [patch] }`,
  );
  const user = `system:serviceaccount:${namespace}:deployer`;
  const asVisitor = () => connectTo(it.layout.visitorKubeconfig).as(user);
  await untilIs('ok', asVisitor);
  const target = [
    '--cluster',
    'clusters/test',
    '--context',
    'sluice-loopback',
    '--only',
    `Kustomization/${namespace}/apps`,
  ];
  const as = { kubeconfig: it.layout.visitorKubeconfig };
  const shown = await sluice(it.layout, ['diff', there.folder, ...target], as);
  expect(shown.out).toContain(`as the service account ${namespace}/deployer`);
  expect(shown.out).not.toContain('estimated');
  const applied = await sluice(it.layout, ['apply', there.folder, ...target, '--yes'], as);
  expect(applied.code, applied.out + applied.err).toBe(0);
  expect(applied.out).toContain(`applied ConfigMap ${namespace}/one: configured`);
  expect(JSON.stringify(await it.cluster.get(refOf('v1', 'ConfigMap', namespace, 'one')))).toContain('"new"');

  await visitor(it, reads);
  await untilIs('forbidden', asVisitor);
  there.edit({ 'apps/one.yaml': map('one', 'newer') });
  const barred = await sluice(it.layout, ['diff', there.folder, ...target], as);
  expect(barred.out).toContain(`as you, and not as its service account ${namespace}/deployer`);
  expect(barred.out).toContain('User "visitor" cannot impersonate resource "serviceaccounts"');
  expect(barred.out).toContain('estimated from managed fields');
});

test('the lock-down of a cluster with tenants: --default-service-account of the controller in the cluster', async () => {
  const it = rig();
  const there = await fleet(it, {
    'apps/kustomization.yaml': 'resources: [one.yaml]\n',
    'apps/one.yaml': map('one', 'x'),
  });
  const { namespace } = there;
  const deployment = it.layout.file('controller.yaml');
  writeFileSync(deployment, controller(namespace));
  onTestFinished(async () => {
    await it.kubectl(['delete', 'deployment', '-n', namespace, 'kustomize-controller', '--ignore-not-found']);
  });
  await it.kubectl(['apply', '--server-side', '-f', deployment]);
  there.edit({ 'apps/one.yaml': map('one', 'new') });
  const plan = await planLive(it.cluster, there.wanted());
  const user = `system:serviceaccount:${namespace}:default`;
  expect(plan.groups.map(({ as }) => as)).toEqual([user, user]);
  expect(told(plan)).toContain(`unknown ConfigMap/${namespace}/one`);
  expect(JSON.stringify(plan.problems)).toContain(`User \\"${user}\\" cannot get resource`);
  const apart = connectTo(it.layout.kubeconfig);
  await it.kubectl(['delete', 'deployment', '-n', namespace, 'kustomize-controller']);
  expect(told(await planLive(apart, there.wanted()))).toEqual([`configure ConfigMap/${namespace}/one`]);
});

/** Rights count a moment after they are written: asks until the answer is of that kind. */
async function untilIs(wanted: 'ok' | 'forbidden', ask: () => Promise<ClusterAnswer<unknown>>): Promise<void> {
  let last = '';
  for (let attempt = 0; attempt < 2400; attempt += 1) {
    const answer = await ask();
    last = answer.ok ? 'ok' : answer.failure.reason;
    if (last === wanted) return;
    await sleep(50);
  }
  throw new Error(`still ${last}, and not ${wanted}`);
}

function readyMessage({ status }: { readonly status?: unknown }): string {
  const { conditions } = (status ?? {}) as { conditions?: { type: string; status: string; message: string }[] };
  return conditions?.find(({ type, status }) => type === 'Ready' && status === 'False')?.message ?? '';
}

const controller = (namespace: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: kustomize-controller
  namespace: ${namespace}
  labels: { app.kubernetes.io/component: kustomize-controller }
spec:
  replicas: 0
  selector: { matchLabels: { app: kustomize-controller } }
  template:
    metadata: { labels: { app: kustomize-controller } }
    spec:
      containers:
        - { name: manager, image: 'registry.invalid/kustomize-controller', args: [--no-cross-namespace-refs=true, --default-service-account=default] }
`;
