/** Every danger rule by an edit of a fleet that the real controllers applied: the rule, and the line that causes it. */
import { expect, test } from 'vitest';
import { timer } from '../../src/cli/timer.ts';
import { type ApplyEvent, applyPlan, dangersOf } from '../../src/engine/index.ts';
import { child, fleet } from './fleet.ts';
import { rig } from './rig.ts';

const pod = (image: string, more = '') => `{ containers: [{ name: c, image: '${image}'${more} }] }`;
const workload = (replicas: number, image: string, more = '') =>
  `spec: { replicas: ${replicas}, selector: { matchLabels: { a: x } }, template: { metadata: { labels: { a: x } }, spec: ${pod(image, more)} } }`;
const object = (apiVersion: string, kind: string, name: string, body: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name} }\n${body}\n`;
const claim = (size: string) =>
  object(
    'v1',
    'PersistentVolumeClaim',
    'data',
    `spec: { storageClassName: none, accessModes: [ReadWriteOnce], resources: { requests: { storage: ${size} } } }`,
  );
const stateful = (service: string) =>
  object(
    'apps/v1',
    'StatefulSet',
    'db',
    `spec: { serviceName: ${service}, selector: { matchLabels: { a: db } }, template: { metadata: { labels: { a: db } }, spec: ${pod('db:1')} } }`,
  );
const role = (verbs: string) =>
  object(
    'rbac.authorization.k8s.io/v1',
    'Role',
    'reader',
    `rules: [{ apiGroups: [''], resources: [pods], verbs: ${verbs} }]`,
  );
const definition = (name: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.${name}.example.com }
spec:
  group: ${name}.example.com
  names: { kind: Thing, plural: things }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
const maps = (count: number) =>
  Array.from({ length: count }, (_, index) => object('v1', 'ConfigMap', `m${index}`, 'data: { a: b }')).join('---\n');

test('each rule by a real case', async () => {
  const it = rig();
  const kept = {
    'kept/map.yaml': object('v1', 'ConfigMap', 'kept', 'data: { a: b }'),
    'kept/other.yaml': object('v1', 'ConfigMap', 'other', 'data: { a: b }'),
  };
  const there = await fleet(
    it,
    {
      ...kept,
      'clusters/test/kept.yaml': child('kept').replace('prune: true', 'prune: false'),
      'clusters/test/asleep.yaml': child('asleep', '  suspend: true\n'),
      'asleep/map.yaml': object('v1', 'ConfigMap', 'asleep', 'data: { a: b }'),
      'crds/crd.yaml': definition('NAMESPACE'),
      'crds/namespace.yaml': object('v1', 'Namespace', 'NAMESPACE-more', ''),
      'clusters/test/crds.yaml': child('crds').replace(/ {2}targetNamespace:.*\n/, ''),
      'apps/api.yaml': object('apps/v1', 'Deployment', 'api', workload(2, 'api:1.4.2')),
      'apps/db.yaml': stateful('one'),
      'apps/gone-db.yaml': stateful('one').replace('name: db }', 'name: gone-db }'),
      'apps/claim.yaml': claim('2Gi'),
      'apps/gone-claim.yaml': claim('1Gi').replace('name: data }', 'name: gone }'),
      'apps/policy.yaml': object(
        'networking.k8s.io/v1',
        'NetworkPolicy',
        'closed',
        'spec: { podSelector: {}, policyTypes: [Ingress] }',
      ),
      'apps/role.yaml': role('[get]'),
    },
    ['apps', 'kept', 'crds'],
  );
  there.edit({
    'apps/api.yaml': object(
      'apps/v1',
      'Deployment',
      'api',
      workload(0, 'api:2.0.0', ', securityContext: { privileged: true }'),
    ),
    'apps/db.yaml': stateful('two'),
    'apps/gone-db.yaml': undefined,
    'apps/claim.yaml': claim('1Gi'),
    'apps/gone-claim.yaml': undefined,
    'apps/policy.yaml': undefined,
    'apps/role.yaml': role("['*']"),
    'apps/many.yaml': maps(60),
    'kept/map.yaml': undefined,
    'crds/crd.yaml': undefined,
    'crds/namespace.yaml': undefined,
    'crds/kustomization.yaml': 'resources: []\n',
    'clusters/test/asleep.yaml': child('asleep'),
  });
  const plan = await there.planned();
  const dangers = dangersOf(plan);
  const rules = [...new Set(dangers.map(({ rule }) => rule))].sort();
  expect(rules).toEqual([
    'deletes-everything',
    'deletes-state',
    'immutable-field',
    'large-plan',
    'major-bump',
    'no-replicas',
    'orphans',
    'privileged',
    'removes-network-policy',
    'shrinks-claim',
    'suspend-flips',
    'suspended-owner',
    'widens-rbac',
  ]);
  const state = dangers.filter(({ rule }) => rule === 'deletes-state').map(({ message }) => message.split(' ')[1]);
  expect(state.sort()).toEqual(['CustomResourceDefinition', 'Namespace', 'PersistentVolumeClaim', 'StatefulSet']);
  const places = Object.fromEntries(dangers.map(({ rule, at }) => [rule, at?.file]));
  expect(places).toMatchObject({
    'deletes-state': 'clusters/test/crds.yaml',
    'immutable-field': 'apps/db.yaml',
    'major-bump': 'apps/api.yaml',
    'no-replicas': 'apps/api.yaml',
    orphans: 'clusters/test/kept.yaml',
    'removes-network-policy': 'clusters/test/apps.yaml',
    privileged: 'apps/api.yaml',
    'shrinks-claim': 'apps/claim.yaml',
    'widens-rbac': 'apps/role.yaml',
  });
});

test('33: an object that moves between Kustomizations is a move: applied first, it stays the same object when it is pushed', async () => {
  const it = rig();
  const map = object('v1', 'ConfigMap', 'mover', 'data: { a: b }');
  const there = await fleet(
    it,
    {
      'apps/map.yaml': map,
      'apps/stays.yaml': map.replace('mover', 'stays'),
      'other/own.yaml': map.replace('mover', 'own'),
      'clusters/test/other.yaml': child('other'),
    },
    ['apps', 'other'],
  );
  const { namespace } = there;
  const uid = () => it.kubectl(['get', 'configmap', 'mover', '-n', namespace, '-o', 'jsonpath={.metadata.uid}']);
  const before = await uid();
  there.edit({ 'apps/map.yaml': undefined, 'other/map.yaml': map });
  const plan = await there.planned();
  const entries = plan.groups.flatMap(({ owner, entries }) =>
    entries
      .filter(({ id }) => id.name === 'mover')
      .map(({ action, movesTo }) => [owner.id.name, action, movesTo?.name]),
  );
  expect(entries).toEqual([
    ['apps', 'keep', 'other'],
    ['other', 'configure', undefined],
  ]);
  // Pushed at once, the real controllers delete it here and create it there, or not, as it happens.
  expect(dangersOf(plan)).toMatchObject([{ rule: 'moves-owner', severity: 'warning' }]);
  const events: ApplyEvent[] = [];
  for await (const event of applyPlan(it.cluster, plan, { timer, prune: 'all', wait: 'all', by: 'test' }))
    events.push(event);
  expect(events.at(-1)).toMatchObject({ type: 'done', counts: { applied: 1, deleted: 0 } });
  expect(dangersOf(await there.planned())).toEqual([]);
  const pushed = await there.push();
  for (const name of ['apps', 'other'])
    await it.kubectl([
      'patch',
      'kustomization',
      name,
      '-n',
      namespace,
      '--type=merge',
      '-p',
      '{"spec":{"suspend":false}}',
    ]);
  await pushed.applied();
  expect(await uid()).toBe(before);
});
