/** Each danger rule: a change that is dangerous, and one beside it that is not. */
import { expect, test } from 'vitest';
import { planAgainst } from '../../../src/engine/plan/index.ts';
import { dangersOf } from '../../../src/engine/plan/plan.ts';
import { kustomization, set } from '../sets.ts';

/** The dangers of going from one YAML to another, as `rule: message`; the Kustomization prunes unless told. */
function check(before: string, after: string, expected: readonly string[], spec = 'prune: true'): void {
  const owner = kustomization('apps', [], spec);
  const [was, is] = [before, after].map((yaml) => [set('flux-system', owner), set('apps', yaml)]);
  const plan = planAgainst(was!, is!, 'HEAD');
  expect(dangersOf(plan).map(({ rule, message }) => `${rule}: ${message}`)).toEqual(expected);
}

const object = (apiVersion: string, kind: string, rest: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, namespace: apps }\n${rest}\n---\n`;

test('37: deletes-state', () => {
  check(object('v1', 'PersistentVolumeClaim', 'spec: {}') + object('v1', 'ConfigMap', ''), '', [
    'deletes-state: deletes PersistentVolumeClaim apps/x and, unless its class retains volumes, its data',
  ]);
  check('apiVersion: v1\nkind: Namespace\nmetadata: { name: x }\n', '', [
    'deletes-state: deletes Namespace x and everything in it, also what Flux did not create',
  ]);
});

test('removes-network-policy', () => {
  check(object('networking.k8s.io/v1', 'NetworkPolicy', 'spec: {}'), '', [
    'removes-network-policy: removes NetworkPolicy apps/x: what it kept out can come in',
  ]);
});

test('immutable-field', () => {
  const deployment = (app: string, replicas: number) =>
    object('apps/v1', 'Deployment', `spec: { replicas: ${replicas}, selector: { matchLabels: { app: ${app} } } }`);
  check(deployment('a', 1), deployment('b', 2), [
    'immutable-field: spec.selector.matchLabels.app of Deployment apps/x cannot change in place: Flux fails until it is deleted or forced',
  ]);
  check(deployment('a', 1), deployment('a', 2), []);
  const config = (value: string, immutable: boolean) =>
    object('v1', 'ConfigMap', `data: { a: ${value} }${immutable ? '\nimmutable: true' : ''}`);
  check(config('a', true), config('b', true), [
    'immutable-field: data.a of ConfigMap apps/x cannot change in place: Flux fails until it is deleted or forced',
  ]);
  check(config('a', false), config('b', false), []);
  const database = (claims: number, replicas: number) =>
    object('apps/v1', 'StatefulSet', `spec: { serviceName: s${claims}, replicas: ${replicas} }`);
  check(database(1, 1), database(2, 2), [
    'immutable-field: spec.serviceName of StatefulSet apps/x cannot change in place: Flux fails until it is deleted or forced',
  ]);
  check(database(1, 1), database(1, 2), []);
});

test('shrinks-claim', () => {
  const claim = (size: string) =>
    object('v1', 'PersistentVolumeClaim', `spec: { resources: { requests: { storage: ${size} } } }`);
  check(claim('10Gi'), claim('5Gi'), [
    'shrinks-claim: shrinks PersistentVolumeClaim apps/x from 10Gi to 5Gi, which storage does not allow',
  ]);
  check(claim('1Gi'), claim('1100Mi'), []);
});

test('no-replicas', () => {
  const scaled = (replicas: number) => object('apps/v1', 'Deployment', `spec: { replicas: ${replicas} }`);
  check(scaled(2), scaled(0), ['no-replicas: Deployment apps/x is scaled to no replicas']);
  check(scaled(0), scaled(2), []);
});

test('privileged', () => {
  const pod = (context: string, more = '') =>
    object(
      'apps/v1',
      'Deployment',
      `spec: { template: { spec: { containers: [{ name: c, image: i, securityContext: ${context} }]${more} } } }`,
    );
  check(
    pod('{}'),
    pod('{ privileged: true }', ', hostNetwork: true, volumes: [{ name: v, hostPath: { path: /etc } }]'),
    [
      'privileged: Deployment apps/x: its pods use hostNetwork',
      "privileged: Deployment apps/x: its pods mount the node's /etc",
      'privileged: Deployment apps/x: the container c runs privileged',
    ],
  );
  check(pod('{ privileged: true }'), pod('{ privileged: true, runAsUser: 1 }'), []);
});

test('widens-rbac', () => {
  const role = (rules: string) => object('rbac.authorization.k8s.io/v1', 'Role', `rules: [${rules}]`);
  check(
    role('{ apiGroups: [""], resources: [pods], verbs: [get] }'),
    role('{ apiGroups: [""], resources: [pods, secrets], verbs: [get] }'),
    ['widens-rbac: Role apps/x grants get on secrets'],
  );
  check(
    role('{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }'),
    role('{ apiGroups: [""], resources: [pods], verbs: [get] }'),
    [],
  );
  const named = (names: string) => role(`{ apiGroups: [""], resources: [secrets], verbs: [get]${names} }`);
  check(named(', resourceNames: [one]'), named(''), ['widens-rbac: Role apps/x grants get on secrets']);
  check(named(''), named(', resourceNames: [one]'), []);
  check(named(', resourceNames: [one]'), named(', resourceNames: [one, two]'), [
    'widens-rbac: Role apps/x grants get on secrets named two',
  ]);
  check(role(''), role('{ nonResourceURLs: [/metrics], verbs: [get] }'), [
    'widens-rbac: Role apps/x grants get on /metrics',
  ]);
  const bound = (subjects: string) =>
    object(
      'rbac.authorization.k8s.io/v1',
      'ClusterRoleBinding',
      `roleRef: { name: cluster-admin }\nsubjects: [${subjects}]`,
    );
  const view = bound('{ kind: User, name: eve }').replace('cluster-admin', 'view');
  check(view, bound('{ kind: User, name: eve }'), [
    'immutable-field: roleRef.name of ClusterRoleBinding apps/x cannot change in place: Flux fails until it is deleted or forced',
    'widens-rbac: ClusterRoleBinding apps/x gives cluster-admin to User eve',
  ]);
  check(bound(''), bound('{ kind: User, name: eve }'), [
    'widens-rbac: ClusterRoleBinding apps/x gives cluster-admin to User eve',
  ]);
});

test('major-bump', () => {
  const image = (name: string) =>
    object('apps/v1', 'Deployment', `spec: { template: { spec: { containers: [{ name: c, image: "${name}" }] } } }`);
  check(image('redis:6.2.1'), image('redis:7.0.0'), [
    'major-bump: Deployment apps/x: redis goes from 6.2.1 to 7.0.0, a new major version',
  ]);
  check(image('redis:6.2.1'), image('redis:6.3.0'), []);
  const release = (version: string) =>
    object(
      'helm.toolkit.fluxcd.io/v2',
      'HelmRelease',
      `spec: { chart: { spec: { chart: c, version: "${version}" } } }`,
    );
  check(release('1.x'), release('>=2.0.0'), [
    'major-bump: HelmRelease apps/x: the chart c goes from 1.x to >=2.0.0, a new major version',
  ]);
  // What a chartRef leads to.
  const source = (tag: string) =>
    object(
      'source.toolkit.fluxcd.io/v1',
      'OCIRepository',
      `spec: { url: "oci://r.test/charts/web", ref: { tag: "${tag}" } }`,
    );
  check(source('1.9.0'), source('2.0.0'), [
    'major-bump: OCIRepository apps/x: r.test/charts/web goes from 1.9.0 to 2.0.0, a new major version',
  ]);
  check(source('1.9.0'), source('1.10.0'), []);
});

test('orphans, and suspend-flips', () => {
  check(
    object('v1', 'ConfigMap', ''),
    '',
    ['orphans: ConfigMap apps/x stays in the cluster as an orphan, managed by nobody'],
    'prune: false',
  );
  const release = (suspend: boolean) =>
    object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', `spec: { suspend: ${suspend} }`);
  check(release(true), release(false), [
    'suspend-flips: HelmRelease apps/x is resumed: everything that changed since it was suspended is applied at once',
  ]);
});

test('large plans: one owner that writes very much, and many that write a little', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      object('v1', 'ConfigMap', `data: { a: b }`).replace('name: x', `name: x${i}`),
    ).join('');
  check('', many(49), []);
  check('', many(50), ['large-plan: Kustomization flux-system/apps: 50 objects would be written at once']);
  const names = ['a', 'b', 'c', 'd'];
  const wanted = names.map((name) => set(name, many(25)));
  expect(dangersOf(planAgainst([], wanted, 'HEAD')).map(({ message }) => message)).toEqual([
    'the plan is unusually large: 100 objects of 4 owners would be written',
  ]);
});
