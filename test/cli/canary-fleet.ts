/**
 * A fleet in which a secret takes every way through a render, each by an owner of its own: into fields, keys and texts,
 * through functions that change it, from owner to owner, and into the words of whatever fails over it.
 */

export const secret = 'canary-Tw0&<new>';
const encoded = Buffer.from(secret).toString('base64');

const map = (data: string, meta = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: CASE, namespace: apps${meta} }\ndata:\n${data}`;
const workload = (spec: string, image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: CASE, namespace: apps }
spec:
  ${spec}
  selector: { matchLabels: { a: b } }
  template:
    metadata: { labels: { a: b } }
    spec: { containers: [{ name: c, image: ${image} }] }
`;
const ownSecret = (data: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: CASE, namespace: apps }\n${data}\n`;
const source = 'sourceRef: { kind: GitRepository, name: flux-system }';
const kustomization = (
  name: string,
  path: string,
  more: string,
  from = source,
) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec: { interval: 1m, path: "${path}", prune: true, ${from}${more} }
`;
const release = (name: string, chart: string, spec: string) => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 1m
  targetNamespace: apps
  chart: { spec: { chart: ${chart}, ${source} } }
  ${spec}
`;
const values = 'valuesFrom: [{ kind: Secret, name: values }]';

/** Templates of charts whose values come from a Secret. */
export const templates: Readonly<Record<string, string>> = {
  'fails with it': '{{ fail (printf "no %s" .Values.password) }}',
  'fails with a part of it': '{{ fail (printf "no %s" (.Values.password | trunc 12)) }}',
  'fails with its encoding': '{{ fail (printf "no %s" (.Values.password | b64enc)) }}',
  'fails with it in capitals': '{{ fail (.Values.password | upper) }}',
  'includes by it': '{{ include .Values.password . }}',
  'requires by it': '{{ required .Values.password .Values.nothing }}',
  'parses it': '{{ tpl (printf "{{ %s" .Values.password) . }}',
  'matches by it': '{{ mustRegexMatch (printf "(%s" .Values.password) "a" }}',
  'compares it': '{{ semverCompare .Values.password "1.0.0" }}',
  'breaks YAML': map('  a: {{ .Values.password }}: b: "c\n'),
  'is no YAML': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n{{ .Values.password }}\n',
  'changes it': map(
    '  a: {{ .Values.password | trunc 12 | quote }}\n  b: {{ .Values.password | upper | quote }}\n' +
      '  c: {{ .Values.password | sha256sum }}\n  d: {{ .Values.password | replace "&" "QQ" | quote }}\n' +
      '  e: {{ printf "%x" .Values.password }}\n  f: {{ .Values.password | b64enc | b64enc }}\n',
  ),
  'indents it': map(
    '  a: |\n    [mail]\n    password = {{ .Values.password }}\n    b = {{ .Values.password | b64enc }}\n',
  ),
};

/** Fields of releases beside the values. */
export const releases: Readonly<Record<string, readonly [spec: string, template: string, schema?: string]>> = {
  'target path': [
    'valuesFrom: [{ kind: Secret, name: values, valuesKey: single, targetPath: password }]',
    map('  a: {{ .Values.password | quote }}\n  b: {{ .Values.password | b64enc }}\n'),
  ],
  'a path that is none': [
    'valuesFrom: [{ kind: Secret, name: values, valuesKey: single, targetPath: "a[99999999].b" }]',
    map('  a: b\n'),
  ],
  'values that are none': ['valuesFrom: [{ kind: Secret, name: values, valuesKey: single }]', map('  a: b\n')],
  'a schema with a pattern': [values, map('  a: b\n'), '{"properties":{"password":{"pattern":"^x$"}}}'],
  'a schema with a list': [values, map('  a: b\n'), '{"properties":{"password":{"enum":["x"]}}}'],
};

const variable = '${password}';
const patched = (text: string) => `, patches: [{ patch: '${text}', target: { kind: ConfigMap } }]`;

/** Files of Kustomizations whose variables come from a Secret; `inner/` is what an owner among them builds. */
export const folders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'number field': { 'a.yaml': workload(`replicas: ${variable}`, 'i') },
  image: { 'a.yaml': workload('replicas: 1', `"i:${variable}"`) },
  'unknown field': { 'a.yaml': workload(`"${variable}": 1`, 'i') },
  key: { 'a.yaml': map(`  "${variable}": x\n  b: "\${multi}"\n`) },
  label: { 'a.yaml': map('  a: b\n', `, labels: { x: "${variable}" }`) },
  'no YAML': { 'a.yaml': map(`  a: ${variable}: b: "\n`) },
  'key twice': { 'a.yaml': map(`  "${variable}": b\n  "${variable}": c\n`) },
  functions: {
    'a.yaml': map(
      '  a: "${password:0:9}"\n  b: "${password^^}"\n  c: "${password/&/QQ}"\n  d: "${password#c}"\n  e: "${none:-$password}"\n',
    ),
  },
  'data of a Secret': { 'a.yaml': ownSecret(`data: { a: "${variable}" }`) },
  'data that is a list': { 'a.yaml': ownSecret(`stringData: { p: ["${secret}"], q: { x: "${secret}" } }`) },
  'data that does not decode': { 'a.yaml': ownSecret(`data: { p: "${secret}" }`) },
  'data with a note': {
    'a.yaml': ownSecret(`stringData: { p: "${secret}" }`).replace(
      'apps }',
      `apps, annotations: { note: "is ${secret}" } }`,
    ),
  },
  replaced: {
    'kustomization.yaml':
      'resources: [a.yaml, s.yaml]\nreplacements:\n' +
      '- source: { kind: Secret, fieldPath: data.p }\n  targets: [{ select: { kind: ConfigMap }, fieldPaths: [data.a] }]\n' +
      '- source: { kind: Secret, fieldPath: stringData.q }\n  targets: [{ select: { kind: ConfigMap }, fieldPaths: [data.b], options: { delimiter: "@", index: 0 } }]\n',
    'a.yaml': map('  a: b\n  b: x@host\n'),
    's.yaml': ownSecret(`data: { p: ${encoded} }\nstringData: { q: "${secret}" }`),
  },
  vars: {
    'kustomization.yaml':
      'resources: [a.yaml, s.yaml]\nvars:\n- { name: P, objref: { kind: Secret, name: CASE, apiVersion: v1 }, fieldref: { fieldpath: data.p } }\n',
    'a.yaml': workload('replicas: 1', 'i, args: ["$(P)"]'),
    's.yaml': ownSecret(`data: { p: ${encoded} }`),
  },
  'literal that is none': { 'kustomization.yaml': `secretGenerator:\n- { name: g, literals: ["${secret}"] }\n` },
  'path of a child': { 'a.yaml': kustomization('CASE-inner', `./${variable}`, '') },
  'source of a child': {
    'a.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: CASE-other, namespace: flux-system }
spec: { interval: 1m, url: "https://me:${variable}@git.example.com/x.git" }
---
${kustomization('CASE-inner', './apps', '', 'sourceRef: { kind: GitRepository, name: CASE-other }')}`,
  },
  'variable of a child': {
    'a.yaml': kustomization(
      'CASE-inner',
      './inner/CASE',
      `, postBuild: { substitute: { handed: "db://${variable}" } }`,
    ),
    'inner/a.yaml': map('  a: "${handed}"\n'),
  },
  'patch of a child': {
    'a.yaml': kustomization(
      'CASE-inner',
      './inner/CASE',
      patched(`[{"op":"add","path":"/data/p","value":"${variable}"}]`),
    ),
    'inner/a.yaml': map('  a: b\n'),
  },
  'wrong patch of a child': {
    'a.yaml': kustomization('CASE-inner', './inner/CASE', patched(`[{"op":"${variable}"}]`)),
    'inner/a.yaml': map('  a: b\n'),
  },
  'map for a neighbour': {
    'a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: passed, namespace: flux-system }\ndata: { handed: "db://${variable}" }\n`,
    'b.yaml': kustomization(
      'CASE-inner',
      './inner/CASE',
      ', postBuild: { substituteFrom: [{ kind: ConfigMap, name: passed }] }',
    ),
    'inner/a.yaml': map('  a: "${handed}"\n'),
  },
  'map for a release': {
    'a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: CASE-values, namespace: flux-system }\ndata: { values.yaml: "other: ${variable}" }\n`,
    'b.yaml': release('CASE', './charts/plain', 'valuesFrom: [{ kind: ConfigMap, name: CASE-values }]'),
  },
  'values of a release': { 'a.yaml': release('CASE', './charts/plain', `values: { other: "${variable}" }`) },
  'chart of a release': { 'a.yaml': release('CASE', `"./charts/${variable}"`, values) },
  'version of a release': { 'a.yaml': release('CASE', `./charts/plain, version: "${variable}"`, values) },
  'failing release': { 'a.yaml': release('CASE', './charts/failing', `values: { other: "${variable}" }`) },
};

/** The owner of a case. */
export const named = (title: string) => title.replaceAll(' ', '-');

/** Path → text. The cluster directory is `clusters/one`. */
export function fleetOfWays(): Readonly<Record<string, string>> {
  const out: Record<string, string> = {
    'clusters/one/flux-system/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/fleet.git }
---
${kustomization('flux-system', './clusters/one', '')}`,
    'clusters/one/secrets.yaml': `apiVersion: v1
kind: Secret
metadata: { name: variables, namespace: flux-system }
stringData: { password: '${secret}', multi: "line-one-canary\\nline-two-canary" }
---
apiVersion: v1
kind: Secret
metadata: { name: values, namespace: flux-system }
stringData: { values.yaml: "password: '${secret}'", single: '${secret}' }
`,
  };
  const chart = (name: string, template: string, schema?: string) => {
    out[`charts/${name}/Chart.yaml`] = `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`;
    out[`charts/${name}/templates/a.yaml`] = template.replaceAll('CASE', name);
    if (schema !== undefined) out[`charts/${name}/values.schema.json`] = schema;
  };
  chart(
    'plain',
    map(
      '  a: {{ .Values.other | quote }}\n  b: {{ .Values.other | default "x" | b64enc }}\n  c: {{ .Values.other | default "x" | trunc 9 }}\n',
    ),
  );
  chart('failing', '{{ fail .Values.other }}');
  const all = {
    ...Object.fromEntries(Object.entries(templates).map(([title, text]) => [title, [values, text]])),
    ...releases,
  };
  for (const [title, [spec, template, schema]] of Object.entries(all) as [string, [string, string, string?]][]) {
    chart(named(title), template, schema);
    out[`clusters/one/${named(title)}.yaml`] = release(named(title), `./charts/${named(title)}`, spec);
  }
  for (const [title, files] of Object.entries(folders)) {
    const from = ', postBuild: { substituteFrom: [{ kind: Secret, name: variables }] }';
    out[`clusters/one/${named(title)}.yaml`] = kustomization(named(title), `./apps/${named(title)}`, from);
    for (const [path, text] of Object.entries(files)) {
      const place = path.startsWith('inner/')
        ? `inner/${named(title)}/${path.slice(6)}`
        : `apps/${named(title)}/${path}`;
      out[place] = text.replaceAll('CASE', named(title));
    }
  }
  return out;
}
