/** An edit in a warm engine gives what a first rendering gives: over charts that do what makes that hard. */
import { describe, expect, test } from 'vitest';
import { chartYaml, type Files } from './check.ts';
import { checkEdits } from './incremental.ts';

const helpers = `{{- define "name" -}}{{ default .Chart.Name .Values.nameOverride | trunc 20 }}{{- end }}
{{- define "labels" }}
app: {{ include "name" . }}
release: {{ .Release.Name }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "who" }}{{ .Template.Name }} of {{ .Template.BasePath }}{{ end }}
{{- define "container" -}}
name: {{ .name }}
image: {{ .image | default "none" | quote }}
{{- end }}
`;

const values = `nameOverride: ""
labels: {team: a, tier: b}
replicas: 2
enabled: true
image: {repository: nginx, tag: "1.2", pullPolicy: Always}
list: [{name: one, image: i1}, {name: two, image: i2}]
text: '{{ .Values.image.tag }} of {{ include "name" . }}'
nested: {deep: {deeper: {deepest: 1}}, other: x}
cache: {}
global: {region: north, zones: [a, b]}
sub: {size: 12, enabled: true}
`;

const object = (name: string, body: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  labels: {{- include "labels" . | nindent 4 }}\ndata:\n${body}\n`;

const plain: Files = {
  'Chart.yaml': `${chartYaml}dependencies:\n  - {name: sub, version: "*", condition: sub.enabled}\n`,
  'values.yaml': values,
  'templates/_helpers.tpl': helpers,
  'templates/a.yaml': object('a', '  replicas: {{ .Values.replicas | quote }}'),
  'templates/b.yaml': object(
    'b',
    '  image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n  t: {{ tpl .Values.text . }}',
  ),
  'templates/c.yaml': object(
    'c',
    '  all: {{ .Values.nested | toJson | quote }}\n  keys: {{ keys .Values.image | sortAlpha | join "," }}',
  ),
  'templates/d.yaml': object(
    'd',
    '  sum: {{ include (print $.Template.BasePath "/a.yaml") . | sha256sum }}\n  who: {{ include "who" . }}',
  ),
  'templates/e.yaml': object(
    'e',
    '{{- range $i, $c := .Values.list }}\n  c{{ $i }}: {{ include "container" $c | quote }}\n{{- end }}',
  ),
  'templates/f.yaml': `{{ if and .Values.enabled (hasKey .Values.nested "other") }}\n${object('f', '  n: {{ dig "deep" "deeper" "deepest" 0 (.Values.nested | deepCopy) | quote }}')}{{ end }}`,
  'templates/g.yaml':
    '{{- range .Values.list }}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: {{ .name }}}\n{{- end }}',
  'templates/NOTES.txt': '{{ .Values.global.region }} and {{ len .Values.list }}',
  'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\n',
  'charts/sub/values.yaml': 'size: 1\nimage: {tag: s}\n',
  'charts/sub/templates/s.yaml': object(
    's',
    '  size: {{ .Values.size | quote }}\n  region: {{ .Values.global.region }}',
  ),
};

/** Templates that change what others see. */
const changing: Files = {
  ...plain,
  'templates/a.yaml': `{{- $_ := set .Values.cache "made" (dict "n" .Values.replicas) }}\n${object('a', '  n: {{ .Values.cache.made.n | quote }}')}`,
  'templates/b.yaml': `{{- $_ := set .Values.cache.made "n" 7 }}{{- $_ := unset .Values.nested "other" }}\n${object('b', '  n: {{ include "cached" . | quote }}')}`,
  'templates/c.yaml': object(
    'c',
    '  n: {{ include "cached" . | quote }}\n  merged: {{ toJson (mustMergeOverwrite .Values.nested (dict "deep" (dict "x" .Values.replicas))) | quote }}',
  ),
  'templates/_more.tpl':
    '{{- define "cached" }}{{ (.Values.cache.made | default dict).n }}{{ .Values.nested.other }}{{ end }}',
  'templates/h.yaml': `{{- $_ := set . "Extra" (printf "%v" .Values.replicas) }}\n${object('h', '  n: {{ .Extra | quote }}')}`,
  'templates/_early.yaml': '',
  'templates/z.yaml': object(
    'z',
    '  n: {{ .Extra | default "none" | quote }}\n  c: {{ .Values.cache | toJson | quote }}',
  ),
};

describe.each([
  ['templates that print', plain],
  ['templates that change what others see', changing],
] as const)('%s', (_, files) => {
  test.each([1, 2])('edits in a warm engine (%i)', { timeout: 60_000 }, (seed) => {
    const { edits, failed, manifests, reused } = checkEdits(files, 25, seed);
    expect(edits).toBe(25);
    expect(failed).toBeLessThan(20);
    expect(reused).toBeGreaterThan(manifests / 5);
  });
});
