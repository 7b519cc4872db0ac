/** Charts with work without end: each ends soon, with an error that names the template and the line. */
import { expect, test } from 'vitest';
import { render } from './check.ts';

const bombs: Readonly<Record<string, string>> = {
  'nested ranges':
    '{{ range until 100000 }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}',
  'a tpl of itself': '{{ $d := dict "t" "{{ tpl .t . }}" }}{{ tpl $d.t $d }}',
  'a tpl of itself that grows': '{{ $d := dict "t" "{{ tpl (printf `%s ` .t) . }}x" }}{{ tpl $d.t $d }}',
  'an include of itself': '{{ define "a" }}{{ include "a" . }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
  'includes that double':
    '{{ define "a" }}{{ if gt . 0 }}{{ include "a" (sub . 1) }}{{ include "a" (sub . 1) }}{{ end }}{{ end }}{{ include "a" 40 }}',
  'a template of itself': '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
  repeat: '{{ repeat 1000000000 "abc" }}',
  'repeat of repeats': '{{ $s := "x" }}{{ range until 100 }}{{ $s = repeat 10 $s }}{{ end }}{{ $s }}',
  'strings that double': '{{ $s := "x" }}{{ range until 100 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ $s }}',
  'lists that double': '{{ $l := list 1 }}{{ range until 100 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}',
  'dicts of dicts': '{{ $d := dict "a" 1 }}{{ range until 60 }}{{ $d = dict "x" $d "y" $d }}{{ end }}{{ toYaml $d }}',
  'deep copies':
    '{{ $d := dict "a" 1 }}{{ range until 60 }}{{ $d = dict "x" $d "y" $d }}{{ end }}{{ deepCopy $d | len }}',
  'a ring as YAML': '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toYaml $d }}',
  'a ring as JSON': '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}',
  'regexReplaceAll on megabytes':
    '{{ $s := repeat 3000000 "ab" }}{{ range until 1000 }}{{ $x := regexReplaceAll "(a|b)*c" $s "x" }}{{ end }}',
  genCA: '{{ range until 100000 }}{{ $x := genCA "ca" 365 }}{{ end }}',
  genPrivateKey: '{{ range until 100000 }}{{ $x := genPrivateKey "rsa" }}{{ end }}',
  genSignedCert:
    '{{ $ca := genCA "ca" 365 }}{{ range until 100000 }}{{ $x := genSignedCert "a" nil nil 1 $ca }}{{ end }}',
};

test.each(Object.entries(bombs))('%s', (_title, template) => {
  const { problems } = render({ 'templates/out.yaml': `# one\n{{ "" }}${template}` });
  const found = problems.find(({ severity }) => severity === 'error');
  expect(found?.message).toMatch(/demo\/templates\/out.yaml:2|gotpl:1:3/);
});

test('a time limit ends a chart at the line that is at work, whichever template had the time before', () => {
  let now = 0;
  const limit = { seconds: 5, clock: { now: () => (now += 100) } };
  const files = {
    'templates/b.yaml': 'a: {{ range until 10000 }}{{ "" }}{{ end }}',
    'templates/a.yaml': 'a:\n  b: {{ range 1000000 }}{{ include "x" . }}{{ end }}{{ define "x" }}{{ "" }}{{ end }}',
  };
  const [problem] = render(files, { limit }).problems;
  expect(problem?.message).toMatch(
    /demo\/templates\/a.yaml:2:.*stopped: the rendering takes longer than its limit of 5 s/s,
  );
  expect(now).toBeLessThan(6000);
});

test('what all templates print together is bounded', () => {
  const one = '# {{ repeat 600 "x" }}';
  const files = { 'templates/a.yaml': one, 'templates/b.yaml': one };
  expect(render(files, { budget: { size: 5000 } }).problems).toEqual([]);
  expect(render(files, { budget: { size: 1900 } }).problems[0]?.message).toMatch(
    /demo\/templates\/a.yaml:1:.*budget of/s,
  );
});

test.each([
  ['a pattern that is slow for others', { properties: { v: { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' } } }],
  ['a reference to itself', { $ref: '#' }],
  [
    'references in a ring',
    { $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } } },
  ],
])('a schema with %s ends', (_title, schema) => {
  const values = `v: ${'a'.repeat(20_000)}\n`;
  const [problem] = render({ 'values.schema.json': JSON.stringify(schema) }, { values }).problems;
  expect(problem?.message).toMatch(/does not match pattern|takes too much work|infinite loop/);
});
