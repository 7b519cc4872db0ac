/** ResourceSets beside `flux-operator build resourceset`: the same objects, or an error where the operator has one. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRenderer, parse, toJson } from '../../../src/engine/index.ts';
import { kustomizer, open } from './check.ts';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
const operator = join(process.env.SLUICE_TOOLS ?? cache, 'flux-operator');
const folder = mkdtempSync(join(tmpdir(), 'sluice-operator-'));
afterAll(() => rmSync(folder, { recursive: true }));

const set = (spec: string) =>
  `apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: my-set, namespace: apps}\nspec:\n${spec.replace(/^/gm, '  ')}\n`;

const provider = (name: string, values: string, type = 'Static') =>
  `apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSetInputProvider\nmetadata: {name: ${name}, namespace: apps, labels: {of: it, name: ${name}}}\nspec: {type: ${type}, defaultValues: ${values}}\n`;

const configMap = (name: string, data: string) =>
  `- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: ${name}, namespace: apps}\n  data: ${data}`;

const all = 'inputsFrom: [{selector: {matchLabels: {of: it}}}]';

interface Case {
  readonly spec: string;
  readonly providers?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'inputs of every type': {
    spec: `inputs:
- {tenant: "Team & Ünited @ Home's", count: 2, ratio: 1.50, big: 12345678901, sure: true, list: [a, 1], map: {z: 1, a: {b: c}}}
resourcesTemplate: |
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: x, namespace: apps}
  data:
    slug: << inputs.count | toString | slugify >>
    count: << inputs.count | quote >>
    ratio: << inputs.ratio | quote >>
    big: << inputs.big | int64 | quote >>
    list: << inputs.list | toJson | quote >>
    map: << inputs.map | toYaml | quote >>
    nested: |
      << inputs.map | toYaml | nindent 6 | trim >>
    missing: << get inputs "none" | default "instead" >>
    provider: << inputs.provider | toJson | quote >>
    other: "{{ .Values.kept }} $(kept) \${kept}"`,
  },
  'one object for each input, shared ones once': {
    spec: `commonMetadata: {labels: {team: web}, annotations: {note: "yes"}}
inputs: [{name: a}, {name: b}]
resources:
${configMap('<< inputs.name >>', '{k: << inputs.name | upper | quote >>}')}
${configMap('shared', '{first: << inputs.name >>}')}`,
  },
  'no inputs at all': { spec: `resources:\n${configMap('x', '{k: v}')}` },
  'excluded ones': {
    spec: `inputs: [{name: a, state: enabled}, {name: b, state: disabled}]
resources:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: << inputs.name >>, namespace: apps, annotations: {fluxcd.controlplane.io/reconcile: << inputs.state >>}}`,
  },
  'excluded without inputs, in a template': {
    spec: `resources:\n${configMap('x', '{k: v}')}
resourcesTemplate: |
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: z, namespace: apps, annotations: {fluxcd.controlplane.io/reconcile: disabled}}`,
  },
  'resources go before the template': {
    spec: `inputs: [{name: a}]
resources:
${configMap('x', '{from: resources}')}
resourcesTemplate: |
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: x, namespace: apps}
  data: {from: template}
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: z, namespace: apps}`,
  },
  'control flow': {
    spec: `inputs: [{names: [one, two], wanted: false}]
resourcesTemplate: |
  <<- range $i, $name := inputs.names >>
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: << $name >>-<< $i >>, namespace: apps}
  <<- if inputs.wanted >>
  data: {v: "yes"}
  <<- else >>
  data: {v: "no"}
  <<- end >>
  <<- end >>`,
  },
  'providers one after the other': {
    spec: `inputs: [{id: own, name: z}]\n${all}\nresources:\n${configMap('<< inputs.name >>', '{id: << inputs.id | quote >>, by: << inputs.provider.name >>}')}`,
    providers: [provider('second', '{name: b}'), provider('first', '{name: a}')],
  },
  'by name and by expression, each once': {
    spec: `inputsFrom: [{name: two}, {selector: {matchExpressions: [{key: name, operator: In, values: [one, two]}]}}]\nresources:\n${configMap('<< inputs.name >>', '{k: v}')}`,
    providers: [provider('one', '{name: a}'), provider('two', '{name: b}'), provider('three', '{name: c}')],
  },
  permuted: {
    spec: `inputStrategy: {name: Permute}\ninputs: [{env: dev}, {env: prod}]\n${all}\nresources:\n${configMap('<< inputs.my_set.env >>-<< inputs.team_a.app >>', '{id: << inputs.id | quote >>, of: << inputs.team_a.id | quote >>}')}`,
    providers: [provider('Team-A'.toLowerCase(), '{app: web}'), provider('b.c', '{app: db}')],
  },
  'permuted with an empty one': {
    spec: `inputStrategy: {name: Permute}\n${all}\nresources:\n${configMap('<< inputs.a.app >>', '{k: v}')}`,
    providers: [provider('a', '{app: web}'), provider('b', '{}')],
  },
  'permuted, empty ones included': {
    spec: `inputStrategy: {name: Permute, includeEmptyProviders: true}\n${all}\nresources:\n${configMap('x', '{k: v}')}`,
    providers: [provider('a', '{app: web}')],
  },
  steps: {
    spec: `inputs: [{name: a}, {name: b}]
steps:
- name: first
  resources:
${configMap('<< inputs.name >>-1', '{k: v}').replace(/^/gm, '  ')}
- name: second
  resourcesTemplate: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: << inputs.name >>-2, namespace: apps}`,
  },
  'a resource in two steps': {
    spec: `steps:\n- name: first\n  resources:\n${configMap('x', '{k: v}').replace(/^/gm, '  ')}\n- name: second\n  resources:\n${configMap('x', '{k: w}').replace(/^/gm, '  ')}`,
  },
  'steps beside resources': {
    spec: `resources:\n${configMap('z', '{k: v}')}\nsteps:\n- name: first\n  resources:\n${configMap('x', '{k: v}').replace(/^/gm, '  ')}`,
  },
  'a missing input': { spec: `inputs: [{name: a}]\nresources:\n${configMap('<< inputs.nope >>', '{k: v}')}` },
  'a function that is not there': {
    spec: `inputs: [{name: a}]\nresources:\n${configMap('<< env "HOME" >>', '{k: v}')}`,
  },
  'no YAML': { spec: 'inputs: [{name: a}]\nresourcesTemplate: "a: [<< inputs.name >>"' },
};

test.skipIf(!existsSync(operator)).each(Object.keys(cases))(
  '%s, as flux-operator (skipped where it is not built: npm run tools)',
  (name) => {
    const { spec, providers = [] } = cases[name]!;
    const theirs = judge(spec, providers);
    const ours = built(spec, providers);
    if (typeof theirs === 'string') expect(ours).toBeTypeOf('string');
    else expect(ours).toEqual(theirs);
  },
);

/** Objects sorted, or the error. */
function judge(spec: string, providers: readonly string[]): readonly unknown[] | string {
  const [file, from] = [join(folder, 'set.yaml'), join(folder, 'providers.yaml')];
  writeFileSync(file, set(spec));
  writeFileSync(from, providers.join('---\n'));
  const more = providers.length === 0 ? [] : ['--inputs-from-provider', from];
  try {
    return sorted(execFileSync(operator, ['build', 'resourceset', '-f', file, ...more], { stdio: 'pipe' }).toString());
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr);
  }
}

function built(spec: string, providers: readonly string[]): readonly unknown[] | string {
  const files = Object.fromEntries(providers.map((text, i) => [`clusters/one/p${i}.yaml`, text]));
  const root =
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: root, namespace: apps}\nspec: {path: ./clusters/one, prune: true, sourceRef: {kind: GitRepository, name: root}}\n';
  const workspace = open({ 'clusters/one/set.yaml': set(spec), 'root.yaml': root, ...files });
  const sets = createRenderer({ kustomizer: kustomizer() }).renderCluster(workspace, '/clusters/one');
  const made = sets.find(({ owner }) => owner.id.kind === 'ResourceSet')!;
  const wrong = made.problems.find(({ severity }) => severity === 'error');
  return wrong?.message ?? made.objects.map(({ node }) => toJson(node, 'sigs')).sort(byText);
}

function sorted(text: string): readonly unknown[] {
  return parse(text, '')
    .documents.flatMap(({ root }) => (root === undefined ? [] : [toJson(root, 'sigs')]))
    .sort(byText);
}

function byText(a: unknown, b: unknown): number {
  const [left, right] = [a, b].map((one) => (one as { metadata: { name: string } }).metadata.name);
  return left! < right! ? -1 : 1;
}
