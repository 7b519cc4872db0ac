/** Applying to the cluster of `spec.kubeConfig`: two fake clusters, and nothing of the one lands in the other. */
import { expect, test } from 'vitest';
import {
  type ApplyEvent,
  type ApplyOptions,
  applyPlan,
  type FollowEvent,
  type FollowOptions,
  followCommit,
  openWaysBack,
  unfinished,
} from '../../../src/engine/apply/index.ts';
import { titleOf } from '../../../src/engine/objects/object.ts';
import { otherClustersOf, type Plan, planLive } from '../../../src/engine/plan/index.ts';
import type { DesiredSet } from '../../../src/engine/render/desired.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n---\n`;
const map = (name: string, value: string, labels = '{}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels} }\ndata: { a: ${value} }\n---\n`;
const away = (name: string, inventory: readonly string[] = [], more = '') =>
  kustomization(name, inventory, `prune: true\nkubeConfig: { secretRef: { name: far } }${more}`);
const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: far, namespace: flux-system }\ndata: { value: ${btoa('a kubeconfig')} }\n---\n`;

interface Two {
  readonly home: FakeCluster;
  readonly far: FakeCluster;
}

function clusters(home: string, far: string): Two {
  const there = Object.assign(fakeCluster(...live(namespace('apps') + far)), {
    context: 'Secret flux-system/far',
    server: 'https://far.invalid',
    identity: async () => ({ ok: true as const, value: 'far-identity' }),
  });
  const here = fakeCluster(...live(namespace('apps') + namespace('flux-system') + secret + home));
  here.remotes.set('a kubeconfig', there);
  return { home: here, far: there };
}

async function carryOut({ home, far }: Two, plan: Plan, over: Partial<ApplyOptions> = {}) {
  home.requests.length = 0;
  far.requests.length = 0;
  let now = 1_700_000_000_000;
  const sleep = async (ms: number) => {
    now += ms;
  };
  const timer = { now: () => now, sleep };
  const events: ApplyEvent[] = [];
  const options = { timer, prune: 'all', wait: 'dependencies', by: 'tester', ...over } as const;
  for await (const event of applyPlan(home, plan, options)) events.push(event);
  return events;
}

const apply = async (two: Two, wanted: readonly DesiredSet[], over: Partial<ApplyOptions> = {}) =>
  carryOut(two, await planLive(two.home, wanted), over);

const outcomes = (events: readonly ApplyEvent[]) =>
  events.flatMap((event) =>
    event.type === 'object' ? [`${event.cluster ?? 'home'}: ${event.outcome} ${titleOf(event.id)}`] : [],
  );

/** What was written, as `verb kind namespace/name`. */
const written = ({ requests }: FakeCluster) => requests.filter((one) => !/^(get|list|dry-run) /.test(one));

function inventory({ objects }: FakeCluster, name: string): readonly string[] {
  const { status } = objects.get(`Kustomization/flux-system/${name}`) as {
    status: { inventory: { entries: { id: string }[] } };
  };
  return status.inventory.entries.map(({ id }) => id);
}

const before = (inventories: readonly string[] = ['apps_one__ConfigMap', 'apps_gone__ConfigMap']) =>
  clusters(
    `${away('away', inventories)}---\n${kustomization('near')}---\n${map('one', 'of home')}`,
    map('one', 'old', owned('away')) + map('gone', 'x', owned('away')),
  );
/** As Git has it. */
const inGit = (...owners: readonly string[]) =>
  set('flux-system', owners.map((one) => one.replace(/\nstatus:[\s\S]*/, '\n')).join('---\n'));
const root = inGit(away('away'), kustomization('near'));
const wanted = [root, set('near', map('near', 'x')), set('away', map('one', 'new') + map('two', 'x'))];

test('sent, configured and pruned there; the owner, its inventory and its suspension stay here', async () => {
  const two = before();
  const plan = await planLive(two.home, wanted);
  expect(otherClustersOf(plan).map(({ server, context }) => `${server} by ${context}`)).toEqual([
    'https://far.invalid by Secret flux-system/far',
  ]);
  const events = await carryOut(two, plan);
  expect(outcomes(events)).toEqual([
    'home: applied ConfigMap apps/near',
    'https://far.invalid: applied ConfigMap apps/one',
    'https://far.invalid: applied ConfigMap apps/two',
    'https://far.invalid: deleted ConfigMap apps/gone',
  ]);
  expect(written(two.far)).toEqual([
    'apply ConfigMap apps/one',
    'apply ConfigMap apps/two',
    'delete ConfigMap apps/gone',
  ]);
  expect(written(two.home).filter((one) => !one.includes('Kustomization'))).toEqual(['apply ConfigMap apps/near']);
  expect(two.home.objects.get('ConfigMap/apps/one')!.data).toEqual({ a: 'of home' });
  expect(two.far.objects.get('ConfigMap/apps/one')!.data).toEqual({ a: 'new' });
  expect(inventory(two.home, 'away')).toEqual(['apps_one__ConfigMap', 'apps_two__ConfigMap']);
  expect(two.home.objects.get('Kustomization/flux-system/away')!.spec).toMatchObject({ suspend: true });
  expect(events.find((one) => one.type === 'started')).toMatchObject({
    all: [{ name: 'near' }, ...['one', 'two', 'gone'].map((name) => ({ name, cluster: 'https://far.invalid' }))],
  });
  expect(await apply(two, wanted)).toMatchObject([{ type: 'started', objects: 0 }, { type: 'done' }]);
});

test('a removed one: its objects there go, and it goes here', async () => {
  const { home, far } = clusters(
    `${kustomization('root', ['flux-system_away_kustomize.toolkit.fluxcd.io_Kustomization'])}---\n${away('away', [
      'apps_one__ConfigMap',
    ])
      .replace('kustomize.toolkit.fluxcd.io/name: flux-system', 'kustomize.toolkit.fluxcd.io/name: root')
      .replace(/\n {2}finalizers:.*/, '')}---\n${map('one', 'of home')}`,
    map('one', 'x', owned('away')),
  );
  const events = await apply({ home, far }, [set('root', map('c', 'x'))]);
  expect(outcomes(events)).toEqual([
    'home: applied ConfigMap apps/c',
    'home: deleted Kustomization flux-system/away',
    'https://far.invalid: deleted ConfigMap apps/one',
  ]);
  expect(home.objects.has('ConfigMap/apps/one')).toBe(true);
});

test.each<[string, (two: Two) => void, string]>([
  [
    'no Secret any more',
    ({ home }) => home.objects.delete('Secret/flux-system/far'),
    'Secret flux-system/far cannot be',
  ],
  [
    'no answer',
    ({ far }) => {
      far.identity = async () => ({ ok: false, failure: { reason: 'unreachable', message: 'no route' } });
    },
    'no route',
  ],
])('%s: what was to go there is left out with the reason, and the rest goes on', async (_, change, reason) => {
  const two = before();
  const plan = await planLive(two.home, wanted);
  change(two);
  const events = await carryOut(two, plan);
  expect(outcomes(events)).toEqual([
    'home: applied ConfigMap apps/near',
    'https://far.invalid: not-sent ConfigMap apps/one',
    'https://far.invalid: not-sent ConfigMap apps/two',
    'https://far.invalid: not-sent ConfigMap apps/gone',
  ]);
  expect(events.find((one) => one.type === 'trouble')).toMatchObject({ message: expect.stringContaining(reason) });
  expect(written(two.far)).toEqual([]);
  expect(inventory(two.home, 'away')).toEqual(['apps_one__ConfigMap', 'apps_gone__ConfigMap']);
  expect(two.home.objects.get('Kustomization/flux-system/away')!.spec).not.toHaveProperty('suspend');
});

test.each<[string, (two: Two) => void, string]>([
  [
    'another cluster behind the kubeconfig',
    ({ far }) => {
      far.identity = async () => ({ ok: true, value: 'another' });
    },
    'https://far.invalid (Secret flux-system/far) is not the cluster that the plan was made for',
  ],
  [
    'another server in the kubeconfig',
    ({ home, far }) => {
      home.remotes.set('a kubeconfig', { ...far, server: 'https://other.invalid' });
    },
    'Secret flux-system/far leads to https://other.invalid, and the plan was made for https://far.invalid',
  ],
  ['an object changed there', ({ far }) => far.put(live(map('one', 'later'))[0]!), 'ConfigMap apps/one'],
])('%s: the plan is stale, and nothing is sent', async (_, change, reason) => {
  const two = before();
  const plan = await planLive(two.home, wanted);
  change(two);
  const events = await carryOut(two, plan);
  expect(events).toMatchObject([{ type: 'refused', reasons: [expect.stringContaining(reason)] }]);
  expect([...written(two.home), ...written(two.far)]).toEqual([]);
});

test('that cluster goes away in the middle: the rest goes on, and nothing is pruned', async () => {
  const two = before();
  two.far.fault = (verb) => (verb === 'apply' ? { reason: 'unreachable', message: 'gone' } : undefined);
  const events = await apply(two, [root, set('away', map('one', 'new')), set('near', map('near', 'x'))]);
  expect(outcomes(events)).toEqual([
    'https://far.invalid: not-sent ConfigMap apps/one',
    'home: applied ConfigMap apps/near',
    'https://far.invalid: not-sent ConfigMap apps/gone',
  ]);
});

test('an inventory that cannot be written here: nothing is sent there', async () => {
  const two = before();
  two.home.fault = (verb) => (verb === 'patch-status' ? { reason: 'denied', message: 'no' } : undefined);
  await apply(two, [root, wanted[2]!]);
  expect(written(two.far)).toEqual([]);
});

test('what is waited for is waited for there', async () => {
  const two = before();
  await apply(two, [root, wanted[2]!], { wait: 'all' });
  expect(two.far.requests.slice(-2)).toContain('get ConfigMap apps/gone');
  expect(two.home.requests.filter((one) => one.includes('ConfigMap'))).toEqual([]);
});

/** One that stands in the far cluster, and its set; the far one may hold it already. */
const inner = kustomization('inner', ['apps_old__ConfigMap', 'apps_gone__ConfigMap']);
const inside = (held: string) =>
  clusters(
    away('away', ['flux-system_inner_kustomize.toolkit.fluxcd.io_Kustomization']),
    `${namespace('flux-system')}${held}---\n` + map('old', 'x', owned('inner')) + map('gone', 'x', owned('inner')),
  );
const withInner = [
  inGit(away('away')),
  set('away', inner.replace(/\nstatus:[\s\S]*/, '\n')),
  set('inner', map('old', 'new') + map('x', 'y')),
];

test('an owner that stands there itself is suspended there, and keeps its inventory there', async () => {
  const two = inside(
    inner.replace('kustomize.toolkit.fluxcd.io/name: flux-system', 'kustomize.toolkit.fluxcd.io/name: away'),
  );
  const plan = await planLive(two.home, withInner);
  expect(plan.groups[2]!.note).toContain('it stands in https://far.invalid itself');
  const events = await carryOut(two, plan);
  expect(outcomes(events).filter((one) => one.includes('ConfigMap'))).toEqual([
    'https://far.invalid: applied ConfigMap apps/old',
    'https://far.invalid: applied ConfigMap apps/x',
    'https://far.invalid: deleted ConfigMap apps/gone',
  ]);
  expect(inventory(two.far, 'inner')).toEqual(['apps_old__ConfigMap', 'apps_x__ConfigMap']);
  expect(two.far.objects.get('Kustomization/flux-system/inner')!.spec).toMatchObject({ suspend: true });
  expect(written(two.home).filter((one) => one.includes('inner'))).toEqual([]);
  const suspended = events.flatMap((one) => (one.type === 'suspended' && one.owner.name === 'inner' ? [one] : []));
  expect(suspended).toMatchObject([
    { cluster: 'https://far.invalid', wayBack: expect.stringMatching(/--context \S+ --through flux-system\/far$/) },
  ]);
  expect(events.find(({ type }) => type === 'done')).toMatchObject({
    suspended: expect.arrayContaining([expect.objectContaining({ name: 'inner', cluster: 'https://far.invalid' })]),
  });
  const open = await openWaysBack(two.home);
  expect(open.ok && open.value.map(({ owner, away }) => [owner.name, away?.remote.server])).toContainEqual([
    'inner',
    'https://far.invalid',
  ]);
});

test('another owner of the same name there does not speak for the one here', async () => {
  const two = clusters(`${away('away')}---\n${kustomization('near')}`, '');
  const inside = set('away', kustomization('near', [], 'prune: false').replace(/\nstatus:[\s\S]*/, '\n'));
  const plan = await planLive(two.home, [root, inside, set('near', map('near', 'x'))]);
  expect(plan.groups.find(({ owner }) => owner.id.name === 'near')).toMatchObject({ spec: { prune: true } });
});

test('an owner there that cannot be suspended: nothing of it is sent', async () => {
  const two = inside(inner);
  two.far.fault = (verb) => (verb === 'patch' ? { reason: 'forbidden', message: 'no' } : undefined);
  const events = await apply(two, withInner);
  expect(outcomes(events).filter((one) => one.includes('ConfigMap') && !one.includes('not-sent'))).toEqual([]);
  expect(written(two.far).filter((one) => one.includes('ConfigMap'))).toEqual([]);
});

test('two kubeconfigs of one cluster: each owner is applied by its own', async () => {
  const two = clusters(
    `${away('away')}---\n${away('other').replace('name: far', 'name: second')}---\n${secret.replace('name: far', 'name: second').replace(btoa('a kubeconfig'), btoa('the second'))}`,
    '',
  );
  two.home.remotes.set('the second', { ...two.far, context: 'Secret flux-system/second' });
  const plan = await planLive(two.home, [
    inGit(away('away'), away('other').replace('name: far', 'name: second')),
    set('away', map('a', 'x')),
    set('other', map('b', 'x')),
  ]);
  expect(plan.groups.map(({ remote }) => remote?.from.name)).toEqual([undefined, 'far', 'second']);
  two.home.remotes.delete('the second');
  expect(outcomes(await carryOut(two, plan)).sort()).toEqual([
    'https://far.invalid: applied ConfigMap apps/a',
    'https://far.invalid: not-sent ConfigMap apps/b',
  ]);
});

test('a crash: the same object in two clusters is told apart', () => {
  const id = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'one' };
  const there = { ...id, cluster: 'https://far.invalid' };
  const left = unfinished([
    { type: 'started', objects: 2, owners: [], all: [id, there] },
    { type: 'sending', owner: id, id, cluster: 'https://far.invalid' },
  ]);
  expect(left).toMatchObject({ unknown: [there], notSent: [id] });
});

const commit = 'a'.repeat(40);
const stands = `observedGeneration: 1, lastAppliedRevision: 'main@sha1:${commit}', conditions: [{ type: Ready, status: 'True', reason: x, message: Applied }]`;
const source = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system, generation: 1 }
spec: { url: 'https://example.com/fleet' }
status: { artifact: { revision: 'main@sha1:${commit}' }, ${stands} }
---
`;
const follows = (name: string, spec: string, note = '') => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system, generation: 1${note} }
spec: { ${spec}sourceRef: { kind: GitRepository, name: fleet } }
status: { inventory: { entries: [{ id: apps_${name}_apps_Deployment, v: v1 }] }, ${stands} }
---
`;
const runs = (name: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: apps, generation: 1 }
spec: { replicas: 0 }
status: { observedGeneration: 1, conditions: [{ type: Available, status: 'True' }] }
---
`;
const note = ", annotations: { sluice/suspended: '2026-01-01T00:00:00.000Z by alice: a plan was applied' }";

async function followed(home: FakeCluster, over: Partial<FollowOptions>) {
  const events: FollowEvent[] = [];
  const timer = { now: () => 1_700_000_000_000, sleep: async () => {} };
  const how = { until: 'workloads', how: 'watch', timer, timeout: 1000, isSource: () => true } as const;
  for await (const event of followCommit(home, { commit, ...how, ...over })) events.push(event);
  return events.flatMap((event) => {
    if (event.type === 'end') return [event.outcome];
    if (event.type === 'step' || event.type === 'waiting') return [];
    return [`${event.cluster ?? 'home'}: ${event.type} ${event.object.kind} ${event.object.name}`];
  });
}

const spokes = () =>
  clusters(
    source + follows('away', 'kubeConfig: { secretRef: { name: far } }, '),
    source + follows('inner', 'suspend: true, ', note) + runs('away') + runs('inner'),
  );

test('a commit is followed into the other cluster; what is suspended there is handed back only where that was agreed', async () => {
  const there = 'https://far.invalid';
  const seen = ['home: reached GitRepository fleet', 'home: reached Kustomization away'];
  expect(await followed(spokes().home, {})).toEqual([
    ...seen,
    `${there}: reached GitRepository fleet`,
    `${there}: left-out Kustomization inner`,
    `${there}: reached Deployment away`,
    'ready',
  ]);
  const unasked = spokes();
  await followed(unasked.home, { how: 'hand-back' });
  expect(written(unasked.far)).toEqual([]);
  expect(await followed(spokes().home, { how: 'hand-back', writesTo: [there] })).toEqual([
    ...seen,
    `${there}: reached GitRepository fleet`,
    `${there}: resumed Kustomization inner`,
    `${there}: reached Kustomization inner`,
    `${there}: reached Deployment away`,
    `${there}: reached Deployment inner`,
    'ready',
  ]);
});

test('a cluster that cannot be looked into is told, and what is in it not waited for', async () => {
  const { home } = spokes();
  home.remotes.clear();
  expect((await followed(home, {})).slice(-2)).toEqual(['home: left-out Kustomization away', 'ready']);
});
