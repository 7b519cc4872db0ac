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

test.each(Object.entries(bombs))('%s', { timeout: 60_000 }, (_title, template) => {
  const { problems } = render({ 'templates/out.yaml': `# one\n{{ "" }}${template}` });
  const found = problems.find(({ severity }) => severity === 'error');
  expect(found?.message).toMatch(/demo\/templates\/out.yaml:2|gotpl:1:3/);
});
