/** Cases of test/faults.md that only the plan can hold, by their numbers. */
import { expect, test } from 'vitest';
import { type Plan, planLive } from '../../../src/engine/plan/index.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const spaces = ['flux-system', 'apps']
  .map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n---\n`)
  .join('');
const map = (name: string, data: string, labels = owned('apps')) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels} }\ndata: ${data}\n`;
const told = (plan: Plan) =>
  plan.groups.flatMap(({ entries }) =>
    entries.map(({ action, id, reason }) => `${action} ${id.kind} ${id.name}: ${reason}`),
  );

test('16: a field that another manager owns stays when Git drops it; what kubectl owned, Flux takes over', async () => {
  for (const [manager, expected] of [
    ['somebody', 'unchanged ConfigMap a: as in the cluster'],
    [
      'kubectl-client-side-apply',
      'configure ConfigMap a: only the ownership of fields changes: Flux takes over what kubectl applied',
    ],
  ] as const) {
    const on = fakeCluster(...live(`${spaces}${kustomization('apps', ['apps_a__ConfigMap'])}`));
    on.put(live(map('a', '{ kept: x, fossil: y }'))[0]!);
    const object = on.objects.get('ConfigMap/apps/a')!;
    const [ours] = (object.metadata as { managedFields: Record<string, unknown>[] }).managedFields;
    const fields = (ours!.fieldsV1 as Record<string, Record<string, unknown>>)['f:data']!;
    const { 'f:fossil': fossil } = fields;
    delete fields['f:fossil'];
    (object.metadata as { managedFields: unknown[] }).managedFields.push({
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:fossil': fossil } },
    });
    expect(told(await planLive(on, [set('apps', map('a', '{ kept: x }'))]))).toEqual([expected]);
  }
});

test('18: an inventory that names a kind which is gone is settled, and a wanted one says so', async () => {
  const on = fakeCluster(...live(`${spaces}${kustomization('apps', ['apps_w_gone.example.com_Widget'])}`));
  const plan = await planLive(on, [
    set(
      'apps',
      `apiVersion: gone.example.com/v1\nkind: Widget\nmetadata: { name: w2, namespace: apps }\n---\n${map('a', '{}')}`,
    ),
  ]);
  expect(told(plan)).toEqual([
    'create ConfigMap a: not in the cluster',
    'unknown Widget w2: fake (https://fake.invalid) does not know Widget in gone.example.com/v1',
  ]);
  expect(plan.problems.map(({ code }) => code)).toEqual(['cluster-unknown-kind']);
});

test('19: a namespace that is going away is said, asked once for each object, and nothing is repeated', async () => {
  const on = fakeCluster(...live(`${spaces}${kustomization('apps')}`));
  const message =
    'configmaps "a" is forbidden: unable to create new content in namespace apps because it is being terminated';
  on.fault = (verb) => (verb === 'dry-run' ? { reason: 'denied', message } : undefined);
  const plan = await planLive(on, [set('apps', map('a', '{}'))]);
  expect(told(plan)).toEqual([`unknown ConfigMap a: ${message}`]);
  expect(on.requests.filter((one) => one.startsWith('dry-run'))).toHaveLength(1);
});

test('23: answers of one cluster are never taken for those of another', async () => {
  const objects = live(`${spaces}${kustomization('apps')}---\n${map('a', '{ a: old }')}`);
  const [one, other] = [fakeCluster(...objects), fakeCluster(...objects)];
  other.identity = async () => ({ ok: true, value: 'another' });
  const wanted = [set('apps', map('a', '{ a: new }'))];
  const first = await planLive(one, wanted);
  other.requests.length = 0;
  await planLive(other, wanted, { earlier: first });
  expect(other.requests).toContain('dry-run ConfigMap apps/a');
});

test('25: an owner is read in the version that the cluster serves', async () => {
  const on = fakeCluster(
    ...live(`${spaces}${kustomization('apps', ['apps_gone__ConfigMap'])}---\n${map('gone', '{}')}`),
  );
  const wanted = set('apps', map('a', '{}'));
  const older = { ...wanted, owner: { ...wanted.owner, id: { ...wanted.owner.id, version: 'v1beta2' } } };
  expect(told(await planLive(on, [older]))).toEqual([
    'create ConfigMap a: not in the cluster',
    'delete ConfigMap gone: no longer rendered',
  ]);
});

test('37: what takes other things along is deleted last, and is a danger each time', async () => {
  const on = fakeCluster(
    ...live(`${spaces}${kustomization('apps', ['_apps__Namespace', 'apps_a__ConfigMap', 'apps_p__PersistentVolumeClaim'])}---
${map('a', '{}')}---
apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: p, namespace: apps, labels: ${owned('apps')} }\n---
apiVersion: v1\nkind: Namespace\nmetadata: { name: apps, labels: ${owned('apps')} }\n`),
  );
  const [group] = (await planLive(on, [set('apps', '')])).groups;
  expect(group!.entries.map(({ action, id }) => `${action} ${id.kind}`)).toEqual([
    'delete PersistentVolumeClaim',
    'delete ConfigMap',
    'delete Namespace',
  ]);
  expect(group!.entries.map(({ dangers = [] }) => dangers.map(({ rule }) => rule).join())).toEqual([
    'deletes-state',
    '',
    'deletes-state',
  ]);
});
