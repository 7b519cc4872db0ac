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
import { drawn } from '../drawn.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

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

async function apply(on: FakeCluster, fleet: Fleet, over: Partial<ApplyOptions> = {}): Promise<readonly ApplyEvent[]> {
  return carryOut(on, await planLive(on, setsOf(fleet)), over);
}

async function carryOut(on: FakeCluster, plan: Plan, over: Partial<ApplyOptions> = {}): Promise<readonly ApplyEvent[]> {
  const events: ApplyEvent[] = [];
  const options = { timer: timer(), prune: 'all', wait: 'dependencies', by: 'x', ...over } as const;
  for await (const event of applyPlan(on, plan, options)) events.push(event);
  return events;
}

/** How a part of a plan is chosen: its entries one by one, or as what some objects are about. */
const ways = ['selection', 'part'] as const;

async function applyPart(on: FakeCluster, fleet: Fleet, picked: readonly string[], way: (typeof ways)[number]) {
  const sets = setsOf(fleet);
  if (way === 'selection') return apply(on, fleet, { selection: ({ id }) => picked.includes(id.name) });
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
  return on.requests.filter((request) => /^(apply|delete|create) /.test(request));
}

test('pruned is in the old inventory and not wanted; a plan after the apply is empty; twice is once', async () => {
  await fc.assert(
    fc.asyncProperty(fleets, async (fleet) => {
      const on = clusterOf(fleet);
      const gone = deleted(await apply(on, fleet));
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
      expect((await apply(on, fleet)).filter((event) => event.type === 'object')).toEqual([]);
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
      const others = names.filter((name) => !picked.includes(name));
      const before = new Map(names.map((name) => [name, structuredClone(on.objects.get(`ConfigMap/apps/${name}`))]));
      on.requests.length = 0;
      await applyPart(on, fleet, picked, way);
      for (const name of others) expect(on.objects.get(`ConfigMap/apps/${name}`)).toEqual(before.get(name));
      expect(written(on).filter((one) => !picked.some((name) => one.endsWith(` ConfigMap apps/${name}`)))).toEqual([]);
      checkNothingLost(on, fleet);
      for (const name of picked) checkArrived(on, fleet, name);
      if (rest === 'whole') await apply(on, fleet);
      else await applyPart(on, fleet, others, rest);
      for (const name of names) checkArrived(on, fleet, name);
      checkNothingLost(on, fleet);
      expect(changesAnything(await planLive(on, setsOf(fleet)))).toBe(false);
    }),
    drawn(80),
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
  const reasons: readonly ClusterFailure['reason'][] = [
    'unreachable',
    'denied',
    'conflict',
    'unknown-outcome',
    'unauthorized',
  ];
  await fc.assert(
    fc.asyncProperty(
      fleets,
      fc.nat(12),
      fc.constantFrom(...reasons),
      fc.boolean(),
      async (fleet, at, reason, after) => {
        const on = clusterOf(fleet);
        let count = 0;
        on.fault = (verb) => {
          if (!['apply', 'delete', 'patch', 'patch-status'].includes(verb)) return undefined;
          count += 1;
          if (count !== at) return undefined;
          const failure = { reason, message: 'a fault' };
          return after && reason === 'unknown-outcome' ? { after: failure } : failure;
        };
        const events = await apply(on, fleet);
        const started = events.find((event) => event.type === 'started');
        const told = new Set(events.flatMap((event) => (event.type === 'object' ? [keyOf(event.id)] : [])));
        if (started?.type === 'started') expect([...told].sort()).toEqual(started.all.map(keyOf).sort());
        checkNothingLost(on, fleet);
        delete on.fault;
        await apply(on, fleet);
        for (const name of names) {
          const is = fleet.wanted[name];
          if (is !== undefined) expect(on.objects.get(`ConfigMap/apps/${name}`)?.data).toEqual({ v: String(is[1]) });
        }
      },
    ),
    drawn(120),
  );
});
