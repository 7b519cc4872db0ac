/**
 * What holds for any fleet and any cluster, whether a plan is applied whole or in parts: checked on random ones, in
 * memory. The same ones each time, unless SLUICE_SEED says otherwise; SLUICE_RUNS draws more of them.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ApplyEvent, type ApplyOptions, applyPlan } from '../../../src/engine/apply/index.ts';
import { keyOf } from '../../../src/engine/objects/object.ts';
import { changesAnything, type Plan, partOf, planLive } from '../../../src/engine/plan/index.ts';
import type { ClusterFailure, Timer } from '../../../src/engine/ports.ts';
import type { DesiredSet } from '../../../src/engine/render/desired.ts';
import { drawn } from '../drawn.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { render } from '../render/check.ts';
import { kustomization, live, owned, set } from '../sets.ts';
import {
  type Commit,
  changesHands,
  commits,
  filesOf,
  histories,
  isLeft,
  releasesOf,
  there,
  wantedBy,
} from './commits.ts';

const base =
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---\n';
const names = ['a', 'b', 'c', 'd', 'e'] as const;
const owners = ['one', 'two'] as const;

interface Fleet {
  /** Object → its owner and value in Git; absent: in no set. */
  readonly wanted: Readonly<Partial<Record<string, readonly [string, number]>>>;
  /** The same for the cluster. */
  readonly live: Readonly<Partial<Record<string, readonly [string, number]>>>;
  readonly complete: boolean;
}

const place = fc.option(fc.tuple(fc.constantFrom(...owners), fc.nat(2)), { nil: undefined });
const objects = fc.record(Object.fromEntries(names.map((name) => [name, place])));
const fleets: fc.Arbitrary<Fleet> = fc.record({ wanted: objects, live: objects, complete: fc.boolean() });

const configMap = (name: string, value: number, labels = '{}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels} }\ndata: { v: "${value}" }\n---\n`;

function inventoryOf(fleet: Fleet, owner: string): readonly string[] {
  return names.filter((name) => fleet.live[name]?.[0] === owner).map((name) => `apps_${name}__ConfigMap`);
}

function clusterOf(fleet: Fleet): FakeCluster {
  const yaml = owners.map((owner) => `${kustomization(owner, inventoryOf(fleet, owner))}---\n`).join('');
  const maps = names.map((name) => {
    const there = fleet.live[name];
    return there === undefined ? '' : configMap(name, there[1], owned(there[0]));
  });
  return fakeCluster(...live(base + yaml + maps.join('')));
}

function setsOf(fleet: Fleet) {
  return owners.map((owner) => {
    const yaml = names.map((name) => {
      const there = fleet.wanted[name];
      return there?.[0] === owner ? configMap(name, there[1]) : '';
    });
    return set(owner, yaml.join(''), owner === 'one' ? { complete: fleet.complete } : {});
  });
}

function timer(): Timer {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

interface Sets {
  readonly on: FakeCluster;
  readonly sets: readonly DesiredSet[];
}

async function apply({ on, sets }: Sets, over: Partial<ApplyOptions> = {}): Promise<readonly ApplyEvent[]> {
  return carryOut(on, await planLive(on, sets), over);
}

async function carryOut(on: FakeCluster, plan: Plan, over: Partial<ApplyOptions> = {}): Promise<readonly ApplyEvent[]> {
  const events: ApplyEvent[] = [];
  const options = { timer: timer(), prune: 'all', wait: 'dependencies', by: 'x', ...over } as const;
  for await (const event of applyPlan(on, plan, options)) events.push(event);
  return events;
}

interface Fault {
  /** Which write fails. */
  readonly at: number;
  readonly reason: ClusterFailure['reason'];
  /** It was carried out all the same. */
  readonly after: boolean;
}

const faults: fc.Arbitrary<Fault> = fc.record({
  at: fc.nat(12),
  reason: fc.constantFrom('unreachable', 'denied', 'conflict', 'unknown-outcome', 'unauthorized'),
  after: fc.boolean(),
});

/** The fault is met in the cluster `on`, which is another than the plan's where that is given. */
async function applyWith(
  { at, reason, after }: Fault,
  { on, sets, home = on }: Sets & { readonly home?: FakeCluster },
): Promise<readonly ApplyEvent[]> {
  let count = 0;
  on.fault = (verb) => {
    if (!['apply', 'delete', 'patch', 'patch-status', 'create'].includes(verb)) return undefined;
    count += 1;
    if (count !== at) return undefined;
    const failure = { reason, message: 'a fault' };
    return after && reason === 'unknown-outcome' ? { after: failure } : failure;
  };
  const events = await apply({ on: home, sets });
  delete on.fault;
  return events;
}

/** How a part of a plan is chosen: its entries one by one, or as what some objects are about. */
const ways = ['selection', 'part'] as const;

async function applyPart({ on, sets }: Sets, picked: readonly string[], way: (typeof ways)[number]) {
  if (way === 'selection') return apply({ on, sets }, { selection: ({ id }) => picked.includes(id.name) });
  const scopes = picked.map((name) => ({
    kind: 'object' as const,
    object: { kind: 'ConfigMap', namespace: 'apps', name },
  }));
  return carryOut(on, await planLive(on, sets, { part: partOf(sets, scopes) }));
}

/** The names in the inventory of either owner. */
function known(on: FakeCluster): readonly string[] {
  return owners.flatMap((owner) => {
    const { status } = on.objects.get(`Kustomization/flux-system/${owner}`) as {
      status: { inventory: { entries: { id: string }[] } };
    };
    return status.inventory.entries.map(({ id }) => id);
  });
}

function deleted(events: readonly ApplyEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'object' && event.outcome === 'deleted' ? [keyOf(event.id)] : []));
}

function written(on: FakeCluster): readonly string[] {
  return on.requests.filter((request) => /^(apply|delete|create|patch) /.test(request));
}

test('pruned is in the old inventory and not wanted; a plan after the apply is empty; twice is once', async () => {
  await fc.assert(
    fc.asyncProperty(fleets, async (fleet) => {
      const on = clusterOf(fleet);
      const sets = setsOf(fleet);
      const gone = deleted(await apply({ on, sets }));
      for (const name of names) {
        const [was, is] = [fleet.live[name], fleet.wanted[name]];
        const shouldGo = was !== undefined && is === undefined && (was[0] !== 'one' || fleet.complete);
        expect(gone.includes(`ConfigMap/apps/${name}`)).toBe(shouldGo);
        if (is !== undefined) {
          const object = on.objects.get(`ConfigMap/apps/${name}`);
          expect(object?.data).toEqual({ v: String(is[1]) });
        }
      }
      on.requests.length = 0;
      expect((await apply({ on, sets })).filter((event) => event.type === 'object')).toEqual([]);
      expect(written(on)).toEqual([]);
    }),
    drawn(60),
  );
});

test('a part touches nothing beside it and loses nothing; with the rest of it everything is as it should be', async () => {
  const parts = fc.record({
    picked: fc.subarray([...names]),
    way: fc.constantFrom(...ways),
    rest: fc.constantFrom(...ways, 'whole'),
  });
  await fc.assert(
    fc.asyncProperty(fleets, parts, async (fleet, { picked, way, rest }) => {
      const on = clusterOf(fleet);
      const sets = setsOf(fleet);
      const others = names.filter((name) => !picked.includes(name));
      const before = new Map(names.map((name) => [name, structuredClone(on.objects.get(`ConfigMap/apps/${name}`))]));
      on.requests.length = 0;
      await applyPart({ on, sets }, picked, way);
      for (const name of others) expect(on.objects.get(`ConfigMap/apps/${name}`)).toEqual(before.get(name));
      const inPart = (request: string) => picked.some((name) => request.endsWith(` ConfigMap apps/${name}`));
      // An owner is suspended while its objects are written.
      const beside = written(on).filter((request) => !(inPart(request) || request.startsWith('patch Kustomization ')));
      expect(beside).toEqual([]);
      checkNothingLost(on, fleet);
      for (const name of picked) checkArrived(on, fleet, name);
      if (rest === 'whole') await apply({ on, sets });
      else await applyPart({ on, sets }, others, rest);
      for (const name of names) checkArrived(on, fleet, name);
      checkNothingLost(on, fleet);
      expect(changesAnything(await planLive(on, sets))).toBe(false);
    }),
    drawn(40),
  );
});

/** What is wanted and was there still is, and whatever exists is in some inventory, so that the next run finds it. */
function checkNothingLost(on: FakeCluster, fleet: Fleet): void {
  for (const name of names) {
    const [was, is] = [fleet.live[name], fleet.wanted[name]];
    const there = on.objects.has(`ConfigMap/apps/${name}`);
    if (was !== undefined && is !== undefined) expect(there).toBe(true);
    if (there && (fleet.complete || was?.[0] !== 'one' || is !== undefined))
      expect(known(on)).toContain(`apps_${name}__ConfigMap`);
  }
}

function checkArrived(on: FakeCluster, { wanted, live, complete }: Fleet, name: (typeof names)[number]): void {
  const [was, is] = [live[name], wanted[name]];
  const object = on.objects.get(`ConfigMap/apps/${name}`);
  if (is === undefined) expect(object !== undefined).toBe(was?.[0] === 'one' && !complete);
  else {
    expect(object?.data).toEqual({ v: String(is[1]) });
    expect(object?.metadata).toMatchObject({ labels: { 'kustomize.toolkit.fluxcd.io/name': is[0] } });
  }
}

test('whatever fails wherever, nothing wanted is lost, everything is told, and a second apply gets there', async () => {
  await fc.assert(
    fc.asyncProperty(fleets, faults, async (fleet, fault) => {
      const on = clusterOf(fleet);
      const sets = setsOf(fleet);
      const events = await applyWith(fault, { on, sets });
      const started = events.find((event) => event.type === 'started');
      const told = new Set(events.flatMap((event) => (event.type === 'object' ? [keyOf(event.id)] : [])));
      if (started?.type === 'started') expect([...told].sort()).toEqual(started.all.map(keyOf).sort());
      checkNothingLost(on, fleet);
      await apply({ on, sets });
      for (const name of names) {
        const is = fleet.wanted[name];
        if (is !== undefined) expect(on.objects.get(`ConfigMap/apps/${name}`)?.data).toEqual({ v: String(is[1]) });
      }
    }),
    drawn(90),
  );
});

const far = `apiVersion: v1\nkind: Secret\nmetadata: { name: far, namespace: flux-system }\ndata: { value: ${btoa('far')} }\n---\n`;

/** The fleet with its second owner's objects in a cluster of their own. */
function apartOf(fleet: Fleet): Readonly<Record<(typeof owners)[number], FakeCluster>> {
  const maps = (owner: string) =>
    names.map((name) => {
      const was = fleet.live[name];
      return was?.[0] === owner ? configMap(name, was[1], owned(owner)) : '';
    });
  const spec = 'prune: true\nkubeConfig: { secretRef: { name: far } }';
  const yaml = `${kustomization('one', inventoryOf(fleet, 'one'))}---\n${kustomization('two', inventoryOf(fleet, 'two'), spec)}---\n`;
  const two = Object.assign(fakeCluster(...live(base + maps('two').join(''))), {
    context: 'far',
    server: 'https://far.invalid',
    identity: async () => ({ ok: true as const, value: 'far' }),
  });
  const one = fakeCluster(...live(base + far + yaml + maps('one').join('')));
  one.remotes.set('far', two);
  return { one, two };
}

test('an owner in another cluster: what leaves the one for the other is there, and only there', async () => {
  await fc.assert(
    fc.asyncProperty(fleets, faults, fc.constantFrom(...owners), async (fleet, fault, side) => {
      const on = apartOf(fleet);
      const sets = setsOf(fleet);
      const home = on.one;
      await applyWith(fault, { on: on[side], sets, home });
      await apply({ on: home, sets });
      for (const owner of owners) {
        const kept = owner === 'one' && !fleet.complete;
        const expected = names.flatMap((name) => {
          const [was, is] = [fleet.live[name], fleet.wanted[name]];
          if (is?.[0] === owner) return [[name, String(is[1])]];
          return was?.[0] === owner && kept ? [[name, String(was[1])]] : [];
        });
        expect(there(on[owner])).toEqual(Object.fromEntries(expected));
      }
      expect(changesAnything(await planLive(home, sets))).toBe(false);
    }),
    drawn(25),
  );
});

test('releases, from commit to commit: what is wanted is there and nothing else, and the next plan is empty', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(commits, { minLength: 1, maxLength: 3 }), async (history) => {
      const on = fakeCluster(...live(base));
      for (const commit of history) {
        const sets = render(filesOf(commit));
        const events = await apply({ on, sets });
        const odd = events.filter((event) =>
          event.type === 'object'
            ? !['applied', 'unchanged', 'deleted'].includes(event.outcome)
            : ['refused', 'not-ready', 'trouble'].includes(event.type),
        );
        expect(odd).toEqual([]);
        expect(there(on)).toEqual(wantedBy(commit));
        expect(standing(on)).toEqual(releasesOf(commit).map((name) => `${name} deployed`));
        expect(changesAnything(await planLive(on, sets))).toBe(false);
        on.requests.length = 0;
        await apply({ on, sets });
        expect(written(on)).toEqual([]);
      }
    }),
    { ...drawn(5), examples: histories.map((history) => [[...history]] as [Commit[]]) },
  );
});

test('releases, whatever fails wherever: nothing that moves is lost, and the next apply gets there', async () => {
  await fc.assert(
    fc.asyncProperty(commits, commits, faults, async (first, second, fault) => {
      const on = fakeCluster(...live(base));
      await apply({ on, sets: render(filesOf(first)) });
      const sets = render(filesOf(second));
      await applyWith(fault, { on, sets });
      if (changesHands(first, second)) expect(there(on)).toHaveProperty('shared');
      await apply({ on, sets });
      const wanted = wantedBy(second);
      expect(there(on)).toMatchObject(wanted);
      // Where no controller holds a removed HelmRelease, what a fault left of its release has no owner any more.
      expect(Object.keys(there(on)).filter((name) => !(name in wanted || isLeft(second, name)))).toEqual([]);
      expect(changesAnything(await planLive(on, sets))).toBe(false);
    }),
    drawn(7),
  );
});

/** The newest words of Helm's records, but for those that another superseded. */
function standing({ objects }: FakeCluster): readonly string[] {
  const records = [...objects.values()].filter(({ type }) => type === 'helm.sh/release.v1');
  const labels = records.map(({ metadata }) => (metadata as unknown as { labels: Record<string, string> }).labels);
  return labels.flatMap(({ name, status }) => (status === 'superseded' ? [] : [`${name} ${status}`])).sort();
}
