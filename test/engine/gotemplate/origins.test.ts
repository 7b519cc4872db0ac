/** Where rendered characters come from: the value's line through functions that keep text, and the template's. */
import { expect, test } from 'vitest';
import type { Origin } from '../../../src/engine/yaml/node.ts';
import { render, valuesOf } from './check.ts';

const yaml = `name: web
replicas: 3
empty: ""
image:
  repository: nginx
  tag: "1.27"
labels:
  team: core
  "on": "yes"
args:
  - --first
  - --second
tpl: "{{ .Values.name }}-x"
block: |
  line one
  line two
text: "a: b\\nc: d\\n"
`;

/** What each piece of the output is said to come from: `piece<line of values.yaml,…>`, pieces without a value bare. */
function traced(template: string): string {
  const { text, segments, problems } = render(template, valuesOf(yaml));
  if (problems.length > 0) return problems[0]!.message;
  let out = '';
  let last = '';
  let open = '';
  for (const { start, end, values } of segments()) {
    const lines = values.map((at) => source(at)).join(',');
    if (lines !== last) {
      if (open !== '') out += last === '' ? open : `‹${open}|${last}›`;
      open = '';
      last = lines;
    }
    open += text.slice(start, end);
  }
  return open === '' ? out : out + (last === '' ? open : `‹${open}|${last}›`);
}

/** The text that an origin in values.yaml covers, up to its first line break. */
function source({ file, start, end }: Origin): string {
  return file === 'values.yaml' ? yaml.slice(start, end).split('\n')[0]! : file;
}

function check(template: string, want: string): void {
  test(template, () => {
    expect(traced(template)).toBe(want);
  });
}

check('a: {{ .Values.name }}', 'a: ‹web|web›');
check('a: {{ .Values.replicas }}', 'a: ‹3|3›');
check('{{ .Values.name | quote }}', '‹"web"|web›');
check('{{ .Values.name | upper | squote }}', "‹'WEB'|web›");
check('{{ default "x" .Values.name }}{{ default "x" .Values.empty }}', '‹web|web›x');
check('{{ printf "%s:%s" .Values.image.repository .Values.image.tag }}', '‹nginx|nginx›:‹1.27|"1.27"›');
check('{{ .Values.image.repository }}:{{ .Values.image.tag | trunc 3 }}', '‹nginx|nginx›:‹1.2|"1.27"›');
check('{{ toYaml .Values.image }}', '‹repository|nginx›: ‹nginx|nginx›\n‹tag|"1.27"›: ‹"1.27"|"1.27"›');
check('{{ toJson .Values.image }}', '{"repository":‹"nginx"|nginx›,"tag":‹"1.27"|"1.27"›}');
check(
  '{{ define "n" }}{{ .Values.name }}-n{{ end }}{{ include "n" . | trunc 5 | trimSuffix "-" | indent 2 }}',
  '  ‹web|web›-n',
);
check('{{ tpl .Values.tpl . }}', '‹web|web›‹-x|"{{ .Values.name }}-x"›');
check('{{ tpl (toYaml .Values.image) . }}', '‹repository|nginx›: ‹nginx|nginx›\n‹tag|"1.27"›: ‹"1.27"|"1.27"›');
check('{{ range .Values.args }}{{ . }};{{ end }}', '‹--first|--first›;‹--second|--second›;');
check(
  '{{ range $k, $v := .Values.labels }}{{ $k }}={{ $v }} {{ end }}',
  '‹on|"yes"›=‹yes|"yes"› ‹team|core›=‹core|core› ',
);
check('{{ .Values.name | sha256sum | trunc 4 }}', '‹4b5e|web›');
check('{{ join "," .Values.args }}', '‹--first|--first›,‹--second|--second›');
check('{{ .Values.name | replace "e" "E" }}', '‹w|web›E‹b|web›');
check('{{ ternary .Values.name "no" true }}', '‹web|web›');
check('{{ (merge (dict "a" 1) .Values.image).tag }}', '‹1.27|"1.27"›');
check('{{ (fromYaml (toYaml .Values.image)).tag }}', '‹1.27|"1.27"›');
check('{{ (fromYaml .Values.text).c }}', '‹d|"a: b\\nc: d\\n"›');
check('{{ coalesce .Values.empty .Values.name }}', '‹web|web›');
check('{{ .Values.missing | default .Values.name }}', '‹web|web›');
check('{{ cat .Values.name "x" }}', '‹web|web› x');
check('{{ $x := .Values.name }}{{ $x }}', '‹web|web›');
check('{{ index .Values.args 1 }}{{ get .Values.image "tag" }}', '‹--second|--second›‹1.27|"1.27"›');
check('{{ .Values.name | b64enc }}', '‹d2Vi|web›');
check('{{ regexReplaceAll "w" .Values.name "v" }}', '‹veb|web›');
check('{{ eq .Values.name "web" }}', '‹true|web›');
check('static', 'static');

test('every character has a template position, the innermost one', () => {
  const template = 'x: {{ include "n" . }}\n{{ define "n" }}[{{ .Values.name }}]{{ end }}';
  const { text, segments } = render(template, valuesOf(yaml));
  const pieces = segments().map(({ start, end, template: at }) => [
    text.slice(start, end),
    template.slice(at.start, at.end),
  ]);
  expect(pieces).toEqual([
    ['x: ', 'x: '],
    ['[', '['],
    ['web', '{{ .Values.name }}'],
    [']', ']'],
    ['\n', '\n'],
  ]);
  expect(segments().every(({ template: at }) => at.file === 'templates/t')).toBe(true);
});

test('segments cover the text without gaps', () => {
  const { text, segments } = render(
    '{{ toYaml .Values | nindent 4 | quote }}{{ range 3 }}a{{ . }}{{ end }}',
    valuesOf(yaml),
  );
  let at = 0;
  for (const segment of segments()) {
    expect(segment.start).toBe(at);
    at = segment.end;
  }
  expect(at).toBe(text.length);
});
