/** Applying to the cluster of `spec.kubeConfig`: two fake clusters, and nothing of the one lands in the other. */
import { expect, test } from 'vitest';
import {
  type ApplyEvent,
  type ApplyOptions,
  applyPlan,
  type FollowEvent,
  followCommit,
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

test('an owner that stands there itself is left out, and said', async () => {
  const inner = kustomization('inner', ['apps_old__ConfigMap']);
  const two = clusters(away('away'), namespace('flux-system') + inner);
  const events = await apply(two, [inGit(away('away')), set('away', inner), set('inner', map('x', 'y'))]);
  expect(outcomes(events).filter((one) => one.includes('ConfigMap'))).toEqual([]);
  expect(events.find((one) => one.type === 'trouble')).toMatchObject({
    owner: { name: 'inner' },
    message: 'stands in another cluster (https://far.invalid) itself, and is not applied from here',
  });
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

test('a commit is followed to the Kustomization, and not into its cluster', async () => {
  const commit = 'a'.repeat(40);
  const ready = `observedGeneration: 1, lastAppliedRevision: 'main@sha1:${commit}', conditions: [{ type: Ready, status: 'True', reason: x, message: Applied }]`;
  const { home } = clusters(
    `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system, generation: 1 }
spec: { url: 'https://example.com/fleet' }
status: { artifact: { revision: 'main@sha1:${commit}' }, ${ready} }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: away, namespace: flux-system, generation: 1 }
spec: { kubeConfig: { secretRef: { name: far } }, sourceRef: { kind: GitRepository, name: fleet } }
status: { inventory: { entries: [{ id: apps_api_apps_Deployment, v: v1 }] }, ${ready} }
`,
    '',
  );
  const events: FollowEvent[] = [];
  const timer = { now: () => 1_700_000_000_000, sleep: async () => {} };
  const how = { until: 'workloads', how: 'watch', timer, timeout: 1000, isSource: () => true } as const;
  for await (const event of followCommit(home, { commit, ...how })) events.push(event);
  expect(events.slice(-2)).toMatchObject([
    { type: 'left-out', step: 'workloads', object: { name: 'away' } },
    { type: 'end', outcome: 'ready' },
  ]);
  expect(home.requests.filter((one) => one.includes('Deployment'))).toEqual([]);
});
