/** The small parts: inventory ids, durations, selectors, quantities, merge keys, moves against a commit. */
import { expect, test } from 'vitest';
import { compare, pathText } from '../../../src/engine/plan/changes.ts';
import { quantity } from '../../../src/engine/plan/dangers/quantity.ts';
import { parseDuration } from '../../../src/engine/plan/duration.ts';
import { planAgainst } from '../../../src/engine/plan/index.ts';
import { inventoryId, parseInventory } from '../../../src/engine/plan/inventory.ts';
import { managerOf } from '../../../src/engine/plan/managers.ts';
import { matchesSelector } from '../../../src/engine/plan/selector.ts';
import { kustomization, set } from '../sets.ts';

test('inventory ids, with colons in names of RBAC', () => {
  const role = {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind: 'ClusterRole',
    namespace: '',
    name: 'system:a',
  };
  expect(inventoryId(role)).toBe('_system__a_rbac.authorization.k8s.io_ClusterRole');
  expect(parseInventory({ id: inventoryId(role), v: 'v1' })).toEqual(role);
  const map = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'a' };
  expect(inventoryId(map)).toBe('apps_a__ConfigMap');
  expect(parseInventory({ id: inventoryId(map), v: 'v1' })).toEqual(map);
  expect(parseInventory({ id: 'nonsense', v: 'v1' })).toBeUndefined();
});

test('durations as Go reads them', () => {
  expect(['1h30m', '1.5s', '500ms', '10m', '', '5', '1d'].map(parseDuration)).toEqual([
    5_400_000,
    1500,
    500,
    600_000,
    undefined,
    undefined,
    undefined,
  ]);
});

test('label selectors', () => {
  const labels = { app: 'api', tier: 'web' };
  const hit = [
    '',
    'app=api',
    'app==api,tier!=db',
    'app in (api, worker)',
    'tier notin (db)',
    'app',
    '!other',
    'other!=x',
  ];
  const miss = ['app=x', 'app!=api', 'app in (x)', 'tier notin (web)', 'other', '!app', '(nonsense'];
  expect(hit.filter((selector) => !matchesSelector(selector, labels))).toEqual([]);
  expect(miss.filter((selector) => matchesSelector(selector, labels))).toEqual([]);
});

test('quantities', () => {
  expect(['1Gi', '1024Mi', '1e3', '500m', '1.5k', 'x', ''].map(quantity)).toEqual([
    2 ** 30,
    2 ** 30,
    1000,
    0.5,
    1500,
    undefined,
    undefined,
  ]);
});

test('items are matched by their keys; lists without keys as a whole when they grow', () => {
  const ports = (...numbers: number[]) => ({
    ports: numbers.map((containerPort) => ({ containerPort, protocol: 'TCP' })),
  });
  expect(compare(ports(80, 443), ports(443, 80))).toEqual({ changes: [], reordered: [['ports']] });
  expect(compare(ports(80), ports(80, 443)).changes).toEqual([
    { path: ['ports', 1], after: { containerPort: 443, protocol: 'TCP' } },
  ]);
  expect(compare({ args: ['a', 'b'] }, { args: ['a', 'c'] }).changes).toEqual([
    { path: ['args', 1], before: 'b', after: 'c' },
  ]);
  expect(compare({ args: ['a'] }, { args: ['a', 'c'] }).changes).toEqual([
    { path: ['args'], before: ['a'], after: ['a', 'c'] },
  ]);
  expect(pathText(['metadata', 'labels', 'app.kubernetes.io/name', 0])).toBe(
    'metadata.labels["app.kubernetes.io/name"][0]',
  );
});

test('15: who owns a live value', () => {
  const fieldsV1 = { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {} } }, 'f:atomic': {} } };
  const object = {
    metadata: { managedFields: [{ manager: 'flux', operation: 'Apply', fieldsV1 }] },
    spec: {
      containers: [
        { name: 'b', image: 'x' },
        { name: 'a', image: 'y' },
      ],
      atomic: { deep: 1 },
    },
  };
  expect(managerOf(object, ['spec', 'containers', 1, 'image'])).toBe('flux');
  expect(managerOf(object, ['spec', 'containers', 0, 'image'])).toBeUndefined();
  expect(managerOf(object, ['spec', 'atomic', 'deep'])).toBe('flux');
});

test('33: against a commit: a move is no deletion, a removed owner shows its cascade, a broken baseline creates nothing', () => {
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: apps }\n';
  const told = (plan: ReturnType<typeof planAgainst>) =>
    plan.groups.flatMap((group) =>
      group.entries.map(
        ({ action, id, reason }) => `${group.owner.id.name}: ${action} ${id.kind} ${id.name}: ${reason}`,
      ),
    );
  const both = `${kustomization('one')}---\n${kustomization('two')}`;
  const root = set('flux-system', both);
  expect(
    told(planAgainst([root, set('one', map), set('two', '')], [root, set('one', ''), set('two', map)], 'HEAD')).slice(
      2,
    ),
  ).toEqual(['one: keep ConfigMap a: moves to Kustomization flux-system/two', 'two: create ConfigMap a: not in HEAD']);
  expect(
    told(planAgainst([root, set('one', map)], [set('flux-system', kustomization('two'))], 'HEAD')).slice(1),
  ).toEqual([
    'flux-system: delete Kustomization one: no longer rendered',
    'one: delete ConfigMap a: Kustomization flux-system/one is removed',
  ]);
  expect(told(planAgainst([set('one', '', { complete: false })], [set('one', map)], 'HEAD'))).toEqual([
    'one: unknown ConfigMap a: HEAD does not build completely, so it may be there',
  ]);
});
