/**
 * What holds for any fleet, on the real API server: a plan after an apply is empty, applying twice is applying once, what
 * is pruned was in the old inventory and is not wanted, and an apply that a fault hit is made whole by the next one.
 * The owners are suspended, so that no controller acts beside us. The cases are drawn, few, and the same each time.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { timer } from '../../src/cli/timer.ts';
import {
  type ApplyEvent,
  type ApplyOptions,
  applyPlan,
  type Cluster,
  type DesiredSet,
  type LiveObject,
  planLive,
} from '../../src/engine/index.ts';
import { set } from '../engine/sets.ts';
import { kustomization, told } from './fleet.ts';
import { type Fault, proxy } from './proxy.ts';
import { connectTo, type Rig, refOf, rig, value } from './rig.ts';

const kinds: Readonly<Record<string, (value: number) => string>> = {
  ConfigMap: (n) => `apiVersion: v1\nkind: ConfigMap\ndata: { v: "${n}", other: x }`,
  Secret: (n) => `apiVersion: v1\nkind: Secret\nstringData: { v: "${n}" }`,
  Service: (n) =>
    `apiVersion: v1\nkind: Service\nspec: { ports: [{ port: ${80 + n}, name: web }], selector: { a: b } }`,
  ServiceAccount: (n) => `apiVersion: v1\nkind: ServiceAccount\nautomountServiceAccountToken: ${n === 0}`,
  Deployment: (n) =>
    `apiVersion: apps/v1\nkind: Deployment\nspec: { replicas: ${n}, selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c, image: 'i:${n}' }] } } }`,
};
const names = Object.keys(kinds).flatMap((kind) => [`${kind} a`, `${kind} b`]);
const sides = ['one', 'two'] as const;

/** Object → its owner and value; absent: in neither. */
type Wanted = Readonly<Partial<Record<string, readonly [(typeof sides)[number], number]>>>;

const place = fc.option(fc.tuple(fc.constantFrom(...sides), fc.nat(2)), { nil: undefined });
const wanted: fc.Arbitrary<Wanted> = fc.record(Object.fromEntries(names.map((name) => [name, place])));

interface Ground {
  readonly it: Rig;
  readonly namespace: string;
  sets(wanted: Wanted): readonly DesiredSet[];
  inventory(): Promise<readonly string[]>;
  /** Every object that is there, with its value. */
  live(): Promise<Readonly<Record<string, string>>>;
}

/** A namespace and two suspended owners. */
async function ground(it: Rig): Promise<Ground> {
  const namespace = await it.namespace();
  const id = randomBytes(4).toString('hex');
  const owner = (side: string) => `${side}-${id}`;
  for (const side of sides) {
    const spec = `{ suspend: true, interval: 10m, path: ./x, prune: true, sourceRef: { kind: GitRepository, name: none } }`;
    const yaml = `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${owner(side)}, namespace: flux-system }\nspec: ${spec}\n`;
    await it.kubectl(['apply', '--server-side', '-f', '-'], yaml);
    onTestFinished(async () => {
      await it.kubectl(['delete', 'kustomization', owner(side), '--namespace=flux-system', '--wait=false']);
    });
  }
  const object = (name: string, n: number) => {
    const [kind, short] = name.split(' ') as [string, string];
    return `${kinds[kind]!(n)}\nmetadata: { name: ${short}, namespace: ${namespace} }\n---\n`;
  };
  return {
    it,
    namespace,
    sets: (all) =>
      sides.map((side) => {
        const yaml = names.map((name) => (all[name]?.[0] === side ? object(name, all[name][1]) : ''));
        return set(owner(side), yaml.join(''));
      }),
    async inventory() {
      const owners = await Promise.all(
        sides.map(async (side) => value(await it.cluster.get(kustomization('flux-system', owner(side))))),
      );
      return owners.flatMap(({ status }) => entriesOf(status));
    },
    async live() {
      const found: [string, string][] = [];
      for (const name of names) {
        const [kind, short] = name.split(' ') as [string, string];
        const ref = refOf(kind === 'Deployment' ? 'apps/v1' : 'v1', kind, namespace, short);
        const answer = await it.cluster.get(ref);
        if (answer.ok) found.push([name, madeWith(answer.value)]);
        else expect(answer.failure.reason).toBe('not-found');
      }
      return Object.fromEntries(found);
    },
  };
}

function entriesOf(status: unknown): readonly string[] {
  const { inventory } = status as { inventory?: { entries?: { id: string }[] } };
  return (inventory?.entries ?? []).map(({ id }) => id);
}

/** The value that an object was made with. */
function madeWith({ kind, data, spec, automountServiceAccountToken }: LiveObject): string {
  const { ports, replicas } = (spec ?? {}) as { ports?: { port: number }[]; replicas?: number };
  const { v } = (data ?? {}) as { v?: string };
  if (kind === 'Secret') return atob(v!);
  if (kind === 'Service') return String(Number(ports![0]!.port) - 80);
  return String(kind === 'ServiceAccount' ? automountServiceAccountToken : (v ?? replicas));
}

const wantedValues = (all: Wanted) =>
  Object.fromEntries(
    names.flatMap((name) => {
      const there = all[name];
      if (there === undefined) return [];
      return [[name, name.startsWith('ServiceAccount') ? String(there[1] === 0) : String(there[1])]];
    }),
  );

/** As a person would: refused, as a controller wrote something to an object just then, it is planned anew. */
async function apply(on: Cluster, sets: readonly DesiredSet[]): Promise<readonly ApplyEvent[]> {
  const options: ApplyOptions = { timer, prune: 'all', wait: 'dependencies', by: 'the suite' };
  for (let tries = 1; ; tries++) {
    const events: ApplyEvent[] = [];
    for await (const event of applyPlan(on, await planLive(on, sets), options)) events.push(event);
    if (tries === 10 || !events.some(({ type }) => type === 'refused')) return events;
  }
}

const outcomes = (events: readonly ApplyEvent[], which: string) =>
  events.flatMap((event) =>
    event.type === 'object' && event.outcome === which ? [`${event.id.kind} ${event.id.name}`] : [],
  );

async function checkThere(on: Ground, all: Wanted): Promise<void> {
  expect(await on.live()).toEqual(wantedValues(all));
  expect(told(await planLive(on.it.cluster, on.sets(all)))).toEqual([]);
  expect(outcomes(await apply(on.it.cluster, on.sets(all)), 'applied')).toEqual([]);
  expect(new Set(await on.inventory()).size).toBe(Object.values(all).filter((one) => one !== undefined).length);
}

/** The same few cases each time; others and more of them with these variables. */
const bound = {
  seed: Number(process.env.SLUICE_SEED ?? 7),
  numRuns: Number(process.env.SLUICE_RUNS ?? 6),
  endOnFailure: true,
};

test('from any fleet to any other: what is pruned was ours and is not wanted; the plan is empty then; twice is once', async () => {
  const on = await ground(rig());
  await fc.assert(
    fc.asyncProperty(wanted, wanted, async (first, second) => {
      await apply(on.it.cluster, on.sets(first));
      await checkThere(on, first);
      const before = await on.inventory();
      const gone = outcomes(await apply(on.it.cluster, on.sets(second)), 'deleted');
      const leaving = names.filter((name) => first[name] !== undefined && second[name] === undefined);
      expect([...gone].sort()).toEqual([...leaving].sort());
      for (const name of gone) {
        const [kind, short] = name.split(' ') as [string, string];
        expect(before).toContain(`${on.namespace}_${short}_${kind === 'Deployment' ? 'apps' : ''}_${kind}`);
      }
      await checkThere(on, second);
    }),
    bound,
  );
});

const faults: readonly Fault[] = [
  'drop',
  'lose',
  'half',
  'die',
  { status: 401, message: 'Unauthorized' },
  { status: 403, message: 'is forbidden: User "u" cannot patch resource' },
  { status: 409, message: 'the object has been modified' },
  { status: 503, message: 'the server is going' },
];

test('whatever fails wherever: what is wanted and was there stays, and the next apply gets there', async () => {
  const on = await ground(rig());
  const through = await proxy(on.it.layout);
  const cluster = connectTo(through.kubeconfig, { limits: { retries: 1, maxRetryMs: 50 } });
  await fc.assert(
    fc.asyncProperty(wanted, fc.integer({ min: 1, max: 10 }), fc.constantFrom(...faults), async (all, at, fault) => {
      const before = await on.live();
      let writes = 0;
      // Who may not write an inventory may still apply, and is told so: that is another test (engine/apply).
      const allowed = (path: string) =>
        typeof fault === 'object' && 'status' in fault && fault.status === 403 && path.endsWith('/status');
      await through.set(({ write, path }) => (write > 0 && ++writes === at && !allowed(path) ? fault : 'pass'));
      await apply(cluster, on.sets(all));
      await through.set(() => 'pass');
      const after = await on.live();
      for (const name of Object.keys(before)) if (all[name] !== undefined) expect(Object.keys(after)).toContain(name);
      // Nothing is there that no inventory knows.
      const known = await on.inventory();
      for (const name of Object.keys(after)) {
        const [kind, short] = name.split(' ') as [string, string];
        expect(known).toContain(`${on.namespace}_${short}_${kind === 'Deployment' ? 'apps' : ''}_${kind}`);
      }
      await apply(on.it.cluster, on.sets(all));
      await checkThere(on, all);
    }),
    { ...bound, numRuns: bound.numRuns + 2 },
  );
});

test('27: an object near the limit of the server is planned and applied; one above it is refused in its words, the rest goes on', async () => {
  const on = await ground(rig());
  const object = (name: string, data: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${on.namespace} }\ndata:\n${data}---\n`;
  const lines = Array.from({ length: 3000 }, (_, i) => `  key-${i}: ${'x'.repeat(150)}\n`).join('');
  const [{ owner }] = on.sets({}) as readonly [DesiredSet, ...unknown[]];
  const near = [set(owner.id.name, object('large', lines) + object('small', '  a: b\n'))];
  expect(outcomes(await apply(on.it.cluster, near), 'applied')).toEqual(['ConfigMap large', 'ConfigMap small']);
  expect(told(await planLive(on.it.cluster, near))).toEqual([]);
  const above = [
    set(
      owner.id.name,
      object('large', lines) + object('larger', `  a: ${'y'.repeat(4 << 20)}\n`) + object('new', '  a: b\n'),
    ),
  ];
  const plan = await planLive(on.it.cluster, above);
  const entry = plan.groups.flatMap(({ entries }) => entries).find(({ id }) => id.name === 'larger');
  expect(entry).toMatchObject({ action: 'unknown', reason: expect.stringMatching(/too (large|long)|limit/i) });
  expect(entry!.reason.length).toBeLessThan(2000);
  const events = await apply(on.it.cluster, above);
  expect(outcomes(events, 'applied')).toEqual(['ConfigMap new']);
  expect(outcomes(events, 'not-sent')).toEqual(['ConfigMap small']);
});
