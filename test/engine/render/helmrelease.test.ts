/** A HelmRelease, field by field: what helm-controller would install of it, as YAML. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type DesiredSet, getPath, helm, parse, type RendererOptions, toJson } from '../../../src/engine/index.ts';
import { releaseFields } from '../../../src/engine/render/helm/fields.ts';
import { type Files, kustomization, render, sourceOf, sync, yamlOf } from './check.ts';

const values = '{{ .Values | toJson }}';

/** A fleet with one release `web` in `apps` and its chart; more files go on top. */
function fleet(spec: string, template: string, more: Files = {}): Files {
  return {
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization('apps', 'path: ./apps'),
    'apps/release.yaml': release(spec),
    'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n',
    'charts/web/templates/out.yaml': template,
    ...more,
  };
}

const chart =
  'chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}';

function release(spec: string, source = chart): string {
  return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec:
  interval: 10m
${`${source}\n${spec}`.trim().replace(/^/gm, '  ')}
`;
}

/** One ConfigMap whose `v` is what the action prints. */
const showing = (action: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: out}\ndata:\n  v: '${action}'\n`;

function setOf(files: Files, options: Partial<RendererOptions> = {}): DesiredSet {
  return render(files, '/clusters/one', options).find(({ owner }) => owner.id.kind === 'HelmRelease')!;
}

/** What the template of the only object printed. */
function checkShown(files: Files, expected: string, options: Partial<RendererOptions> = {}): DesiredSet {
  const set = setOf(files, options);
  expect(set.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const shown = set.objects.map(({ node }) => getPath(node, ['data', 'v'])).find((node) => node !== undefined);
  expect(shown).toMatchObject({ text: expected });
  return set;
}

function checkFails(files: Files, message: string | RegExp, place?: string, options: Partial<RendererOptions> = {}) {
  const set = setOf(files, options);
  const [problem] = set.problems.filter(({ severity }) => severity === 'error');
  expect(problem?.message).toMatch(message);
  expect(set.complete).toBe(false);
  if (place !== undefined) expect(sourceOf(files, problem!.at!)).toBe(place);
}

const input = (kind: 'ConfigMap' | 'Secret', name: string, entries: string) => `apiVersion: v1
kind: ${kind}
metadata: {name: ${name}, namespace: apps}
${kind === 'Secret' ? 'stringData' : 'data'}:
${entries.replace(/^/gm, '  ')}
`;

describe('values', () => {
  const inputs: Files = {
    'apps/inputs.yaml': [
      input(
        'ConfigMap',
        'one',
        'values.yaml: |\n  a: 1\n  list: [1]\n  table: {x: 1, w: 1}\nother: |\n  o: 1\nport: "8080"',
      ),
      input(
        'Secret',
        'two',
        'values.yaml: |\n  a: 2\n  list: [2, 3]\n  table: {w: 2}\ntoken: "no,t{ok=en"\nquoted: "\'7\'"',
      ),
    ].join('---\n'),
  };
  const check = (spec: string, expected: string, defaults = '') =>
    checkShown(
      fleet(spec, showing(values), { ...inputs, ...(defaults === '' ? {} : { 'charts/web/values.yaml': defaults }) }),
      expected,
    );

  test('references in their order, spec.values last; tables merge, lists are replaced', () => {
    check(
      'valuesFrom: [{kind: ConfigMap, name: one}, {kind: Secret, name: two}]\nvalues: {table: {z: 3}}',
      '{"a":2,"list":[2,3],"table":{"w":2,"x":1,"z":3}}',
    );
    check(
      'valuesFrom: [{kind: Secret, name: two}, {kind: ConfigMap, name: one}]\nvalues: {a: 9}',
      '{"a":9,"list":[1],"table":{"w":1,"x":1}}',
    );
  });
  test('valuesKey names another key', () => {
    check('valuesFrom: [{kind: ConfigMap, name: one, valuesKey: other}]', '{"o":1}');
  });
  test('null in spec.values deletes a default of the chart', () => {
    check('values: {gone: null}', '{"kept":1}', 'gone: 1\nkept: 1\n');
  });
  test.each([
    ['valuesKey: port, targetPath: a.port', '{"a":{"port":8080}}'],
    ['valuesKey: port, targetPath: "a[1]"', '{"a":[null,8080]}'],
    ['valuesKey: port, targetPath: "a\\\\.b/c"', '{"a.b/c":8080}'],
    ['valuesKey: port, targetPath: a, literal: true', '{"a":"8080"}'],
  ])('targetPath: %s', (more, expected) => {
    check(`valuesFrom: [{kind: ConfigMap, name: one, ${more}}]`, expected);
  });
  test.each([
    ['valuesKey: token, targetPath: a, literal: true', '{"a":"no,t{ok=en"}'],
    ['valuesKey: quoted, targetPath: a', '{"a":"7"}'],
  ])('targetPath of a Secret: %s', (more, expected) => {
    check(`valuesFrom: [{kind: Secret, name: two, ${more}}]`, expected);
  });
  test('a targetPath is set inside a table of spec.values; a key at the top is spec.values’ own again in the end', () => {
    const spec = (path: string) => `valuesFrom: [{kind: ConfigMap, name: one, valuesKey: port, targetPath: ${path}}]\n`;
    check(`${spec('t.port')}values: {t: {port: 1, x: 2}}`, '{"t":{"port":8080,"x":2}}');
    check(`${spec('port')}values: {port: 1}`, '{"port":1}');
  });
  test('what is not there: optional is passed over, a key is an error, an object is not known', () => {
    check('valuesFrom: [{kind: ConfigMap, name: none, optional: true}]', '{}');
    check('valuesFrom: [{kind: ConfigMap, name: one, valuesKey: none, optional: true}]', '{}');
    const files = (spec: string) => fleet(spec, showing(values), inputs);
    checkFails(files('valuesFrom: [{kind: ConfigMap, name: one, valuesKey: none}]'), 'has no key none', 'none');
    const unknown = setOf(files('valuesFrom: [{kind: ConfigMap, name: none}]'));
    expect(unknown).toMatchObject({ complete: false, note: 'values of ConfigMap apps/none are not known here' });
  });
  test('a reference of another kind, values that are no mapping, and a path that cannot be set are errors', () => {
    const more = { 'apps/bad.yaml': input('ConfigMap', 'bad', 'values.yaml: |\n  - 1\nv: x') };
    const files = (spec: string) => fleet(spec, showing(values), more);
    checkFails(files('valuesFrom: [{kind: Service, name: one}]'), 'kind Service is not supported', 'Service');
    checkFails(files('valuesFrom: [{kind: ConfigMap, name: bad}]'), 'are not a mapping');
    checkFails(files('valuesFrom: [{kind: ConfigMap, name: bad, valuesKey: v, targetPath: "a[-1]"}]'), /valuesFrom: /);
  });
  test('values in a Secret that are no YAML: nothing of them is said', () => {
    const more = (kind: 'ConfigMap' | 'Secret') => ({
      'apps/bad.yaml': input(kind, 'bad', 'values.yaml: |\n  user: app\n  password: *hunter2hunter2'),
    });
    const spec = (kind: string) => `valuesFrom: [{kind: ${kind}, name: bad}]`;
    checkFails(fleet(spec('ConfigMap'), showing(values), more('ConfigMap')), /unknown anchor 'hunter2hunter2'/);
    checkFails(
      fleet(spec('Secret'), showing(values), more('Secret')),
      /^values in Secret apps\/bad are not valid YAML$/,
      '*hunter2hunter2',
    );
  });
  test('numbers of values are floats, those of a targetPath are integers', () => {
    const spec = 'valuesFrom: [{kind: ConfigMap, name: one, valuesKey: port, targetPath: b}]\nvalues: {a: 1000000}';
    checkShown(
      fleet(spec, showing('{{ .Values.a }} {{ .Values.b }} {{ typeOf .Values.b }}'), inputs),
      '1e+06 8080 int64',
    );
  });
});

describe('the chart', () => {
  const files = (more: string) => chart.replace('chart: ./charts/web,', `chart: ./charts/web, ${more},`);
  const check = (more: string, expected: string, extra: Files) =>
    checkShown({ ...fleet('', showing(values), extra), 'apps/release.yaml': release('', files(more)) }, expected);
  const two: Files = {
    'charts/web/values.yaml': 'd: 1\nt: {d: 1}\n',
    'charts/web/prod.yaml': 'p: 1\nt: {p: 1}\n',
    'all.yaml': 'p: 2\n',
  };
  test('valuesFiles stand for values.yaml, from the root of the source, in their order', () => {
    check('valuesFiles: [charts/web/prod.yaml, all.yaml]', '{"p":2,"t":{"p":1}}', two);
    check('valuesFiles: [charts/web/values.yaml, ./charts/web/prod.yaml]', '{"d":1,"p":1,"t":{"d":1,"p":1}}', two);
  });
  test('values.yaml alone is no choice; a file that is not there is an error unless it may be missing', () => {
    check('valuesFiles: [values.yaml]', '{"d":1,"t":{"d":1}}', two);
    check('valuesFiles: [none.yaml], ignoreMissingValuesFiles: true', '{"d":1,"t":{"d":1}}', two);
    const asked = release('', files('valuesFiles: [none.yaml]'));
    checkFails(
      { ...fleet('', ''), 'apps/release.yaml': asked },
      "no values file found at path 'none.yaml'",
      'none.yaml',
    );
  });
  test('chartRef to a HelmChart takes its chart, version and valuesFiles', () => {
    const object = `apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: web, namespace: charts}
spec: {interval: 1m, chart: ./charts/web, valuesFiles: [all.yaml], sourceRef: {kind: GitRepository, name: mono}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: mono, namespace: charts}
spec: {interval: 1m, url: "https://git.example.com/fleet", ref: {branch: main}}
`;
    const ref = release('', 'chartRef: {kind: HelmChart, name: web, namespace: charts}');
    checkShown({ ...fleet('', showing(values), two), 'apps/chart.yaml': object, 'apps/release.yaml': ref }, '{"p":2}');
  });
  test('a dependency of the same source is taken from its folder', () => {
    const extra: Files = {
      'charts/web/Chart.yaml':
        'apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies: [{name: base, version: 1.x, repository: "file://../base"}]\n',
      'charts/base/Chart.yaml': 'apiVersion: v2\nname: base\nversion: 1.0.0\ntype: library\n',
      'charts/base/templates/_h.tpl': '{{ define "base" }}from base{{ end }}',
    };
    checkShown(fleet('', showing('{{ include "base" . }}'), extra), 'from base');
  });
  test('a dependency of a repository is asked for, and said where it is not at hand', () => {
    const extra: Files = {
      'charts/web/Chart.yaml':
        'apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies: [{name: base, version: 1.x, repository: "https://charts.example.com"}]\n',
    };
    const asked = fleet('', showing('{{ .Subcharts.base.Chart.Version }}'), extra);
    expect(setOf(asked)).toMatchObject({ complete: false, note: expect.stringContaining('base') });
    const queries: unknown[] = [];
    checkShown(asked, '1.0.0', {
      chart: (query) => {
        queries.push([query.kind, query.chart, query.version]);
        return loaded({ 'Chart.yaml': 'apiVersion: v2\nname: base\nversion: 1.0.0\n' });
      },
    });
    expect(queries[0]).toEqual(['HelmRepository', 'base', '1.x']);
  });

  const repository = (kind: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: ${kind}
metadata: {name: repo, namespace: apps}
spec: {interval: 1m, url: "oci://registry.example.com/web"}
`;
  test('a chart of a Helm repository: its range is asked for, and valuesFiles are its own files', () => {
    const source =
      'chart: {spec: {chart: web, version: ">=1.0.0-0 <2", valuesFiles: [values.yaml, ci/prod.yaml], sourceRef: {kind: HelmRepository, name: repo}}}';
    const asked = {
      ...fleet('', ''),
      'apps/repo.yaml': repository('HelmRepository'),
      'apps/release.yaml': release('', source),
    };
    const web = {
      'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.9.0\n',
      'values.yaml': 'd: 1\n',
      'ci/prod.yaml': 'p: 1\n',
      'templates/a.yaml': showing(values),
    };
    const versions: unknown[] = [];
    checkShown(asked, '{"d":1,"p":1}', {
      chart: (query) => {
        versions.push(query.version);
        return loaded(web);
      },
    });
    expect(versions[0]).toBe('>=1.0.0-0 <2');
    expect(setOf(asked).note).toBe('chart web >=1.0.0-0 <2 of HelmRepository apps/repo is not fetched');
  });
  test.each([
    ['1.9.0@sha256:0123456789abcdef', '1.9.0+0123456789ab', 'sha256:0123456789abcdef'],
    ['latest@sha256:0123456789abcdef', '1.9.0+0123456789ab', 'latest@sha256:0123456789abcdef'],
    ['sha256:0123456789abcdef', '1.9.0+0123456789ab', 'sha256:0123456789abcdef'],
  ])('the version of a chart by an OCIRepository at %s ends with its digest', (revision, expected, digest) => {
    const asked = {
      ...fleet('', ''),
      'apps/repo.yaml': repository('OCIRepository'),
      'apps/release.yaml': release('', 'chartRef: {kind: OCIRepository, name: repo}'),
    };
    const web = {
      'Chart.yaml': 'apiVersion: v2\nname: web\nversion: v1.9.0\n',
      'templates/a.yaml': showing('{{ .Chart.Version }}'),
    };
    const set = checkShown(asked, expected, { chart: () => ({ ...loaded(web), revision }) });
    expect(set.release?.digest).toBe(digest);
    const other = { chart: () => ({ ...loaded(web), revision: '1.8.0@sha256:01' }) };
    checkFails(asked, 'artifact revision 1.8.0 does not match chart version v1.9.0', undefined, other);
  });
  test('chartRef to an ExternalArtifact: the chart lies in one folder of it', () => {
    const generator = `apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: gen, namespace: apps}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system, namespace: flux-system}]
  artifacts:
    - name: packed
      copy: [{from: "@repo/charts/web/**", to: "@artifact/web/"}]
    - name: bare
      copy: [{from: "@repo/charts/web/**", to: "@artifact/"}]
`;
    const asked = (name: string): Files => ({
      ...fleet('', showing('{{ .Chart.Name }}')),
      'apps/generator.yaml': generator,
      'apps/release.yaml': release('', `chartRef: {kind: ExternalArtifact, name: ${name}}`),
    });
    checkShown(asked('packed'), 'web');
    checkFails(asked('bare'), 'chart yaml not in base directory');
  });
  test('reconcileStrategy Revision: that the version ends with the revision in the cluster is said', () => {
    const set = check('reconcileStrategy: Revision', '{}', {});
    expect(set.note).toContain("adds the source's revision to the version");
  });
  test('neither chart nor chartRef is an error', () => {
    checkFails({ ...fleet('', ''), 'apps/release.yaml': release('', '') }, 'needs spec.chart or spec.chartRef');
  });
});

function loaded(files: Files) {
  const entries = Object.entries(files);
  return helm.loadChartFiles(
    entries.map(([name, text]) => ({
      name,
      file: { name: `chart.tgz/${name}`, text, bytes: new TextEncoder().encode(text) },
    })),
    { file: 'chart.tgz', start: 0, end: 0 },
  );
}

describe('the release', () => {
  const names =
    '{{ .Release.Name }} in {{ .Release.Namespace }}, {{ if .Release.IsUpgrade }}upgrade{{ else }}install{{ end }} {{ .Release.Revision }}';
  test.each([
    ['', 'web in apps'],
    ['releaseName: other', 'other in apps'],
    ['targetNamespace: prod', 'prod-web in prod'],
    ['targetNamespace: prod\nreleaseName: other\nstorageNamespace: store', 'other in prod'],
    [`releaseName: ${'a'.repeat(53)}`, `${'a'.repeat(53)} in apps`],
    [`releaseName: ${'a'.repeat(54)}`, `${'a'.repeat(40)}-b19ba05eaaeb in apps`],
  ])('%s', (spec, expected) => {
    const shown = setOf(fleet(spec, showing(names))).objects[0]!;
    const text = (getPath(shown.node, ['data', 'v']) as { text: string }).text;
    if (spec.includes('a'.repeat(54))) {
      expect(text).toMatch(new RegExp(`^${'a'.repeat(40)}-[0-9a-f]{12} in apps, install 1$`));
    } else expect(text).toBe(`${expected}, install 1`);
  });
  test('one that is installed in the cluster is upgraded', () => {
    checkShown(fleet('', showing(names)), 'web in apps, upgrade 2', { releases: { 'apps/web': 1 } });
    checkShown(fleet('', showing(names)), 'web in apps, install 1', { releases: { 'apps/other': 7, 'b/web': 3 } });
    const stored = fleet('storageNamespace: store\ntargetNamespace: prod', showing(names));
    checkShown(stored, 'prod-web in prod, upgrade 8', { releases: { 'store/prod-web': 7, 'prod/prod-web': 3 } });
  });
  test('charts see the Kubernetes and the APIs of the cluster', () => {
    const template = showing('{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "a/v1" }}');
    const kubeVersion = helm.parseKubeVersion('v1.30.1')!;
    checkShown(fleet('', template), 'v1.30.1 true', { capabilities: { kubeVersion, apiVersions: ['a/v1'], helm: 4 } });
  });
  test('disableSchemaValidation is that of the action', () => {
    const schema = { 'charts/web/values.schema.json': '{"required": ["x"]}' };
    const files = (spec: string) => fleet(spec, showing('v'), schema);
    checkFails(files(''), "missing property 'x'");
    checkShown(files('install: {disableSchemaValidation: true}'), 'v');
    const upgrade = { releases: { 'apps/web': 1 } };
    checkFails(files('install: {disableSchemaValidation: true}'), "missing property 'x'", undefined, upgrade);
    checkShown(files('upgrade: {disableSchemaValidation: true}'), 'v', upgrade);
  });
  test('suspend, upgrade.preserveValues and chart.spec.verify are said', () => {
    expect(setOf(fleet('suspend: true', showing('v'))).note).toMatch(/^suspended/);
    const kept = setOf(fleet('upgrade: {preserveValues: true}', showing('v')), { releases: { 'apps/web': 1 } });
    expect(kept).toMatchObject({ complete: false, note: expect.stringContaining('preserveValues') });
    expect(setOf(fleet('upgrade: {preserveValues: true}', showing('v'))).note).toBeUndefined();
    const verified = {
      ...fleet('', showing('v')),
      'apps/release.yaml': release('', chart.replace('spec: {', 'spec: {verify: {provider: cosign}, ')),
    };
    expect(setOf(verified).note).toContain('signature is verified');
  });
});

describe('crds/', () => {
  const crd = (name: string) =>
    `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}, labels: {a: b}}\n`;
  const more = {
    'charts/web/crds/a.yaml': `${crd('as.example.com')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: stray}\n`,
  };
  const kinds = (spec: string, options: Partial<RendererOptions> = {}) =>
    setOf(fleet(spec, showing('v'), more), options).objects.map(({ id }) => `${id.kind}/${id.name}`);
  const upgrade = { releases: { 'apps/web': 1 } };
  const both = ['CustomResourceDefinition/as.example.com', 'ConfigMap/out'];

  test('are applied before the rest unless the policy of the action is Skip; what is no definition is left out', () => {
    expect(kinds('')).toEqual(both);
    expect(kinds('install: {crds: CreateReplace}')).toEqual(both);
    expect(kinds('install: {crds: Skip}')).toEqual(['ConfigMap/out']);
    expect(kinds('install: {crds: Skip}', upgrade)).toEqual(both);
    expect(kinds('upgrade: {crds: Skip}', upgrade)).toEqual(['ConfigMap/out']);
    checkFails(
      fleet('install: {crds: Sometimes}', showing('v'), more),
      "invalid CRD upgrade policy 'Sometimes'",
      'Sometimes',
    );
  });
  test('carry the origin labels and nothing else', () => {
    const spec =
      'commonMetadata: {labels: {team: a}}\npostRenderers: [{kustomize: {patches: [{target: {kind: CustomResourceDefinition}, patch: "- {op: remove, path: /metadata/labels}"}]}}]';
    const [definition] = setOf(fleet(spec, showing('v'), more)).objects;
    expect(toJson(getPath(definition!.node, ['metadata', 'labels'])!, 'sigs')).toEqual({
      a: 'b',
      'helm.toolkit.fluxcd.io/name': 'web',
      'helm.toolkit.fluxcd.io/namespace': 'apps',
    });
  });
});

describe('after the templates', () => {
  const object = (name: string, annotations = '') =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${annotations}}\ndata: {k: v}\n`;
  const hook = object('hook', ', annotations: {helm.sh/hook: pre-install}');
  const patch = (name: string, value: string) =>
    `{kustomize: {patches: [{target: {kind: ConfigMap, name: ${name}}, patch: "- {op: replace, path: /data/k, value: ${value}}"}]}}`;
  const labels = '  labels:\n    helm.toolkit.fluxcd.io/name: web\n    helm.toolkit.fluxcd.io/namespace: apps\n';

  test('post-renderers run in their order; hooks are no objects of the release', () => {
    const spec = `postRenderers: [${patch('a', 'one')}, ${patch('a', 'two')}]`;
    const set = setOf(fleet(spec, `${object('a')}---\n${hook}`));
    expect(set.problems).toEqual([]);
    expect(yamlOf(set)).toBe(`apiVersion: v1\ndata:\n  k: two\nkind: ConfigMap\nmetadata:\n${labels}  name: a\n`);
  });
  test('images and strategic patches', () => {
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "app:1"}]}\n';
    const spec = `postRenderers:
  - kustomize:
      images: [{name: app, newName: reg/app, digest: "sha256:abc"}]
      patches:
        - patch: |
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec: {containers: [{name: c, args: [x]}]}`;
    const [made] = setOf(fleet(spec, pod)).objects;
    expect(toJson(getPath(made!.node, ['spec', 'containers', 0])!, 'sigs')).toEqual({
      args: ['x'],
      image: 'reg/app@sha256:abc',
      name: 'c',
    });
  });
  test('commonMetadata goes over the chart and the post-renderers, the origin labels over all', () => {
    const spec = `commonMetadata: {labels: {team: a, helm.toolkit.fluxcd.io/name: other}, annotations: {note: n}}
postRenderers: [{kustomize: {patches: [{target: {kind: ConfigMap}, patch: "- {op: add, path: /metadata/labels, value: {team: b}}"}]}}]`;
    const [made] = setOf(fleet(spec, object('a'))).objects;
    expect(toJson(getPath(made!.node, ['metadata'])!, 'sigs')).toEqual({
      annotations: { note: 'n' },
      labels: { 'helm.toolkit.fluxcd.io/name': 'web', 'helm.toolkit.fluxcd.io/namespace': 'apps', team: 'a' },
      name: 'a',
    });
  });
  test('labels lead to the line that asked for them', () => {
    const files = fleet('commonMetadata: {labels: {team: blue}}', object('a'));
    const [made] = setOf(files).objects;
    const label = (key: string) => sourceOf(files, getPath(made!.node, ['metadata', 'labels', key])!.at);
    expect(label('team')).toBe('blue');
    expect(label('helm.toolkit.fluxcd.io/name')).toBe('web');
  });
  test('an object that is there twice is an error, a hook counted in unless the strategy keeps them apart', () => {
    const twin = `${object('a')}---\n${object('a', ', annotations: {helm.sh/hook: pre-install}')}`;
    checkFails(fleet('', twin), 'may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]');
    checkFails(fleet('postRenderStrategy: nohooks', `${object('a')}---\n${object('a')}`), 'already registered id');
    for (const strategy of ['separate', 'nohooks']) {
      const set = setOf(fleet(`postRenderStrategy: ${strategy}`, twin));
      expect(set.problems).toEqual([]);
      expect(set.objects.map(({ id }) => id.name)).toEqual(['a']);
    }
    checkFails(fleet('postRenderStrategy: never', object('a')), "unknown post-render strategy: 'never'", 'never');
  });
  test('a patch that finds only a hook is an error where hooks take no part', () => {
    const strategic = `postRenderers: [{kustomize: {patches: [{patch: ${JSON.stringify(object('hook'))}}]}}]`;
    expect(setOf(fleet(strategic, `${object('a')}---\n${hook}`)).problems).toEqual([]);
    checkFails(
      fleet(`${strategic}\npostRenderStrategy: nohooks`, `${object('a')}---\n${hook}`),
      /no (resource )?match/,
    );
  });
  test('a post-renderer that the kind does not have is an error that names it', () => {
    const spec = 'postRenderers: [{kustomize: {replicas: [{name: a, count: 1}]}}]';
    checkFails(fleet(spec, object('a')), 'kustomize.replicas is not supported', 'replicas');
  });
});

test("every field of the kind's CRD has its role", () => {
  const crds = readFileSync(new URL('../../../data/flux-crds.yaml', import.meta.url), 'utf8');
  const text = crds.split(/^---$/m).find((one) => /^ {2}name: helmreleases\./m.test(one))!;
  const definition = parse(text, 'crds.yaml').documents[0]!.root!;
  const versions = getPath(definition, ['spec', 'versions'])!;
  const all = toJson(versions, 'sigs') as unknown as { name: string; schema: { openAPIV3Schema: Schema } }[];
  const spec = all.find(({ name }) => name === 'v2')!.schema.openAPIV3Schema.properties!.spec!;
  const fields = Object.entries(spec.properties!).flatMap(([name, { properties }]) =>
    name === 'install' || name === 'upgrade' ? Object.keys(properties!).map((field) => `${name}.${field}`) : [name],
  );
  expect(Object.keys(releaseFields).sort()).toEqual(expect.arrayContaining(fields.sort()));
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}
