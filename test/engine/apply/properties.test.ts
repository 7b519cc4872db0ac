/** What holds for any fleet and any cluster: checked on random ones, in memory. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ApplyEvent, applyPlan } from '../../../src/engine/apply/index.ts';
import { keyOf } from '../../../src/engine/objects/object.ts';
import { planLive } from '../../../src/engine/plan/index.ts';
import type { ClusterFailure, Timer } from '../../../src/engine/ports.ts';
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

async function apply(on: FakeCluster, fleet: Fleet): Promise<readonly ApplyEvent[]> {
  const plan = await planLive(on, setsOf(fleet));
  const events: ApplyEvent[] = [];
  for await (const event of applyPlan(on, plan, { timer: timer(), prune: 'all', wait: 'dependencies', by: 'x' })) {
    events.push(event);
  }
  return events;
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
    { numRuns: 60 },
  );
});

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
        for (const name of names) {
          const [was, is] = [fleet.live[name], fleet.wanted[name]];
          if (was !== undefined && is !== undefined) expect(on.objects.has(`ConfigMap/apps/${name}`)).toBe(true);
          // Whatever exists is still in some inventory, so that the next run finds it.
          if (on.objects.has(`ConfigMap/apps/${name}`) && (fleet.complete || was?.[0] !== 'one' || is !== undefined)) {
            const known = owners.some((owner) => {
              const status = on.objects.get(`Kustomization/flux-system/${owner}`)!.status as {
                inventory: { entries: { id: string }[] };
              };
              return status.inventory.entries.some((entry) => entry.id === `apps_${name}__ConfigMap`);
            });
            expect(known).toBe(true);
          }
        }
        delete on.fault;
        await apply(on, fleet);
        for (const name of names) {
          const is = fleet.wanted[name];
          if (is !== undefined) expect(on.objects.get(`ConfigMap/apps/${name}`)?.data).toEqual({ v: String(is[1]) });
        }
      },
    ),
    { numRuns: 120 },
  );
});
