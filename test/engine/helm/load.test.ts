/** What Helm takes for a chart: the types of its files' fields, byte-order marks, documents after the first, odd names. */
import { describe, expect, test } from 'vitest';
import { chartYaml, checkError, checkOutput, render } from './check.ts';

const json = '{{ .Values | toJson }}';

describe('Chart.yaml and Chart.lock are decoded as Go decodes them', () => {
  const cannot = 'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal';
  test.each([
    ['sources: a\n', `${cannot} string into Go struct field Metadata.sources of type []string`, 'a'],
    ['keywords: [[a]]\n', `${cannot} array into Go struct field Metadata.keywords of type string`, '[a]'],
    ['deprecated: "true"\n', `${cannot} string into Go struct field Metadata.deprecated of type bool`, '"true"'],
    [
      'annotations: {a: {b: c}}\n',
      `${cannot} object into Go struct field Metadata.annotations of type string`,
      '{b: c}',
    ],
    [
      'maintainers: [{name: [a]}]\n',
      `${cannot} array into Go struct field Maintainer.maintainers.name of type string`,
      '[a]',
    ],
    ['dependencies: 5\n', `${cannot} number into Go struct field Metadata.dependencies of type []*v2.Dependency`, '5'],
    [
      'dependencies: [{name: a, tags: b}]\n',
      `${cannot} string into Go struct field Dependency.dependencies.tags of type []string`,
      'b',
    ],
    ['home: {a: b}\n', `${cannot} object into Go struct field Metadata.home of type string`, '{a: b}'],
    ['maintainers: [null]\n', 'validation: maintainers must not contain empty or null nodes', undefined],
  ])('%s', (more, message, place) => {
    const whole = message.startsWith('validation') ? message : `cannot load Chart.yaml: ${message}`;
    checkError({ 'Chart.yaml': chartYaml + more }, whole, place);
  });
  test.each([
    ['- a\n', 'cannot load Chart.lock: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array'],
    [
      'generated: yesterday\n',
      'cannot load Chart.lock: error unmarshaling JSON: while decoding JSON: parsing time "yesterday"',
    ],
    ['{', 'cannot load Chart.lock: error converting YAML to JSON: yaml: '],
  ])('a Chart.lock: %s', (lock, message) => {
    checkError({ 'Chart.lock': lock }, message);
  });
  test('in any spelling of their names, and what follows the first document is not looked at', () => {
    const files = { 'Chart.yaml': 'ApiVersion: v2\nNAME: demo\nversion: 1.2.3\n---\n{ broken\n' };
    checkOutput('v: {{ .Chart.Name }}', 'v: demo', files);
  });
  test('an old chart overrides fields in requirements.yaml', () => {
    const files = {
      'Chart.yaml': 'apiVersion: v1\nname: demo\nversion: 1.2.3\n',
      'requirements.yaml': 'description: from there\n',
    };
    checkOutput('v: {{ .Chart.Description }}', 'v: from there', files);
  });
  test('as JSON: under the names of the file in Helm 3, under those of Go in Helm 4', () => {
    const more = 'maintainers: [{name: a}]\ndependencies: [{name: a, version: 1.x, condition: a.use}]\n';
    const files = {
      'Chart.yaml': chartYaml + more,
      'values.yaml': 'a: {use: false}\n',
      'charts/a/Chart.yaml': 'apiVersion: v2\nname: a\nversion: 1.0.0\n',
    };
    const { Maintainers } = JSON.parse(
      render({ 'templates/a.yaml': 'v: {{ .Chart | toJson }}', ...files }).value!.manifests[0]!.text.slice(3),
    );
    expect(Maintainers).toEqual([{ Name: 'a', Email: '', URL: '' }]);
    const inOrder = '{"name":"demo","version":"1.2.3","maintainers":[{"name":"a"}],"apiVersion":"v2","IsRoot":true}';
    checkOutput("v: '{{ .Chart | toJson }}'", `v: '${inOrder}'`, files, { helm: 3 });
  });
  test('texts without line ends', () => {
    checkOutput('v: {{ .Chart.Tags | quote }}', 'v: "a b "', { 'Chart.yaml': `${chartYaml}tags: |\n  a\n  b\n` });
  });
});

describe('values.yaml', () => {
  const files = { 'values.yaml': 'a: 1\n---\n- x\n' };
  test('Helm 3 reads the first document, Helm 4 all of them', () => {
    checkOutput(`v: '${json}'`, `v: '{"a":1}'`, files, { helm: 3 });
    checkError({ ...files, 'templates/a.yaml': json }, 'cannot load values.yaml: error unmarshaling JSON', '- x');
    checkOutput(`v: '${json}'`, `v: '{"a":1}'`, { 'values.yaml': 'a: 1\n...\nb: 2\n' });
  });
  test.each([
    ['--- {a: 1}\n', 'cannot load values.yaml: error reading yaml document: invalid Yaml document separator: {a: 1}'],
    ['%YAML 1.1\n---\na: 1\n', 'did not find expected <document start>'],
    ['a: .inf\n', 'cannot load values.yaml: error converting YAML to JSON: json: unsupported value: +Inf'],
    ['a: {null: c}\n', 'cannot load values.yaml: error converting YAML to JSON: unsupported map key of type'],
  ])('refused: %s', (values, message) => checkError({ 'values.yaml': values }, message));
  test('infinite numbers are text that looks like it elsewhere', () => {
    checkOutput(`v: '${json}'`, `v: '{"a":"x.info"}'`, { 'values.yaml': 'a: x.info\n' });
  });
});

test('byte-order marks', () => {
  const files = {
    'Chart.yaml': `\uFEFF${chartYaml}`,
    'values.yaml': '\uFEFFa: 1\n',
    'file.txt': '\uFEFFtext',
    '.helmignore': '\uFEFF*.md\n\uFEFF*.txt\n',
    'a.md': 'x',
  };
  checkOutput('\uFEFFv: {{ .Values.a }} {{ .Files.Get "file.txt" }} {{ .Files.Get "a.md" }}', 'v: 1 text', files);
});
