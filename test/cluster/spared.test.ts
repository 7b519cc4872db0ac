/**
 * Dry runs that are spared: the plan is the one that asking for every one of them makes, whatever was written to the live
 * objects by whom, whatever was edited, and whatever has its say in the cluster. The cases are drawn, and the same each time.
 */
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Cluster,
  type DesiredSet,
  type LiveObject,
  type Plan,
  type PlanEntry,
  planLive,
} from '../../src/engine/index.ts';
import { payloadOf } from '../../src/engine/plan/payload.ts';
import { set } from '../engine/sets.ts';
import { fleet, visitor } from './fleet.ts';
import { bounded, connectTo, type Rig, refOf, rig, value } from './rig.ts';
import { webhook } from './webhook.ts';

/** Objects of many kinds, with every way in which lists and mappings are merged. */
const objects = (group: string): Readonly<Record<string, string>> => ({
  plain: `apiVersion: v1
kind: ConfigMap
metadata: { name: plain, labels: { tier: one }, annotations: { note: "a" } }
data: { key: "1", other: "two" }
`,
  empty: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: empty }\n',
  login: 'apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: hidden, user: me }\n',
  web: `apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80 }, { name: https, port: 443, targetPort: tls }]
`,
  account: 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: account }\nautomountServiceAccountToken: false\n',
  workload: `apiVersion: apps/v1
kind: Deployment
metadata: { name: workload }
spec:
  paused: true
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:1
          args: [one, two]
          env: [{ name: A, value: "1" }, { name: B, value: "2" }, { name: C, value: "3" }]
          ports: [{ containerPort: 80 }, { containerPort: 443, protocol: TCP }]
          resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { memory: 0.25Gi } }
          volumeMounts: [{ name: scratch, mountPath: /scratch }]
        - name: side
          image: side:1
      tolerations: [{ key: a, operator: Exists }]
      volumes: [{ name: scratch, emptyDir: {} }]
`,
  stateful: `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: stateful }
spec:
  serviceName: web
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, image: "db:1" }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
  nightly: `apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "0 3 * * *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: job, image: "job:1" }] } } } }
`,
  scaler: `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: scaler }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: workload }
  minReplicas: 1
  maxReplicas: 5
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`,
  gate: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: gate }
spec:
  rules:
    - host: a.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { name: http } } } }] }
`,
  wall: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: wall }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }] }
`,
  budget: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: budget }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
`,
  role: `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: role }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get, list] }]
`,
  binding: `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: binding }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: role }
subjects: [{ kind: ServiceAccount, name: account, namespace: default }]
`,
  claim: `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: claim }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
  widget: `apiVersion: ${group}/v1
kind: Widget
metadata: { name: widget }
spec:
  size: 3
  tags: [b, a]
  ports: [{ name: http, port: 80 }, { name: dns, port: 53, protocol: UDP }]
  steps: [{ run: one }, { run: two }]
  whole: { a: "1", b: "2" }
  anything: { list: [1, 2], deep: { x: 1.5 } }
  inner: { apiVersion: v1, kind: ConfigMap, metadata: { name: inner }, data: { a: b } }
  share: 50%
`,
  simple: `apiVersion: ${group}/v1
kind: Widget
metadata: { name: simple }
spec: { size: 1, tags: [b, a], whole: { a: "1" }, steps: [{ run: one }] }
`,
  // The server refuses to leave it as it is.
  grows: `apiVersion: ${group}/v1\nkind: Counter\nmetadata: { name: grows }\nspec: { count: 1 }\n`,
});

/** What is asked about as ever: a claim, what is written in other words than the server's, and what must not stay. */
const doubtful = ['claim', 'stateful', 'workload', 'widget', 'grows'].length;

const schema = `
                size: { type: integer }
                colour: { type: string, default: red }
                tags: { type: array, x-kubernetes-list-type: set, items: { type: string } }
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port, protocol]
                  items:
                    type: object
                    required: [port]
                    properties: { name: { type: string }, port: { type: integer }, protocol: { type: string, default: TCP } }
                steps: { type: array, x-kubernetes-list-type: atomic, items: { type: object, properties: { run: { type: string } } } }
                whole: { type: object, x-kubernetes-map-type: atomic, additionalProperties: { type: string } }
                anything: { type: object, x-kubernetes-preserve-unknown-fields: true }
                inner: { type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true }
                share: { x-kubernetes-int-or-string: true }`;

const definition = (group: string, kind: string, properties: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${kind.toLowerCase()}s.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: ${kind}, plural: ${kind.toLowerCase()}s, singular: ${kind.toLowerCase()}, listKind: ${kind}List }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:${properties}
`;

interface Both {
  readonly plan: Plan;
  /** For how many objects a dry run was asked. */
  readonly asked: number;
}

interface Ground {
  readonly it: Rig;
  readonly namespace: string;
  readonly wanted: Readonly<Record<string, string>>;
  /** Plans by both ways, which must agree. */
  same(wanted: Readonly<Record<string, string>>, told?: readonly string[], by?: Cluster): Promise<Both>;
  /** What Flux sends for an object of the first plan. */
  sent(name: string): LiveObject;
  ref(name: string): ReturnType<typeof refOf>;
}

/** Everything applied as Flux does it, by an owner that does nothing itself. */
async function ground(): Promise<Ground> {
  const it = rig();
  const namespace = await it.namespace();
  const group = `${namespace}.example.com`;
  const owner = `spared-${randomBytes(4).toString('hex')}`;
  const spec =
    '{ suspend: true, interval: 10m, path: ./x, prune: true, sourceRef: { kind: GitRepository, name: none } }';
  const kustomization = `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${owner}, namespace: flux-system }\nspec: ${spec}\n`;
  const widgets = definition(group, 'Widget', schema);
  const counters = definition(
    group,
    'Counter',
    "\n                count: { type: integer, x-kubernetes-validations: [{ rule: 'self > oldSelf' }] }",
  );
  await it.kubectl(['apply', '--server-side', '-f', '-'], [widgets, counters, kustomization].join('---\n'));
  onTestFinished(async () => {
    await it.kubectl(['delete', 'kustomization', owner, '--namespace=flux-system', '--wait=false']);
    await it.kubectl(['delete', 'crd', `widgets.${group}`, `counters.${group}`, '--wait=false']);
  });
  for (const kind of ['Widget', 'Counter'])
    await it.takes({ apiVersion: `${group}/v1`, kind, metadata: { name: 'w', namespace } });
  const wanted = objects(group);
  const sets = (texts: Readonly<Record<string, string>>) => [
    set(
      owner,
      Object.values(texts)
        .map((text) => text.replace('metadata: {', `metadata: { namespace: ${namespace},`))
        .join('---\n'),
    ),
  ];
  const first = await planLive(it.cluster, sets(wanted));
  await Promise.all(
    entriesOf(first).map(async (entry) => {
      const { object, manager } = payloadOf(entry)!;
      value(await it.cluster.apply(object, { manager, force: true, dryRun: false }));
    }),
  );
  return {
    it,
    namespace,
    wanted,
    ref(name) {
      const text = wanted[name]!;
      return refOf(/^apiVersion: (\S+)/.exec(text)![1]!, /^kind: (\S+)/m.exec(text)![1]!, namespace, name);
    },
    sent: (name) => payloadOf(entriesOf(first).find(({ id }) => id.name === name)!)!.object,
    same: (texts, told = [], by = it.cluster) => bothWays(by, () => sets(texts), told),
  };
}

function entriesOf(plan: Plan): readonly PlanEntry[] {
  return plan.groups.flatMap(({ entries }) => entries);
}

/** The plan that asks for everything and the one that does not, which must be the same. */
async function bothWays(by: Cluster, sets: () => readonly DesiredSet[], told: readonly string[] = []): Promise<Both> {
  let asked = 0;
  const apply: Cluster['apply'] = (...words) => {
    asked++;
    return by.apply(...words);
  };
  const make = async () => {
    asked = 0;
    return [await planLive(by, sets(), { dryRuns: 'all' }), await planLive({ ...by, apply }, sets())] as const;
  };
  let [whole, plan] = await make();
  // A controller may have written in between: then the two are no answers to the same question.
  await bounded(async () => {
    if (versions(whole) === versions(plan)) return undefined;
    [whole, plan] = await make();
    return 'the objects change all the time';
  });
  expect(plan, told.join('\n')).toEqual(whole);
  return { plan, asked };
}

function versions(plan: Plan): string {
  return entriesOf(plan)
    .map(({ seen }) => seen?.resourceVersion)
    .join(' ');
}

function actions(plan: Plan): Readonly<Record<string, string>> {
  return Object.fromEntries(entriesOf(plan).map(({ id, action }) => [id.name, action]));
}

/** Texts that are edited: in the object, what stands there, what is written instead. */
type Edit = readonly [string, string, string];
const edits: readonly Edit[] = [
  ['plain', '"1"', '"2"'],
  ['plain', 'tier: one', 'tier: two'],
  ['plain', ', other: "two"', ''],
  ['plain', 'annotations: { note: "a" }', 'annotations: {}'],
  ['plain', 'name: plain', 'name: plain, finalizers: [example.com/hold]'],
  ['empty', 'name: empty', 'generateName: e-, name: empty'],
  ['empty', 'name: empty }', 'name: empty }\ndata: {}'],
  ['login', 'hidden', 'changed'],
  [
    'web',
    '{ name: http, port: 80 }, { name: https, port: 443, targetPort: tls }',
    '{ name: https, port: 443, targetPort: tls }, { name: http, port: 80 }',
  ],
  ['web', 'port: 80 }', 'port: 80, targetPort: 80 }'],
  ['workload', 'cpu: 100m', 'cpu: 0.1'],
  ['workload', '0.25Gi', '256Mi'],
  ['workload', '{ name: B, value: "2" }, ', ''],
  ['workload', '{ name: A, value: "1" }, { name: B, value: "2" }', '{ name: B, value: "2" }, { name: A, value: "1" }'],
  ['workload', '[one, two]', '[two, one]'],
  ['workload', 'emptyDir: {}', 'emptyDir: { medium: Memory }'],
  ['workload', '  replicas: 2\n', ''],
  ['nightly', 'Never', 'OnFailure'],
  ['scaler', '  minReplicas: 1\n', ''],
  ['gate', 'path: /,', 'path: /x,'],
  ['wall', ', ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }]', ''],
  ['wall', 'podSelector: {},', 'podSelector: { matchLabels: {} },'],
  ['role', '[get, list]', '[list, get]'],
  ['claim', 'storage: 1Gi', 'storage: 1024Mi'],
  ['widget', '[b, a]', '[a, b]'],
  ['widget', '[b, a]', '[a]'],
  ['widget', 'port: 80 }', 'port: 80, protocol: TCP }'],
  ['widget', '{ run: one }, { run: two }', '{ run: two }, { run: one }'],
  ['widget', ', b: "2" }', ' }'],
  ['widget', '[1, 2]', '[2, 1]'],
  ['widget', 'x: 1.5', 'x: 1.50, y: null'],
  ['widget', 'data: { a: b }', 'data: {}'],
  ['widget', '  size: 3\n', '  size: 3\n  colour: red\n'],
  ['widget', 'share: 50%', 'share: 50'],
  ['simple', '[b, a]', '[a, b]'],
  ['simple', 'tags: [b, a], ', ''],
  ['grows', 'count: 1', 'count: 2'],
];

const editsOf = (name: string) => edits.filter(([of]) => of === name);
const withEdit = (text: string, edit: Edit | undefined) => (edit === undefined ? text : text.replace(edit[1], edit[2]));

type Disturbance = (live: LiveObject) => readonly LiveObject[];

const change =
  (path: string, value: (live: LiveObject) => LiveObject[string] | undefined): Disturbance =>
  (live) => {
    const now = value(live);
    return now === undefined ? [] : [{ op: 'add', path, value: now }];
  };

/** What others write to live objects (JSON patches): in one that stands, by whom, and what. */
const writes: readonly (readonly [string, string, Disturbance])[] = [
  ['plain', 'someone', change('/data/key', () => 'theirs')],
  ['plain', 'kubectl-edit', change('/data/key', () => '1')],
  ['plain', 'someone', change('/metadata/annotations', () => ({ note: 'a', more: 'b' }))],
  ['plain', 'someone', change('/metadata/managedFields', () => [{}])],
  ['empty', 'someone', change('/data', () => ({ added: 'x' }))],
  ['login', 'kubectl-edit', change('/metadata/labels', ({ metadata }) => ({ ...labelsOf(metadata), mine: 'yes' }))],
  ['web', 'someone', change('/spec/ports', ({ spec }) => reversed(spec, 'ports'))],
  ['workload', 'someone', change('/spec/template/spec/containers/0/env', (live) => reversed(containerOf(live), 'env'))],
  ['workload', 'someone', change('/spec/template/spec/containers', (live) => reversed(podOf(live), 'containers'))],
  ['workload', 'someone', change('/spec/replicas', () => 4)],
  ['workload', 'someone', change('/spec/template/spec/containers/0/env/-', () => ({ name: 'Z', value: 'z' }))],
  ['workload', 'someone', change('/spec/template/spec/volumes/0/emptyDir', () => ({ medium: 'Memory' }))],
  ['scaler', 'someone', change('/spec/minReplicas', () => 2)],
  ['wall', 'kubectl-edit', change('/spec/policyTypes', () => ['Ingress', 'Egress'])],
  ['role', 'someone', change('/rules', () => [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'get'] }])],
  ['binding', 'someone', change('/metadata/managedFields', () => [{}])],
  ['widget', 'someone', change('/spec/tags', ({ spec }) => reversed(spec, 'tags'))],
  ['widget', 'someone', change('/spec/tags/-', () => 'theirs')],
  ['widget', 'someone', change('/spec/ports', ({ spec }) => reversed(spec, 'ports'))],
  ['widget', 'someone', change('/spec/whole/c', () => '3')],
  ['widget', 'someone', change('/spec/anything/more', () => [1])],
  ['widget', 'someone', change('/spec/colour', () => 'blue')],
];

type Fields = Readonly<Record<string, LiveObject[string]>>;
const fieldsOf = (value: LiveObject[string] | undefined) => (value ?? {}) as Fields;
const labelsOf = (metadata: LiveObject[string] | undefined) => fieldsOf(fieldsOf(metadata).labels);
const podOf = ({ spec }: LiveObject) => fieldsOf(fieldsOf(fieldsOf(spec).template).spec);
const containerOf = (live: LiveObject) => (podOf(live).containers as readonly Fields[])[0];
const reversed = (value: LiveObject[string] | undefined, name: string) => {
  const list = fieldsOf(value)[name] as readonly LiveObject[string][] | undefined;
  return list === undefined ? undefined : [...list].reverse();
};

/** One of what Flux, a person with kubectl, another applier and a controller do; what was done, for a failure to tell. */
async function disturb(on: Ground, pick: (below: number) => number): Promise<string> {
  const { cluster } = on.it;
  const names = Object.keys(on.wanted);
  const way = pick(8);
  if (way === 0 || way === 1) {
    const name = names[pick(names.length)]!;
    const object = on.sent(name);
    const manager = way === 0 ? 'kustomize-controller' : 'another-applier';
    const answer = await cluster.apply(object, { manager, force: true, dryRun: false });
    return `${manager} applies ${name}: ${answer.ok ? 'done' : answer.failure.message}`;
  }
  const [name, manager, write] = writes[pick(writes.length)]!;
  const patch = write(value(await cluster.get(on.ref(name))));
  if (patch.length === 0) return 'nothing';
  const answer = await cluster.patch(on.ref(name), patch, { manager });
  return `${manager} patches ${name} ${JSON.stringify(patch)}: ${answer.ok ? 'done' : answer.failure.message}`;
}

function edited(on: Ground, pick: (below: number) => number): Readonly<Record<string, string>> {
  const out = { ...on.wanted };
  for (let i = pick(5); i > 0; i--) {
    const edit = edits[pick(edits.length)]!;
    out[edit[0]] = withEdit(out[edit[0]]!, edit);
  }
  return out;
}

/** The same numbers in every run. */
function picker(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

test('whatever was written and edited, the plan is the one that asks for every object', async () => {
  const on = await ground();
  const pick = picker(11);
  const done: string[] = [];
  const names = Object.keys(on.wanted);
  const first = await on.same(on.wanted);
  expect(first.asked).toBe(doubtful);
  expect(actions(first.plan)).toMatchObject({ simple: 'unchanged', grows: 'unknown' });
  let asked = first.asked;
  for (let nth = 0; nth < Math.max(...names.map((name) => editsOf(name).length)); nth++) {
    const some = Object.fromEntries(names.map((name) => [name, withEdit(on.wanted[name]!, editsOf(name)[nth])]));
    await on.same(some, done);
  }
  const rounds = 8;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 3; i++) done.push(await disturb(on, pick));
    asked += (await on.same(edited(on, pick), done)).asked;
  }
  expect(asked).toBeLessThan(rounds * names.length);
});

test('webhooks and policies that deny or change what they are asked about are asked about it', async () => {
  const on = await ground();
  const names = Object.keys(on.wanted);
  const hook = await webhook(on.it, 'Validating', on.namespace, ({ name }) =>
    name === 'plain' ? { deny: 'plain stays as it is' } : 'allow',
  );
  const denied = await on.same(on.wanted);
  expect(actions(denied.plan)).toMatchObject({ plain: 'unknown', empty: 'unchanged', role: 'unchanged' });
  // The two ConfigMaps, too.
  expect(denied.asked).toBe(doubtful + 2);
  await hook.stop();
  const changing = await webhook(on.it, 'Mutating', on.namespace, ({ name }) =>
    name === 'empty' ? { patch: [{ op: 'add', path: '/data', value: { added: 'x' } }] } : 'allow',
  );
  const changed = await on.same(on.wanted);
  expect(actions(changed.plan)).toMatchObject({ plain: 'unchanged', empty: 'configure' });
  await changing.stop();
  await policies(on);
  const ruled = await on.same(on.wanted);
  expect(actions(ruled.plan)).toMatchObject({ role: 'unknown', account: 'configure', plain: 'unchanged' });
  expect(ruled.asked).toBeLessThan(names.length);
});

/** One policy denies Roles, another one labels ServiceAccounts; both are known to work when this is done. */
async function policies({ it, namespace }: Ground): Promise<void> {
  const name = `spared-${namespace}`;
  const constraints = (group: string, resource: string) =>
    `{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${namespace} } }, resourceRules: [{ apiGroups: ["${group}"], apiVersions: [v1], operations: [UPDATE], resources: [${resource}] }] }`;
  const yaml = (kind: string, spec: string) =>
    `apiVersion: admissionregistration.k8s.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
  const label = `'Object{metadata: Object.metadata{labels: {"added": "yes"}}}'`;
  const texts = [
    yaml(
      'ValidatingAdmissionPolicy',
      `{ failurePolicy: Fail, matchConstraints: ${constraints('rbac.authorization.k8s.io', 'roles')}, validations: [{ expression: "false" }] }`,
    ),
    yaml('ValidatingAdmissionPolicyBinding', `{ policyName: ${name}, validationActions: [Deny] }`),
    yaml(
      'MutatingAdmissionPolicy',
      `{ failurePolicy: Fail, reinvocationPolicy: Never, matchConstraints: ${constraints('', 'serviceaccounts')}, mutations: [{ patchType: ApplyConfiguration, applyConfiguration: { expression: ${label} } }] }`,
    ),
    yaml('MutatingAdmissionPolicyBinding', `{ policyName: ${name} }`),
  ];
  await it.kubectl(['apply', '--server-side', '-f', '-'], texts.join('---\n'));
  onTestFinished(async () => {
    const kinds = ['Validating', 'Mutating'].flatMap((kind) => [
      `${kind}admissionpolicy`,
      `${kind}admissionpolicybinding`,
    ]);
    for (const kind of kinds) await it.kubectl(['delete', kind.toLowerCase(), name]);
  });
  const probe = (apiVersion: string, kind: string, of: string) =>
    it.cluster.apply(
      { apiVersion, kind, metadata: { name: of, namespace } },
      { manager: 'probe', force: false, dryRun: true },
    );
  await bounded(async () => {
    const answer = await probe('rbac.authorization.k8s.io/v1', 'Role', 'role');
    return answer.ok ? 'the policy for Roles is not heard of yet' : undefined;
  });
  await bounded(async () => {
    const labels = labelsOf(value(await probe('v1', 'ServiceAccount', 'account')).metadata);
    return labels.added === 'yes' ? undefined : 'the policy for ServiceAccounts is not heard of yet';
  });
}

test('who may not write, or may not see what has its say, gets the plan that asking gives', async () => {
  const on = await ground();
  const eyes = connectTo(on.it.layout.visitorKubeconfig);
  const names = Object.keys(on.wanted).length;
  const rule = (groups: string, verbs: string) => `  - { apiGroups: [${groups}], resources: ["*"], verbs: [${verbs}] }`;
  const reads = [
    rule(
      '"", apps, batch, autoscaling, policy, networking.k8s.io, rbac.authorization.k8s.io, apiextensions.k8s.io',
      'get, list',
    ),
    rule(`kustomize.toolkit.fluxcd.io, ${on.namespace}.example.com`, 'get, list'),
  ];
  const as = async (...rules: readonly string[]) => {
    await visitor(on.it, [...reads, ...rules].join('\n'));
    return on.same(on.wanted, [], eyes);
  };
  const reading = await as();
  expect(reading.asked).toBe(names);
  expect(entriesOf(reading.plan).filter(({ estimated }) => estimated === true)).toHaveLength(names);
  const one = '  - { apiGroups: [""], resources: [configmaps], resourceNames: [plain], verbs: [patch] }';
  const sees = rule('admissionregistration.k8s.io', 'list');
  const some = await as(sees, one);
  expect(some.asked).toBe(names);
  expect(entriesOf(some.plan).filter(({ estimated }) => estimated === true)).toHaveLength(names - 1);
  const writing = await as(sees, rule('"*"', 'patch'));
  expect(writing.asked).toBe(doubtful);
});

test('what the real Flux applied: the fields that its types add are no reason to ask', async () => {
  const it = rig();
  const texts = Object.entries(objects('')).filter(([, text]) => !/Widget|Counter|PersistentVolumeClaim/.test(text));
  const my = await fleet(it, Object.fromEntries(texts.map(([name, text]) => [`apps/${name}.yaml`, text])));
  const same = () => bothWays(it.cluster, my.wanted);
  // Templates of claims, and quantities in other words.
  expect((await same()).asked).toBe(['stateful', 'workload'].length);
  my.edit({ 'apps/workload.yaml': objects('').workload!.replace('0.25Gi', '256Mi') });
  expect((await same()).asked).toBe(['stateful'].length);
  const writes: readonly (readonly [string, string, LiveObject])[] = [
    ['apps/v1 Deployment', 'workload', { spec: { strategy: { rollingUpdate: { maxSurge: '50%' } } } }],
    ['v1 Service', 'web', { spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 81 }] } }],
    ['batch/v1 CronJob', 'nightly', { spec: { jobTemplate: { metadata: { labels: { added: 'x' } } } } }],
  ];
  for (const [kind, name, patch] of writes) {
    const [apiVersion, of] = kind.split(' ') as [string, string];
    value(await it.cluster.patch(refOf(apiVersion, of, my.namespace, name), patch, { manager: 'someone' }));
  }
  expect((await same()).asked).toBe(['stateful', ...writes].length);
});
