/**
 * Random trees of kustomizations: a base of objects, a component and an overlay on top, with fields, patches and
 * generators drawn from small pools, so that names collide, references hit and patches meet what they change.
 */
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Files } from './kustomizer.ts';

type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

const names = ['web', 'api', 'db', 'web-1'] as const;
const namespaces = ['', 'default', 'prod', 'dev'] as const;
const name = fc.oneof({ weight: 3, arbitrary: fc.constant('web') }, fc.constantFrom(...names));
const namespace = fc.constantFrom(...namespaces);

/** Texts that YAML readers and writers like to disagree about. */
const text = fc.constantFrom(
  'plain',
  '8080',
  '1.0',
  '1e3',
  'true',
  'yes',
  'on',
  'null',
  '~',
  '',
  'a b',
  'a: b',
  '# no',
  "it's",
  '"quoted"',
  '0x1F',
  '010',
  '2020-01-01',
  '12:30:45',
  'multi\nline',
  'multi\nline\n',
  ' lead',
  'trail ',
  '- dash',
  '{brace',
  'é✓',
  'a long text that goes on and on until it has to be folded by a writer which folds at eighty columns of width',
);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: text },
  fc.constantFrom(0, 1, 8080, -5, 1.5, 1000000, true, false),
);
const labels = fc.dictionary(
  fc.constantFrom('app', 'tier', 'team/x', 'app.kubernetes.io/name'),
  text.filter((each) => !each.includes('\n')),
  { maxKeys: 2 },
);

/** Labels in a kustomization itself, where `yes` and `on` are booleans and refused. */
const safeLabels = labels.map((all) =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => !['yes', 'on'].includes(value))),
);

function metadata(extra: { readonly [key: string]: Value } = {}): fc.Arbitrary<{ readonly [key: string]: Value }> {
  return fc.record({ name, namespace, labels: fc.option(labels), annotations: fc.option(labels) }).map((made) => ({
    name: made.name,
    ...(made.namespace === '' ? {} : { namespace: made.namespace }),
    ...(made.labels === null ? {} : { labels: made.labels }),
    ...(made.annotations === null ? {} : { annotations: made.annotations }),
    ...extra,
  }));
}

const image = fc.constantFrom(
  'nginx',
  'nginx:1.0',
  'ghcr.io/org/app:v1',
  'ghcr.io/org/app@sha256:abc0',
  'host:5000/app',
);
const env = fc.oneof(
  fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: text }),
  fc.record({
    name: fc.constantFrom('A', 'B', 'C'),
    valueFrom: fc.oneof(
      fc.record({ configMapKeyRef: fc.record({ name, key: fc.constant('k') }) }),
      fc.record({ secretKeyRef: fc.record({ name, key: fc.constant('k') }) }),
    ),
  }),
);
const port = fc.record(
  {
    containerPort: fc.constantFrom(80, 8080),
    protocol: fc.constantFrom('TCP', 'UDP'),
    name: fc.constantFrom('http', 'dns'),
  },
  { requiredKeys: ['containerPort'] },
);
const container = fc.record(
  {
    name: fc.constantFrom('main', 'side'),
    image,
    env: fc.array(env, { maxLength: 3 }),
    args: fc.array(fc.oneof(text, fc.constantFrom('$(V)', 'x-$(W)-$$(V)')), { maxLength: 2 }),
    ports: fc.array(port, { maxLength: 3 }),
    envFrom: fc.array(fc.record({ configMapRef: fc.record({ name }) }), { maxLength: 1 }),
    volumeMounts: fc.array(fc.record({ name: fc.constantFrom('v', 'w'), mountPath: fc.constantFrom('/a', '/b') }), {
      maxLength: 2,
    }),
    resources: fc.constantFrom<Value>({ limits: { cpu: 1 } }, { requests: { memory: '1Gi' } }, null),
  },
  { requiredKeys: ['name'] },
);
const volume = fc.oneof(
  fc.record({ name: fc.constantFrom('v', 'w'), configMap: fc.record({ name }) }),
  fc.record({ name: fc.constantFrom('v', 'w'), emptyDir: fc.constant({}) }),
  fc.record({ name: fc.constantFrom('v', 'w'), persistentVolumeClaim: fc.record({ claimName: name }) }),
);
const podSpec = fc.record(
  {
    containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    initContainers: fc.array(container, { maxLength: 1 }),
    volumes: fc.array(volume, { maxLength: 2 }),
    serviceAccountName: name,
    imagePullSecrets: fc.array(fc.record({ name }), { maxLength: 2 }),
    tolerations: fc.array(fc.record({ key: fc.constantFrom('a', 'b') }), { maxLength: 2 }),
    hostAliases: fc.array(fc.record({ ip: fc.constantFrom('1.1.1.1', '2.2.2.2'), hostnames: fc.constant(['h']) }), {
      maxLength: 2,
    }),
  },
  { requiredKeys: ['containers'] },
);
const template = fc.record({ metadata: fc.record({ labels }), spec: podSpec });

const workload = fc
  .record({
    kind: fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet'),
    metadata: metadata(),
    spec: fc.record(
      { replicas: fc.constantFrom<Value>(1, 3, '2'), selector: fc.record({ matchLabels: labels }), template },
      { requiredKeys: ['template'] },
    ),
  })
  .map((made): Value => ({ apiVersion: 'apps/v1', ...made }) as unknown as Value);

const others: fc.Arbitrary<Value> = fc.oneof(
  fc
    .record({ metadata: metadata(), data: fc.dictionary(fc.constantFrom('a', 'b.yaml', 'c'), scalar, { maxKeys: 3 }) })
    .map((made): Value => ({ apiVersion: 'v1', kind: 'ConfigMap', ...made })),
  metadata().map((made): Value => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: made })),
  metadata().map((made): Value => ({ apiVersion: 'v1', kind: 'Namespace', metadata: made })),
  fc
    .record({
      metadata: metadata(),
      selector: labels,
      port: fc.constantFrom(80, 443),
      protocol: fc.constantFrom('TCP', 'UDP'),
    })
    .map(
      (made): Value => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: made.metadata,
        spec: { selector: made.selector, ports: [{ port: made.port, protocol: made.protocol }] },
      }),
    ),
  fc
    .record({
      metadata: metadata(),
      name,
      kind: fc.constantFrom('Role', 'ClusterRole'),
      account: fc.constantFrom<string>('default', ...names),
      namespace,
    })
    .map(
      (made): Value => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: made.metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: made.kind, name: made.name },
        subjects: [
          {
            kind: 'ServiceAccount',
            name: made.account,
            ...(made.namespace === '' ? {} : { namespace: made.namespace }),
          },
        ],
      }),
    ),
  fc.record({ metadata: metadata(), kind: fc.constantFrom('Role', 'ClusterRole') }).map(
    (made): Value => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: made.kind,
      metadata: made.metadata,
      rules: [],
    }),
  ),
  fc
    .record({
      metadata: metadata(),
      name,
      items: fc.array(fc.record({ name, value: scalar }), { maxLength: 3 }),
      none: fc.constant(null),
    })
    .map(
      (made): Value => ({
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: made.metadata,
        spec: { items: made.items, ref: { name: made.name }, none: made.none },
      }),
    ),
  fc.record({ metadata: metadata(), name }).map(
    (made): Value => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: made.metadata,
      spec: {
        rules: [{ http: { paths: [{ path: '/', backend: { service: { name: made.name, port: { number: 80 } } } }] } }],
      },
    }),
  ),
  fc.record({ metadata: metadata(), name }).map(
    (made): Value => ({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: made.metadata,
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: made.name } },
    }),
  ),
);
const object: fc.Arbitrary<Value> = fc.oneof({ weight: 1, arbitrary: workload }, { weight: 2, arbitrary: others });

const target = fc.record(
  {
    kind: fc.constantFrom('Deployment', 'ConfigMap', '.*Set', 'Widget', 'Service'),
    name: fc.constantFrom<string>('web.*', 'api|db', ...names),
    namespace,
    labelSelector: fc.constantFrom('app', 'tier in (plain,true)', '!app', 'app!=yes'),
  },
  { requiredKeys: ['kind'] },
);

/** What patches name: nearly always something that is there. */
const patched = fc.oneof({ weight: 12, arbitrary: fc.constant('web') }, name);

const mergePatch = fc.oneof(
  fc
    .record({
      metadata: fc.record({ name: patched, labels: fc.option(labels), annotations: fc.option(labels) }),
      template: fc.record({ spec: podSpec }),
      replicas: scalar,
    })
    .map(
      (made): Value => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          name: made.metadata.name,
          ...(made.metadata.labels && { labels: made.metadata.labels }),
          ...(made.metadata.annotations && { annotations: { ...made.metadata.annotations, gone: null } }),
        },
        spec: { replicas: made.replicas, template: made.template as unknown as Value },
      }),
    ),
  fc
    .record({
      name: patched,
      data: fc.dictionary(fc.constantFrom('a', 'b.yaml', 'c'), fc.oneof(scalar, fc.constant(null)), { maxKeys: 3 }),
    })
    .map((made): Value => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: made.name }, data: made.data })),
  fc
    .record({
      name: patched,
      directive: fc.constantFrom('delete', 'replace', 'merge'),
      where: fc.constantFrom('container', 'volume', 'spec', 'root', 'list', 'ports'),
    })
    .map(
      ({ name: of, directive, where }): Value => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: of },
        ...(where === 'root'
          ? { $patch: directive }
          : {
              spec: {
                ...(where === 'spec' ? { $patch: directive } : {}),
                template: {
                  spec: {
                    ...(where === 'container'
                      ? { containers: [{ name: 'main', $patch: directive, image: 'new' }] }
                      : {}),
                    ...(where === 'list'
                      ? { containers: [{ $patch: directive }, { name: 'fresh', image: 'new' }] }
                      : {}),
                    ...(where === 'ports'
                      ? {
                          containers: [
                            {
                              name: 'main',
                              ports: [
                                { containerPort: 80, name: 'renamed' },
                                { containerPort: 9, protocol: 'UDP' },
                              ],
                            },
                          ],
                        }
                      : {}),
                    ...(where === 'volume'
                      ? {
                          volumes: [
                            { name: 'v', $patch: directive },
                            { name: 'w', secret: { secretName: 'web' } },
                          ],
                        }
                      : {}),
                  },
                },
              },
            }),
      }),
    ),
  fc.record({ name: patched, items: fc.array(fc.record({ name: patched, value: scalar }), { maxLength: 2 }) }).map(
    (made): Value => ({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: made.name },
      spec: { items: made.items },
    }),
  ),
);

const jsonPatch: fc.Arbitrary<Value> = fc.array(
  fc.oneof(
    fc.record({
      op: fc.constantFrom('add', 'replace'),
      path: fc.constantFrom('/metadata/labels', '/data', '/spec/replicas', '/metadata/annotations'),
      value: fc.constantFrom<Value>({ x: 'y' }, { a: '5', b: 7 }, 4),
    }),
    fc.record({
      op: fc.constant('remove'),
      path: fc.constantFrom('/metadata/labels', '/data/a', '/spec/template/spec/containers/0'),
    }),
    fc.record({
      op: fc.constantFrom('add', 'replace', 'test'),
      path: fc.constantFrom(
        '/data/a',
        '/spec/template/spec/containers/-',
        '/spec/template/spec/containers/0/image',
        '/metadata/name',
      ),
      value: fc.oneof(scalar, fc.constantFrom<Value>({ name: 'added', image: 'x' })),
    }),
    fc.record({
      op: fc.constantFrom('copy', 'move'),
      from: fc.constantFrom('/metadata/name', '/data'),
      path: fc.constantFrom('/metadata/labels/copied', '/copied'),
    }),
  ),
  { minLength: 1, maxLength: 2 },
) as unknown as fc.Arbitrary<Value>;

const patch: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: mergePatch.map((each): Value => ({ patch: stringify(each) })) },
  {
    weight: 3,
    arbitrary: fc
      .record({ target, each: mergePatch })
      .map((made): Value => ({ target: made.target as Value, patch: stringify(made.each) })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ target, each: jsonPatch })
      .map((made): Value => ({ target: made.target as Value, patch: stringify(made.each) })),
  },
);

const replacement: fc.Arbitrary<Value> = fc
  .record({
    source: fc.record({
      kind: fc.constantFrom('ConfigMap', 'Deployment', 'Service'),
      name: patched,
      fieldPath: fc.constantFrom(
        'metadata.name',
        'data.a',
        'spec.replicas',
        'spec.template.spec.containers.[name=main].image',
        'metadata.labels',
      ),
    }),
    select: fc.record({ kind: fc.constantFrom('Deployment', 'ConfigMap', 'Widget') }),
    fieldPaths: fc.array(
      fc.constantFrom(
        'metadata.annotations.copied',
        'spec.template.spec.containers.*.image',
        'spec.replicas',
        'data.c',
        'spec.items.[name=web].value',
        'spec.template.metadata.labels.[team/x]',
        'spec.items.0.value',
        'metadata.labels.app',
      ),
      { minLength: 1, maxLength: 2 },
    ),
    create: fc.boolean(),
    delimiter: fc.constantFrom('', ':', '-'),
    index: fc.constantFrom(0, 1, -1),
  })
  .map(
    (made): Value => ({
      source: { ...made.source },
      targets: [
        {
          select: made.select,
          fieldPaths: made.fieldPaths,
          options: {
            ...(made.create ? { create: true } : {}),
            ...(made.delimiter === '' ? {} : { delimiter: made.delimiter, index: made.index }),
          },
        },
      ],
    }),
  );

const generator: fc.Arbitrary<Value> = fc
  .record({
    behaves: fc.oneof(
      fc.record({ name: fc.constantFrom('gen', 'made'), behavior: fc.constantFrom('', 'create') }),
      fc.record({ name: fc.constant('web'), behavior: fc.constantFrom('merge', 'replace') }),
    ),
    literals: fc
      .dictionary(fc.constantFrom('a', 'x', 'y.z'), text, { maxKeys: 2 })
      .map((all) => Object.entries(all).map(([key, value]) => `${key}=${value}`)),
    files: fc.constantFrom<readonly string[]>([], ['file.txt'], ['renamed=file.txt']),
    envs: fc.constantFrom<readonly string[]>([], ['vars.env']),
    options: fc.option(fc.record({ disableNameSuffixHash: fc.boolean(), labels: safeLabels, immutable: fc.boolean() })),
    namespace,
  })
  .map(
    (made): Value => ({
      name: made.behaves.name,
      ...(made.behaves.behavior === '' ? {} : { behavior: made.behaves.behavior }),
      ...(made.namespace === '' ? {} : { namespace: made.namespace }),
      literals: made.literals,
      files: made.files,
      envs: made.envs,
      ...(made.options === null ? {} : { options: made.options as unknown as Value }),
    }),
  );

const variable: fc.Arbitrary<Value> = fc
  .record({
    name: fc.constantFrom('V', 'W'),
    kind: fc.constantFrom('Deployment', 'ConfigMap'),
    path: fc.constantFrom('metadata.name', 'data.a', 'spec.replicas', 'metadata.namespace'),
  })
  .map(
    (made): Value => ({
      name: made.name,
      objref: { apiVersion: made.kind === 'Deployment' ? 'apps/v1' : 'v1', kind: made.kind, name: 'web' },
      fieldref: { fieldPath: made.path },
    }),
  );

const specs = fc.array(
  fc.record(
    {
      path: fc.constantFrom(
        'metadata/name',
        'metadata/labels',
        'spec/template/metadata/labels',
        'spec/items/ref',
        'data/a',
        'metadata/annotations/x',
        'spec/template/spec/containers[]/image',
      ),
      kind: fc.constantFrom('Deployment', 'ConfigMap', 'Widget'),
      create: fc.boolean(),
    },
    { requiredKeys: ['path'] },
  ),
  { maxLength: 2 },
);

/** Transformers written in place, with field specs of their own. */
const transformer: fc.Arbitrary<string> = fc
  .oneof(
    fc.record({ kind: fc.constant('PrefixTransformer'), prefix: fc.constantFrom('t-', '9'), fieldSpecs: specs }),
    fc.record({ kind: fc.constant('SuffixTransformer'), suffix: fc.constantFrom('-t', '.5'), fieldSpecs: specs }),
    fc.record({ kind: fc.constant('LabelTransformer'), labels, fieldSpecs: specs }),
    fc.record({ kind: fc.constant('AnnotationsTransformer'), annotations: labels, fieldSpecs: specs }),
    fc.record({
      kind: fc.constant('NamespaceTransformer'),
      metadata: fc.record({ name: fc.constant('t'), namespace: fc.constantFrom('prod', 'late') }),
      unsetOnly: fc.boolean(),
      setRoleBindingSubjects: fc.constantFrom('none', 'defaultOnly', 'allServiceAccounts'),
      fieldSpecs: specs,
    }),
    fc.record({
      kind: fc.constant('ImageTagTransformer'),
      imageTag: fc.record({ name: fc.constantFrom('nginx', 'host:5000/app'), newTag: text }),
      fieldSpecs: specs,
    }),
    fc.record({ kind: fc.constant('PatchTransformer'), target, patch: jsonPatch.map((each) => stringify(each)) }),
    fc.record({
      kind: fc.constant('ValueAddTransformer'),
      value: fc.constantFrom('v', '5'),
      targets: fc.constantFrom<Value>(
        [{ fieldPath: 'metadata/labels/added' }],
        [{ selector: { kind: 'Deployment' }, fieldPath: 'metadata/namespace' }],
      ),
    }),
  )
  .map((made) => stringify({ apiVersion: 'builtin', metadata: { name: 't' }, ...made }));

/** The fields of one kustomization: each is there now and then. */
const fields = fc
  .record(
    {
      namespace: fc.constantFrom('prod', 'dev', 'default'),
      namePrefix: fc.constantFrom('p-', 'q-', '1'),
      nameSuffix: fc.constantFrom('-s', '-1'),
      commonLabels: safeLabels,
      commonAnnotations: safeLabels,
      labels: fc.array(
        fc.record({ pairs: safeLabels, includeSelectors: fc.boolean(), includeTemplates: fc.boolean() }),
        {
          maxLength: 2,
        },
      ),
      images: fc.array(
        fc.record(
          {
            name: fc.constantFrom('nginx', 'ghcr.io/org/app', 'host:5000/app', '.*'),
            newName: fc.constantFrom('other', 'r:1/x'),
            newTag: fc.constantFrom('2.0', 'v9'),
            digest: fc.constantFrom('sha256:ff'),
          },
          { requiredKeys: ['name'] },
        ),
        { maxLength: 2 },
      ),
      replicas: fc.array(fc.record({ name: patched, count: fc.constantFrom(0, 7) }), { maxLength: 1 }),
      patches: fc.array(patch, { maxLength: 3 }),
      replacements: fc.array(replacement, { maxLength: 1 }),
      configMapGenerator: fc.array(generator, { maxLength: 2 }),
      secretGenerator: fc.array(generator, { maxLength: 1 }),
      generatorOptions: fc.record({ disableNameSuffixHash: fc.boolean(), annotations: safeLabels }),
      buildMetadata: fc.subarray(['originAnnotations', 'transformerAnnotations', 'managedByLabel']),
      patchesStrategicMerge: fc.array(
        mergePatch.map((each) => stringify(each)),
        { maxLength: 2 },
      ),
      patchesJson6902: fc.array(
        fc.record({ name, each: jsonPatch }).map(
          (made): Value => ({
            target: { group: 'apps', version: 'v1', kind: 'Deployment', name: made.name },
            patch: stringify(made.each),
          }),
        ),
        { maxLength: 1 },
      ),
      vars: fc.array(variable, { maxLength: 1 }),
      transformers: fc.array(transformer, { maxLength: 2 }),
      sortOptions: fc.constantFrom<Value>({ order: 'fifo' }, { order: 'legacy' }),
    },
    { requiredKeys: [] },
  )
  .map((made) => {
    // Few fields at a time: what goes wrong must not hide what else does.
    const entries = Object.entries(made);
    return entries;
  });

const some = fc.tuple(fields, fc.infiniteStream(fc.nat({ max: 7 }))).map(([entries, dice]) => {
  const kept = entries.filter(() => dice.next().value === 0);
  return Object.fromEntries(kept) as { readonly [key: string]: Value };
});

const header = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
const files = { 'file.txt': 'some\ntext\n', 'vars.env': '# vars\nE1=one\n E2 = two \nE3\n' };

/** Always there, so that patches, replacements and generators have something to meet. */
const fixed: readonly Value[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'main', image: 'nginx:1.0', env: [{ name: 'A', value: '1' }] }],
          volumes: [{ name: 'v', configMap: { name: 'web' } }],
        },
      },
    },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { a: '5', 'b.yaml': 'k: 1' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web' }, stringData: { x: 'y' } },
  {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'web' },
    spec: { items: [{ name: 'web', value: '1' }], ref: { name: 'web' } },
  },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } },
];

const isFixed = (each: Value): boolean => {
  const {
    kind,
    metadata: { name: of },
  } = each as unknown as { kind: string; metadata: { name: string } };
  return of === 'web' && ['Deployment', 'ConfigMap', 'Secret', 'Widget', 'Service'].includes(kind);
};

const side = (prefix: string, own: { readonly [key: string]: Value }): string =>
  stringify({ ...header, resources: ['../base'], namePrefix: prefix, ...own });

/** What the top builds on: the base itself, or one or two kustomizations between them. */
function between(left: unknown, right: unknown): readonly string[] {
  if (left === null && right === null) return ['../base'];
  return [...(left === null ? [] : ['../left']), ...(right === null ? [] : ['../right'])];
}

export const arbitraryFiles: fc.Arbitrary<Files> = fc
  .record({
    base: some,
    top: some,
    component: fc.option(some),
    objects: fc.array(object, { minLength: 1, maxLength: 4 }),
    more: fc.array(object, { maxLength: 2 }),
    left: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: some }),
    right: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some }),
  })
  .map(({ base, top, component, objects, more, left, right }) => {
    const write = (all: readonly Value[]): string => all.map((each) => stringify(each)).join('---\n');
    const within = (folder: string): Files =>
      Object.fromEntries(Object.entries(files).map(([key, value]) => [`${folder}/${key}`, value]));
    return {
      'base/objects.yaml': write([...fixed, ...objects.filter((each) => !isFixed(each))]),
      'base/kustomization.yaml': stringify({ ...header, resources: ['objects.yaml'], ...base }),
      ...within('base'),
      ...within('top'),
      ...(left === null ? {} : { 'left/kustomization.yaml': side('left-', left), ...within('left') }),
      ...(right === null ? {} : { 'right/kustomization.yaml': side('right-', right), ...within('right') }),
      ...(more.length > 0 ? { 'top/more.yaml': write(more) } : {}),
      ...(component === null
        ? {}
        : {
            'component/kustomization.yaml': stringify({
              apiVersion: 'kustomize.config.k8s.io/v1alpha1',
              kind: 'Component',
              ...component,
            }),
            ...within('component'),
          }),
      'top/kustomization.yaml': stringify({
        ...header,
        resources: [...between(left, right), ...(more.length > 0 ? ['more.yaml'] : [])],
        ...(component === null ? {} : { components: ['../component'] }),
        ...top,
      }),
    };
  });
