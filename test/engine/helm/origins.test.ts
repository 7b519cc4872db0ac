/**
 * The origin exam of charts: change the text that a rendered scalar's origin names, render again, and that scalar must
 * change. Over a chart of our own that uses what charts use, and over charts that Go modules bring, where they are at hand.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { helm, memoryTree, type Node, type Origin, textFile } from '../../../src/engine/index.ts';
import { chartsBelow } from './charts.ts';

/** Texts by the name that origins use. */
type Texts = ReadonlyMap<string, string>;

interface Field {
  readonly object: string;
  readonly path: readonly (string | number)[];
  readonly text: string;
  readonly at: Origin;
}

const values = `
replicaCount: 3
image:
  tag: "1.2.3"
podAnnotations:
  team: blue
  quoted: "a b"
env:
  - {name: LOG, value: debug}
  - {name: COLOR, value: teal}
secret: hidden
mode: fast
hosts: [one.example.com, two.example.com]
greeting: 'hello {{ .Values.mode }} of {{ .Release.Name }}'
resources:
  limits: {cpu: 100m, memory: 64Mi}
global: {region: north}
sub: {size: 12}
`;

const ownChart: Readonly<Record<string, string>> = {
  'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.2.3\nappVersion: "9.8"\n',
  'values.yaml': `replicaCount: 1
image:
  repository: nginx
  tag: ""
  pullPolicy: IfNotPresent
nameOverride: ""
service: {type: ClusterIP, port: 80}
serviceAccount: {create: true, name: ""}
mode: slow
debug: true
nodeSelector: {disk: ssd}
tolerations:
  - key: dedicated
    operator: Exists
multi: |
  first line
  second line
`,
  'config/app.conf': 'listen 80\nworkers 4\n',
  'templates/_helpers.tpl': `{{- define "demo.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "demo.fullname" -}}
{{- printf "%s-%s" .Release.Name (include "demo.name" .) | trunc 63 -}}
{{- end -}}
{{- define "demo.labels" -}}
app.kubernetes.io/name: {{ include "demo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
region: {{ .Values.global.region }}
{{- end -}}
`,
  'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "demo.fullname" . }}
  labels:
    {{- include "demo.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicaCount }}
  template:
    metadata:
      {{- with .Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      labels:
        {{- include "demo.labels" . | nindent 8 }}
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          args: ["--mode={{ .Values.mode }}", {{ ternary "--debug" "--quiet" .Values.debug | quote }}]
          env:
            {{- range .Values.env }}
            - name: {{ .name }}
              value: {{ .value | quote }}
            {{- end }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
      nodeSelector: {{ .Values.nodeSelector | toJson }}
      {{- with .Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
`,
  'templates/more.yaml': `apiVersion: v1
kind: Secret
metadata: {name: {{ include "demo.fullname" . }}}
data:
  token: {{ .Values.secret | b64enc | quote }}
  upper: {{ upper .Values.mode }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "demo.fullname" . }}
data:
  greeting: {{ tpl .Values.greeting . | quote }}
  hosts: {{ join "," .Values.hosts }}
  multi: |
    {{- .Values.multi | nindent 4 }}
  app.conf: |
{{ .Files.Get "config/app.conf" | indent 4 }}
  text: literal text
  port: {{ printf "port-%d" (int .Values.service.port) }}
  {{- range $i, $host := .Values.hosts }}
  host{{ $i }}: {{ $host }}
  {{- end }}
  {{- if eq .Values.service.type "ClusterIP" }}
  kind: inside
  {{- end }}
`,
  'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\n',
  'charts/sub/values.yaml': 'size: 1\ncolor: green\n',
  'charts/sub/templates/map.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: sub}
data:
  size: {{ .Values.size | quote }}
  color: {{ .Values.color }}
  region: {{ .Values.global.region | default "none" }}
`,
};

function renderTexts(texts: Texts, folder: string): readonly Field[] | undefined {
  const tree = memoryTree(new Map([...texts].map(([name, text]) => [`/${name}`, textFile(name, text)])));
  const chart = helm.loadChartFolder(tree, folder);
  const user = helm.readValues(textFile('user.yaml', texts.get('user.yaml') ?? ''), { file: 'x', start: 0, end: 0 });
  if (chart.value === undefined || user.value === undefined) return undefined;
  const rendered = helm.renderChart({
    chart: chart.value,
    values: user.value,
    release: { name: 'rel', namespace: 'ns', isUpgrade: false, revision: 1 },
    capabilities: { ...helm.defaultCapabilities(4), kubeVersion: helm.parseKubeVersion('v1.36.0')! },
    clock: { now: () => 1_700_000_000_000 },
    random: { bytes: (count) => new Uint8Array(count).fill(7) },
  });
  const { value } = rendered;
  if (value === undefined) return undefined;
  return [...value.manifests, ...value.hooks].flatMap((manifest, index) =>
    helm
      .objectsOf(manifest, value.segments(manifest.source))
      .flatMap((node) => fieldsOf(`${index} ${manifest.source}`, node)),
  );
}

function fieldsOf(object: string, root: Node): readonly Field[] {
  const fields: Field[] = [];
  const visit = (node: Node, path: readonly (string | number)[]) => {
    if (node.kind === 'mapping') for (const { key, value } of node.entries) visit(value, [...path, key.text]);
    else if (node.kind === 'sequence') node.items.forEach((item, i) => void visit(item, [...path, i]));
    else fields.push({ object, path, text: node.text, at: node.at });
  };
  visit(root, []);
  return fields;
}

/** Other texts that could stand there, of the same type first. */
function changes(source: string): readonly string[] {
  if (source === 'true' || source === 'false') return [source === 'true' ? 'false' : 'true'];
  if (source === '' || /^[{[]/.test(source)) return [];
  if (/^["']/.test(source)) {
    const [open, inside] = [source[0]!, source.slice(1, -1)];
    return [`${open}${inside}${/\d$/.test(inside) ? '7' : 'x'}${open}`, `${open}x${inside}${open}`];
  }
  if (/^[|>]/.test(source)) return [source.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (c) => (c === 'x' ? 'y' : 'x'))];
  if (/^\d+$/.test(source)) return [`${source}7`, `1${source}`];
  const first = source.search(/[a-z]/i);
  return [
    `${source}x`,
    `x${source}`,
    ...(first < 0 ? [] : [source.slice(0, first) + (source[first] === 'x' ? 'y' : 'x') + source.slice(first + 1)]),
  ];
}

interface Score {
  fields: number;
  fromValues: number;
  tried: number;
  readonly wrong: string[];
}

/** Renders with each origin's text changed; fields that share an origin are looked at together, up to `most` renders. */
function examine(texts: Texts, folder: string, score: Score, most = 400): void {
  const before = renderTexts(texts, folder) ?? [];
  const places = new Map<string, Field[]>();
  for (const field of before) {
    score.fields++;
    if (/(^|\/)(user|values)\.yaml$|Chart\.yaml$/.test(field.at.file)) score.fromValues++;
    const place = `${field.at.file}:${field.at.start}:${field.at.end}`;
    places.set(place, [...(places.get(place) ?? []), field]);
  }
  for (const fields of [...places.values()].slice(0, most)) judge(texts, folder, fields, score);
}

function judge(texts: Texts, folder: string, fields: readonly Field[], score: Score): void {
  const { at } = fields[0]!;
  const text = texts.get(at.file);
  const source = text?.slice(at.start, at.end);
  const left = new Set(fields);
  let rendered = false;
  for (const next of source === undefined ? [] : changes(source)) {
    const edited = text!.slice(0, at.start) + next + text!.slice(at.end);
    const after = renderTexts(new Map([...texts, [at.file, edited]]), folder);
    if (after === undefined) continue;
    rendered = true;
    for (const field of left) if (isChanged(field, after)) left.delete(field);
    if (left.size === 0) break;
  }
  if (!rendered) return;
  score.tried += fields.length;
  for (const { object, path, text: was } of left)
    score.wrong.push(
      `${object} ${path.join('.')} = ${was.slice(0, 60)} from ${at.file}:${at.start} (${source!.slice(0, 80)})`,
    );
}

function isChanged(field: Field, after: readonly Field[]): boolean {
  const path = field.path.join('\n');
  return !after.some(
    (other) => other.object === field.object && other.text === field.text && other.path.join('\n') === path,
  );
}

function report(title: string, { fields, fromValues, tried, wrong }: Score): void {
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
  console.log(
    `origins of ${title}: ${fields} scalars, ${share(fromValues, fields)} lead into values or Chart.yaml; ` +
      `of ${tried} tried ${share(tried - wrong.length, tried)} are right`,
  );
}

test('every origin of a chart of our own names text that decides its scalar', () => {
  const texts = new Map([
    ...Object.entries(ownChart).map(([name, text]): [string, string] => [`demo/${name}`, text]),
    ['user.yaml', values] as [string, string],
  ]);
  const score: Score = { fields: 0, fromValues: 0, tried: 0, wrong: [] };
  examine(texts, '/demo', score);
  report('our own chart', score);
  expect(score.wrong).toEqual([]);
  expect(score.fields).toBeGreaterThan(50);
});

const modules = process.env.GOMODCACHE ?? join(homedir(), 'go', 'pkg', 'mod');

/** Charts of modules that a rig has downloaded; each is examined with its own defaults. */
const publicCharts = [
  'sigs.k8s.io/metrics-server@v0.9.0/charts',
  'sigs.k8s.io/descheduler@v0.36.0/charts',
  'sigs.k8s.io/kwok@v0.8.0/charts',
  'github.com/fluxcd/flagger@v1.36.1/charts',
  'github.com/bitnami-labs/sealed-secrets@v0.40.0/helm',
  'github.com/hashicorp/vault-helm@v0.34.1',
].map((folder) => join(modules, folder));

function textsBelow(root: string, folder = root): readonly [string, string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): readonly [string, string][] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return textsBelow(root, path);
    return entry.isFile() ? [[`chart/${relative(root, path)}`, readFileSync(path, 'utf8')]] : [];
  });
}

const charts = publicCharts.filter((folder) => existsSync(folder)).flatMap((folder) => chartsBelow(folder));

test.skipIf(charts.length === 0)('so do those of charts that Go modules bring', { timeout: 120_000 }, () => {
  const total: Score = { fields: 0, fromValues: 0, tried: 0, wrong: [] };
  for (const chart of charts) {
    const most = process.env.SLUICE_EXAM === 'all' ? Number.POSITIVE_INFINITY : 25;
    examine(new Map(textsBelow(chart)), '/chart', total, most);
  }
  report(`${charts.length} public charts`, total);
  console.log(total.wrong.join('\n'));
  expect(total.wrong.length / total.tried).toBeLessThan(0.02);
});
