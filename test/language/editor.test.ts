/** What an editor asks at the cursor (`▮`): completion, hover, definitions, references. */
import { describe, expect, test } from 'vitest';
import { isObject, parse } from '../../src/engine/index.ts';
import { completed, completions, defined, type Files, hovered, referred } from './fleet.ts';

const rest: Files = {
  'clusters/one/source.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: fleet
  namespace: flux-system
spec:
  interval: 1m
  url: https://git.example.com/acme/fleet
`,
  'clusters/one/flux-system/gotk-sync.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 10m, path: ./clusters/one, prune: true, sourceRef: { kind: GitRepository, name: fleet } }
`,
  'apps/kustomization.yaml': 'resources:\n  - api.yaml\npatches:\n  - path: patch.yaml\n',
  'apps/api.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: api, image: "example.com/api:\${tag}" }] }
`,
  'apps/patch.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api }\nspec: { replicas: 2 }\n',
  'apps/other/kustomization.yaml': 'resources: []\n',
};

const head = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: apps
  namespace: flux-system
`;

const flux = (spec: string): Files => ({ ...rest, 'clusters/one/apps.yaml': `${head}spec:\n${spec}` });
const whole = flux(
  '  interval: 10m\n  path: ./apps\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: fleet\n  postBuild:\n    substitute:\n      tag: 1.2.3\n',
);
const at = (files: Files, path: string, before: string): Files => {
  const text = files[path]!;
  const index = text.indexOf(before);
  if (index < 0) throw new Error(`no ${before} in ${path}`);
  return { ...files, [path]: text.slice(0, index) + `▮${text.slice(index)}` };
};

describe('completion', () => {
  test('fields that are not there yet, required ones first', () => {
    const labels = completions(flux('  interval: 10m\n  ▮\n  path: ./apps\n'));
    expect(labels.slice(0, 2).sort()).toEqual(['prune', 'sourceRef']);
    expect(labels).toContain('healthChecks');
    expect(labels).not.toContain('interval');
    expect(labels).not.toContain('path');
  });

  test('fields of list entries, behind a dash and below it', () => {
    expect(completions(flux('  dependsOn:\n    - ▮\n'))).toEqual(['name', 'namespace', 'readyExpr']);
    expect(completions(flux('  dependsOn:\n  - name: a\n    ▮\n'))).toEqual(['namespace', 'readyExpr']);
    expect(completions(flux('  dependsOn:\n    - name: a\n    - name: b\n      nam▮\n'))).toContain('namespace');
  });

  test('what is put in: the value’s place, the next line, or only the name', () => {
    expect(completed(flux('  pru▮\n'), 'prune')).toBe(`${head}spec:\n  prune: $0\n`);
    expect(completed(flux('  sour▮\n'), 'sourceRef')).toBe(`${head}spec:\n  sourceRef:\n    $0\n`);
    expect(completed(flux('  depen▮\n'), 'dependsOn')).toBe(`${head}spec:\n  dependsOn:\n    - $0\n`);
    expect(completed(flux('  int▮ervl: 5m\n'), 'interval')).toBe(`${head}spec:\n  interval: 5m\n`);
  });

  test('values: enumerations, booleans, durations', () => {
    expect(completions(flux('  sourceRef:\n    kind: ▮\n'))).toEqual([
      'OCIRepository',
      'GitRepository',
      'Bucket',
      'ExternalArtifact',
    ]);
    expect(completions(flux('  prune: t▮\n'))).toEqual(['true', 'false']);
    expect(completions(flux('  interval: ▮'))).toContain('10m');
    expect(completed(flux('  sourceRef:\n    kind: Gi▮tX # why\n'), 'GitRepository')).toContain(
      'kind: GitRepository # why\n',
    );
  });

  test('names of objects, by the kind beside them', () => {
    expect(completions(flux('  sourceRef:\n    kind: GitRepository\n    name: ▮\n'))).toEqual(['fleet']);
    expect(completions(flux('  dependsOn:\n    - name: ▮\n'))).toContain('flux-system');
  });

  test('paths in kustomization files: what is there and not yet named', () => {
    const files = (text: string): Files => ({ ...rest, 'apps/kustomization.yaml': text });
    expect(completions(files('resources:\n  - api.yaml\n  - ▮\n'))).toEqual(['other', 'patch.yaml', '../']);
    expect(completions(files('patches:\n  - path: p▮\n'))).toContain('patch.yaml');
    expect(completions(files('resources:\n  - ../clusters/▮\n'))).toEqual(['../clusters/one/']);
    expect(completions(flux('  path: ./apps/▮\n'))).toEqual(['./apps/other']);
  });

  test('fields of kustomization files', () => {
    const labels = completions({ 'a/kustomization.yaml': 'resources:\n  - a.yaml\n▮\n' });
    expect(labels).toContain('configMapGenerator');
    expect(labels).not.toContain('resources');
  });

  test('API versions and kinds, the old ones last', () => {
    const versions = completions({ 'a.yaml': 'apiVersion: ▮\nkind: HelmRelease\n' });
    expect(versions).toEqual([
      'helm.toolkit.fluxcd.io/v2',
      'helm.toolkit.fluxcd.io/v2beta1',
      'helm.toolkit.fluxcd.io/v2beta2',
    ]);
    expect(completions({ 'a.yaml': 'apiVersion: batch/v1\nkind: ▮\n' })).toEqual(['CronJob', 'Job']);
  });

  test('whole objects in an empty document', () =>
    expect(completed({ 'a.yaml': '---\n▮' }, 'HelmRepository')).toBe(
      '---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: $0\nspec:\n  url: \n',
    ));

  test('variables and image policies', () => {
    expect(completions(at(whole, 'apps/api.yaml', 'tag}'))).toEqual(['tag']);
    const policy =
      'apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: { name: api, namespace: flux-system }\n';
    expect(
      completions({
        'policy.yaml': policy,
        'kustomization.yaml': 'images:\n  - newTag: "1" # {"$imagepolicy": "f▮"}\n',
      }),
    ).toEqual(['flux-system:api', 'flux-system:api:tag', 'flux-system:api:name', 'flux-system:api:digest']);
  });

  test('nothing in comments and block scalars', () => {
    expect(completions(flux('  # ▮\n'))).toEqual([]);
    expect(completions({ 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    b:\n      ▮\n' })).toEqual([]);
  });
});

describe('hover', () => {
  test('a field', () =>
    expect(hovered(at(whole, 'clusters/one/apps.yaml', 'prune:'))).toBe(
      '**prune** (true or false, required)\n\nPrune enables garbage collection\\.',
    ));

  test('a reference and its target', () =>
    expect(hovered(at(whole, 'clusters/one/apps.yaml', 'fleet\n  postBuild'))).toBe(
      '**GitRepository flux\\-system/fleet** in `/clusters/one/source.yaml`\n\nurl: `https://git.example.com/acme/fleet`\n\n**name** (string, required)\n\nName of the referent\\.',
    ));

  test('a variable and its values', () =>
    expect(hovered(at(whole, 'apps/api.yaml', 'tag}'))).toBe(
      '**tag**\n\n- `1.2.3`, by Kustomization flux\\-system/apps (`/clusters/one/apps.yaml`)',
    ));

  describe('variables of substituteFrom say whose they are', () => {
    const spec = (name: string) =>
      `  interval: 10m\n  path: ./apps\n  prune: true\n  sourceRef: { kind: GitRepository, name: fleet }\n  postBuild:\n    substituteFrom:\n      - kind: ConfigMap\n        name: ${name}\n      - kind: Secret\n        name: login\n`;
    const settings = (tag: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: flux-system }\ndata: { tag: "${tag}" }\n`;
    const files = {
      ...flux(spec('settings')),
      'clusters/one/settings.yaml': settings('1'),
      'clusters/two/flux-system/gotk-sync.yaml': rest['clusters/one/flux-system/gotk-sync.yaml']!.replace('one', 'two'),
      'clusters/two/settings.yaml': settings('2'),
    };
    const cluster = ({ kind, name }: { readonly kind: string; readonly name: string }) => {
      const text = kind === 'Secret' ? 'stringData: { tag: hunter2 }' : 'data: { tag: "3" }';
      const { root } = parse(`apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name} }\n${text}\n`, 'live')
        .documents[0]!;
      return isObject(root) ? root : undefined;
    };

    test('the file of the same cluster directory', () => {
      expect(hovered(at(files, 'apps/api.yaml', 'tag}'))).toContain(
        '- `1` from ConfigMap flux\\-system/settings (`/clusters/one/settings.yaml`), by Kustomization',
      );
      const entry = hovered(at(files, 'clusters/one/apps.yaml', 'settings'));
      expect(entry).toContain('in `/clusters/one/settings.yaml`');
      expect(entry).toContain('Variables: `tag`');
    });

    test('the cluster, where no file declares it; a Secret keeps its value', () => {
      const elsewhere = flux(spec('far'));
      const found = hovered(at(elsewhere, 'apps/api.yaml', 'tag}'), cluster);
      expect(found).toContain("a hidden value from the cluster's Secret flux\\-system/login, by");
      expect(found).not.toContain('hunter2');
      expect(hovered(at(elsewhere, 'clusters/one/apps.yaml', 'far'), cluster)).toContain(
        '**ConfigMap flux\\-system/far** of the cluster\n\nVariables: `tag`',
      );
      expect(hovered(at(elsewhere, 'clusters/one/apps.yaml', 'far'))).toContain('not read from a cluster');
    });
  });

  test('descriptions of others cannot link, format or run anything', () => {
    const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Thing, plural: things }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, description: "[go](command:x) <img src=x> \`a\` ![b](http://c) https://d" }
`;
    const thing = 'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\n▮spec: {}\n';
    expect(hovered({ 'crd.yaml': crd, 'thing.yaml': thing })).toBe(
      '**spec** (mapping)\n\n\\[go\\]\\(command\\:x\\) &lt;img src=x\\> \\`a\\` \\!\\[b\\]\\(http\\://c\\) https\\://d',
    );
  });
});

describe('definitions and references', () => {
  test('from a reference to its object, and back', () => {
    expect(defined(at(whole, 'clusters/one/apps.yaml', 'fleet\n  postBuild'))).toEqual([
      'clusters/one/source.yaml:4:9',
    ]);
    expect(referred(at(whole, 'clusters/one/source.yaml', 'fleet\n  namespace'))).toEqual([
      'clusters/one/apps.yaml:12:11',
      'clusters/one/flux-system/gotk-sync.yaml:4:99',
    ]);
  });

  test('from a path to its file', () => {
    expect(defined(at(whole, 'apps/kustomization.yaml', 'patch.yaml'))).toEqual(['apps/patch.yaml:1:1']);
    expect(defined(at(whole, 'clusters/one/apps.yaml', './apps'))).toEqual(['apps/kustomization.yaml:1:1']);
  });

  test('from a variable to where it is set, from a patch to its target', () => {
    expect(defined(at(whole, 'apps/api.yaml', 'tag}'))).toEqual(['clusters/one/apps.yaml:15:7']);
    expect(defined(at(whole, 'apps/patch.yaml', 'Deployment'))).toEqual(['apps/api.yaml:3:19']);
  });
});
