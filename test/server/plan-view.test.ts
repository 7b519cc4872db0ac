/** What the editor is told of each change: which need a second question, and which hide something. */
import { expect, test } from 'vitest';
import { planLive } from '../../src/engine/plan/index.ts';
import { planView } from '../../src/server/plan-view.ts';
import { fakeCluster } from '../engine/fake-cluster.ts';
import { kustomization, live, owned, set } from '../engine/sets.ts';

const namespaces = ['flux-system', 'apps'].map(
  (name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }`,
);

/** The items of a plan, as `action Kind name` with what they are marked with. */
async function check(there: readonly string[], wanted: string, expected: readonly string[]): Promise<void> {
  const on = fakeCluster(...live([...namespaces, ...there].join('\n---\n')));
  const plan = await planLive(on, [set('apps', wanted, { secrets: ['s3cr3t-canary'] })]);
  const view = planView({ id: 'plan-1', plan, against: { kind: 'cluster' }, place: () => undefined });
  const items = view.groups.flatMap(({ items }) => items);
  const marks = items.map(({ action, object, grave, masked }) =>
    [action, object.kind, object.name, grave && 'grave', masked && 'masked'].filter(Boolean).join(' '),
  );
  expect(marks.sort()).toEqual([...expected].sort());
  expect(JSON.stringify(view)).not.toContain('s3cr3t-canary');
}

const configMap = (name: string, value = 'plain', labels = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps${labels} }\ndata: { a: ${value} }\n`;

test('grave: what takes along what no plan lists, and only when it goes', async () => {
  const labels = `, labels: ${owned('apps')}`;
  await check(
    [
      kustomization('apps', ['_old__Namespace', 'apps_data__PersistentVolumeClaim', 'apps_gone__ConfigMap']),
      `apiVersion: v1\nkind: Namespace\nmetadata: { name: old${labels} }`,
      `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, namespace: apps${labels} }`,
      configMap('gone', 'plain', labels),
    ],
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: new }\n',
    [
      'create Namespace new',
      'delete ConfigMap gone',
      'delete Namespace old grave',
      'delete PersistentVolumeClaim data grave',
    ],
  );
});

test('masked: a Secret, and what a value of one landed in', async () => {
  await check(
    [kustomization('apps')],
    `${configMap('plain')}---\n${configMap('leak', 's3cr3t-canary')}---\napiVersion: v1\nkind: Secret\nmetadata: { name: token, namespace: apps }\nstringData: { p: s3cr3t-canary }\n`,
    ['create ConfigMap leak masked', 'create ConfigMap plain', 'create Secret token masked'],
  );
});
