/** Owners with `spec.kubeConfig`: their objects are compared in the cluster that the kubeconfig leads to. */
import { expect, test } from 'vitest';
import { type Plan, planLive } from '../../../src/engine/plan/index.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n';
const map = (name: string, value: string, labels = '{}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels} }\ndata: { a: ${value} }\n`;
const away = (name: string, inventory: readonly string[] = [], ref = 'secretRef: { name: far }') =>
  kustomization(name, inventory, `prune: true\nkubeConfig: { ${ref} }`);
const secret = (data: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: far, namespace: flux-system }\ndata: ${data}\n`;

function clusters(home: string, far: string): { readonly home: FakeCluster; readonly far: FakeCluster } {
  const there = fakeCluster(...live(`${namespace}---\n${far}`));
  there.identity = async () => ({ ok: true, value: 'far-identity' });
  const here = fakeCluster(
    ...live(`${namespace}---\napiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---\n${home}`),
  );
  here.remotes.set('a kubeconfig', there);
  return { home: here, far: there };
}

const told = (plan: Plan) =>
  plan.groups.flatMap((group) =>
    group.entries
      .filter(({ action }) => action !== 'unchanged')
      .map(({ action, id }) => `${group.owner.id.name}: ${action} ${id.kind} ${id.name}`),
  );

const data = `{ value: ${btoa('a kubeconfig')} }`;

test('compared and pruned there, not here', async () => {
  const inventory = ['apps_one__ConfigMap', 'apps_gone__ConfigMap'];
  const { home, far } = clusters(
    `${secret(data)}---\n${kustomization('root')}---\n${away('away', inventory)}---\n${map('one', 'here')}`,
    `${map('one', 'old', owned('away'))}---\n${map('gone', 'x', owned('away'))}`,
  );
  const plan = await planLive(home, [
    set('root', away('away')),
    set('away', `${map('one', 'new')}---\n${map('two', 'x')}`),
  ]);
  expect(told(plan)).toEqual([
    'root: configure Kustomization away',
    'away: configure ConfigMap one',
    'away: create ConfigMap two',
    'away: delete ConfigMap gone',
  ]);
  const group = plan.groups[1]!;
  expect(group.entries[0]!.changes).toMatchObject([{ before: 'old', after: 'new' }]);
  expect(group.remote).toEqual({
    context: 'fake',
    server: 'https://fake.invalid',
    identity: 'far-identity',
    namespace: 'flux-system',
    from: { kind: 'Secret', name: 'far', key: '' },
  });
  expect(group.note).toContain('in another cluster');
  expect(home.requests.filter((one) => one.includes('ConfigMap'))).toEqual([]);
  expect(far.requests.filter((one) => one.startsWith('dry-run'))).toHaveLength(2);
});

test('an object moved to another cluster leaves the one and comes into the other', async () => {
  const { home } = clusters(
    `${secret(data)}---\n${kustomization('near', ['apps_one__ConfigMap'])}---\n${away('away')}---\n${map('one', 'x', owned('near'))}`,
    '',
  );
  const plan = await planLive(home, [
    set('root', `${kustomization('near')}---\n${away('away')}`),
    set('near', map('stays', 'x')),
    set('away', map('one', 'x')),
  ]);
  expect(told(plan).slice(2)).toEqual([
    'near: create ConfigMap stays',
    'near: delete ConfigMap one',
    'away: create ConfigMap one',
  ]);
});

test('a removed one takes along what it applied there', async () => {
  const { home } = clusters(
    `${secret(data)}---\n${kustomization('root', ['flux-system_away_kustomize.toolkit.fluxcd.io_Kustomization'])}---\n${away('away', ['apps_one__ConfigMap']).replace('kustomize.toolkit.fluxcd.io/name: flux-system', 'kustomize.toolkit.fluxcd.io/name: root')}`,
    map('one', 'x', owned('away')),
  );
  const plan = await planLive(home, [set('root', `${kustomization('root')}---\n${map('c', 'x')}`)]);
  expect(told(plan).filter((line) => line.includes('delete'))).toEqual([
    'root: delete Kustomization away',
    'away: delete ConfigMap one',
  ]);
  expect(plan.groups[1]!.remote?.identity).toBe('far-identity');
});

test.each([
  ['no Secret', '', 'secretRef: { name: far }', 'Secret flux-system/far cannot be read (far not found)'],
  ['no such key', secret(data), 'secretRef: { name: far, key: other }', 'Secret flux-system/far has no key other'],
  ['no kubeconfig in it', secret(`{ value: ${btoa('rubbish')} }`), 'secretRef: { name: far }', 'no valid kubeconfig'],
  [
    'a cloud login',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: far, namespace: flux-system }\ndata: { provider: aws }\n',
    'configMapRef: { name: far }',
    'ConfigMap flux-system/far logs in by the provider aws, with an identity that only the controller has',
  ],
])('%s: nothing is known, and the plan says why', async (_, held, ref, reason) => {
  const { home } = clusters(`${held}\n---\n${away('away', ['apps_gone__ConfigMap'], ref)}`, '');
  const plan = await planLive(home, [set('root', away('away', [], ref)), set('away', map('one', 'x'))]);
  expect(told(plan).slice(1)).toEqual(['away: unknown ConfigMap one']);
  expect(plan.groups[1]!.note).toBe(`its cluster (spec.kubeConfig) cannot be asked: ${reason}`);
  expect(plan.groups[1]!.complete).toBe(false);
});
