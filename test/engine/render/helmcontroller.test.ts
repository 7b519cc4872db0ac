/**
 * A HelmRelease judged by helm-controller's own code (test/oracle/helmrelease): its values, its manifest and its hooks
 * as the release record would hold them, or both refuse. A table of every field that matters, then random ones.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DesiredSet, parse, titleOf, toJson } from '../../../src/engine/index.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';
import { oracle } from '../../oracle/ask.ts';
import { type Files, kustomization, render, sync } from './check.ts';

const judge = oracle('helmrelease-oracle');

/** Prints a value with Go's types: to a template, 1 and 1.0 are not the same. */
const dump = `{{- define "dump" -}}
{{- if kindIs "map" . }}{ {{- range $k, $v := . }}{{ $k | quote }}:{{ include "dump" $v }},{{ end -}} }
{{- else if kindIs "slice" . }}[{{ range . }}{{ include "dump" . }},{{ end }}]
{{- else }}{{ kindOf . }}({{ . }}){{ end }}
{{- end -}}
`;

const chart: Files = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n',
  'values.yaml': 'gone: 1\nkept: {a: 1, b: [1, 2]}\nimage: {repository: web, tag: v1}\n',
  'templates/_dump.tpl': dump,
  'templates/NOTES.txt': 'notes of {{ .Release.Name }}',
  'templates/values.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: values}
data:
  release: {{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.Revision }} {{ .Release.IsInstall }} {{ .Release.IsUpgrade }}
  values: {{ include "dump" .Values | quote }}
`,
  'templates/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: init, image: "docker.io/busybox:1.0"}]
      containers:
        - name: web
          image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
          env: [{name: A, value: "1"}, {name: B, value: "yes"}]
        - {name: side, image: "side@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"}
---
# a comment
apiVersion: v1
kind: Service
metadata: {name: web, namespace: other, annotations: {a: "1"}}
spec: {ports: [{port: 80, name: http}], selector: {app: web}}
`,
  'templates/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-5"}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: "web:v1"}]}}}
`,
  'crds/crd.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\n',
};

/** The values alone, for stories about nothing else. */
const small = Object.fromEntries(Object.entries(chart).filter(([path]) => /dump|alues|Chart/.test(path)));

/** Templates that are hard to read, to send through kustomize or to sort, each a chart of its own. */
const hard: Readonly<Record<string, string>> = {
  scalars: `apiVersion: v1
kind: Thing
metadata: {name: scalars, labels: {quoted: "yes", number: "1"}}
spec:
  {yes: yes, "on": off, n: n, octal: 0755, octal2: 0o17, hex: 0x1F, exp: 1e3, float: 1.0, big: 12345678901234567890,
  date: 2001-01-01, time: 12:30:45, tilde: ~, empty: , underscore: 1_000, version: 1.10, plus: +1, dot: 1.}
`,
  infinite: 'apiVersion: v1\nkind: Thing\nmetadata: {name: a}\nspec: {a: .inf}\n',
  texts: `apiVersion: v1
kind: ConfigMap
metadata: {name: texts}
data:
  literal: |
    one
      two # no comment

  folded: >-
    three
    four
  keep: |+
    five

  tabs: "a\tb"
  unicode: "\u0105 🚀"
  quoted: 'it''s'
  long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccc
  colon: "a: b"
`,
  anchors: `apiVersion: v1
kind: ConfigMap
metadata: {name: anchors, labels: &l {a: b}}
data: {<<: *l, c: d}
`,
  empties: `apiVersion: v1
kind: Thing
metadata: {name: empties, labels: null, annotations: {}}
spec: {a: {}, b: [], c: null, d: "", e: [null, {}]}
`,
  list: `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
  - {apiVersion: v1, kind: Secret, metadata: {name: two}}
`,
  configMapList: `apiVersion: v1
kind: ConfigMapList
items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: one}}]
`,
  'no name': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n',
  'generate name': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n',
  'no metadata': 'apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n',
  'no kind': 'apiVersion: v1\nmetadata: {name: a}\n',
  'no object': 'a: b\n',
  scalar: 'just text\n',
  sequence: '- a\n- b\n',
  'comments alone': '# nothing\n---\n# nothing\n',
  nothing: '',
  null: 'null\n',
  twice: `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
`,
  'twice in two namespaces': `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: b}
`,
  'duplicate keys': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: "1"}\ndata: {a: "2"}\n',
  'number as name': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 123}\n',
  'number as label': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a: 1, b: true}}\n',
  'number as annotation': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {a: 1}}\n',
  'a hook of an unknown event': hookOf('pre-none'),
  'a hook of two events': hookOf('post-install, test-success'),
  'a test': hookOf('test'),
  'a weight that is no number': hookOf('pre-install', ', helm.sh/hook-weight: heavy'),
  'a policy': hookOf('pre-install', ', helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"'),
  'local config':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {config.kubernetes.io/local-config: "true"}}\n',
  'a name with a hash': `apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {kustomize.config.k8s.io/needs-hash: "true"}}
data: {a: b}
`,
  behaviour: `apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {kustomize.config.k8s.io/behavior: merge}}
`,
  'many kinds': [
    'Deployment',
    'Zebra',
    'Service',
    'Ant',
    'Namespace',
    'CustomResourceDefinition',
    'ServiceAccount',
    'Job',
  ]
    .map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: a}\n`)
    .join('---\n'),
  'a document end': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n...\n',
  windows:
    'apiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: a}\r\n---\r\napiVersion: v1\r\nkind: Secret\r\nmetadata: {name: b}\r\n',
  'a comment on each line': 'apiVersion: v1 # one\nkind: ConfigMap # two\nmetadata: # three\n  name: a # four\n',
  tag: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: !!str 1, b: !!binary aGk=}\n',
  json: '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}',
};

function hookOf(events: string, more = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: h, annotations: {helm.sh/hook: "${events}"${more}}}\n`;
}

const chartOf = (template: string): Files => ({ ...small, 'templates/hard.yaml': template });

interface Story {
  readonly chart?: Files;
  readonly spec?: object;
}

/** The release of the story with this number; all of a test's stories are one fleet. */
const release = ({ spec }: Story, number: number) => ({
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: `r${number}`, namespace: 'apps' },
  spec: {
    interval: '10m',
    chart: {
      spec: {
        chart: `./charts/${number}`,
        sourceRef: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
      },
    },
    ...spec,
  },
});

interface Answer {
  readonly error?: string;
  readonly config?: unknown;
  readonly manifest?: string;
  readonly hooks?: readonly { readonly path: string; readonly manifest: string }[];
  readonly notes?: string;
}

/** What both say, in one form: objects in their order, or a refusal. */
type Outcome =
  | { readonly error: string }
  | { readonly config: unknown; readonly manifest: Json[]; readonly hooks: Json[]; readonly notes: string };

const charts = (stories: readonly Story[]): Files =>
  Object.fromEntries(
    stories.flatMap(({ chart: files = chart }, i) =>
      Object.entries(files).map(([path, text]) => [`charts/${i}/${path}`, text]),
    ),
  );

function theirs(stories: readonly Story[]): readonly Outcome[] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-release-'));
  try {
    for (const [path, text] of Object.entries(charts(stories))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const requests = stories.map((story, i) => {
      const asked = release(story, i);
      return { release: asked, inputs, chart: join(folder, asked.spec.chart.spec.chart) };
    });
    return judge.ask<Answer>(requests).map((answer): Outcome => {
      if (answer.error !== undefined) return { error: answer.error };
      const { config = {}, manifest = '', hooks = [], notes = '' } = answer;
      return { config, manifest: objects(manifest), hooks: hooks.flatMap((hook) => objects(hook.manifest)), notes };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ours(stories: readonly Story[]): readonly Outcome[] {
  const all = [...stories.map(release), ...inputs];
  const sets = render({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
    'apps/all.yaml': all.map((object) => JSON.stringify(object, null, 1)).join('\n---\n'),
    ...charts(stories),
  });
  const byName = new Map(sets.map((set) => [titleOf(set.owner.id), set]));
  return stories.map((_, i) => outcome(byName.get(`HelmRelease apps/r${i}`)));
}

function outcome(set: DesiredSet | undefined): Outcome {
  const wrong = set?.problems.filter(({ severity }) => severity !== 'information') ?? [];
  if (set?.release === undefined || wrong.length > 0) {
    return { error: [set?.note, ...wrong.map(({ message }) => message)].join('\n') };
  }
  const { config, manifest, hooks, notes } = set.release;
  const json = (pieces: typeof manifest) => pieces.map(({ node }) => toJson(node, 'sigs'));
  return { config, manifest: json(manifest), hooks: json(hooks), notes: notes ?? '' };
}

function objects(text: string): Json[] {
  return parse(text, 'out').documents.flatMap(({ root }) => (root === undefined ? [] : [toJson(root, 'sigs')]));
}

/** Every story at once: which are equal, which both refuse; the others with both answers. */
function compare(stories: Readonly<Record<string, Story>>) {
  const [all, own] = [theirs(Object.values(stories)), ours(Object.values(stories))];
  const counts = { equal: 0, refused: 0 };
  const differences: string[] = [];
  Object.keys(stories).forEach((name, i) => {
    const [they, we] = [all[i]!, own[i]!];
    if ('error' in they && 'error' in we) {
      counts.refused++;
      if (process.env.SLUICE_SHOW) console.log(`${name}\n  theirs: ${they.error}\n  ours:   ${we.error}`);
    } else if (text(they) === text(we)) counts.equal++;
    else differences.push(`${name}: ${difference(text(they), text(we))}`);
  });
  expect(differences.join('\n')).toBe('');
  return counts;
}

/** The first line that differs; a refusal whole. */
function difference(they: string, we: string): string {
  const [left, right] = [they.split('\n'), we.split('\n')];
  const line = left.findIndex((text, i) => text !== right[i]);
  return `theirs ${left[line]?.trim()} ours ${right[line]?.trim()}`;
}

const text = (outcome: Outcome) => JSON.stringify(outcome, sorted, 1);

function sorted(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const configMap = (name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'apps' },
  data,
});

const secret = (name: string, data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'apps' },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

/** Texts that a reference may hold. */
const texts: Readonly<Record<string, string>> = {
  'values.yaml': 'a: 1\nlist: [1]\ntable: {x: 1, w: 1, deep: {k: v}}\n',
  two: 'a: 2\nlist: [2, 3]\ntable: {w: 2, deep: {k: null, l: 0755}}\ngone: null\n',
  yaml11:
    'yes: no\non: off\nn: ~\nhex: 0x1F\noct: 0o17\nold: 017\nfloat: 1e3\nbig: 12345678901234567890\ndate: 2001-01-01\n',
  anchors: 'x: &x {a: 1}\ny: {<<: *x, b: 2}\nz: *x\n',
  list: '- 1\n- 2\n',
  scalar: 'just text',
  empty: '',
  null: 'null',
  comment: '# nothing\n',
  documents: 'a: 1\n---\nb: 2\n',
  twice: 'a: 1\na: 2\n',
  bad: 'a: [1\n',
  tab: 'a:\n\tb: 1\n',
  json: '{"a": 1.0, "b": [true, null], "c": {"d": "e"}}',
  port: '8080',
  zero: '0',
  padded: '007',
  fraction: '1.5',
  exponent: '1e3',
  true: 'true',
  nothing: 'null',
  word: 'word',
  spaces: ' a b ',
  lines: 'one\ntwo\n',
  commas: 'a,b=c,d',
  escaped: 'a\\,b',
  braces: '{a,b,1}',
  open: '{a,b',
  brackets: 'x[0]=1',
  single: "'7'",
  double: '"7, 8"',
  quote: "'",
  mixed: '\'"5"\'',
  equals: 'k=v',
  token: 'no,t{ok=en\\',
  unicode: 'żółć 🚀',
  long: '123456789012345678901234567890',
  minus: '-5',
  dot: 'a.b.c',
};

const paths = [
  'port',
  'a.port',
  'kept.a',
  'kept.b',
  'kept.b[0]',
  'kept.b[5]',
  'a[1]',
  'a[0].b',
  'a[0][1]',
  'a\\.b/c',
  'table.deep.k',
  'list[0]',
  'list[3]',
  'list[1].b',
  'list[1].c[2]',
  'list',
  'a.b.c.d',
  'x-y',
  'a[-1]',
  'a[x]',
  'a[',
  'a[0',
  'a..b',
  '.a',
  'a.',
  'a=b',
  'a,b',
  'a\\=b',
  'a\\,b',
  '{a}',
  'a b',
  'image.tag',
  'gone',
  'a[70000]',
  'a\\[0\\]',
  '"a"',
  'nodes.kubernetes\\.io/role',
  'null',
];

const inputs = [configMap('one', texts), secret('two', texts)];
const from = (more: object) => ({ kind: 'ConfigMap', name: 'one', ...more });

/** What a random story leaves out, for one refusal is enough. */
const refused = ['bad', 'tab', 'list', 'scalar', 'open', 'yaml11'];
const dead = ['a[-1]', 'a[x]', 'a..b', 'a.', 'a,b', 'a[70000]', '"a"', '.a'];

describe.runIf(judge.present)(`as helm-controller puts values together${judge.without}`, { timeout: 90_000 }, () => {
  test('every text as values, and at a path, in each way', () => {
    const ways: Readonly<Record<string, readonly [object, object?]>> = {
      'as values': [{}],
      'under values': [{}, { values: { a: 9, table: { x: null, z: 1 } } }],
      'at a path': [{ targetPath: 'a.b' }],
      literal: [{ targetPath: 'a.b', literal: true }],
      optional: [{ optional: true }],
    };
    const stories = Object.keys(texts).flatMap((valuesKey) =>
      [from({ valuesKey }), { kind: 'Secret', name: 'two', valuesKey }].flatMap((ref) =>
        Object.entries(ways).map(([way, [more, spec]]): [string, Story] => [
          `${ref.kind} ${valuesKey} ${way}`,
          { chart: small, spec: { valuesFrom: [{ ...ref, ...more }], ...spec } },
        ]),
      ),
    );
    console.log('values by text:', compare(Object.fromEntries(stories)));
  });
  test('every path', () => {
    const values = { list: [1, { b: 2 }], table: { deep: 'x' } };
    const stories = paths.flatMap((targetPath) =>
      ['port', 'braces', 'commas', 'token', 'single', 'empty'].flatMap((valuesKey) =>
        [{}, { literal: true }].map((more): [string, Story] => {
          const ref = from({ valuesKey, targetPath, ...more });
          return [JSON.stringify(ref), { chart: small, spec: { valuesFrom: [ref], values } }];
        }),
      ),
    );
    console.log('values by path:', compare(Object.fromEntries(stories)));
  });
  test('what is not there, and what is of another kind', () => {
    const refs: readonly object[] = [
      from({ name: 'none' }),
      from({ name: 'none', optional: true }),
      from({ valuesKey: 'none' }),
      from({ valuesKey: 'none', optional: true }),
      from({ valuesKey: 'none', optional: true, targetPath: 'a' }),
      { kind: 'Secret', name: 'two', valuesKey: 'none', optional: true },
      from({ kind: 'Service', optional: true }),
    ];
    const stories = refs.map((ref): [string, Story] => [
      JSON.stringify(ref),
      { chart: small, spec: { valuesFrom: [from({}), ref], values: { b: 1 } } },
    ]);
    console.log('values that are not there:', compare(Object.fromEntries(stories)));
  });
  test('random references', () => {
    const roll = dice(7);
    const keys = Object.keys(texts).filter((key) => !refused.includes(key));
    const open = paths.filter((path) => !dead.includes(path));
    const ref = () => ({
      ...(roll(2) === 0 ? { kind: 'Secret', name: 'two' } : from({})),
      ...(roll(2) === 0
        ? { valuesKey: roll.of(['values.yaml', 'two', 'anchors', 'json', 'null']) }
        : { valuesKey: roll.of(keys), targetPath: roll.of(open), ...(roll(4) === 0 && { literal: true }) }),
      ...(roll(3) === 0 && { optional: true }),
    });
    const stories = Array.from({ length: 300 }, (): [string, Story] => {
      const valuesFrom = Array.from({ length: 1 + roll(4) }, ref);
      const deep = roll.of(['s', null, { k: 1 }, [1]]);
      const values = { table: { x: roll(9), deep }, list: roll.of([[1], [1, { b: 1 }], 'x']) };
      const spec = { valuesFrom, ...(roll(3) > 0 && { values }) };
      return [JSON.stringify(spec), { chart: small, spec }];
    });
    console.log('random values:', compare(Object.fromEntries(stories)));
  });
});

const patch = (text: string, target?: object) => ({ patch: text, ...(target && { target }) });
const merge = (kind: string, name: string, body: string) =>
  `apiVersion: ${kind === 'Deployment' ? 'apps/v1' : 'v1'}\nkind: ${kind}\nmetadata: {name: ${name}}\n${body}`;
const deployment = { kind: 'Deployment' };

/** Patches by what they are about. */
const patches: Readonly<Record<string, object>> = {
  merge: patch(merge('Deployment', 'web', 'spec: {replicas: 3}')),
  'merge by name in a list': patch(
    merge('Deployment', 'web', 'spec: {template: {spec: {containers: [{name: web, env: [{name: C, value: "3"}]}]}}}'),
  ),
  'merge $patch delete of an item': patch(
    merge('Deployment', 'web', 'spec: {template: {spec: {containers: [{name: side, $patch: delete}]}}}'),
  ),
  'merge $patch delete': patch(merge('Deployment', 'web', '$patch: delete')),
  'merge $patch replace': patch(merge('Deployment', 'web', 'spec: {$patch: replace, replicas: 1}')),
  'merge null': patch(
    merge('Deployment', 'web', 'metadata: {name: web, labels: {tier: null}}').replace(/metadata: \{name: web\}\n/, ''),
  ),
  'merge of nothing that is there': patch(merge('Deployment', 'none', 'spec: {replicas: 3}')),
  'merge in another namespace': patch(merge('Service', 'web', 'spec: {type: NodePort}')),
  'merge in the namespace': patch(
    'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: other}\nspec: {type: NodePort}',
  ),
  'merge by target': patch(merge('Deployment', 'any', 'spec: {replicas: 4}'), deployment),
  'merge of the hook': patch('apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec: {backoffLimit: 1}'),
  'json patch': patch('- {op: replace, path: /spec/template/spec/containers/0/image, value: "x:1"}', deployment),
  'json patch as JSON': patch('[{"op": "add", "path": "/metadata/labels/a~1b", "value": "c"}]', deployment),
  'json patch at the end': patch(
    '- {op: add, path: /spec/template/spec/containers/-, value: {name: third, image: t}}',
    deployment,
  ),
  'json patch remove, move, copy, test': patch(
    [
      '- {op: test, path: /metadata/labels/app, value: web}',
      '- {op: copy, from: /metadata/labels/app, path: /metadata/labels/b}',
      '- {op: move, from: /metadata/labels/b, path: /metadata/labels/c}',
      '- {op: remove, path: /metadata/labels/tier}',
    ].join('\n'),
    deployment,
  ),
  'json patch that fails its test': patch('- {op: test, path: /metadata/name, value: other}', deployment),
  'json patch of what is not there': patch('- {op: replace, path: /spec/none/there, value: 1}', deployment),
  'json patch without target': patch('- {op: remove, path: /spec}'),
  'target by name': patch('- {op: add, path: /metadata/labels, value: {x: y}}', { kind: 'Service', name: 'w.*' }),
  'target by namespace': patch('- {op: add, path: /metadata/labels, value: {x: y}}', { namespace: 'other' }),
  'target by label': patch('- {op: add, path: /metadata/labels/x, value: y}', { labelSelector: 'app=web,tier!=back' }),
  'target by annotation': patch('- {op: add, path: /metadata/annotations/x, value: y}', { annotationSelector: 'a=1' }),
  'target by group and version': patch('- {op: add, path: /spec/replicas, value: 2}', { group: 'apps', version: 'v1' }),
  'target of everything': patch('- {op: add, path: /metadata/annotations, value: {all: "yes"}}', { name: '.*' }),
  'no YAML': patch('a: [1'),
  'no patch': patch('just text'),
  'empty patch': patch('', deployment),
  'two patches in one text': patch(
    `${merge('Deployment', 'web', 'spec: {replicas: 5}')}\n---\n${merge('Service', 'web', 'spec: {type: NodePort}')}`,
  ),
};

const images: readonly object[] = [
  { name: 'web', newTag: 'v2' },
  { name: 'web', newName: 'registry.example.com/web' },
  { name: 'docker.io/busybox', newName: 'busybox', newTag: '1.36' },
  { name: 'busybox', newTag: '2' },
  { name: 'side', digest: 'sha256:aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff0000000011111111' },
  { name: 'side', newTag: 'v3' },
  { name: 'web', newTag: 'v2', digest: 'sha256:aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff0000000011111111' },
  { name: 'w.*', newTag: 'v2' },
];

const metadata: readonly object[] = [
  { labels: { app: 'other', new: '1' } },
  { annotations: { a: '2', b: 'yes' } },
  { labels: { 'helm.toolkit.fluxcd.io/name': 'mine' }, annotations: { 'helm.sh/hook-weight': '7' } },
  { labels: {}, annotations: {} },
];

describe.runIf(judge.present)(`as helm-controller renders a release${judge.without}`, { timeout: 90_000 }, () => {
  const kustomize = (spec: object): Story => ({ spec: { postRenderers: [{ kustomize: spec }] } });

  test('patches, images and common metadata, one at a time', () => {
    const stories: readonly (readonly [string, Story])[] = [
      ['nothing', {}],
      ...Object.entries(patches).map(([name, one]) => [`patch: ${name}`, kustomize({ patches: [one] })] as const),
      ...images.map((image) => [`image: ${JSON.stringify(image)}`, kustomize({ images: [image] })] as const),
      ...metadata.map((commonMetadata) => [JSON.stringify(commonMetadata), { spec: { commonMetadata } }] as const),
    ];
    console.log('post renderers:', compare(Object.fromEntries(stories)));
  });
  test('templates that are hard to read, alone and through a renderer', () => {
    const stories = Object.entries(hard).flatMap(([name, template]): [string, Story][] => {
      const chart = chartOf(template);
      return [
        [name, { chart }],
        [`${name}, images`, { ...kustomize({ images }), chart }],
        [`${name}, separate`, { chart, spec: { postRenderStrategy: 'separate', commonMetadata: metadata[0] } }],
      ];
    });
    console.log('hard templates:', compare(Object.fromEntries(stories)));
  });
  test('what the release says about itself', () => {
    const specs: readonly object[] = [
      { releaseName: 'named' },
      { targetNamespace: 'elsewhere' },
      { targetNamespace: 'a-namespace-with-a-name-that-is-long-enough-to-be-cut-off' },
      { releaseName: 'UPPER' },
      { storageNamespace: 'stored' },
      { install: { disableHooks: true } },
      { install: { crds: 'Skip', replace: true, createNamespace: true } },
      { postRenderStrategy: 'nohooks', commonMetadata: { labels: { a: 'b' } } },
      { postRenderStrategy: 'separate', commonMetadata: { labels: { a: 'b' } } },
      { postRenderStrategy: 'combined', commonMetadata: { labels: { a: 'b' } } },
    ];
    console.log('releases:', compare(Object.fromEntries(specs.map((spec) => [JSON.stringify(spec), { spec }]))));
  });
  test('random post renderers', () => {
    const roll = dice(11);
    const some = <T>(from: readonly T[], most: number) => Array.from({ length: roll(most + 1) }, () => roll.of(from));
    const good = Object.entries(patches).flatMap(([name, one]) =>
      /fails|not there|^no |without/.test(name) ? [] : [one],
    );
    const stories = Array.from({ length: 150 }, (): [string, Story] => {
      const postRenderers = Array.from({ length: 1 + roll(3) }, () => ({
        kustomize: { patches: some(good, 3), images: some(images, 2) },
      }));
      const spec = {
        postRenderers,
        ...(roll(2) === 0 && { commonMetadata: roll.of(metadata) }),
        ...(roll(3) === 0 && { postRenderStrategy: roll.of(['nohooks', 'separate', 'combined']) }),
      };
      return [JSON.stringify(spec), { spec }];
    });
    console.log('random post renderers:', compare(Object.fromEntries(stories)));
  });
});

/** The same numbers each time. */
function dice(seed: number) {
  let state = seed;
  const roll = (sides: number) => {
    state = (state * 48271) % 2147483647;
    return state % sides;
  };
  return Object.assign(roll, { of: <T>(from: readonly T[]): T => from[roll(from.length)]! });
}
