/** Charts to manifests: values, dependencies, hooks, order, errors, as Helm has them. */
import { describe, expect, test } from 'vitest';
import { chartYaml, checkError, checkOutput, load, render } from './check.ts';

const json = '{{ .Values | toJson }}';

describe('values', () => {
  test("the user's win over the chart's, tables merge, lists are replaced", () => {
    const defaults = { 'values.yaml': 'a: 1\nlist: [1, 2]\ntable: {x: 1, z: 2}\n' };
    checkOutput(`v: '${json}'`, `v: '{"a":1,"list":[3],"table":{"x":9,"z":2}}'`, defaults, {
      values: 'list: [3]\ntable: {x: 9}\n',
    });
  });
  test('null deletes a default', () => {
    checkOutput(
      `v: '${json}'`,
      `v: '{"table":{}}'`,
      { 'values.yaml': 'a: 1\ntable: {x: 1}\n' },
      {
        values: 'a: null\ntable: {x: null}\n',
      },
    );
  });
  test('a default that is null stays in Helm 3 and goes in Helm 4', () => {
    const defaults = { 'values.yaml': 'a: null\nb: {c: null}\n' };
    checkOutput(`v: '${json}'`, `v: '{"b":{}}'`, defaults);
    checkOutput(`v: '${json}'`, `v: '{"a":null,"b":{"c":null}}'`, defaults, { helm: 3 });
  });
  test('keys are YAML 1.1: `on` is true, `0x10` is 16', () => {
    checkOutput(`v: '${json}'`, `v: '{"16":2,"true":1}'`, {}, { values: 'on: 1\n0x10: 2\n' });
  });
  test('numbers of files are floats', () => {
    checkOutput('v: {{ .Values.m }} {{ typeOf .Values.m }}', 'v: 1e+06 float64', {}, { values: 'm: 1000000\n' });
  });
  test('a function that takes a map takes the values as a plain one', () => {
    const body =
      '{{ typeOf .Values }}: {{ typeOf (merge .Values) }}, {{ typeOf (set .Values "a" 1) }}, {{ dig "b" 2 (unset .Values "b") }}';
    checkOutput(body, 'chartutil.Values: map[string]interface {}, map[string]interface {}, 2', {}, { helm: 3 });
  });
  test('several documents merge; of a key written twice the last one counts', () => {
    checkOutput(`v: '${json}'`, `v: '{"a":2,"b":1}'`, { 'values.yaml': 'a: 0\nb: 1\n---\na: 1\na: 2\n' });
  });
});

describe('dependencies', () => {
  const sub = (name: string, values = '', more = ''): Record<string, string> => ({
    [`charts/${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${more}`,
    [`charts/${name}/values.yaml`]: values,
    [`charts/${name}/templates/sub.yaml`]: `kind: Sub\nname: {{ .Chart.Name }}\nvalues: '{{ .Values | toJson }}'\n`,
  });
  const parent = (dependency: string) => ({
    'Chart.yaml': `${chartYaml}dependencies:\n  - {version: 1.x, ${dependency}}\n`,
  });
  const subs = (files: Record<string, string>, values = '') =>
    render(files, { values }).value?.manifests.map(({ text }) => text.trim());

  test('a subchart sees its own values and the globals', () => {
    const files = {
      ...parent('name: child'),
      ...sub('child', 'a: 1\n'),
      'values.yaml': 'global: {g: 1}\nchild: {b: 2}\n',
    };
    expect(subs(files)).toEqual([`kind: Sub\nname: child\nvalues: '{"a":1,"b":2,"global":{"g":1}}'`]);
  });
  test.each([
    ['condition: child.enabled', 'child: {enabled: false}', 0],
    ['condition: "missing.path,child.enabled"', 'child: {enabled: false}', 0],
    ['condition: child.enabled', 'child: {enabled: "no"}', 1],
    ['tags: [front]', 'tags: {front: false}', 0],
    ['tags: [front, back]', 'tags: {front: false, back: true}', 1],
    ['tags: [front], condition: child.enabled', 'tags: {front: false}\nchild: {enabled: true}', 1],
  ])('%s with %s renders %i', (dependency, values, count) => {
    expect(subs({ ...parent(`name: child, ${dependency}`), ...sub('child') }, values)).toHaveLength(count);
  });
  test('an alias is another name, and the same chart may be there twice', () => {
    const two = `${chartYaml}dependencies:\n  - {name: child, version: 1.x, alias: one}\n  - {name: child, version: 1.x, alias: two}\n`;
    const texts = subs({ 'Chart.yaml': two, ...sub('child', 'a: 1\n') }, 'two: {a: 2}');
    expect(texts?.sort()).toEqual([
      `kind: Sub\nname: one\nvalues: '{"a":1,"global":{}}'`,
      `kind: Sub\nname: two\nvalues: '{"a":2,"global":{}}'`,
    ]);
  });
  test('import-values hands exports and child paths up, under what the parent sets', () => {
    const values = 'exports: {data: {x: 1, w: 1}}\ndeep: {z: 3}\n';
    const files = {
      ...parent('name: child, import-values: [data, {child: deep, parent: here}]'),
      ...sub('child', values),
      'values.yaml': 'w: 5\n',
      'templates/p.yaml': `kind: Parent\nv: '{{ list .Values.x .Values.w .Values.here.z | toJson }}'`,
    };
    expect(subs(files)).toContain(`kind: Parent\nv: '[1,5,3]'`);
  });
  test('a library chart gives definitions and renders nothing', () => {
    const library = {
      ...sub('child', '', 'type: library\n'),
      'charts/child/templates/_h.tpl': '{{ define "h" }}hi{{ end }}',
    };
    expect(subs({ ...parent('name: child'), ...library, 'templates/p.yaml': 'v: {{ include "h" . }}' })).toEqual([
      'v: hi',
    ]);
  });
  test("a parent's definition wins over its child's", () => {
    const files = {
      ...parent('name: child'),
      ...sub('child'),
      'charts/child/templates/_h.tpl': '{{ define "h" }}child{{ end }}',
    };
    const own = { 'templates/_h.tpl': '{{ define "h" }}parent{{ end }}', 'templates/p.yaml': 'v: {{ include "h" . }}' };
    expect(subs({ ...files, ...own })).toContain('v: parent');
  });
  test('what Chart.yaml lists and charts/ lacks is named', () => {
    checkError(parent('name: child'), 'found in Chart.yaml, but missing in charts/ directory: child');
  });
});

describe('what is rendered', () => {
  test('manifests in install order, hooks apart, unknown hooks left out', () => {
    const object = (kind: string, hook = '') =>
      `kind: ${kind}\nmetadata: {name: x${hook && `, annotations: {helm.sh/hook: ${hook}, helm.sh/hook-weight: "-2"}`}}\n`;
    const stream = [
      object('Widget'),
      object('Deployment'),
      object('Job', '"post-install, test"'),
      object('Pod', 'never'),
      object('Namespace'),
    ];
    const { value } = render({ 'templates/all.yaml': stream.join('---\n') });
    expect(value?.manifests.map(({ kind }) => kind)).toEqual(['Namespace', 'Deployment', 'Widget']);
    expect(value?.hooks.map(({ kind, hook }) => [kind, hook?.events, hook?.weight])).toEqual([
      ['Job', ['post-install', 'test'], -2],
    ]);
  });
  test('NOTES.txt, partials and crds/ are no manifests', () => {
    const files = {
      'templates/NOTES.txt': 'Hello {{ .Release.Name }} in {{ .Release.Namespace }}',
      'templates/_p.tpl': 'kind: Nothing',
      'crds/a.yaml': 'kind: CustomResourceDefinition\n',
      'crds/README.md': 'no',
    };
    const { value } = render(files);
    expect(value?.manifests).toEqual([]);
    expect(value?.notes).toBe('Hello rel in ns');
    expect(value?.crds.map(({ name }) => name)).toEqual(['demo/crds/a.yaml']);
  });
  test('.Files, .Capabilities, .Release and .Template', () => {
    const files = { 'config/a.txt': 'one\ntwo\n', 'config/b.txt': 'b', 'other.txt': 'no' };
    checkOutput('v: {{ .Files.Get "config/a.txt" | quote }}', 'v: "one\\ntwo\\n"', files);
    checkOutput('v: {{ range .Files.Lines "config/a.txt" }}({{ . }}){{ end }}', 'v: (one)(two)', files);
    checkOutput('{{ (.Files.Glob "config/*").AsConfig }}', 'a.txt: |\n  one\n  two\nb.txt: b', files);
    checkOutput('{{ (.Files.Glob "config/b*").AsSecrets }}', 'b.txt: Yg==', files);
    checkOutput('v: {{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has "apps/v1" }}', 'v: v1.36.0 true');
    checkOutput('v: {{ .Template.Name }} {{ .Template.BasePath }}', 'v: demo/templates/out.yaml demo/templates');
    checkOutput('v: {{ .Release.IsUpgrade }} {{ .Release.Service }}', 'v: true Helm', {}, { isUpgrade: true });
  });
  test('.helmignore leaves files out', () => {
    const files = {
      '.helmignore': '# no\nsecret*\n/top/\n!keep\n'.replace('!keep\n', ''),
      'secret.txt': 'x',
      'top/a.txt': 'x',
      'b/top/c.txt': 'y',
    };
    const chart = load({ 'Chart.yaml': chartYaml, ...files });
    expect(chart.value?.files.map(({ name }) => name)).toEqual(['.helmignore', 'b/top/c.txt']);
  });
});

describe('Helm 3 and Helm 4', () => {
  test('webhook configurations come last in Helm 4, and among the kinds that it does not list in Helm 3', () => {
    const files = { 'templates/a.yaml': 'kind: Widget\n---\nkind: MutatingWebhookConfiguration\n---\nkind: Alert\n' };
    const kinds = (helm: 3 | 4) => render(files, { helm }).value?.manifests.map(({ kind }) => kind);
    expect(kinds(4)).toEqual(['MutatingWebhookConfiguration', 'Alert', 'Widget']);
    expect(kinds(3)).toEqual(['Alert', 'MutatingWebhookConfiguration', 'Widget']);
  });
  test('the charts inside a chart with two aliases are one in Helm 3', () => {
    const files = {
      'Chart.yaml': `${chartYaml}dependencies:\n  - {name: c, version: 1.x, alias: one}\n  - {name: c, version: 1.x, alias: two}\n`,
      'charts/c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
      'charts/c/charts/d/Chart.yaml': 'apiVersion: v2\nname: d\nversion: 1.0.0\n',
      'charts/c/charts/d/templates/d.yaml': 'kind: D\n',
    };
    const sources = (helm: 3 | 4) => render(files, { helm }).value?.manifests.map(({ source }) => source);
    expect(sources(4)).toEqual([
      'demo/charts/one/charts/d/templates/d.yaml',
      'demo/charts/two/charts/d/templates/d.yaml',
    ]);
    expect(sources(3)).toEqual(['demo/charts/c/charts/d/templates/d.yaml']);
  });
});

describe('errors', () => {
  test.each([
    ['Chart.yaml file is missing', { 'Chart.yaml': 'no: 1' }, /chart.metadata.name is required/],
    ['a name that climbs', { 'Chart.yaml': 'apiVersion: v2\nname: ..\nversion: 1.0.0\n' }, /name ".." is not allowed/],
    ['a library', { 'Chart.yaml': `${chartYaml}type: library\n` }, /library charts are not installable/],
    [
      'a Kubernetes that is too old',
      { 'Chart.yaml': `${chartYaml}kubeVersion: ">=2.0.0"\n` },
      /requires kubeVersion: >=2.0.0/,
    ],
    ['values that are no mapping', { 'values.yaml': '- 1\n' }, /cannot unmarshal array into Go value of type map/],
    ['output that is not YAML', { 'templates/a.yaml': 'a: b: c\n' }, /YAML parse error on demo\/templates\/a.yaml/],
  ])('%s', (_, files, message) => checkError(files, message));

  const misfit =
    'YAML parse error on demo/templates/a.yaml: error unmarshaling JSON: while decoding JSON: json: cannot';
  test.each([
    [
      'metadata: {annotations: 5}',
      'unmarshal number into Go struct field .metadata.annotations of type map[string]string',
    ],
    ['metadata: {annotations: {a: [b]}}', 'unmarshal array into Go struct field .metadata.annotations of type string'],
    ['metadata: {name: {a: b}}', 'unmarshal object into Go struct field .metadata.name of type string'],
    ['Kind: [a]', 'unmarshal array into Go struct field SimpleHead.kind of type string'],
    ['metadata: true', 'unmarshal bool into Go struct field SimpleHead.metadata of type struct {'],
    ['text', 'unmarshal string into Go value of type util.SimpleHead'],
  ])('a document that Helm does not decode: %s', (document, message) => {
    checkError({ 'templates/a.yaml': document }, `${misfit} ${message}`);
  });
  test('numbers and booleans stand for text in what Helm decodes', () => {
    const { problems } = render({ 'templates/a.yaml': 'kind: 1\nmetadata: {name: 5, annotations: {a: 1, b: null}}\n' });
    expect(problems).toEqual([]);
  });

  test('a template error names template, line and value', () => {
    checkError(
      { 'templates/a.yaml': 'a:\n  b: {{ .Values.x.y }}\n' },
      /demo\/templates\/a.yaml:2:15[\s\S]*nil pointer evaluating interface {}.y/,
    );
    checkError(
      { 'templates/a.yaml': 'a: {{ required "set x!" .Values.x }}\n' },
      'execution error at (demo/templates/a.yaml:1:6): set x!',
    );
    checkError(
      { 'templates/a.yaml': 'a: {{ fail "never" }}\n' },
      'execution error at (demo/templates/a.yaml:1:6): never',
    );
    checkError(
      { 'templates/a.yaml': 'a: {{ nothing }}\n' },
      'parse error at (demo/templates/a.yaml:1): function "nothing" not defined',
    );
  });
  test('endless inclusion ends', () => {
    checkError(
      {
        'templates/_a.tpl': '{{ define "a" }}{{ include "a" . }}{{ end }}',
        'templates/b.yaml': 'v: {{ include "a" . }}',
      },
      /nested reference name: a/,
    );
  });
  test('a giant range ends inside the budget', () => {
    checkError({ 'templates/b.yaml': '{{ range until 1000000000 }}x{{ end }}' }, /./);
    checkError({ 'templates/b.yaml': 'v: {{ repeat 1000000000 "x" }}' }, /./);
  });
});

describe('values.schema.json', () => {
  const schema = (body: object) => ({ 'values.schema.json': JSON.stringify(body) });
  const values = 'name: x\nreplicas: -1\nlist: [1, 1]\n';
  test.each([
    [{ properties: { replicas: { minimum: 0 } } }, "at '/replicas': minimum: got -1, want 0", '-1'],
    [{ required: ['absent'] }, "at '': missing property 'absent'", undefined],
    [{ properties: { name: { type: 'integer' } } }, "at '/name': got string, want integer", 'x'],
    [{ properties: { name: { enum: ['a', 'b'] } } }, "at '/name': value must be one of 'a', 'b'", 'x'],
    [{ properties: { list: { uniqueItems: true } } }, "at '/list': items at 0 and 1 are equal", '[1, 1]'],
    [
      { properties: { name: { $ref: '#/$defs/n' } }, $defs: { n: { pattern: '^y' } } },
      "'x' does not match pattern '^y'",
      'x',
    ],
    [
      { additionalProperties: false, properties: { name: {} } },
      "additional properties 'replicas', 'list' not allowed",
      'replicas',
    ],
    [{ properties: { name: { pattern: '^(a+)+$' } } }, 'does not match', 'x'],
    [
      JSON.parse('{"if": {"required": ["name"]}, "then": {"required": ["more"]}}'),
      "missing property 'more'",
      undefined,
    ],
  ])('%j', (body, message, place) => checkError(schema(body), message, place, { values }));
  test('a reference out of the chart is not fetched, and said', () => {
    const [problem] = render(schema({ $ref: 'https://example.com/s.json' }), { values }).problems;
    expect(problem).toMatchObject({ severity: 'warning', message: expect.stringContaining('outside the chart') });
  });
  test.each([
    ['{a: 1, b: 2}', { properties: { a: {} } }, "at '/b': false schema"],
    ['{a: 1, b: 2}', { allOf: [{ properties: { a: {} } }], properties: { b: {} } }, undefined],
    ['{a: 1, b: 2}', { $ref: '#/$defs/a', properties: { b: {} }, $defs: { a: { properties: { a: {} } } } }, undefined],
    [
      '{a: 1, b: 2}',
      { anyOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: {} } }] },
      "at '/a': false",
    ],
    ['{a: 1, b: 2}', JSON.parse('{"if": {"properties": {"a": {}}}, "then": {"properties": {"b": {}}}}'), undefined],
    ['{a: 1, b: 2}', { patternProperties: { '^[ab]$': {} } }, undefined],
  ])('%s with unevaluatedProperties false and %j', (values, body, message) => {
    const files = schema({ ...body, unevaluatedProperties: false });
    if (message === undefined) expect(render(files, { values }).problems).toEqual([]);
    else checkError(files, message, undefined, { values });
  });
  test('unevaluatedItems', () => {
    const files = schema({ properties: { l: { prefixItems: [{}], contains: { const: 3 }, unevaluatedItems: false } } });
    expect(render(files, { values: 'l: [1, 3]' }).problems).toEqual([]);
    checkError(files, "at '/l/1': false schema", '2', { values: 'l: [1, 2, 3]' });
  });
  test.each([
    ['ipv4', '10.0.0.1', '10.0.0.01'],
    ['ipv6', '2001:db8::1', '2001:db8'],
    ['hostname', 'a-b.example.com', '-a.example.com'],
    ['email', 'jo.doe@example.com', 'jo..doe@example.com'],
    ['uri', 'https://example.com/x?y', '/x'],
    ['uri', 'oci://host:5000/a', 'https://[::g]/'],
    ['uri-reference', '/x', 'a\\\\b'],
    ['date', '2024-02-29', '2023-02-29'],
    ['time', '10:00:00Z', '25:00:00Z'],
    ['date-time', '2024-01-01T10:00:00+02:00', '2024-01-01 10:00:00'],
    ['duration', 'P1DT2H', 'PT'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123'],
    ['semver', '1.2.3-rc.1', '1.2'],
    ['regex', '^a+$', '(?=a)'],
    ['iri', 'https://example.com/ü', '/ü'],
    ['iri-reference', '/ü', 'a\\\\b'],
    ['period', '2024-01-01T00:00:00Z/P1D', 'P1D/P1D'],
    ['relative-json-pointer', '1/a', '01#'],
    ['uri-template', 'https://example.com/{a}/b?{c}', 'https://example.com/{a{b}}'],
  ])('the format %s is a rule up to draft 7', (format, good, bad) => {
    const body = { properties: { v: { format } } };
    const early = schema({ $schema: 'http://json-schema.org/draft-07/schema#', ...body });
    expect(render(early, { values: `v: "${good}"` }).problems).toEqual([]);
    checkError(early, `is not valid ${format}`, undefined, { values: `v: "${bad}"` });
    expect(render(schema(body), { values: `v: "${bad}"` }).problems).toEqual([]);
  });
  test.each([
    [{ properties: 3 }, "at '/properties': got number, want object"],
    [{ properties: { a: { required: true } } }, "at '/properties/a/required': got boolean, want array"],
    [{ anyOf: [{ minimum: 'x' }] }, "at '/anyOf/0/minimum': got string, want number"],
    [{ pattern: '(' }, "at '/pattern': '(' is not valid regex"],
    [{ items: [{}] }, "at '/items': got array, want boolean or object"],
    [{ type: 'text' }, "at '/type': 'anyOf' failed"],
    [{ $schema: 'http://json-schema.org/draft-04/schema#', not: true }, "at '/not': got boolean, want object"],
  ])('%j is no schema', (body, message) => checkError(schema(body), message, undefined, { values }));
  const node = { type: 'object', properties: { data: true, children: { items: { $dynamicRef: '#node' } } } };
  const tree = { $id: 'https://example.com/tree', $dynamicAnchor: 'node', ...node };
  const strict = { $id: 'https://example.com/strict', $dynamicAnchor: 'node', $ref: 'tree', $defs: { tree } };
  test.each([
    [tree, 'children: [{children: [5]}]', "at '/children/0/children/0': got number, want object"],
    [{ ...strict, unevaluatedProperties: false }, 'children: [{data: 1}]', undefined],
    [{ ...strict, unevaluatedProperties: false }, 'children: [{daat: 1}]', "at '/children/0/daat': false schema"],
    [{ properties: { a: { $ref: '#here' } }, $defs: { x: { $anchor: 'here', type: 'string' } } }, 'a: 1', 'got number'],
    [{ properties: { a: { $ref: 'x' } }, $defs: { x: { $id: 'x', type: 'string' } } }, 'a: 1', 'got number'],
    [{ $ref: 'other' }, '{}', 'failing loading "file:///other": open /other: no such file or directory'],
    [{ properties: { a: { enum: ['b'], type: 'string' } } }, 'a: 1', /at '\/a': got number, want string$/],
  ])('a reference in %j', (body, values, message) => {
    if (message === undefined) expect(render(schema(body), { values }).problems).toEqual([]);
    else checkError(schema(body), message, undefined, { values });
  });
  test('a part of another draft', () => {
    const early = { $id: 'old', $schema: 'http://json-schema.org/draft-07/schema#', format: 'ipv4' };
    checkError(schema({ properties: { v: early } }), 'is not valid ipv4', 'x', { values: 'v: x' });
    expect(render(schema({ properties: { v: { format: 'ipv4' } } }), { values: 'v: x' }).problems).toEqual([]);
  });
  test("a reference to a subchart's schema is found by its id", () => {
    const id = 'https://example.com/common.json';
    const files = {
      'Chart.yaml': `${chartYaml}dependencies:\n  - {name: common, version: 1.x}\n`,
      'charts/common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n',
      'charts/common/values.schema.json': JSON.stringify({ $id: id, properties: { name: { type: 'integer' } } }),
      ...schema({ $ref: id }),
    };
    checkError(files, "at '/name': got string, want integer", 'x', { values });
  });
  test('what holds is no error', () => {
    expect(
      render(schema({ type: 'object', properties: { replicas: { type: 'integer' } } }), { values }).problems,
    ).toEqual([]);
  });
});
