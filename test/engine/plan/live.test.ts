/** The plan against a cluster: YAML wanted, YAML live, one line for each entry out. */
import { expect, test } from 'vitest';
import { titleOf } from '../../../src/engine/objects/object.ts';
import { pathText } from '../../../src/engine/plan/changes.ts';
import { planLive } from '../../../src/engine/plan/index.ts';
import { payloadOf } from '../../../src/engine/plan/payload.ts';
import type { Plan } from '../../../src/engine/plan/plan.ts';
import type { DesiredSet } from '../../../src/engine/render/desired.ts';
import { goTypes } from '../../../src/io/gotypes.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const namespaces =
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n';

async function planned(liveYaml: string, wanted: readonly DesiredSet[]): Promise<Plan> {
  return planLive(fakeCluster(...live(`${namespaces}---\n${liveYaml}`)), wanted);
}

/** `action Kind namespace/name: reason` with the changed paths below. */
function lines(plan: Plan): readonly string[] {
  return plan.groups.flatMap((group) => [
    `${group.owner.id.name}${group.note === undefined ? '' : ` (${group.note})`}`,
    ...group.entries.flatMap((entry) => [
      `  ${entry.action} ${titleOf(entry.id)}: ${entry.reason}`,
      ...entry.changes.map((change) => `    ${pathText(change.path)}: ${show(change.before)} -> ${show(change.after)}`),
    ]),
  ]);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

async function check(liveYaml: string, wanted: readonly DesiredSet[], expected: string): Promise<Plan> {
  const plan = await planned(liveYaml, wanted);
  expect(lines(plan).join('\n')).toBe(expected.trim().replaceAll(/^ {4}/gm, ''));
  return plan;
}

const deployment = (image: string, extra = '') => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: apps }
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: api
          image: ${image}
${extra}`;

test('a readyExpr that an apply does not evaluate is named where there is something to apply', async () => {
  const depends = "prune: true\ndependsOn: [{ name: first, readyExpr: 'dep.status.x == 1' }]";
  const home = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---\n';
  const cluster = fakeCluster(...live(home + kustomization('apps', [], depends)));
  const plan = await planLive(cluster, [
    set('apps', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: apps }\n'),
  ]);
  expect(plan.groups[0]!.note).toContain('does not evaluate the readyExpr of first');
});

test('creates, configures and leaves alone, each with its reason', async () => {
  const plan = await check(
    `${kustomization('apps', ['apps_api_apps_Deployment', 'apps_settings__ConfigMap'])}---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: apps, labels: ${owned('apps')} }
spec: { replicas: 2, template: { spec: { containers: [ { name: api, image: 'api:1' } ] } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: apps, labels: ${owned('apps')} }
data: { a: b }
`,
    [
      set(
        'apps',
        `${deployment('api:2')}---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: apps }
data: { a: b }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: more, namespace: apps }
data: { a: b }
`,
      ),
    ],
    `
    apps
      create ConfigMap apps/more: not in the cluster
      unchanged ConfigMap apps/settings: as in the cluster
      configure Deployment apps/api: differs from the cluster
        spec.template.spec.containers[0].image: "api:1" -> "api:2"`,
  );
  const change = plan.groups[0]!.entries[2]!.changes[0]!;
  expect(change.manager).toBe('kustomize-controller');
  expect(deployment('api:2').slice(change.at!.start, change.at!.end)).toBe('api:2');
});

test('an empty plan says why', async () => {
  await check(
    `${kustomization('apps', ['apps_settings__ConfigMap'])}---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: apps, labels: ${owned('apps')} }
data: { a: b }
`,
    [set('apps', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: apps }\ndata: { a: b }\n')],
    `
    apps (up to date at main@sha1:abc)
      unchanged ConfigMap apps/settings: as in the cluster`,
  );
});

test('what SOPS closed is compared by its keys, and never sent', async () => {
  const closed = (more = '') => `apiVersion: v1
kind: Secret
metadata: { name: s, namespace: apps }
stringData: { password: "ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]"${more} }
sops: { mac: "ENC[AES256_GCM,data:mac]" }
`;
  const cluster = `${kustomization('apps', ['apps_s__Secret'])}---
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: apps, labels: ${owned('apps')} }
data: { password: ${btoa('opened')} }
`;
  const told = 'its encrypted values cannot be read here and are not compared';
  const same = await planned(cluster, [set('apps', closed())]);
  expect(same.groups[0]!.entries[0]).toMatchObject({ action: 'unchanged', reason: `as in the cluster; ${told}` });
  const other = await planned(cluster, [set('apps', closed(', user: me'))]);
  expect(other.groups[0]!.entries[0]).toMatchObject({
    action: 'configure',
    reason: `differs from the cluster; ${told}`,
  });
  expect(other.groups[0]!.entries[0]!.changes.map(({ path }) => pathText(path))).toEqual(['data.user']);
  expect(payloadOf(other.groups[0]!.entries[0]!)).toBeUndefined();
  // Through the struct of its kind, which has no place for the marks of SOPS.
  const config = (value: string, more = '') =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: s, namespace: apps, labels: ${owned('apps')} }\ndata: { a: "${value}" }\n${more}`;
  const on = { ...fakeCluster(...live(`${namespaces}---\n${kustomization('apps')}---\n${config('opened')}`)), goTypes };
  const marks = 'sops: { mac: "ENC[AES256_GCM,data:mac]" }\n';
  const plan = await planLive(on, [set('apps', config('ENC[AES256_GCM,data:abc]', marks))]);
  expect(plan.problems).toEqual([]);
  const [entry] = plan.groups[0]!.entries;
  expect(entry).toMatchObject({ action: 'unchanged', reason: `as in the cluster; ${told}` });
  expect(payloadOf(entry!)).toBeUndefined();
});

test('32, 34, 36: prune only what the inventory holds and the labels still name', async () => {
  const configMap = (name: string, labels: string, more = '') =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps, labels: ${labels}${more} }\n---\n`;
  const live = `${kustomization(
    'apps',
    ['gone', 'mine', 'theirs', 'bare', 'kept'].map((name) => `apps_${name}__ConfigMap`),
  )}---
${configMap('mine', owned('apps'))}${configMap('theirs', owned('other'))}${configMap('bare', '{}')}${configMap('copied', owned('apps'))}
${configMap('kept', owned('apps'), ', annotations: { kustomize.toolkit.fluxcd.io/prune: Disabled }')}`;
  const keep = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: keep, namespace: apps }\n';
  await check(
    live,
    [set('apps', keep)],
    `
    apps
      create ConfigMap apps/keep: not in the cluster
      keep ConfigMap apps/theirs: its labels say that flux-system/other owns it
      delete ConfigMap apps/mine: no longer rendered
      keep ConfigMap apps/kept: marked kustomize.toolkit.fluxcd.io/prune: disabled
      keep ConfigMap apps/bare: it no longer carries the label kustomize.toolkit.fluxcd.io/name`,
  );
  const partial = await planned(live, [set('apps', keep, { complete: false })]);
  expect(lines(partial).filter((line) => line.includes(' delete '))).toEqual([]);
  expect(partial.groups[0]!.note).toBe('not everything could be rendered: nothing is pruned');
  const empty = await planned(live, [set('apps', '', { note: 'its source is not open here' })]);
  expect(lines(empty).filter((line) => line.includes(' delete '))).toEqual([]);
});

test('spec.ignore: neither shown nor sent over another manager', async () => {
  const rules = 'prune: true\nignore:\n  - paths: [/spec/replicas]\n    target: { kind: Deployment }';
  const scaled = (replicas: number, image = 'api:1') =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api, namespace: apps, labels: ${owned('apps')} }\nspec: { replicas: ${replicas}, template: { spec: { containers: [{ name: api, image: '${image}' }] } } }\n`;
  const cluster = `${kustomization('apps', ['apps_api_apps_Deployment'], rules)}---\n${scaled(7)}`;
  await check(
    cluster,
    [set('apps', scaled(2))],
    `
    apps (up to date at main@sha1:abc, but for fields that an ignore rule leaves alone (Deployment apps/api))
      unchanged Deployment apps/api: differs only in what an ignore rule of its owner leaves alone (spec.replicas)`,
  );
  const plan = await planned(cluster, [set('apps', scaled(2, 'api:2'))]);
  const entry = plan.groups[0]!.entries[0]!;
  expect(entry.changes.map(({ path }) => pathText(path))).toEqual(['spec.template.spec.containers[0].image']);
  expect(payloadOf(entry)!.object.spec).toMatchObject({ replicas: 7 });
});

test('an order of items is no change of fields, and is told', async () => {
  const containers = (...names: string[]) =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api, namespace: apps, labels: ${owned('apps')} }\nspec: { template: { spec: { containers: [${names.map((name) => `{ name: ${name}, image: i }`).join(', ')}] } } }\n`;
  const plan = await planned(`${kustomization('apps')}---\n${containers('a', 'b')}`, [
    set('apps', containers('b', 'a')),
  ]);
  expect(plan.groups[0]!.entries[0]).toMatchObject({
    action: 'configure',
    reason: 'only the order of list items differs',
    changes: [],
    reordered: [['spec', 'template', 'spec', 'containers']],
  });
});

test('8: one failure of all is one problem, and the rest goes on', async () => {
  const on = fakeCluster(...live(`${namespaces}---\n${kustomization('apps')}`));
  on.fault = (verb, ref) =>
    verb === 'dry-run' && ref.kind === 'ConfigMap'
      ? { reason: 'forbidden', message: 'may not patch configmaps' }
      : undefined;
  const names = ['a', 'b', 'c'].map(
    (name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps }\n---\n`,
  );
  const plan = await planLive(on, [
    set('apps', `${names.join('')}apiVersion: v1\nkind: Service\nmetadata: { name: s, namespace: apps }\n`),
  ]);
  expect(plan.problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    'cluster-forbidden: fake (https://fake.invalid): may not patch configmaps (and 2 more like it)',
  ]);
  expect(plan.groups[0]!.entries.map(({ action, estimated }) => `${action} ${estimated ?? false}`)).toEqual([
    'create true',
    'create true',
    'create true',
    'create false',
  ]);
  on.identity = async () => ({
    ok: false,
    failure: { reason: 'unreachable', message: 'fake (https://fake.invalid): connection refused' },
  });
  const down = await planLive(on, [set('apps', names[0]!)]);
  expect(down.problems.map(({ code }) => code)).toEqual(['cluster-unreachable']);
  expect(down.groups[0]!.entries).toEqual([]);
});

test('13: webhooks and defaults are no noise', async () => {
  const on = fakeCluster(...live(`${namespaces}---\n${kustomization('apps')}`));
  on.admit = (object) => {
    if (object.kind === 'ConfigMap') (object as { injected?: string }).injected = 'by a webhook';
  };
  const wanted = [set('apps', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: apps }\n')];
  const first = await planLive(on, wanted);
  expect(first.groups[0]!.entries[0]!.action).toBe('create');
  await on.apply(payloadOf(first.groups[0]!.entries[0]!)!.object, {
    manager: 'kustomize-controller',
    force: true,
    dryRun: false,
  });
  expect((await planLive(on, wanted)).groups[0]!.entries[0]!.action).toBe('unchanged');
});

test('made anew after an edit, only what the edit touched is asked again, with the lines as they are now', async () => {
  const map = (name: string, value: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps }\ndata: { a: ${value} }\n---\n`;
  const on = fakeCluster(...live(`${namespaces}---\n${kustomization('apps')}---\n${map('one', 'old')}`));
  const first = await planLive(on, [set('apps', map('one', 'new') + map('two', 'x'))]);
  on.requests.length = 0;
  const edited = [set('apps', `# a line above\n${map('one', 'new')}${map('two', 'y')}`)];
  const again = await planLive(on, edited, { earlier: first });
  expect(on.requests.filter((request) => !request.includes('Kustomization'))).toEqual([
    'get ConfigMap apps/two',
    'dry-run ConfigMap apps/two',
  ]);
  const whole = await planLive(on, edited);
  expect(again).toEqual(whole);
  expect(payloadOf(again.groups[0]!.entries[0]!)).toEqual(payloadOf(whole.groups[0]!.entries[0]!));
});
