/** Templates that would run away: an error that names the template and the line, and never a crash. */
import { expect, test } from 'vitest';
import { data, render } from './check.ts';

function checkFails(template: string, message: RegExp, values: Parameters<typeof data>[0] = {}): void {
  test(template.slice(0, 100), () => {
    const { problems } = render(template, data(values), { budget: { steps: 400_000, size: 1_000_000 } });
    expect(problems[0]?.message).toMatch(/^template: (t|gotpl):\d+/);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.at).toBeDefined();
  });
}

checkFails(
  '{{ define "r" }}{{ include "r" . }}{{ end }}\n{{ include "r" . }}',
  /nested reference name: r: unable to execute template$/,
);
checkFails(
  '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}',
  /exceeded maximum template depth \(100000\)|budget of/,
);
checkFails('{{ tpl .Values.self . }}', /budget of|templates call each other/, { self: '{{ tpl .Values.self . }}' });
checkFails('{{ range 1000000000 }}x{{ end }}', /budget of 400000 steps/);
checkFails('{{ range until 1000000000 }}{{ end }}', /budget of 1000000 characters/);
checkFails('{{ repeat 1000000000 "x" }}', /budget of 1000000 characters/);
checkFails('{{ "x" | indent 1000000000 }}', /budget of 1000000 characters/);
checkFails('{{ seq 1000000000 }}', /budget of 1000000 characters/);
checkFails('{{ randAlphaNum 1000000000 }}', /budget of 1000000 characters/);
checkFails('{{ range 100 }}{{ $c := genCA "x" 1 }}{{ end }}', /budget of 400000 steps/);
checkFails('{{ range 100 }}{{ htpasswd "a" "b" }}{{ end }}', /budget of 400000 steps/);
checkFails(
  '{{ $s := "xxxxxxxxxxxxxxxx" }}{{ range 1000 }}{{ $s = printf "%s%s" $s $s }}{{ end }}',
  /budget of|too large/,
);
checkFails('{{ $l := list 1 }}{{ range 1000 }}{{ $l = concat $l $l }}{{ end }}', /budget of/);
checkFails('{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toYaml $d }}', /too deep/);
checkFails('{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}', /too deep/);
checkFails('{{ fromYaml (repeat 100000 "[") | toJson }}{{ fail "reached" }}', /reached|too deep/);
checkFails('{{ "x".Values }}', /unexpected . after term/);
checkFails('{{ regexMatch "(a+)+$" (repeat 5000 "a" | printf "%sb") }}{{ fail "reached" }}', /reached/);

test('an include may nest as deep as Helm allows', () => {
  const template =
    '{{ define "r" }}{{ if gt . 0 }}{{ include "r" (sub . 1 | int) }}{{ else }}end{{ end }}{{ end }}{{ include "r" 990 }}';
  expect(render(template, data({})).text).toBe('end');
});

test('templates nested in one another ten thousand deep are a problem, not a crash', () => {
  const template = '{{ if true }}'.repeat(10_000) + '{{ end }}'.repeat(10_000);
  expect(render(template, data({})).problems[0]?.message ?? 'fine').toMatch(/nested too deeply|fine|too deep/);
});

test('a giant width is what Go makes of it', () => {
  expect(render('{{ printf "%99999999d" 1 }}', data({})).text).toBe('%!(NOVERB)%!(EXTRA int=1)');
});
