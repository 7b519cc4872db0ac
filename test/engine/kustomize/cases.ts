/**
 * Small kustomizations, each about one thing that a re-implementation gets wrong. What real kustomize makes of them is in
 * `golden/cases.txt`; `UPDATE_GOLDEN=1` asks the real binary again.
 */
import type { Files } from './kustomizer.ts';

const cm = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${data
    .split('\n')
    .map((l) => '  ' + l)
    .join('\n')}\n`;
const dep = (name = 'web', extra = '') =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: main\n        image: nginx:1.0\n${extra}`;
const repl = (
  target: string,
  path: string,
  opts = '',
  src = '- source: {kind: ConfigMap, name: src, fieldPath: data.v}',
) =>
  `resources: [r.yaml]\nreplacements:\n${src}\n  targets:\n  - select: {kind: ${target}}\n    fieldPaths: ['${path}']\n${opts ? '    options: ' + opts + '\n' : ''}`;
const S = (data: string) => cm('src', 'v: NEW') + '---\n' + cm('dst', data);
export const cases: Record<string, Files> = {};
const yamlData = [
  'f: |\n  a:\n    b: old\n    list:\n    - x: 1\n    - x: 2\n  c: "quoted"\n',
  'f: |\n  # comment\n  a:\n    b: old # trailing\n    list:\n      - x: 1\n      - x: 2\n',
  "f: |-\n  a: {b: old, c: [1, 2]}\n  d: 's'\n",
  'f: |\n  a:\n    b: |\n      multi\n      line\n    e: >\n      folded\n      text\n    n: ~\n    t: 2020-01-01\n    s: "yes"\n',
  'f: "a:\\n  b: old\\n"',
  'f: |\n  - a: 1\n  - a: 2\n',
];
yamlData.forEach((d, i) => {
  for (const p of [
    'data.f.a.b',
    'data.f.a.new',
    'data.f.a.list.0.x',
    'data.f.a.list.[x=2].x',
    'data.f.a.list.*.x',
    'data.f.0.a',
  ])
    for (const o of ['', '{create: true}'])
      cases[`structured ${i} ${p} ${o}`] = {
        'kustomization.yaml': repl('ConfigMap', p, o).replace('{kind: ConfigMap}', '{kind: ConfigMap, name: dst}'),
        'r.yaml': S(d),
      };
});
const jsonData = [
  'f: \'{"a":{"b":"old","n":1.50,"list":[{"x":1},{"x":2}]}}\'',
  'f: |\n  {\n    "a": {\n      "b": "old <tag>",\n      "list": [1, 2]\n    }\n  }\n',
  'f: \'["p", "q"]\'',
  'f: \'  {"a": {"b": 1e3, "big": 12345678901234567890}}\'',
];
jsonData.forEach((d, i) => {
  for (const p of ['data.f.a.b', 'data.f.a.new', 'data.f.0', 'data.f.a.list.0.x'])
    for (const o of ['', '{create: true}', '{delimiter: "d", index: 0}'])
      cases[`json ${i} ${p} ${o}`] = {
        'kustomization.yaml': repl('ConfigMap', p, o).replace('{kind: ConfigMap}', '{kind: ConfigMap, name: dst}'),
        'r.yaml': S(d),
      };
});
for (const [_i, v] of ['5', '"5"', 'abc', '"true"', '1.5', 'null', '{a: b}', '[x, y]', '"a:b:c"'].entries())
  for (const t of [
    'spec.replicas',
    'metadata.labels.x',
    'spec.template.spec.containers.0.image',
    'spec.template.spec.containers.[name=main].env',
    'metadata.name',
    'spec.template.spec.containers',
    'spec.nothing',
  ])
    for (const o of ['', '{create: true}'])
      cases[`value ${v} ${t} ${o}`] = {
        'kustomization.yaml': repl('Deployment', t, o, '- source: {kind: Widget, name: src, fieldPath: spec.v}'),
        'r.yaml': `apiVersion: x/v1\nkind: Widget\nmetadata: {name: src}\nspec: {v: ${v}}\n---\n${dep()}`,
      };
for (const v of ['8080', 'text', 'true'])
  cases[`sourceValue ${v}`] = {
    'kustomization.yaml': `resources: [r.yaml]\nreplacements:\n- sourceValue: "${v}"\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.replicas, metadata.annotations.x]\n    options: {create: true}\n`,
    'r.yaml': dep(),
  };
for (const [d, i] of [
  [':', 0],
  [':', 1],
  [':', 5],
  [':', -1],
  ['-', 0],
] as const)
  cases[`delim ${d} ${i}`] = {
    'kustomization.yaml': repl(
      'Deployment',
      'spec.template.spec.containers.*.image',
      `{delimiter: '${d}', index: ${i}}`,
    ),
    'r.yaml': cm('src', 'v: NEW') + '---\n' + dep(),
  };

// vars
const vars = (f: string, val = '$(V)') => ({
  'kustomization.yaml': `resources: [r.yaml]\nvars:\n- name: V\n  objref: {apiVersion: v1, kind: ConfigMap, name: src}\n  fieldref: {fieldPath: ${f}}\n`,
  'r.yaml':
    cm('src', 'v: NEW\nn: "5"') +
    '---\n' +
    dep(
      'web',
      `        args: ["${val}", "--x=${val}", "$$(V)", "$(V", "$V", "$(OTHER)"]\n        env:\n        - {name: A, value: "${val}"}\n`,
    ),
});
for (const f of ['data.v', 'data.n', 'metadata.name', 'data.missing', 'data']) cases[`vars ${f}`] = vars(f);
cases['vars int'] = {
  'kustomization.yaml': `resources: [r.yaml]\nvars:\n- name: V\n  objref: {apiVersion: apps/v1, kind: Deployment, name: web}\n  fieldref: {fieldPath: spec.replicas}\n- name: I\n  objref: {apiVersion: apps/v1, kind: Deployment, name: web}\n  fieldref: {fieldPath: 'spec.template.spec.containers[0].image'}\n`,
  'r.yaml': dep('web', '        args: ["$(V)", "n=$(V)", "$(I)"]\n'),
};

// transformers
const tr = (t: string, r = dep(), extra: Record<string, string> = {}) => ({
  'kustomization.yaml': 'resources: [r.yaml]\ntransformers: [t.yaml]\n',
  'r.yaml': r,
  't.yaml': `apiVersion: builtin\nmetadata: {name: t}\n${t}`,
  ...extra,
});
cases['t prefix'] = tr(
  'kind: PrefixTransformer\nprefix: a-\nfieldSpecs:\n- {path: metadata/name}\n- {path: metadata/labels/x, create: true}\n',
);
cases['t prefix none'] = tr('kind: PrefixTransformer\nprefix: a-\n');
cases['t suffix'] = tr('kind: SuffixTransformer\nsuffix: -z\nfieldSpecs:\n- {path: metadata/name, kind: Deployment}\n');
cases['t prefixsuffix'] = tr(
  'kind: PrefixSuffixTransformer\nprefix: a-\nsuffix: -z\nfieldSpecs:\n- {path: metadata/name}\n',
);
cases['t labels'] = tr(
  'kind: LabelTransformer\nlabels: {a: b, n: 5}\nfieldSpecs:\n- {path: metadata/labels, create: true}\n- {path: "spec/x\\\\/y/labels", create: true}\n',
);
cases['t anno'] = tr(
  'kind: AnnotationsTransformer\nannotations: {a: true}\nfieldSpecs:\n- {path: metadata/annotations, create: true}\n- {path: spec/replicas/annotations, create: true}\n',
);
cases['t ns'] = {
  ...tr(''),
  't.yaml':
    'apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: t, namespace: q}\nunsetOnly: true\nfieldSpecs:\n- {path: spec/ns, create: true}\n- {path: spec/replicas, create: true}\n',
};
cases['t image'] = tr(
  'kind: ImageTagTransformer\nimageTag: {name: nginx, newTag: v9}\nfieldSpecs: [{path: spec/x/image}]\n',
);
cases['t replica'] = tr(
  'kind: ReplicaCountTransformer\nreplica: {name: web, count: 9}\nfieldSpecs:\n- {path: spec/replicas, kind: Deployment, create: true}\n- {path: spec/a/b, kind: Deployment, create: true}\n',
);
cases['t replica no specs'] = tr('kind: ReplicaCountTransformer\nreplica: {name: web, count: 9}\n');
cases['t value add'] = tr(
  'kind: ValueAddTransformer\nvalue: v\ntargets:\n- {fieldPath: metadata/labels/q}\n- {selector: {kind: Deployment}, fieldPath: spec/template/spec/containers/0/image, filePathPosition: 2}\n- {fieldPath: metadata/namespace}\n',
);
cases['t value add 2'] = tr(
  'kind: ValueAddTransformer\nvalue: v\ntargets:\n- {fieldPath: spec/path, filePathPosition: 1}\n- {fieldPath: spec/abs, filePathPosition: 9}\n',
  dep().replace('  replicas: 1', '  replicas: 1\n  path: a/b/c\n  abs: /a/b'),
);
cases['t hash'] = tr('kind: HashTransformer\n', cm('a', 'x: y'));
cases['t unknown'] = tr('kind: NoSuchTransformer\n');
cases['t generator as transformer'] = tr('kind: ConfigMapGenerator\n');
cases['t patch target'] = tr(
  "kind: PatchTransformer\ntarget: {kind: Deployment}\npatch: '[{op: replace, path: /spec/replicas, value: 4}]'\n",
);
cases['t patch json'] = tr(
  `kind: PatchTransformer\ntarget: {kind: Deployment}\npatch: '[{"op": "replace", "path": "/spec/replicas", "value": 4}]'\n`,
);
cases['t 6902'] = tr(
  `kind: PatchJson6902Transformer\ntarget: {kind: Deployment, name: web}\njsonOp: |-\n  - op: add\n    path: /metadata/annotations/x\n    value: y\n`,
);
cases['t 6902 b'] = tr(
  `kind: PatchJson6902Transformer\ntarget: {kind: Deployment, name: web}\njsonOp: |-\n  - op: add\n    path: /spec/big\n    value: 1234567\n  - op: add\n    path: /spec/huge\n    value: 12345678901234567890\n  - op: add\n    path: /spec/f\n    value: 0.00001\n`,
);
cases['t sm'] = tr(
  'kind: PatchStrategicMergeTransformer\npaths: [p.yaml]\npatches: |-\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web}\n  spec: {paused: true}\n',
  dep(),
  { 'p.yaml': dep().replace('replicas: 1', 'replicas: 3') },
);
cases['validator ok'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nvalidators: [t.yaml]\n',
  'r.yaml': dep(),
  't.yaml': 'apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: t}\nlabels: {}\n',
};
cases['validator changes'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nvalidators: [t.yaml]\n',
  'r.yaml': dep(),
  't.yaml':
    'apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: t}\nlabels: {a: b}\nfieldSpecs: [{path: metadata/labels, create: true}]\n',
};
cases['validator label'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nvalidators: [t.yaml]\n',
  'r.yaml': dep(),
  't.yaml':
    'apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: t}\nlabels: {validated-by: b}\nfieldSpecs: [{path: metadata/labels, create: true}]\n',
};

// kustomization quirks
cases['case insensitive'] = { 'kustomization.yaml': 'Resources: [r.yaml]\nNAMEPREFIX: a-\n', 'r.yaml': dep() };
cases['null entries'] = {
  'kustomization.yaml': 'resources: [r.yaml, ]\nnamespace:\nimages:\n- \nlabels: [null]\npatches:\n',
  'r.yaml': dep(),
};
cases['null resource'] = { 'kustomization.yaml': 'resources: [r.yaml, null]\n', 'r.yaml': dep() };
cases['images null'] = { 'kustomization.yaml': 'resources: [r.yaml]\nimages: [null]\n', 'r.yaml': dep() };
cases['number name'] = { 'kustomization.yaml': 'resources: [r.yaml]\nnamePrefix: 5\n', 'r.yaml': dep() };
cases['prefix digits'] = { 'kustomization.yaml': 'resources: [r.yaml]\nnamePrefix: "5"\n', 'r.yaml': dep('"7"') };
cases['prefix digits plain'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nnamePrefix: "5"\nnameSuffix: e3\n',
  'r.yaml': dep('7'),
};
cases['bool namespace'] = { 'kustomization.yaml': 'resources: [r.yaml]\nnamespace: yes\n', 'r.yaml': dep() };
cases['unknown field'] = { 'kustomization.yaml': 'resources: [r.yaml]\nfoo: 1\n', 'r.yaml': dep() };
cases['wrong type'] = { 'kustomization.yaml': 'resources: r.yaml\n', 'r.yaml': dep() };
cases.empty = { 'kustomization.yaml': '# nothing\n' };
cases['only kind'] = { 'kustomization.yaml': 'kind: Kustomization\n' };
cases['wrong kind'] = { 'kustomization.yaml': 'kind: Foo\nresources: [r.yaml]\n', 'r.yaml': dep() };
cases['wrong api'] = { 'kustomization.yaml': 'apiVersion: v1\nresources: [r.yaml]\n', 'r.yaml': dep() };
cases['component at root'] = {
  'kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [r.yaml]\n',
  'r.yaml': dep(),
};
cases.bom = { 'kustomization.yaml': '\ufeffresources: [r.yaml]\n', 'r.yaml': '\ufeff' + dep() };
cases.crlf = {
  'kustomization.yaml': 'resources: [r.yaml]\r\nnamespace: x\r\n',
  'r.yaml': dep().replaceAll('\n', '\r\n'),
};
cases.tabs = { 'kustomization.yaml': 'resources:\n\t- r.yaml\n', 'r.yaml': dep() };
cases['two docs'] = { 'kustomization.yaml': 'resources: [r.yaml]\n---\nnamespace: x\n', 'r.yaml': dep() };
cases.metadata = {
  'kustomization.yaml': 'metadata: {name: x, labels: {a: b}}\nresources: [r.yaml]\n',
  'r.yaml': dep(),
};

// generators
const gen = (g: string, files: Record<string, string> = {}) => ({ 'kustomization.yaml': g, ...files });
cases['gen quotes'] = gen(
  'configMapGenerator:\n- name: a\n  literals: [\'a="q"\', "b=\'q\'", \'c="\', "d=", "e=x=y", \'f= "s" \', "g=\\"x\'"]\n',
);
cases['gen nokey'] = gen('configMapGenerator:\n- name: a\n  literals: ["=v"]\n');
cases['gen noeq'] = gen('configMapGenerator:\n- name: a\n  literals: ["v"]\n');
cases['gen dup'] = gen('configMapGenerator:\n- name: a\n  literals: ["v=1", "v=2"]\n');
cases['gen noname'] = gen('configMapGenerator:\n- literals: ["v=1"]\n');
cases['gen env'] = gen('configMapGenerator:\n- name: a\n  env: e.env\n  envs: [f.env]\n', {
  'e.env': '\ufeffA=1\r\nB = 2 \n#c\n\n  D=x # y\nE\nF="q"\n',
  'f.env': 'G=1',
});
cases['gen files'] = gen(
  'configMapGenerator:\n- name: a\n  files: [d/x.txt, y=d/x.txt, ./d/../d/z.yaml]\nsecretGenerator:\n- name: s\n  type: t/x\n  files: [d/x.txt]\n  literals: [long=' +
    'x'.repeat(200) +
    ']\n',
  { 'd/x.txt': 'a\nb', 'd/z.yaml': 'k: v\n' },
);
cases['gen files bad'] = gen('configMapGenerator:\n- name: a\n  files: [a=b=c]\n');
cases['gen files empty key'] = gen('configMapGenerator:\n- name: a\n  files: ["=c"]\n');
cases['gen ns'] = gen(
  'configMapGenerator:\n- name: a\n  namespace: n1\n- name: a\n  namespace: n2\n  options: {labels: {b: c, a: "1"}, annotations: {z: "y"}, immutable: true}\ngeneratorOptions: {labels: {a: g, q: g}, annotations: {w: g}}\nnamePrefix: p-\n',
);
cases['gen same'] = gen('configMapGenerator:\n- name: a\n- name: a\n');
cases['gen empty secret'] = gen('secretGenerator:\n- name: a\n');
cases['gen special'] = gen(
  'configMapGenerator:\n- name: a\n  literals: ["h=<a> & b\u2028", "y=yes", "n=null", "é=ü", "t= lead", "m=a\\nb\\n"]\n',
);
cases['gen behavior bad'] = gen('configMapGenerator:\n- name: a\n  behavior: nonsense\n  literals: [a=b]\n');
cases['gen merge none'] = gen('configMapGenerator:\n- name: a\n  behavior: merge\n');
cases['gen in generators'] = gen('generators: [g.yaml]\nnamespace: q\n', {
  'g.yaml':
    'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: m, namespace: ns}\nliterals: [a=b]\noptions: {disableNameSuffixHash: true}\n---\napiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\nname: other\nliterals: [a=b]\n',
});
cases['gen replace secret'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nsecretGenerator:\n- name: s\n  behavior: merge\n  literals: [b=2]\n',
  'r.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {q: 5}}\ntype: x\ndata: {a: YQ==}\nstringData: {c: d}\n',
};

// lists
cases.list = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml':
    'apiVersion: v1\nkind: List\nitems:\n- ' +
    dep().replaceAll('\n', '\n  ') +
    '\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n',
};
cases['list among'] = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml':
    'apiVersion: v1\nkind: DeploymentList\nitems:\n- ' +
    dep().replaceAll('\n', '\n  ') +
    '\n---\n' +
    dep('z') +
    '---\napiVersion: x/v1\nkind: AllowList\nmetadata: {name: q}\n',
};
cases['list null items'] = {
  'kustomization.yaml': 'resources: [r.yaml, s.yaml]\n',
  'r.yaml': 'apiVersion: v1\nkind: List\nitems:\n',
  's.yaml': 'apiVersion: v1\nkind: FooList\nitems: {}\n',
};
cases['no kind'] = { 'kustomization.yaml': 'resources: [r.yaml]\n', 'r.yaml': 'apiVersion: v1\nmetadata: {name: a}\n' };
cases['no name'] = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml': 'apiVersion: v1\nkind: A\nmetadata: {labels: {a: b}}\n',
};
cases['no api'] = { 'kustomization.yaml': 'resources: [r.yaml]\n', 'r.yaml': 'kind: A\nmetadata: {name: b}\n' };
cases['not object'] = { 'kustomization.yaml': 'resources: [r.yaml]\n', 'r.yaml': '- a\n- b\n' };
cases['scalar doc'] = { 'kustomization.yaml': 'resources: [r.yaml]\n', 'r.yaml': 'hello\n' };
cases['bad separator'] = { 'kustomization.yaml': 'resources: [r.yaml]\n', 'r.yaml': dep() + '--- x\n' + dep('b') };
cases['separator comment'] = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml': '# c\n--- # x\n' + dep() + '---\n---\n\n--- # y\n' + dep('b') + '...\n',
};
cases.anchors = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml': dep(
    'web',
    '        env: &e\n        - {name: A, value: b}\n      - name: two\n        env: *e\n        <<: {image: q}\n',
  ),
};
cases['merge keys'] = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx-base: &b {a: 1, c: 2}\ndata:\n  <<: *b\n  a: 9\n',
};
cases['self dup'] = { 'kustomization.yaml': 'resources: [r.yaml, r.yaml]\n', 'r.yaml': dep() };
cases.missing = { 'kustomization.yaml': 'resources: [nope.yaml]\n' };
cases.cycle = {
  'kustomization.yaml': 'resources: [a]\n',
  'a/kustomization.yaml': 'resources: [../b]\n',
  'b/kustomization.yaml': 'resources: [../a]\n',
};
cases.self = { 'kustomization.yaml': 'resources: [.]\n' };
cases.parent = { 'kustomization.yaml': 'resources: [a]\n', 'a/kustomization.yaml': 'resources: [..]\n' };
cases['outside file'] = {
  'kustomization.yaml': 'resources: [a]\n',
  'a/kustomization.yaml': 'resources: [../r.yaml]\n',
  'r.yaml': dep(),
};
cases.abs = { 'kustomization.yaml': 'resources: [/etc/passwd]\n' };
cases['ambiguous path'] = { 'kustomization.yaml': 'resources: [a..b]\n', 'a..b/kustomization.yaml': 'namePrefix: q\n' };
cases['base yaml as dir'] = {
  'kustomization.yaml': 'resources: [x.yaml]\n',
  'x.yaml/kustomization.yaml': 'namePrefix: q\n',
};
cases['two kustomizations'] = {
  'kustomization.yaml': 'resources: [a]\n',
  'a/kustomization.yaml': 'namePrefix: q\n',
  'a/kustomization.yml': 'namePrefix: q\n',
};
cases.regex = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {name: "(a+)+$"}\n  patch: |-\n    - {op: add, path: /spec/x, value: 1}\n',
  'r.yaml': dep('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'),
};
cases['regex bad'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {name: "(a"}\n  patch: |-\n    - {op: add, path: /spec/x, value: 1}\n',
  'r.yaml': dep(),
};
cases['regex look'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {name: "(?!a)b"}\n  patch: |-\n    - {op: add, path: /spec/x, value: 1}\n',
  'r.yaml': dep(),
};
cases['selector bad'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {labelSelector: "a in b"}\n  patch: |-\n    - {op: add, path: /spec/x, value: 1}\n',
  'r.yaml': dep(),
};
cases['both patch'] = {
  'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- path: p.yaml\n  patch: x\n',
  'r.yaml': dep(),
  'p.yaml': dep(),
};
cases['multi patch target'] = {
  'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- path: p.yaml\n  target: {kind: Deployment}\n',
  'r.yaml': dep(),
  'p.yaml': dep() + '---\n' + dep(),
};
cases['empty patch file'] = {
  'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- path: p.yaml\n',
  'r.yaml': dep(),
  'p.yaml': '# nothing\n',
};
cases['empty patch file target'] = {
  'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- path: p.yaml\n  target: {kind: Deployment}\n',
  'r.yaml': dep(),
  'p.yaml': '# nothing\n',
};
cases['patch missing'] = { 'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- path: p.yaml\n', 'r.yaml': dep() };
cases['patch garbage'] = {
  'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- patch: "hello: ["\n',
  'r.yaml': dep(),
};
cases['patch scalar'] = { 'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- patch: "hello"\n', 'r.yaml': dep() };
cases['json no target'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: "[{\\"op\\": \\"add\\", \\"path\\": \\"/x\\", \\"value\\": 1}]"\n',
  'r.yaml': dep(),
};
cases['json bad op'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: "[{\\"op\\": \\"frob\\", \\"path\\": \\"/x\\", \\"value\\": 1}]"\n',
  'r.yaml': dep(),
};
cases.openapi = {
  'kustomization.yaml':
    'resources: [r.yaml]\nopenapi: {path: o.json}\npatches:\n- patch: |-\n    apiVersion: example.com/v1\n    kind: Widget\n    metadata: {name: w}\n    spec: {items: [{name: b, v: 9}, {name: c, v: 3}]}\n',
  'r.yaml':
    'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {items: [{name: a, v: 1}, {name: b, v: 2, k: 1}]}\n---\n' +
    dep(),
  'o.json': JSON.stringify({
    definitions: {
      W: {
        properties: { spec: { $ref: '#/definitions/S' } },
        'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
      },
      S: {
        properties: {
          items: {
            type: 'array',
            items: { type: 'object' },
            'x-kubernetes-patch-strategy': 'merge',
            'x-kubernetes-patch-merge-key': 'name',
          },
        },
      },
    },
  }),
};
cases['openapi deployment'] = {
  ...cases.openapi,
  'kustomization.yaml':
    cases.openapi!['kustomization.yaml']! +
    '- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: {containers: [{name: side}]}}}\n',
};
cases['openapi missing'] = { 'kustomization.yaml': 'resources: [r.yaml]\nopenapi: {path: o.json}\n', 'r.yaml': dep() };
cases['openapi version bad'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nopenapi: {version: v1.20}\n',
  'r.yaml': dep(),
};
cases.crds = {
  'kustomization.yaml':
    'resources: [r.yaml]\nnamePrefix: p-\ncommonLabels: {a: b}\ncommonAnnotations: {c: d}\ncrds: [c.json]\n',
  'r.yaml':
    'apiVersion: jingfang.example.com/v1beta1\nkind: MyKind\nmetadata: {name: k}\nspec:\n  secretRef: {name: s}\n  beeRef: {name: b}\n  sel: {}\n  ann: {}\n  id: w\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\napiVersion: v1beta1\nkind: Bee\nmetadata: {name: b}\n',
  'c.json': JSON.stringify({
    'x.MyKind': {
      Schema: { properties: { kind: {}, apiVersion: {}, metadata: {}, spec: { $ref: 'x.Spec' } } },
      Dependencies: [],
    },
    'x.Spec': {
      Schema: {
        properties: {
          secretRef: { 'x-kubernetes-object-ref-api-version': 'v1', 'x-kubernetes-object-ref-kind': 'Secret' },
          beeRef: { 'x-kubernetes-object-ref-api-version': 'v1beta1', 'x-kubernetes-object-ref-kind': 'Bee' },
          sel: { 'x-kubernetes-label-selector': '' },
          ann: { 'x-kubernetes-annotation': '' },
          id: { 'x-kubernetes-identity': '' },
        },
      },
    },
  }),
};
cases.configurations = {
  'kustomization.yaml':
    'resources: [r.yaml]\nnamePrefix: p-\nnamespace: ns\nconfigurations: [c.yaml]\nimages: [{name: q, newTag: "2"}]\nreplicas: [{name: w, count: 3}]\n',
  'r.yaml':
    'apiVersion: x/v1\nkind: Widget\nmetadata: {name: w}\nspec: {ref: c, n: {ns: old}, img: q:1, extra: tail}\n---\n' +
    cm('c', 'a: b'),
  'c.yaml':
    'nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs: [{kind: Widget, path: spec/ref}]\nnamespace: [{kind: Widget, path: spec/n/ns}]\nimages: [{kind: Widget, path: spec/img}]\nreplicas: [{kind: Widget, path: spec/count, create: true}]\nnamePrefix: [{kind: Widget, path: spec/extra}]\n',
};
cases['configurations unknown'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nconfigurations: [c.yaml]\n',
  'r.yaml': dep(),
  'c.yaml': 'nonsense: []\n',
};
cases['configurations conflict'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nconfigurations: [c.yaml]\n',
  'r.yaml': dep(),
  'c.yaml': 'commonAnnotations: [{path: metadata/annotations, create: false}]\n',
};
cases['local config'] = {
  'kustomization.yaml': 'resources: [r.yaml]\nnamePrefix: p-\n',
  'r.yaml':
    cm('a', 'x: y').replace('name: a', 'name: a\n  annotations: {config.kubernetes.io/local-config: "true"}') +
    '---\n' +
    cm('b', 'x: y').replace('name: b', 'name: b\n  annotations: {config.kubernetes.io/local-config: "false"}'),
};
cases.bookkeeping = {
  'kustomization.yaml': 'resources: [r.yaml]\n',
  'r.yaml': cm('a', 'x: y').replace(
    'name: a',
    'name: a\n  annotations: {config.kubernetes.io/index: "1", internal.config.kubernetes.io/foo: x, config.kubernetes.io/origin: y, z: 5}',
  ),
};
cases['allow name'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {kind: Deployment}\n  options: {allowNameChange: true, allowKindChange: true}\n  patch: |-\n    apiVersion: apps/v1\n    kind: StatefulSet\n    metadata: {name: other}\n',
  'r.yaml':
    dep() +
    '---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}}\n',
};
cases['label null patch'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: x, labels: {a: null, b: 5}, annotations: {c: null}}\n',
  'r.yaml': dep().replace('name: web', 'name: web\n  labels: {a: 1, z: y}\n  annotations: {c: d}'),
};
cases['label null patch no target'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web, labels: {a: null, b: 5}, annotations: {c: null}}\n',
  'r.yaml': dep().replace('name: web', 'name: web\n  labels: {a: 1, z: y}\n  annotations: {c: d}'),
};
cases['patch ns'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\nnamespace: q\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web, namespace: default}\n    spec: {replicas: 2}\n',
  'r.yaml': dep(),
};
cases['images digest'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\nimages:\n- {name: nginx, digest: "sha256:1"}\n- {name: nginx, newTag: "v2", tagSuffix: x}\n- {name: ng.nx, tagSuffix: -s}\n- {name: "[", newTag: z}\n',
  'r.yaml': dep(
    'web',
    '      - name: b\n        image: nginx@sha256:abc\n      - name: c\n        image: reg:5000/nginx:1@sha256:abc\n      - name: d\n        image: nginx\n      initContainers:\n      - {name: i, image: "nginx:1.0"}\n',
  ),
};
cases['quoted styles'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data: {a: 5, b: "5", c: true, d: x, e: \'7\', f: null}\n',
  'r.yaml': cm('a', 'a: "1"\nb: 1\nc: \'x\'\nd: 5\ne: |\n  t\nf: y\ng: null\nh:\ni: ~'),
};
cases['set element order'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec:\n      template:\n        spec:\n          $setElementOrder/containers: [{name: main}, {name: b}]\n          $retainKeys: [containers]\n          containers: [{name: b, image: q}]\n',
  'r.yaml': dep(),
};
cases.deleteFromPrimitiveList = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a, finalizers: [c, a]}\n',
  'r.yaml': cm('a', 'x: y').replace('name: a', 'name: a\n  finalizers: [a, b]'),
};
cases.ports = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: s}\n    spec: {ports: [{port: 80, name: x}, {port: 81, protocol: UDP}, {port: 82}]}\n',
  'r.yaml':
    'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80, protocol: TCP}, {port: 80, protocol: UDP}, {port: 81}, {name: nokey}]}\n',
};
cases['nokey items'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: {containers: [{image: q}, {name: z}], tolerations: [{key: a}], volumes: [null, {name: v}]}}}\n',
  'r.yaml': dep('web', '      - image: nameless\n      volumes: [{name: u}, {emptyDir: {}}]\n'),
};
cases['kind mismatch'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: {a: b}}\n',
  'r.yaml': dep(),
};
cases.sort = {
  'kustomization.yaml':
    'resources: [r.yaml]\nsortOptions:\n  order: legacy\n  legacySortOptions: {orderFirst: [ConfigMap], orderLast: [Deployment]}\n',
  'r.yaml':
    dep() +
    '---\n' +
    cm('b', 'x: y') +
    '---\n' +
    cm('a', 'x: y') +
    '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n',
};
cases['labels fields'] = {
  'kustomization.yaml':
    'resources: [r.yaml]\nlabels:\n- pairs: {a: b}\n  fields: [{path: spec/x/labels, create: true, kind: Deployment}, {path: spec/y/labels}]\n- pairs: {c: d}\n  includeTemplates: true\n  includeVolumeClaimTemplates: true\n',
  'r.yaml':
    dep() +
    '---\n' +
    dep('s').replace('Deployment', 'StatefulSet') +
    '  volumeClaimTemplates: [{metadata: {name: v}}]\n',
};
