/** Carrying out plans on a fake cluster: YAML wanted, YAML live, the events as lines, and the requests. */
import { expect, test } from 'vitest';
import { type ApplyEvent, type ApplyOptions, applyPlan } from '../../../src/engine/apply/index.ts';
import { titleOf } from '../../../src/engine/objects/object.ts';
import { planLive } from '../../../src/engine/plan/index.ts';
import type { Timer } from '../../../src/engine/ports.ts';
import type { DesiredSet } from '../../../src/engine/render/desired.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';
import { goTypes } from '../../../src/io/gotypes.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const base =
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---\n';

/** Time passes only by sleeping. */
function timer(): Timer {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

function cluster(yaml: string): FakeCluster {
  return fakeCluster(...live(base + yaml));
}

async function apply(on: FakeCluster, wanted: readonly DesiredSet[], over: Partial<ApplyOptions> = {}) {
  const plan = await planLive(on, wanted);
  on.requests.length = 0;
  return collect(applyPlan(on, plan, { timer: timer(), prune: 'all', wait: 'dependencies', by: 'tester', ...over }));
}

async function collect(events: AsyncIterable<ApplyEvent>): Promise<readonly ApplyEvent[]> {
  const out: ApplyEvent[] = [];
  for await (const event of events) out.push(event);
  return out;
}

/** Outcomes only: `applied Deployment apps/api`. */
function outcomes(events: readonly ApplyEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'object' ? [`${event.outcome} ${titleOf(event.id)}`] : []));
}

function inventory(on: FakeCluster, name: string): readonly string[] {
  const status = on.objects.get(`Kustomization/flux-system/${name}`)?.status as {
    inventory: { entries: { id: string }[] };
  };
  return status.inventory.entries.map((entry) => entry.id);
}

const configMap = (name: string, value = 'b', namespace = 'apps') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: { a: ${value} }\n---\n`;

test('applies, prunes last, and keeps the inventory', async () => {
  const on = cluster(
    `${kustomization('apps', ['apps_old__ConfigMap'])}---
apiVersion: v1
kind: ConfigMap
metadata: { name: old, namespace: apps, labels: ${owned('apps')} }
`,
  );
  const events = await apply(on, [set('apps', configMap('new'))]);
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/new', 'deleted ConfigMap apps/old']);
  expect(inventory(on, 'apps')).toEqual(['apps_new__ConfigMap']);
  expect(on.objects.get('Kustomization/flux-system/apps')!.spec).toMatchObject({ suspend: true });
  expect(events.find((event) => event.type === 'suspended')).toMatchObject({
    wayBack:
      'sluice push --context fake, or take it back: sluice resume Kustomization/apps -n flux-system --context fake',
  });
  expect(events.at(-1)).toMatchObject({ type: 'done', counts: { applied: 1, deleted: 1, failed: 0 }, canceled: false });
});

test('a plan after the apply is empty, and applying twice is applying once', async () => {
  const wanted = [set('apps', configMap('one') + configMap('two'))];
  const on = cluster(kustomization('apps'));
  await apply(on, wanted);
  const plan = await planLive(on, wanted);
  expect(plan.groups.flatMap((group) => group.entries.map((entry) => entry.action))).toEqual([
    'unchanged',
    'unchanged',
  ]);
  expect(outcomes(await apply(on, wanted))).toEqual([]);
});

test('27: an object of 1.4 MB in 20,000 fields is planned, applied, and then as wanted', async () => {
  const data = Array.from({ length: 20_000 }, (_, i) => `  key-${i}: ${'x'.repeat(60)}\n`).join('');
  const large = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: large, namespace: apps }\ndata:\n${data}`;
  const on = cluster(kustomization('apps'));
  expect(outcomes(await apply(on, [set('apps', large)]))).toEqual(['applied ConfigMap apps/large']);
  expect(outcomes(await apply(on, [set('apps', large)]))).toEqual([]);
});

test('definitions first, and what awaits them after', async () => {
  const on = cluster(kustomization('apps'));
  const events = await apply(on, [
    set(
      'apps',
      `apiVersion: example.com/v1
kind: Widget
metadata: { name: w, namespace: new }
---
${configMap('c', 'b', 'new')}apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec: { group: example.com, scope: Namespaced, names: { kind: Widget, plural: widgets } }
---
apiVersion: v1
kind: Namespace
metadata: { name: new }
`,
    ),
  ]);
  expect(outcomes(events)).toEqual([
    'applied CustomResourceDefinition widgets.example.com',
    'applied Namespace new',
    'applied ConfigMap new/c',
    'applied Widget new/w',
  ]);
});

test('what could not be compared is not sent and said so, and nothing is pruned beside it', async () => {
  const on = cluster(
    `${kustomization('apps', ['apps_old__ConfigMap'])}---
apiVersion: v1
kind: ConfigMap
metadata: { name: old, namespace: apps, labels: ${owned('apps')} }
`,
  );
  const gadget = 'apiVersion: example.com/v1\nkind: Gadget\nmetadata: { name: g, namespace: apps }\n---\n';
  const wanted = [set('apps', gadget + configMap('new'))];
  const [group] = (await planLive(on, wanted)).groups;
  expect(group!.note).toMatch(/until everything of it can be compared, nothing is pruned/);
  const events = await apply(on, wanted);
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/new', 'not-sent ConfigMap apps/old']);
  const said = events.flatMap((event) => (event.type === 'trouble' ? [event.message] : []));
  expect(said).toEqual([expect.stringMatching(/^Gadget apps\/g is not sent: .*does not know Gadget/)]);
  // Who chose other objects has seen it in the plan.
  const chosen = await apply(on, wanted, { selection: (entry) => entry.id.name === 'old' });
  expect(outcomes(chosen)).toEqual(['not-sent ConfigMap apps/old']);
  expect(chosen.filter((event) => event.type === 'trouble')).toEqual([]);
});

test('one failure hides no other, and nothing is pruned after it', async () => {
  const on = cluster(
    `${kustomization('apps', ['apps_old__ConfigMap'])}---
apiVersion: v1
kind: ConfigMap
metadata: { name: old, namespace: apps, labels: ${owned('apps')} }
`,
  );
  on.fault = (verb, ref) =>
    verb === 'apply' && ref.name === 'b' ? { reason: 'denied', message: 'webhook "policy" says no' } : undefined;
  const events = await apply(on, [set('apps', configMap('a') + configMap('b') + configMap('c'))]);
  expect(outcomes(events)).toEqual([
    'applied ConfigMap apps/a',
    'failed ConfigMap apps/b',
    'applied ConfigMap apps/c',
    'not-sent ConfigMap apps/old',
  ]);
  expect(on.objects.has('ConfigMap/apps/old')).toBe(true);
  expect(inventory(on, 'apps')).toContain('apps_old__ConfigMap');
});

test('2: a lost answer is settled by reading', async () => {
  const on = cluster(kustomization('apps'));
  on.fault = (verb, ref) => {
    if (verb !== 'apply') return undefined;
    const failure = { reason: 'unknown-outcome' as const, message: 'connection reset' };
    return ref.name === 'carried' ? { after: failure } : failure;
  };
  const events = await apply(on, [set('apps', configMap('carried') + configMap('lost'))]);
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/carried', 'failed ConfigMap apps/lost']);
  expect(on.requests.filter((request) => request.startsWith('apply')).length).toBe(2);
});

test('1: a server that goes away stops everything, and says what was not sent', async () => {
  const on = cluster(kustomization('apps'));
  let applied = 0;
  on.fault = (verb) => {
    if (verb === 'apply') applied += 1;
    return applied > 8 ? { reason: 'unreachable', message: 'connection refused' } : undefined;
  };
  const names = Array.from({ length: 20 }, (_, index) => `c${String(index).padStart(2, '0')}`);
  const events = await apply(on, [set('apps', names.map((name) => configMap(name)).join(''))]);
  const done = events.at(-1);
  expect(done).toMatchObject({ type: 'done', counts: { applied: 8, 'not-sent': 12 } });
  expect(inventory(on, 'apps')).toHaveLength(20);
});

test.each([
  ['`wait`', 'prune: true\nwait: true'],
  [
    'a health check',
    'prune: true\nhealthChecks:\n  - { apiVersion: v1, kind: ConfigMap, namespace: apps, name: chosen }\n  - { apiVersion: v1, kind: ConfigMap, namespace: apps, name: left-out }',
  ],
])('%s does not wait for what was left out of the apply', async (_, spec) => {
  const on = cluster(`${kustomization('apps', ['apps_there__ConfigMap'], spec)}---\n${configMap('there')}`);
  const wanted = set('apps', configMap('there') + configMap('chosen') + configMap('left-out'));
  const events = await apply(on, [wanted], { wait: 'all', selection: ({ id }) => id.name === 'chosen' });
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/chosen']);
  expect(events.filter(({ type }) => ['waiting', 'ready', 'not-ready'].includes(type))).toMatchObject([
    { type: 'ready', owner: { name: 'apps' } },
  ]);
});

test('30: after a cancel nothing more is sent', async () => {
  const on = cluster(kustomization('apps'));
  const abort = new AbortController();
  on.fault = (verb) => {
    if (verb === 'apply') abort.abort();
    return undefined;
  };
  const yaml = `${configMap('a')}apiVersion: v1\nkind: Service\nmetadata: { name: s, namespace: apps }\n`;
  const events = await apply(on, [set('apps', yaml)], { signal: abort.signal });
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/a', 'not-sent Service apps/s']);
  expect(events.at(-1)).toMatchObject({ canceled: true });
});

test('21, 22, 23: a stale plan is refused before anything is sent', async () => {
  const on = cluster(`${kustomization('apps')}---\n${configMap('a', 'old')}`);
  const wanted = [set('apps', configMap('a', 'new'))];
  const options = { timer: timer(), prune: 'all' as const, wait: 'all' as const, by: 'tester' };
  const plan = await planLive(on, wanted);
  on.put(live(configMap('a', 'other'))[0]!);
  const events = await collect(applyPlan(on, plan, options));
  expect(events).toEqual([{ type: 'refused', reasons: ['ConfigMap apps/a changed since the plan was made'] }]);
  const again = await planLive(on, wanted);
  const files = await collect(applyPlan(on, again, { ...options, inputs: 'another' }));
  expect(files).toEqual([{ type: 'refused', reasons: ['files changed since the plan was made'] }]);
  on.identity = async () => ({ ok: true, value: 'another cluster' });
  const other = await collect(applyPlan(on, again, options));
  expect(other).toEqual([
    { type: 'refused', reasons: ['fake (https://fake.invalid) is not the cluster that the plan was made for'] },
  ]);
});

test('a status that moves on does not make a plan stale', async () => {
  const on = cluster(`${kustomization('apps')}---\n${configMap('a', 'old')}`);
  const plan = await planLive(on, [set('apps', configMap('a', 'new'))]);
  const object = on.objects.get('ConfigMap/apps/a')!;
  on.put({ ...object, status: { phase: 'x' } } as { [key: string]: Json });
  const events = await collect(applyPlan(on, plan, { timer: timer(), prune: 'all', wait: 'all', by: 't' }));
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/a']);
});

test('what Flux leaves out is not sent either, told at its line in every plan', async () => {
  const on = { ...cluster(kustomization('apps')), goTypes };
  const wanted = [set('apps', configMap('a').replace('\ndata:', '\ndta: {}\ndata:'))];
  const problem = {
    code: 'schema-unknown-field',
    severity: 'warning',
    message: 'Flux leaves out dta of ConfigMap apps/a: ConfigMap has no such field',
    at: expect.objectContaining({ start: configMap('a').indexOf('\ndata:') + 1 }),
  };
  const plan = await planLive(on, wanted);
  expect(plan.problems).toEqual([problem]);
  expect((await planLive(on, wanted, { earlier: plan })).problems).toEqual([problem]);
  await apply(on, wanted);
  expect(on.objects.get('ConfigMap/apps/a')).toMatchObject({ data: { a: 'b' } });
  expect(on.objects.get('ConfigMap/apps/a')).not.toHaveProperty('dta');
  expect((await planLive(on, wanted)).groups[0]!.entries).toMatchObject([{ action: 'unchanged' }]);
});

test('14: recreates only where forced', async () => {
  const job = (image: string, extra = '') =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: { name: j, namespace: apps${extra} }\nspec: { template: { spec: { image: ${image} } } }\n`;
  const refused = cluster(`${kustomization('apps')}---\n${job('a')}`);
  const plan = await planLive(refused, [set('apps', job('b'))]);
  expect(plan.groups[0]!.entries[0]).toMatchObject({ action: 'unknown' });
  const forced = cluster(`${kustomization('apps')}---\n${job('a')}`);
  const events = await apply(forced, [
    set('apps', job('b', ', annotations: { kustomize.toolkit.fluxcd.io/force: Enabled }')),
  ]);
  expect(outcomes(events)).toEqual(['applied Job apps/j']);
  expect(forced.requests.filter((request) => /delete|apply/.test(request))).toEqual([
    'delete Job apps/j',
    'apply Job apps/j',
  ]);
});

test('33: an object that moves to another Kustomization is not pruned', async () => {
  const on = cluster(
    `${kustomization('one', ['apps_a__ConfigMap'])}---\n${kustomization('two')}---
apiVersion: v1
kind: ConfigMap
metadata: { name: a, namespace: apps, labels: ${owned('one')} }
data: { a: b }
`,
  );
  const wanted = [set('one', ''), set('two', configMap('a'))];
  const plan = await planLive(on, wanted);
  expect(plan.groups[0]!.entries[0]).toMatchObject({
    action: 'keep',
    reason: 'moves to Kustomization flux-system/two',
  });
  await apply(on, wanted);
  expect(on.objects.get('ConfigMap/apps/a')!.metadata).toMatchObject({
    labels: { 'kustomize.toolkit.fluxcd.io/name': 'two' },
  });
  expect(inventory(on, 'two')).toEqual(['apps_a__ConfigMap']);
  // As after a fault: the old owner was not applied, and still lists it.
  const after = await planLive(on, wanted);
  expect(after.groups.flatMap(({ entries }) => entries.map(({ action }) => action))).toEqual(['unchanged']);
  await apply(on, [set('one', configMap('b')), set('two', configMap('a'))]);
  expect(inventory(on, 'one')).toEqual(['apps_b__ConfigMap']);
});

test('35: what could not be deleted stays in the inventory', async () => {
  const on = cluster(
    `${kustomization('apps', ['apps_old__ConfigMap'])}---
apiVersion: v1
kind: ConfigMap
metadata: { name: old, namespace: apps, labels: ${owned('apps')} }
`,
  );
  on.fault = (verb) => (verb === 'delete' ? { reason: 'denied', message: 'denied by webhook' } : undefined);
  const events = await apply(on, [set('apps', configMap('new'))]);
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/new', 'failed ConfigMap apps/old']);
  expect(inventory(on, 'apps')).toEqual(['apps_old__ConfigMap', 'apps_new__ConfigMap']);
});

test('what was gone and came back before the apply stays in the inventory', async () => {
  const on = cluster(kustomization('apps', ['apps_gone__ConfigMap', 'apps_back__ConfigMap']));
  const plan = await planLive(on, [set('apps', configMap('new'))]);
  on.put(
    live(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: back, namespace: apps, labels: ${owned('apps')} }\n`)[0]!,
  );
  await collect(applyPlan(on, plan, { timer: timer(), prune: 'all', wait: 'dependencies', by: 'tester' }));
  expect(inventory(on, 'apps')).toEqual(['apps_back__ConfigMap', 'apps_new__ConfigMap']);
});

test('who may not write an inventory applies, is told what is missing in it, and the next apply that may puts it there', async () => {
  const on = cluster(kustomization('apps'));
  const refused = { reason: 'forbidden' as const, message: 'cannot patch kustomizations/status' };
  const patch = on.patch.bind(on);
  on.patch = async (ref, change, options, signal) =>
    options.subresource === 'status' ? { ok: false, failure: refused } : patch(ref, change, options, signal);
  const events = await apply(on, [set('apps', configMap('a'))]);
  expect(outcomes(events)).toEqual(['applied ConfigMap apps/a']);
  expect(JSON.stringify(events)).toContain('the inventory of Kustomization flux-system/apps could not be written');
  expect(inventory(on, 'apps')).toEqual([]);
  on.patch = patch;
  await apply(on, [set('apps', configMap('a') + configMap('b'))]);
  expect(inventory(on, 'apps')).toEqual(['apps_a__ConfigMap', 'apps_b__ConfigMap']);
});

test('without controllers Sluice is the reconciler: owners come with the plan, keep inventories, are not suspended', async () => {
  const on = cluster('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: unrelated, namespace: apps }\n');
  const owner = (name: string) =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: flux-system }\nspec: { prune: true }\n---\n`;
  const wanted = (names: readonly string[]) => [
    set('flux-system', owner('flux-system') + owner('apps')),
    set('apps', names.map((name) => configMap(name)).join('')),
  ];
  const first = await apply(on, wanted(['a', 'b']));
  expect(outcomes(first)).toEqual([
    'applied Kustomization flux-system/apps',
    'applied Kustomization flux-system/flux-system',
    'applied ConfigMap apps/a',
    'applied ConfigMap apps/b',
  ]);
  expect(first.filter((event) => event.type === 'suspended')).toEqual([]);
  expect(inventory(on, 'apps')).toEqual(['apps_a__ConfigMap', 'apps_b__ConfigMap']);
  expect(outcomes(await apply(on, wanted(['b'])))).toEqual(['deleted ConfigMap apps/a']);
  expect(inventory(on, 'apps')).toEqual(['apps_b__ConfigMap']);
  expect(on.objects.has('ConfigMap/apps/unrelated')).toBe(true);
});

test('a parent that sets spec.suspend in Git would take the suspension back: it is suspended, too', async () => {
  const suspendedBy = async (inGit: string) => {
    const on = cluster(`${kustomization('root')}---\n${kustomization('apps')}`);
    const wanted = [set('root', kustomization('apps', [], `prune: true\n${inGit}`)), set('apps', configMap('new'))];
    const events = await apply(on, wanted, { selection: (entry) => entry.id.kind === 'ConfigMap' });
    expect(outcomes(events)).toEqual(['applied ConfigMap apps/new']);
    return events.flatMap((event) => (event.type === 'done' ? event.suspended.map(({ name }) => name) : []));
  };
  expect(await suspendedBy('suspend: false')).toEqual(['root', 'apps']);
  expect(await suspendedBy('')).toEqual(['apps']);
});

test('an owner that cannot be suspended is left alone, and the others are not', async () => {
  const on = cluster(`${kustomization('one')}---\n${kustomization('two')}`);
  on.fault = (verb, ref) =>
    verb === 'patch' && ref.name === 'one'
      ? { reason: 'forbidden', message: 'may not patch kustomizations' }
      : undefined;
  const events = await apply(on, [set('one', configMap('a')), set('two', configMap('b'))]);
  expect(
    events.flatMap((event) => (event.type === 'object' ? [`${event.outcome} ${event.id.name}: ${event.message}`] : [])),
  ).toEqual([
    'not-sent a: Kustomization flux-system/one could not be suspended: may not patch kustomizations',
    'applied b: created',
  ]);
});

test('58d: no event holds a secret, whatever the server says', async () => {
  const on = cluster(kustomization('apps'));
  on.fault = (verb) => (verb === 'apply' ? { reason: 'denied', message: 'no: "canary-one", canary-two' } : undefined);
  const yaml = `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: apps }\nstringData: { a: canary-one, b: canary-two }\n---\n`;
  const events = await apply(on, [
    set('apps', yaml + configMap('c', 'x-canary-one-canary-two'), { secrets: ['canary-one', 'canary-two'] }),
  ]);
  expect(outcomes(events)).toEqual(['failed ConfigMap apps/c', 'failed Secret apps/s']);
  expect(JSON.stringify(events)).not.toContain('canary');
});

test('nothing of a Helm release is written or deleted without its chart', async () => {
  const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: r, namespace: flux-system }
status: { inventory: { entries: [{ id: apps_old__ConfigMap, v: v1 }] } }
`;
  const labels = '{ helm.toolkit.fluxcd.io/name: r, helm.toolkit.fluxcd.io/namespace: flux-system }';
  const old = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: old, namespace: apps, labels: ${labels} }\n`;
  const on = cluster(`${release}---\n${old}`);
  const { owner, ...rest } = set('r', configMap('new'));
  const id = { ...owner.id, group: 'helm.toolkit.fluxcd.io', version: 'v2', kind: 'HelmRelease' };
  const events = await apply(on, [{ ...rest, owner: { ...owner, id } }]);
  expect(outcomes(events)).toEqual(['not-sent ConfigMap apps/new', 'not-sent ConfigMap apps/old']);
  expect(on.requests.filter((request) => /^(apply|delete|patch)/.test(request))).toEqual([]);
});

test('a root Kustomization that its own objects bring into being has its inventory afterwards', async () => {
  const on = cluster('');
  const root = kustomization('root', [], 'prune: true\nsuspend: true').replace(/\nstatus:[\s\S]*/, '\n');
  const wanted = (maps: string) => [set('root', `${root}---\n${maps}`)];
  await apply(on, wanted(`${configMap('one')}${configMap('two')}`));
  expect([...inventory(on, 'root')].sort()).toEqual([
    'apps_one__ConfigMap',
    'apps_two__ConfigMap',
    'flux-system_root_kustomize.toolkit.fluxcd.io_Kustomization',
  ]);
  expect(outcomes(await apply(on, wanted(configMap('one'))))).toContain('deleted ConfigMap apps/two');
});
