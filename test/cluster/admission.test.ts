/**
 * Applying where admission has its say (webhooks that deny, change or do not answer; namespaces that go), where kinds
 * vanish and finalizers hold, and where the process itself is killed: what is told is so, and the next apply gets there.
 */
import { expect, test } from 'vitest';
import { timer } from '../../src/cli/timer.ts';
import { type ApplyEvent, type ApplyOptions, applyPlan, type Plan, type Timer } from '../../src/engine/index.ts';
import { sluice, startSluice } from './cli.ts';
import { fleet, kustomization, live, type TestFleet, told } from './fleet.ts';
import { proxy } from './proxy.ts';
import { type Rig, refOf, rig, value } from './rig.ts';
import { webhook } from './webhook.ts';

const configMap = (name: string, key: string, more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${more} }\ndata: { key: "${key}" }\n`;

const before = {
  'apps/a.yaml': configMap('a', 'old'),
  'apps/b.yaml': configMap('b', 'old'),
  'apps/c.yaml': configMap('c', 'old'),
  'apps/gone.yaml': configMap('gone', 'old'),
};
const after = {
  'apps/a.yaml': configMap('a', 'new'),
  'apps/b.yaml': configMap('b', 'new'),
  'apps/c.yaml': configMap('c', 'new'),
  'apps/gone.yaml': undefined,
};

async function apply(it: Rig, plan: Plan, over: Partial<ApplyOptions> = {}): Promise<readonly ApplyEvent[]> {
  const events: ApplyEvent[] = [];
  const options: ApplyOptions = { timer, prune: 'all', wait: 'dependencies', by: 'the suite', ...over };
  for await (const event of applyPlan(it.cluster, plan, options)) events.push(event);
  return events;
}

function outcomes(events: readonly ApplyEvent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === 'object' ? [[event.id.name, `${event.outcome}: ${event.message}`]] : [])),
  );
}

/** Time that passes a hundred times as fast. */
const hasty: Timer = {
  now: () => performance.now() * 100,
  sleep: (milliseconds, signal) => timer.sleep(milliseconds / 100, signal),
};

async function keyOf(it: Rig, my: TestFleet, name: string): Promise<string> {
  return ((await live(it, 'v1', 'ConfigMap', my.namespace, name)).data as { key: string }).key;
}

/** The undisturbed apply afterwards ends where the first should have. */
async function checkAgain(it: Rig, my: TestFleet): Promise<void> {
  await apply(it, await my.planned());
  expect(told(await my.planned())).toEqual([]);
  for (const name of ['a', 'b', 'c']) expect(await keyOf(it, my, name)).toBe('new');
}

async function inventory(it: Rig, my: TestFleet): Promise<readonly string[]> {
  const owner = value(await it.cluster.get(kustomization(my.namespace, 'apps')));
  const { inventory: held } = owner.status as { inventory: { entries: { id: string }[] } };
  return held.entries.map((entry) => entry.id);
}

test('11: a webhook denies one object: its name and words are told, the others go on, nothing is pruned', async () => {
  const it = rig();
  const my = await fleet(it, before);
  my.edit(after);
  const hook = await webhook(it, 'Validating', my.namespace, ({ name, dryRun }) =>
    name === 'b' && !dryRun ? { deny: 'b stays as it is' } : 'allow',
  );
  const got = outcomes(await apply(it, await my.planned()));
  expect(got.b).toMatch(/^failed: .*admission webhook "validating-.*" denied the request: b stays as it is/);
  expect([got.a, got.c]).toEqual(['applied: configured', 'applied: configured']);
  expect(got.gone).toMatch(/^not-sent: .*nothing is pruned/);
  expect(hook.asked.filter(({ name }) => name === 'b')).toHaveLength(1);
  await hook.stop();
  await checkAgain(it, my);
});

test('11: a webhook that denies dry runs, too: the plan says so and asks for nothing else', async () => {
  const it = rig();
  const my = await fleet(it, before);
  my.edit(after);
  const hook = await webhook(it, 'Validating', my.namespace, ({ name }) =>
    name === 'b' ? { deny: 'never' } : 'allow',
  );
  const plan = await my.planned();
  const denied = plan.groups.flatMap((group) => group.entries).find((entry) => entry.id.name === 'b');
  expect(denied).toMatchObject({ action: 'unknown', reason: expect.stringMatching(/denied the request: never/) });
  const got = outcomes(await apply(it, plan));
  expect(got.a).toBe('applied: configured');
  expect(got.b).toBeUndefined();
  expect(got.gone).toMatch(/^not-sent: ConfigMap .*\/b is not sent, and then nothing is pruned/);
  expect(await keyOf(it, my, 'b')).toBe('old');
  await hook.stop();
  await checkAgain(it, my);
});

test('12: a webhook that fails for a while is waited for; one that stays broken is told apart from a denial', async () => {
  const it = rig();
  const my = await fleet(it, before);
  my.edit(after);
  let broken = 0;
  const hook = await webhook(it, 'Validating', my.namespace, ({ name, dryRun }) => {
    if (dryRun) return 'allow';
    if (name === 'a') return broken++ < 2 ? 'broken' : 'allow';
    return name === 'b' ? 'broken' : 'allow';
  });
  const got = outcomes(await apply(it, await my.planned(), { timer: hasty }));
  expect(got.a).toBe('applied: configured');
  expect(got.b).toMatch(/^failed: .*failed calling webhook "validating-/);
  expect(got.b).not.toMatch(/denied/);
  expect(hook.asked.filter(({ name }) => name === 'b').length).toBeLessThanOrEqual(6);
  await hook.stop();
  await checkAgain(it, my);
});

test('13: what a webhook adds is no change: the plan after the apply is empty', async () => {
  const it = rig();
  const my = await fleet(it, before);
  my.edit(after);
  await webhook(it, 'Mutating', my.namespace, ({ object }) =>
    object.data?.added === undefined && object.data !== undefined
      ? { patch: [{ op: 'add', path: '/data/added', value: 'by the webhook' }] }
      : 'allow',
  );
  await apply(it, await my.planned());
  expect((await live(it, 'v1', 'ConfigMap', my.namespace, 'a')).data).toEqual({ added: 'by the webhook', key: 'new' });
  expect(told(await my.planned())).toEqual([]);
  expect(outcomes(await apply(it, await my.planned()))).toEqual({});
});

test('19: a namespace that is going: each object hears it once, and nothing is tried again', async () => {
  const it = rig();
  const my = await fleet(it, before);
  const other = await it.namespace();
  const into = configMap('d', 'new', `, namespace: ${other}`);
  my.edit({
    'clusters/test/more.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: more, namespace: ${my.namespace} }
spec: { interval: 10m, path: ./more, prune: true, sourceRef: { kind: GitRepository, name: root } }
`,
    'more/d.yaml': into,
  });
  const plan = await my.planned();
  // A finalizer holds an object in it, so the namespace stays terminating.
  await it.kubectl(
    ['apply', '--server-side', '-f', '-'],
    configMap('held', 'x', `, namespace: ${other}, finalizers: [example.com/hold]`),
  );
  await it.kubectl(['delete', 'namespace', other, '--wait=false']);
  await it.until(
    refOf('v1', 'Namespace', '', other),
    (one) => (one.metadata as { deletionTimestamp?: string }).deletionTimestamp !== undefined,
  );
  const got = outcomes(await apply(it, plan));
  expect(got.d).toMatch(/^failed: .*is being terminated/);
  const later = await my.planned();
  const entry = later.groups.flatMap((group) => group.entries).find((one) => one.id.name === 'd');
  expect(entry).toMatchObject({ action: 'unknown', reason: expect.stringMatching(/is being terminated/) });
  await it.kubectl([
    'patch',
    'configmap',
    'held',
    '-n',
    other,
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
  ]);
});

test('35: a finalizer holds what was to go: it stays in the inventory and is shown until it is gone', async () => {
  const it = rig();
  const my = await fleet(it, before);
  my.edit(after);
  const hold = (finalizers: string) =>
    it.kubectl([
      'patch',
      'configmap',
      'gone',
      '-n',
      my.namespace,
      '--type=merge',
      '-p',
      `{"metadata":{"finalizers":${finalizers}}}`,
    ]);
  await hold('["example.com/hold"]');
  const got = outcomes(await apply(it, await my.planned(), { timer: hasty }));
  expect(got.gone).toMatch(
    /^failed: its deletion was accepted, and it is held by its finalizers \(example.com\/hold\)/,
  );
  expect(got.a).toBe('applied: configured');
  expect(await inventory(it, my)).toContain(`${my.namespace}_gone__ConfigMap`);
  const entry = (await my.planned()).groups.flatMap((group) => group.entries).find((one) => one.id.name === 'gone');
  expect(entry).toMatchObject({ action: 'delete', reason: expect.stringMatching(/being deleted already/) });
  await hold('null');
  await checkAgain(it, my);
});

test('18: a kind that is taken away under us is settled: what was of it is gone, the rest goes on', async () => {
  const it = rig();
  const my = await fleet(it, before);
  const group = `${my.namespace}.example.com`;
  const crd = `widgets.${group}`;
  await it.kubectl(
    ['apply', '--server-side', '-f', '-'],
    `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${crd} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget, listKind: WidgetList }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }]
`,
  );
  await it.takes({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w', namespace: my.namespace } });
  my.edit({ 'apps/widget.yaml': `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: w }\n` });
  expect(outcomes(await apply(it, await my.planned())).w).toBe('applied: created');
  expect(await inventory(it, my)).toContain(`${my.namespace}_w_${group}_Widget`);
  my.edit({ ...after, 'apps/widget.yaml': undefined });
  const plan = await my.planned();
  await it.kubectl(['delete', 'crd', crd, '--timeout=120s']);
  const got = outcomes(await apply(it, plan));
  expect(got.w).toMatch(/^gone: /);
  expect(got.gone).toBe('deleted: deleted');
  await checkAgain(it, my);
});

test('14: what can never change is deleted and created again only where it says so', async () => {
  const it = rig();
  const secret = (text: string, more = '') =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: s${more} }\nimmutable: true\nstringData: { key: ${text} }\n`;
  const force = ', annotations: { kustomize.toolkit.fluxcd.io/force: enabled }';
  const my = await fleet(it, { ...before, 'apps/s.yaml': secret('one', force) });
  const { uid } = (await live(it, 'v1', 'Secret', my.namespace, 's')).metadata as { uid: string };
  my.edit({ 'apps/s.yaml': secret('two', force) });
  const got = outcomes(await apply(it, await my.planned()));
  expect(got.s).toBe('applied: deleted and created again');
  const made = await live(it, 'v1', 'Secret', my.namespace, 's');
  expect((made.metadata as { uid: string }).uid).not.toBe(uid);
  expect((made.data as { key: string }).key).toBe(Buffer.from('two').toString('base64'));
  expect(told(await my.planned())).toEqual([]);
});

test('31: killed in the middle: the next start tells what was applied, what is unknown and what was not sent', async () => {
  const it = rig();
  const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
  const all = (key: string) => Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, configMap(name, key)]));
  const my = await fleet(it, { ...all('old'), 'apps/gone.yaml': configMap('gone', 'old') });
  my.edit({ ...all('new'), 'apps/gone.yaml': undefined });
  const through = await proxy(it.layout);
  const args = ['apply', my.folder, '--cluster', 'clusters/test', '--context', 'sluice-loopback', '--yes', '--prune'];
  const running = startSluice(it.layout, args, { kubeconfig: through.kubeconfig });
  let writes = 0;
  await through.set(({ write, path }) => {
    if (write === 0 || !path.includes('/configmaps/')) return 'pass';
    // Eight go at once; the tenth is the second of the next four.
    if (++writes === 10) running.kill();
    return 'pass';
  });
  expect((await running.done).code).toBeNull();
  expect(writes).toBeGreaterThanOrEqual(10);
  const again = await sluice(it.layout, args, { kubeconfig: through.kubeconfig });
  const words = again.err.split('\n');
  expect(words[0]).toBe('the last apply to this cluster did not come to its end:');
  const said = (what: string) => words.filter((line) => line.startsWith(`  ${what} ConfigMap`));
  expect(said('applied')).toHaveLength(8);
  expect(said('unknown')).toHaveLength(4);
  expect(said('not sent')).toEqual([`  not sent ConfigMap ${my.namespace}/gone`]);
  expect(again.err).toMatch(/Kustomization .*\/apps was suspended by it/);
  expect(again.code, again.out + again.err).toBe(0);
  expect(told(await my.planned())).toEqual([]);
  const third = await sluice(it.layout, args, { kubeconfig: through.kubeconfig });
  expect(third.err).not.toMatch(/did not come to its end/);
});
