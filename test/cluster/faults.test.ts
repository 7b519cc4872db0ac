/**
 * Applying while the API server dies, loses answers, refuses or is busy: whatever happens, what is told is what is in
 * the cluster, nothing is in it that no inventory knows, and a second apply ends where the first should have.
 */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { timer } from '../../src/cli/timer.ts';
import { type ApplyEvent, type ApplyOptions, applyPlan, type Cluster } from '../../src/engine/index.ts';
import { fleet, kustomization, type TestFleet, told } from './fleet.ts';
import { type Fault, type Proxy as FaultProxy, proxy, type Seen } from './proxy.ts';
import { connectTo, type Rig, refOf, rig, value } from './rig.ts';

const count = 12;
const configMap = (name: string, key: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { key: "${key}" }\n`;

/** Twelve changed ConfigMaps (eight go at once, then four), one that is taken out, and a new Service after them. */
const before = {
  ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`apps/c${i}.yaml`, configMap(`c${i}`, 'old')])),
  'apps/gone.yaml': configMap('gone', 'old'),
};
const after = {
  ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`apps/c${i}.yaml`, configMap(`c${i}`, 'new')])),
  'apps/gone.yaml': undefined,
  'apps/service.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ port: 80 }] }\n',
};

interface Applied {
  readonly through: FaultProxy;
  readonly events: readonly ApplyEvent[];
  /** Object → outcome and message. */
  readonly outcomes: ReadonlyMap<string, { readonly outcome: string; readonly message: string }>;
}

/** Plans the edit undisturbed, then applies it through a proxy that fails as `decide` says. */
async function applyThrough(
  it: Rig,
  my: TestFleet,
  decide: (seen: Seen) => Fault,
  over: Partial<ApplyOptions> = {},
  onEvent: (event: ApplyEvent) => void = () => undefined,
): Promise<Applied> {
  const through = await proxy(it.layout);
  const cluster = connectTo(through.kubeconfig, { limits: { retries: 3, maxRetryMs: 100 } });
  const plan = await my.planned(cluster);
  await through.set(decide);
  const events = await apply(cluster, plan, over, onEvent);
  const outcomes = new Map(
    events.flatMap((event) =>
      event.type === 'object'
        ? [[`${event.id.kind} ${event.id.name}`, { outcome: event.outcome, message: event.message }]]
        : [],
    ),
  );
  return { through, events, outcomes };
}

async function apply(
  cluster: Cluster,
  plan: Parameters<typeof applyPlan>[1],
  over: Partial<ApplyOptions>,
  onEvent: (event: ApplyEvent) => void = () => undefined,
): Promise<readonly ApplyEvent[]> {
  const events: ApplyEvent[] = [];
  const options: ApplyOptions = { timer, prune: 'all', wait: 'dependencies', by: 'the suite', ...over };
  for await (const event of applyPlan(cluster, plan, options)) {
    events.push(event);
    onEvent(event);
  }
  return events;
}

/** A write of an object of the fleet: not the owner's suspension or inventory. */
const isObject = ({ write, path }: Seen) => write > 0 && /\/(configmaps|services)\//.test(path);

/** Fails the n-th write of an object (from 1), and every later one when `on` says so. */
function nth(n: number, fault: Fault, on: 'once' | 'from then on' = 'once'): (seen: Seen) => Fault {
  let writes = 0;
  return (seen) => {
    if (!isObject(seen)) return 'pass';
    writes++;
    return writes === n || (on === 'from then on' && writes > n) ? fault : 'pass';
  };
}

/** What the cluster holds: name → the value of its key. */
async function keys(it: Rig, my: TestFleet): Promise<ReadonlyMap<string, string>> {
  const kind = value(await it.cluster.served('', 'ConfigMap'))!;
  const all = value(await it.cluster.list(kind, { namespace: my.namespace }));
  return new Map(
    all.map((one) => [(one.metadata as { name: string }).name, String((one.data as { key?: string }).key)] as const),
  );
}

/** What was told must be so: `applied` is there, `not-sent` is not; everything that is there, an inventory knows. */
async function checkTold(it: Rig, my: TestFleet, { outcomes, through }: Applied): Promise<void> {
  for (const { path } of through.seen.filter((seen) => isObject(seen) && seen.fault === 'pass')) {
    const title = [...outcomes].find(([one]) => path.endsWith(`/${one.split(' ')[1]}`));
    if (title !== undefined) expect(title[1].outcome, path).not.toBe('not-sent');
  }
  const live = await keys(it, my);
  for (const [title, { outcome }] of outcomes) {
    const name = title.split(' ')[1]!;
    if (!/^c\d+$/.test(name)) continue;
    if (outcome === 'applied') expect([name, live.get(name)]).toEqual([name, 'new']);
    if (outcome === 'not-sent' || outcome === 'failed') expect([name, live.get(name)]).toEqual([name, 'old']);
  }
  const owner = value(await it.cluster.get(kustomization(my.namespace, 'apps')));
  const { inventory } = owner.status as { inventory: { entries: { id: string }[] } };
  const known = inventory.entries.map((entry) => entry.id);
  const service = await it.cluster.get(refOf('v1', 'Service', my.namespace, 's'));
  if (service.ok) expect(known).toContain(`${my.namespace}_s__Service`);
  for (const name of live.keys())
    if (/^c\d+$/.test(name)) expect(known).toContain(`${my.namespace}_${name}__ConfigMap`);
}

/** A second, undisturbed apply ends where the first should have. */
async function checkAgain(it: Rig, my: TestFleet): Promise<void> {
  const events = await apply(it.cluster, await my.planned(), {});
  expect(events.at(-1)).toMatchObject({ type: 'done', counts: { failed: 0, unknown: 0, 'not-sent': 0 } });
  expect(told(await my.planned())).toEqual([]);
  const live = await keys(it, my);
  expect([...live].filter(([name]) => /^c\d+$/.test(name)).map(([, key]) => key)).toEqual(Array(count).fill('new'));
  expect(live.has('gone')).toBe(false);
}

let it: Rig;
let my: TestFleet;
beforeAll(() => {
  it = rig();
});
beforeEach(async () => {
  my = await fleet(it, before);
  my.edit(after);
});

const ofAll = (outcomes: Applied['outcomes']) => [...outcomes.values()].map(({ outcome }) => outcome);

test('1: the API server dies in the middle', async () => {
  const applied = await applyThrough(it, my, nth(5, 'die'));
  expect(applied.events.at(-1)).toMatchObject({ type: 'done' });
  const outcomes = ofAll(applied.outcomes);
  expect(outcomes).toHaveLength(count + 2);
  expect(new Set(outcomes).has('not-sent')).toBe(true);
  expect(applied.outcomes.get('ConfigMap gone')!.outcome).toBe('not-sent');
  expect(applied.outcomes.get('Service s')!.outcome).toBe('not-sent');
  await checkTold(it, my, applied);
  await checkAgain(it, my);
});

test.each(['lose', 'half'] as const)(
  '2: answers are lost (%s): what was carried out is found out, and sent only once',
  async (fault) => {
    const applied = await applyThrough(it, my, (seen) => (isObject(seen) && seen.method === 'PATCH' ? fault : 'pass'));
    expect(applied.outcomes.get('ConfigMap c0')).toEqual({
      outcome: 'applied',
      message: expect.stringMatching(/its answer was lost/),
    });
    expect(ofAll(applied.outcomes).filter((outcome) => outcome === 'applied')).toHaveLength(count + 1);
    const patches = applied.through.seen.filter((seen) => isObject(seen) && seen.method === 'PATCH');
    expect(patches).toHaveLength(count + 1);
    await checkTold(it, my, applied);
    await checkAgain(it, my);
  },
);

test('2: a request is lost on the way: it was not carried out, the others were, and nothing is pruned', async () => {
  const applied = await applyThrough(it, my, nth(3, 'drop'));
  const failed = [...applied.outcomes].filter(([, { outcome }]) => outcome === 'failed');
  expect(failed).toHaveLength(1);
  expect(failed[0]![1].message).toMatch(/not carried out/);
  expect(applied.outcomes.get('ConfigMap gone')).toMatchObject({ outcome: 'not-sent' });
  await checkTold(it, my, applied);
  await checkAgain(it, my);
});

const refused = (status: number, message: string) => ({ status, message });

test.each([
  [
    '403 for one object',
    refused(403, 'configmaps "x" is forbidden: User "u" cannot patch resource "configmaps"'),
    'failed',
  ],
  ['a webhook that denies one', refused(403, 'admission webhook "w" denied the request: no'), 'failed'],
  ['409 for one', refused(409, 'Operation cannot be fulfilled on configmaps "x"'), 'failed'],
  ['422 for one', refused(422, 'ConfigMap "x" is invalid: data: field is immutable'), 'failed'],
] as const)('8, 11, 14: %s: the others go on, and nothing is pruned', async (_, fault, outcome) => {
  const applied = await applyThrough(it, my, nth(2, fault));
  const bad = [...applied.outcomes.values()].filter((one) => one.outcome === outcome);
  expect(bad).toHaveLength(1);
  expect(bad[0]!.message).toContain(fault.message);
  expect(ofAll(applied.outcomes).filter((one) => one === 'applied')).toHaveLength(count);
  expect(applied.outcomes.get('ConfigMap gone')).toMatchObject({ outcome: 'not-sent' });
  await checkTold(it, my, applied);
});

test('7: 401 from the middle on: nothing more is sent', async () => {
  const applied = await applyThrough(it, my, nth(10, refused(401, 'Unauthorized'), 'from then on'));
  expect(applied.outcomes.get('Service s')!.outcome).toBe('not-sent');
  expect(ofAll(applied.outcomes).filter((one) => one === 'applied')).toHaveLength(9);
  await checkTold(it, my, applied);
  await checkAgain(it, my);
});

test('9: a busy server is waited for', async () => {
  let busy = 0;
  const applied = await applyThrough(it, my, (seen) => {
    if (!isObject(seen) || busy++ >= 20) return 'pass';
    return busy % 2 === 0
      ? { status: 429, message: 'too many requests', headers: { 'retry-after': '1' } }
      : { status: 503, message: 'shutting down', headers: { 'retry-after': '1' } };
  });
  expect(ofAll(applied.outcomes).filter((one) => one !== 'applied' && one !== 'deleted')).toEqual([]);
  expect(told(await my.planned())).toEqual([]);
});

test('12: a webhook that cannot be reached is tried again', async () => {
  const applied = await applyThrough(
    it,
    my,
    nth(1, refused(500, 'Internal error occurred: failed calling webhook "w"')),
  );
  expect(ofAll(applied.outcomes).filter((one) => one !== 'applied' && one !== 'deleted')).toEqual([]);
});

test('30: canceled in the middle: what was sent is told, and nothing is sent after', async () => {
  const abort = new AbortController();
  const applied = await applyThrough(
    it,
    my,
    () => 'pass',
    { signal: abort.signal },
    (event) => {
      if (event.type !== 'object' || abort.signal.aborted) return;
      abort.abort();
    },
  );
  expect(applied.events.at(-1)).toMatchObject({ type: 'done', canceled: true });
  expect(applied.outcomes.get('Service s')).toMatchObject({ outcome: 'not-sent' });
  expect(applied.outcomes.get('ConfigMap gone')).toMatchObject({ outcome: 'not-sent' });
  await checkTold(it, my, applied);
  await checkAgain(it, my);
});

test.each([
  ['403', refused(403, 'services "s" is forbidden: User "u" cannot patch resource "services" in API group ""')],
  ['410', refused(410, 'the server is gone')],
])('8: %s for one kind: it is said once, the rest is planned, and nothing is asked without end', async (_, fault) => {
  my.edit({ 'apps/other.yaml': after['apps/service.yaml'].replace('name: s', 'name: other') });
  const through = await proxy(it.layout, ({ path }) => (path.includes('/services/') ? fault : 'pass'));
  const plan = await my.planned(connectTo(through.kubeconfig));
  const said = plan.problems.filter(({ message }) => message.includes(fault.message.slice(0, 12)));
  expect(said.length).toBeLessThanOrEqual(2);
  const entries = plan.groups.flatMap((group) => group.entries);
  expect(entries.filter(({ id, action }) => id.kind === 'ConfigMap' && action === 'configure')).toHaveLength(count);
  for (const name of ['s', 'other']) {
    const entry = entries.find(({ id }) => id.kind === 'Service' && id.name === name)!;
    expect([entry.action, entry.estimated ?? false]).not.toEqual(['create', false]);
  }
  // A read may be tried again, a refusal is not.
  const asked = through.seen.filter(({ path }) => path.includes('/services/'));
  expect(asked.length).toBeLessThanOrEqual(8);
});

test('9: the plan itself through a server that stumbles is the same plan', async () => {
  // Each question fails at most once in each way, whatever the order in which they come.
  const asks = new Map<string, number>();
  const through = await proxy(it.layout, ({ method, path, query }) => {
    const question = `${method} ${path}?${query}`;
    const times = (asks.get(question) ?? 0) + 1;
    asks.set(question, times);
    if (times === 1 && asks.size % 2 === 0) return 'drop';
    if (times <= 2 && asks.size % 3 === 0)
      return { status: 429, message: 'too many requests', headers: { 'retry-after': '0' } };
    return 'pass';
  });
  const stumbling = await my.planned(connectTo(through.kubeconfig));
  expect(told(stumbling)).toEqual(told(await my.planned()));
});
