/**
 * Which dry runs are spared: live objects with the field sets that a real API server gave them, what is sent, and what
 * has its say in the cluster.
 */
import { expect, test } from 'vitest';
import { planLive } from '../../../src/engine/plan/index.ts';
import { couldTouch } from '../../../src/engine/plan/spared/admission.ts';
import { stillDefined } from '../../../src/engine/plan/spared/definition.ts';
import { isNoop } from '../../../src/engine/plan/spared/noop.ts';
import type { Cluster, LiveObject } from '../../../src/engine/ports.ts';
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const manager = 'kustomize-controller';
const one = (yaml: string) => live(yaml)[0]!;

/** A Deployment as the server keeps it: defaults are filled in, another manager added a variable. */
const deployment = (over: { readonly env?: string; readonly fields?: string; readonly more?: string } = {}) => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: apps
  labels: { app: api }
  managedFields:
    - manager: kustomize-controller
      operation: Apply
      apiVersion: apps/v1
      fieldsType: FieldsV1
      fieldsV1:
        f:metadata: { f:labels: { f:app: {} } }
        f:spec:
          f:selector: {}
          f:template:
            f:spec:
              f:containers:
                'k:{"name":"api"}':
                  .: {}
                  f:name: {}
                  f:args: {}
                  f:env:
                    'k:{"name":"A"}': { .: {}, f:name: {}, f:value: {} }
                    'k:{"name":"B"}': { .: {}, f:name: {}, f:value: {} }${over.fields ?? ''}
    - manager: injector
      operation: Update
      apiVersion: apps/v1
      fieldsType: FieldsV1
      fieldsV1: { f:spec: { f:template: { f:spec: { f:containers: { 'k:{"name":"api"}': { f:env: { 'k:{"name":"X"}': { .: {}, f:name: {}, f:value: {} } } } } } } } }
${over.more ?? ''}
spec:
  replicas: 1
  selector: { matchLabels: { app: api } }
  template:
    spec:
      restartPolicy: Always
      containers:
        - name: api
          imagePullPolicy: Always
          args: [one, two]
          env: ${over.env ?? '[{ name: A, value: "1" }, { name: X, value: x }, { name: B, value: "2" }]'}
`;

const sent = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: apps, labels: { app: api } }
spec:
  selector: { matchLabels: { app: api } }
  template:
    spec:
      containers:
        - name: api
          args: [one, two]
          env: [{ name: A, value: "1" }, { name: B, value: "2" }]
`;

function check(payload: string, there: string, expected: boolean): void {
  const object = one(payload);
  expect(isNoop({ object, rendered: object, leftOut: [], manager, secretValues: [] }, one(there))).toBe(expected);
}

test('what is owned and has its value is left as it is, whatever others and the server added', () => {
  check(sent, deployment(), true);
});

test.each([
  ['a value', 'value: "2"', 'value: "3"'],
  ['an item less', ', { name: B, value: "2" }', ''],
  ['an item more', '{ name: B, value: "2" }', '{ name: B, value: "2" }, { name: X, value: x }'],
  [
    'another order of keyed items',
    '{ name: A, value: "1" }, { name: B, value: "2" }',
    '{ name: B, value: "2" }, { name: A, value: "1" }',
  ],
  ['an item twice', '{ name: B, value: "2" }', '{ name: A, value: "1" }'],
  ['another order in an atomic list', '[one, two]', '[two, one]'],
  ['a field more', 'args:', 'command: [x]\n          args:'],
  ['a field less', '          args: [one, two]\n', ''],
  ['less of an atomic mapping', '{ matchLabels: { app: api } }', '{ matchLabels: {} }'],
  ['a label more', 'labels: { app: api }', 'labels: { app: api, tier: one }'],
  ['a finalizer', 'labels:', 'finalizers: [a/b], labels:'],
  ['a name to be generated', 'labels:', 'generateName: api-, labels:'],
  ['a status', 'spec:', 'status: {}\nspec:'],
  ['another version', 'apps/v1', 'apps/v1beta1'],
])('sent is %s: asked', (_, was, now) => {
  expect(sent).toContain(was);
  check(sent.replace(was, now), deployment(), false);
});

test.each([
  ['something is owned and no longer sent', { fields: '\n                  f:command: {}' }],
  ['live items stand in another order', { env: '[{ name: B, value: "2" }, { name: A, value: "1" }]' }],
  ['an item is there twice', { env: '[{ name: A, value: "1" }, { name: A, value: "1" }, { name: B, value: "2" }]' }],
  ['an item is not there', { env: '[{ name: A, value: "1" }]' }],
])('%s: asked', (_, over) => check(sent, deployment(over), false));

test('who else wrote: another version, kubectl, ourselves before server-side apply, or nobody who is known', () => {
  const entry = (who: string) => `    - { ${who}, fieldsType: FieldsV1, fieldsV1: { f:spec: { f:replicas: {} } } }`;
  const also = (who: string, expected: boolean) => check(sent, deployment({ more: entry(who) }), expected);
  also('manager: someone, operation: Update, apiVersion: apps/v1', true);
  also('manager: other, operation: Apply, apiVersion: apps/v1', true);
  also('manager: scaler, operation: Update, apiVersion: autoscaling/v1, subresource: scale', true);
  also('manager: someone, operation: Update, apiVersion: apps/v1beta1', false);
  also('manager: kubectl-edit, operation: Update, apiVersion: apps/v1', false);
  also('manager: kubectl, operation: Apply, apiVersion: apps/v1', false);
  also('manager: kustomize-controller, operation: Update, apiVersion: apps/v1', false);
  check(sent, deployment().replaceAll('manager: kustomize-controller', 'manager: other'), false);
  check(sent, deployment().replace('  labels:', '  deletionTimestamp: "2026-01-01T00:00:00Z"\n  labels:'), false);
});

const widget = (tags: string, fields: string) => `
apiVersion: example.com/v1
kind: Widget
metadata:
  name: w
  namespace: apps
  managedFields: [{ manager: kustomize-controller, operation: Apply, apiVersion: example.com/v1, fieldsV1: { f:spec: { f:tags: ${fields} } } }]
spec: { tags: ${tags} }
`;

test('sets: each value once, in the order in which they are live; positions say nothing', () => {
  const wanted = (tags: string) =>
    `apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w, namespace: apps }\nspec: { tags: ${tags} }`;
  const there = (tags: string) => widget(tags, `{ 'v:"a"': {}, 'v:"b"': {} }`);
  check(wanted('[a, b]'), there('[a, more, b]'), true);
  check(wanted('[b, a]'), there('[a, more, b]'), false);
  check(wanted('[a, b]'), there('[a, b, b]'), false);
  check(wanted('[a, b]'), widget('[a, b]', '{ i:0: {}, i:1: {} }'), false);
  check(wanted('[]'), widget('[]', '{}'), true);
  check(wanted('[a]'), widget('[a]', '{}'), true);
  check(wanted('[a, b]'), widget('[b, a]', '{}'), false);
});

const hook = (rules: string) => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: hook }
webhooks: [{ name: hook.example.com, rules: [${rules}] }]
`;
const policy = (rules: string) => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: policy }
spec: { matchConstraints: { resourceRules: [${rules}] } }
`;

test.each([
  ['{ apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments] }', true],
  ['{ apiGroups: [apps], apiVersions: [v1beta1], operations: ["*"], resources: ["deployments/*"] }', true],
  ['{ apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: ["*"] }', true],
  ['{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }', true],
  ['{ apiGroups: [extensions], apiVersions: [v1beta1], operations: [UPDATE], resources: [deployments] }', true],
  ['{ apiGroups: [apps], apiVersions: [v1], operations: [CREATE, DELETE], resources: [deployments] }', false],
  ['{ apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments/scale, "*/status"] }', false],
  ['{ apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: ["*"] }', false],
  ['{ apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [statefulsets] }', false],
])('a rule %s has its say in Deployments: %s', (rule, expected) => {
  for (const yaml of [hook(rule), policy(rule)])
    expect(couldTouch([one(yaml)], { group: 'apps', plural: 'deployments' })).toBe(expected);
});

const definition = (
  over: { readonly generation?: number; readonly versions?: string; readonly more?: string } = {},
) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
  generation: ${over.generation ?? 2}
  managedFields:
    - { manager: flux, operation: Apply, time: "2026-01-01T10:00:00Z" }
    - { manager: server, operation: Update, time: "2026-01-01T12:00:00Z", subresource: status }
spec:
  ${over.more ?? ''}
  versions: [${over.versions ?? '{ name: v1, served: true, storage: true, schema: {} }'}]
`;
const kind = { group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };

test.each([
  ['written a minute after its definition', definition(), '2026-01-01T10:01:01Z', true],
  ['written with its definition', definition(), '2026-01-01T10:00:30Z', false],
  ['written before its definition', definition(), '2026-01-01T09:00:00Z', false],
  ['nobody knows when', definition(), '', false],
  ['its definition never changed', definition({ generation: 1 }), '', true],
  [
    'another version is stored',
    definition({ versions: '{ name: v1 }, { name: v2, storage: true }' }),
    '2026-01-02T00:00:00Z',
    false,
  ],
  [
    'versions that differ in name',
    definition({ versions: '{ name: v1, storage: true }, { name: v2 }' }),
    '2026-01-02T00:00:00Z',
    true,
  ],
  [
    'versions that a webhook converts',
    definition({ versions: '{ name: v1, storage: true }, { name: v2 }', more: 'conversion: { strategy: Webhook }' }),
    '2026-01-02T00:00:00Z',
    false,
  ],
  [
    'a field that may not change',
    definition({
      versions: '{ name: v1, storage: true, schema: { x-kubernetes-validations: [{ rule: self == oldSelf }] } }',
    }),
    '2026-01-02T00:00:00Z',
    true,
  ],
  [
    'a field that must grow',
    definition({
      versions:
        '{ name: v1, storage: true, schema: { x: [{ x-kubernetes-validations: [{ rule: self > oldSelf }] }] } }',
    }),
    '2026-01-02T00:00:00Z',
    false,
  ],
])('a custom resource, %s', (_, yaml, at, expected) => expect(stillDefined(one(yaml), kind, at)).toBe(expected));

/** Twelve ConfigMaps as they are wanted, in a cluster whose settings can be read. */
function fleet(...more: readonly string[]): {
  readonly cluster: Cluster & FakeCluster;
  readonly wanted: ReturnType<typeof set>;
} {
  const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
  const yaml = (metadata: string) =>
    names
      .map(
        (name) =>
          `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps${metadata} }\ndata: { a: b }\n`,
      )
      .join('---\n');
  const namespaces = ['apps', 'flux-system'].map(
    (name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`,
  );
  const fake = fakeCluster(
    ...live([...namespaces, kustomization('apps'), yaml(`, labels: ${owned('apps')}`), ...more].join('---\n')),
  );
  for (const object of fake.objects.values()) withoutNames(object as LiveObject);
  const served: Cluster['served'] = async (group, name, ...rest) =>
    group === 'admissionregistration.k8s.io'
      ? { ok: true, value: { group, version: 'v1', kind: name, plural: `${name.toLowerCase()}s`, namespaced: false } }
      : fake.served(group, name, ...rest);
  return { cluster: { ...fake, served }, wanted: set('apps', yaml('')) };
}

/** The fake server owns names, too; a real one does not. */
function withoutNames({ metadata }: LiveObject): void {
  const { managedFields } = metadata as { managedFields: { fieldsV1: { 'f:metadata': Record<string, unknown> } }[] };
  for (const { fieldsV1 } of managedFields) {
    delete fieldsV1['f:metadata']['f:name'];
    delete fieldsV1['f:metadata']['f:namespace'];
  }
}

async function dryRunsOf({ cluster, wanted }: ReturnType<typeof fleet>, over: Partial<Cluster> = {}): Promise<number> {
  const plan = await planLive({ ...cluster, ...over }, [wanted]);
  expect(plan.groups[0]!.entries.map(({ action, reason }) => `${action}: ${reason}`)).toEqual(
    Array.from({ length: 12 }, () => 'unchanged: as in the cluster'),
  );
  return cluster.requests.filter((request) => request.startsWith('dry-run')).length;
}

test('the plan of a fleet in which nothing changed asks for no dry run, unless something is in doubt', async () => {
  expect(await dryRunsOf(fleet())).toBe(0);
  const touching = '{ apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [configmaps] }';
  expect(await dryRunsOf(fleet(hook(touching)))).toBe(12);
  expect(await dryRunsOf(fleet(hook(touching.replace('configmaps', 'secrets'))))).toBe(0);
  const forbidden = { ok: false, failure: { reason: 'forbidden', message: 'no' } } as const;
  expect(await dryRunsOf(fleet(), { mayPatch: async () => ({ ok: true, value: false }) })).toBe(12);
  expect(await dryRunsOf(fleet(), { mayPatch: async () => forbidden })).toBe(12);
  expect(
    await dryRunsOf(fleet(), { mayPatch: async (_, namespace) => ({ ok: true, value: namespace === 'apps' }) }),
  ).toBe(0);
  const unseen = fleet();
  const list: Cluster['list'] = async (kind, ...rest) =>
    kind.kind === 'MutatingWebhookConfiguration' ? forbidden : unseen.cluster.list(kind, ...rest);
  expect(await dryRunsOf(unseen, { list })).toBe(12);
});

test('where every object is asked about, each is', async () => {
  const it = fleet();
  await planLive(it.cluster, [it.wanted], { dryRuns: 'all' });
  expect(it.cluster.requests.filter((request) => request.startsWith('dry-run'))).toHaveLength(12);
});

test('what Go sends for nothing, and the server fills, is left as it is', () => {
  const service = (spec: string, owned: string, port: string) =>
    check(
      `{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: ${spec}}`,
      `{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b, managedFields: [{manager: ${manager}, operation: Apply, apiVersion: v1, fieldsV1: ${owned}}]}, spec: {ports: [{port: 80, protocol: TCP, targetPort: ${port}}]}}`,
      port === '80',
    );
  const owned = `{"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}}}}}`;
  for (const port of ['80', 'http']) service('{ports: [{port: 80, protocol: TCP, targetPort: 0}]}', owned, port);
  const workload = (strategy: string, fields = '{}') =>
    `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: b, managedFields: [{manager: ${manager}, operation: Apply, apiVersion: apps/v1, fieldsV1: {"f:spec": {"f:strategy": ${fields}}}}]}, spec: {strategy: ${strategy}}}`;
  const empty = '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: b}, spec: {strategy: {}}}';
  const usual = '{type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}';
  check(empty, workload(usual), true);
  check(empty, workload(usual.replace('25%', '50%')), false);
  check(empty, workload(usual, '{f:type: {}}'), false);
  check(empty.replace('strategy: {}', 'strategy: {type: Recreate}'), workload(usual), false);
  const elsewhere = (text: string) => text.replace('apps/v1', 'example.com/v1').replaceAll('apps/v1', 'example.com/v1');
  check(elsewhere(empty), elsewhere(workload(usual)), false);
});
