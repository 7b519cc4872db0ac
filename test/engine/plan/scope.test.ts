/** A part of a plan: one object, a file, a selection; and only its questions are asked. */
import { expect, test } from 'vitest';
import { type Plan, partOf, planAgainst, planLive, type Scope } from '../../../src/engine/plan/index.ts';
import { get } from '../../../src/engine/yaml/node.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, nodes, owned, set } from '../sets.ts';

const map = (name: string, value = 'a', labels = '{}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels} }\ndata: { a: ${value} }\n---\n`;

const cluster = () =>
  fakeCluster(
    ...live(`apiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---
${kustomization('flux-system', ['flux-system_web_kustomize.toolkit.fluxcd.io_Kustomization'])}---
${kustomization('web', ['apps_one__ConfigMap', 'apps_gone__ConfigMap'])}---
${kustomization('other', ['apps_lost__ConfigMap'])}---
${map('one', 'old', owned('web'))}${map('gone', 'a', owned('web'))}${map('lost', 'a', owned('other'))}`),
  );

const wanted = () => [
  set('flux-system', `${kustomization('web')}---\n${kustomization('other')}`),
  set('web', map('one', 'new') + map('two')),
  set('other', map('three')),
];

async function checkPart(
  scope: Scope,
  expected: readonly string[],
): Promise<{ plan: Plan; requests: readonly string[] }> {
  const on = cluster();
  const sets = wanted();
  const plan = await planLive(on, sets, { part: partOf(sets, [scope]) });
  const told = (one: Plan) =>
    one.groups.flatMap((group) =>
      group.entries.map(({ action, id }) => `${group.owner.id.name}: ${action} ${id.kind} ${id.name}`),
    );
  expect(told(plan)).toEqual(expected);
  // The part of the whole is the same as what is asked for alone.
  expect(told(partOf(sets, [scope]).of(await planLive(cluster(), sets)))).toEqual(expected);
  return { plan, requests: on.requests };
}

const object = (kind: string, namespace: string, name: string): Scope => ({
  kind: 'object',
  object: { kind, namespace, name },
});

test('one object, and nothing else is asked about', async () => {
  const { requests } = await checkPart(object('ConfigMap', 'apps', 'two'), ['web: create ConfigMap two']);
  expect(requests.filter((one) => one.includes('ConfigMap'))).toEqual([
    'get ConfigMap apps/two',
    'dry-run ConfigMap apps/two',
  ]);
});

test('one object that is no longer there', async () => {
  await checkPart(object('configmap', 'apps', 'gone'), ['web: delete ConfigMap gone']);
});

test('a Flux object, with all that it applies and removes', async () => {
  await checkPart(object('Kustomization', 'flux-system', 'web'), [
    'flux-system: unchanged Kustomization web',
    'web: configure ConfigMap one',
    'web: create ConfigMap two',
    'web: delete ConfigMap gone',
  ]);
});

test('a file, with what its owner no longer renders; a selection without it', async () => {
  await checkPart({ kind: 'file', file: 'web.yaml' }, [
    'web: configure ConfigMap one',
    'web: create ConfigMap two',
    'web: delete ConfigMap gone',
  ]);
  const second = map('one', 'new').length + 2;
  await checkPart({ kind: 'file', file: 'web.yaml', lines: { start: second, end: second + 30 } }, [
    'web: create ConfigMap two',
  ]);
});

test('the line that only sets a value brings the object that it goes into', async () => {
  const patch = get(nodes(map('one', 'patched'), 'patch.yaml')[0]!, 'data')!;
  const sets = wanted();
  const [node] = nodes(map('one'), 'web.yaml');
  const patched = {
    ...node!,
    entries: node!.entries.map((entry) => (entry.key.text === 'data' ? { ...entry, value: patch } : entry)),
  };
  sets[1] = { ...sets[1]!, objects: [{ ...sets[1]!.objects[0]!, node: patched }, sets[1]!.objects[1]!] };
  const plan = await planLive(cluster(), sets, { part: partOf(sets, [{ kind: 'file', file: 'patch.yaml' }]) });
  expect(plan.groups.flatMap(({ entries }) => entries.map(({ id }) => id.name))).toEqual(['one']);
});

test('a part without anything says so, and why', async () => {
  const nothing = 'nothing that this cluster directory renders, or would delete, comes from';
  const why = async (scope: Scope) => (await checkPart(scope, [])).plan.problems.map(({ message }) => message);
  const file = { kind: 'file', file: 'nowhere.yaml' } as const;
  expect(await why(object('ConfigMap', 'apps', 'none'))).toEqual([`${nothing} ConfigMap apps/none`]);
  expect(await why({ ...file, unread: () => 'a rule leaves it out' })).toEqual([
    `${nothing} nowhere.yaml; a rule leaves it out`,
  ]);
  const sets = [
    { ...set('web', map('one')), reads: new Set(['nowhere.yaml']) },
    { ...set('far', ''), complete: false, note: 'its source is not here' },
  ];
  const plan = await planLive(fakeCluster(), sets, { part: partOf(sets, [{ ...file, unread: () => 'never asked' }]) });
  expect(plan.problems.map(({ message }) => message)).toEqual([
    `${nothing} nowhere.yaml; Kustomization flux-system/web reads it, and no object comes of it; ` +
      'Kustomization flux-system/far is not rendered: its source is not here',
  ]);
});

test('a part of the plan against a commit, cascades included', () => {
  const before = wanted();
  const after = [set('flux-system', kustomization('other')), before[2]!];
  const part = partOf(after, [object('Kustomization', 'flux-system', 'web')]);
  expect(
    part
      .of(planAgainst(before, after, 'HEAD'))
      .groups.map(
        ({ owner, entries }) =>
          `${owner.id.name}: ${entries.map(({ action, id }) => `${action} ${id.name}`).join(', ')}`,
      ),
  ).toEqual(['flux-system: delete web', 'web: delete one, delete two']);
});
