/** What is wrong in a fleet beyond single objects: references, circles, paths, variables, markers, duplicates. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../src/language/index.ts';
import { schemas } from '../engine/schema/schemas.ts';
import { type Files, fixed, fleet, problems } from './fleet.ts';

beforeAll(() => schemas.prepare());

function checkProblems(files: Files, expected: readonly string[]): void {
  expect(problems(files)).toEqual(expected);
}

const source = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/acme/fleet }
`;

const kustomization = (name: string, more = '', path = './apps'): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  path: ${path}
  prune: true
  sourceRef: { kind: GitRepository, name: fleet }
${more}`;

const configMap = (name: string, data = '{}'): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: flux-system }
data: ${data}
`;

const apps = { 'apps/kustomization.yaml': 'resources: [a.yaml]\n', 'apps/a.yaml': configMap('a') };

describe('the example fleet', () => {
  test('has no problems', () => expect(problems(readFolder('examples/my-fleet'))).toEqual([]));

  test('in older API versions: understood, each marked as deprecated', () => {
    const found = problems(readFolder('test/fixtures/older-apis'));
    expect(found.filter((line) => !line.includes(' warning flux-deprecated '))).toEqual([]);
    expect(found).toHaveLength(14);
    expect(found[0]).toBe(
      'clusters/production/apps.yaml:1:13 warning flux-deprecated kustomize.toolkit.fluxcd.io/v1beta2 is deprecated: use kustomize.toolkit.fluxcd.io/v1. Flux 2.7 is the last release that serves it.',
    );
  });

  test('the fix for an old version is offered only where the fields fit the new one', () => {
    const { knowledge } = fleet(readFolder('test/fixtures/older-apis'));
    const offered = knowledge.workspace.files.flatMap((file) =>
      check(file, knowledge).flatMap(({ code, fixes, at }) =>
        code === 'flux-deprecated' ? [`${file.source.text.slice(at!.start, at!.end)} ${fixes?.[0]?.title ?? '-'}`] : [],
      ),
    );
    expect(offered.filter((line) => line.endsWith(' -'))).toEqual([
      'kustomize.toolkit.fluxcd.io/v1beta2 -', // patchesStrategicMerge
      'kustomize.toolkit.fluxcd.io/v1beta1 -', // validation
      'image.toolkit.fluxcd.io/v1beta2 -', // .Updated in the message template
      'helm.toolkit.fluxcd.io/v2beta1 -', // valuesFile
    ]);
  });

  // Measured alone it takes 6 ms, and 2 ms for one file; the bounds leave room for a machine that does other things, and
  // would still notice work that grows with the square of the fleet.
  test('is checked fast enough for a keystroke', () => {
    const files = readFolder('examples/my-fleet');
    const made = fleet(files);
    for (const file of made.knowledge.workspace.files) check(file, made.knowledge);
    const again = fleet(files);
    const start = performance.now();
    for (const file of again.knowledge.workspace.files) check(file, again.knowledge);
    const whole = performance.now() - start;
    const first = performance.now();
    for (let i = 0; i < 20; i++) check(again.file('apps/base/api/deployment.yaml'), again.knowledge);
    const one = (performance.now() - first) / 20;
    expect(whole).toBeLessThan(10_000);
    expect(one).toBeLessThan(1_000);
  });
});

describe('kinds', () => {
  test('versions and kinds that nobody serves, and where they are', () =>
    checkProblems(
      {
        'a.yaml': source.replace('/v1', '/v3'),
        'b.yaml': 'apiVersion: v1\nkind: Deployment\nmetadata: { name: a }\n',
        'c.yaml': 'apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: { name: a }\n',
        'd.yaml': 'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepo\nmetadata: { name: a }\n',
        'e.yaml': 'kind: ConfigMap\nmetadata: { name: a }\n',
        'f.yaml': 'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\n',
      },
      [
        'a.yaml:1:13 error schema-unknown-kind GitRepository has no version source.toolkit.fluxcd.io/v3; use source.toolkit.fluxcd.io/v1.',
        'b.yaml:1:13 error schema-unknown-kind There is no kind Deployment in v1; it is in apps/v1.',
        'c.yaml:1:13 error schema-unknown-kind extensions/v1beta1 is no longer served; Ingress is in networking.k8s.io/v1.',
        'd.yaml:2:7 error schema-unknown-kind There is no kind GitRepo in source.toolkit.fluxcd.io/v1.',
        'e.yaml:1:1 error schema-required "apiVersion" is missing.',
      ],
    ));
});

describe('references', () => {
  test('that lead nowhere, with what was meant', () =>
    checkProblems(
      {
        ...apps,
        'c/source.yaml': source,
        'c/apps.yaml': kustomization('apps', '  dependsOn: [{ name: infrastucture }]\n').replace(
          'name: fleet',
          'name: flet',
        ),
        'c/infra.yaml': kustomization('infrastructure'),
      },
      [
        'c/apps.yaml:8:43 warning flux-reference No file declares GitRepository flux-system/flet; did you mean fleet?',
        'c/apps.yaml:9:23 warning flux-reference No file declares Kustomization flux-system/infrastucture; did you mean infrastructure?',
      ],
    ));

  test('that other things answer: generators, prefixes, namespaces, templates, bootstrap', () =>
    checkProblems(
      {
        ...apps,
        'c/kustomization.yaml':
          'namespace: flux-system\nnamePrefix: prod-\nresources: [source.yaml, apps.yaml]\nconfigMapGenerator: [{ name: vars, literals: [a=b] }]\n',
        'c/source.yaml': source.replace(', namespace: flux-system', '').replace('name: fleet', 'name: "fleet-${ENV}"'),
        'c/apps.yaml': kustomization(
          'apps',
          '  postBuild: { substituteFrom: [{ kind: ConfigMap, name: prod-vars }] }\n',
        )
          .replace(', namespace: flux-system', '')
          .replace('name: fleet', 'name: prod-fleet-eu'),
        'd/bootstrap.yaml': kustomization('all').replace('name: fleet', 'name: flux-system'),
        'd/optional.yaml': kustomization(
          'more',
          '  postBuild: { substituteFrom: [{ kind: ConfigMap, name: nowhere, optional: true }] }\n',
        ).replace('name: fleet', 'name: flux-system'),
      },
      [],
    ));

  test('a missing Secret is only a hint', () => {
    const files = { 'source.yaml': source.replace('spec: {', 'spec: { secretRef: { name: token },') };
    expect(problems(files)).toEqual([]);
    expect(problems(files, { hints: true })).toEqual([
      'source.yaml:4:28 hint flux-reference No file declares Secret flux-system/token; it must be in the cluster already.',
    ]);
  });

  test('circles of dependsOn, but not across clusters', () => {
    const a = kustomization('a', '  dependsOn: [{ name: b }]\n');
    const b = kustomization('b', '  dependsOn: [{ name: a }]\n');
    const message = 'error flux-reference These wait for each other and never start:';
    checkProblems({ ...apps, 'source.yaml': source, 'a.yaml': a, 'b.yaml': b }, [
      `a.yaml:9:23 ${message} Kustomization flux-system/a → Kustomization flux-system/b → Kustomization flux-system/a.`,
    ]);
    const { knowledge, file } = fleet({ ...apps, 'source.yaml': source, 'a.yaml': a, 'b.yaml': b });
    const [told] = check(file('a.yaml'), knowledge);
    expect(told!.related).toMatchObject([{ message: 'Kustomization flux-system/b', at: { file: 'b.yaml' } }]);
    const sync = (cluster: string): Files => ({
      [`clusters/${cluster}/flux-system/gotk-sync.yaml`]: kustomization('flux-system', '', `./clusters/${cluster}`),
      [`clusters/${cluster}/source.yaml`]: source,
    });
    checkProblems(
      {
        ...apps,
        ...sync('one'),
        ...sync('two'),
        'clusters/one/a.yaml': a,
        'clusters/one/b.yaml': kustomization('b'),
        'clusters/two/a.yaml': kustomization('a'),
        'clusters/two/b.yaml': b,
      },
      [],
    );
  });
});

describe('paths', () => {
  test('of kustomization files', () =>
    checkProblems(
      {
        'a/kustomization.yaml':
          'resources: [one.yaml, two.yml, ../b, ../c, https://example.com/x.yaml]\ncomponents: [one.yaml]\npatches: [{ path: ../b }, {}]\n',
        'a/one.yaml': configMap('one'),
        'a/two.yaml': 'a: b\n',
        'b/x.yaml': configMap('x'),
      },
      [
        'a/kustomization.yaml:1:23 error file-missing two.yml does not exist.',
        'a/kustomization.yaml:1:32 error file-missing ../b has no kustomization file.',
        'a/kustomization.yaml:1:38 error file-missing ../c does not exist.',
        'a/kustomization.yaml:2:14 error file-missing one.yaml is a file: a component is a folder with a kustomization file.',
        'a/kustomization.yaml:3:19 error file-missing ../b is a folder, not a file.',
        'a/kustomization.yaml:3:27 error kustomize-file A patch needs "path" or "patch".',
      ],
    ));

  test('of Flux Kustomizations whose source is this folder', () =>
    checkProblems({ ...apps, 'source.yaml': source, 'a.yaml': kustomization('a', '', './nowhere') }, [
      'a.yaml:6:9 error file-missing The path ./nowhere does not exist in GitRepository fleet.',
    ]));

  test('a manifest that its kustomization file does not name', () => {
    const files = {
      ...apps,
      'apps/kustomization.yaml': 'resources:\n  - a.yaml # first\n',
      'apps/b.yaml': configMap('b'),
    };
    checkProblems(files, [
      'apps/b.yaml:1:1 information kustomize-file The kustomization file of this folder does not name b.yaml, so nothing builds it.',
    ]);
    expect(fixed(files, 'apps/kustomization.yaml', 'Add b.yaml to the resources')).toBe(
      'resources:\n  - a.yaml # first\n  - b.yaml\n',
    );
  });
});

describe('builds', () => {
  test('the same object twice in one kustomization', () =>
    checkProblems(
      {
        'a/kustomization.yaml': 'resources: [one.yaml, two.yaml]\n',
        'a/one.yaml': configMap('x'),
        'a/two.yaml': configMap('x'),
        'b/kustomization.yaml': 'resources: [x.yaml]\n',
        'b/x.yaml': configMap('x'),
      },
      [
        'a/one.yaml:3:19 error kustomize-build ConfigMap flux-system/x is declared twice in one build.',
        'a/two.yaml:3:19 error kustomize-build ConfigMap flux-system/x is declared twice in one build.',
      ],
    ));

  test('patches are partial, data is nobody’s object', () =>
    checkProblems(
      {
        'a/kustomization.yaml':
          'resources: [d.yaml]\npatches: [{ path: p.yaml }]\nconfigMapGenerator: [{ name: c, files: [x.yaml=data.yaml] }]\n',
        'a/d.yaml':
          'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: d }\nspec:\n  selector: { matchLabels: { a: b } }\n  template:\n    metadata: { labels: { a: b } }\n    spec: { containers: [{ name: c, image: i }] }\n',
        'a/p.yaml':
          'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: d }\nspec: { template: { spec: { containers: [{ name: c, img: x }] } } }\n',
        'a/data.yaml': 'apiVersion: apps/v1\nkind: Deployment\nfoo: bar\n',
      },
      ['a/p.yaml:4:53 error schema-unknown-field Unknown field "img" in spec.template.spec.containers[0].'],
    ));

  test('what a base lacks may come from a patch, from a file or in place', () => {
    const base = (name: string): string =>
      `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: ${name} }\nspec: { values: {}, foo: 1 }\n`;
    const unknown = 'error schema-unknown-field Unknown field "foo" in spec.';
    checkProblems(
      {
        'base/kustomization.yaml': 'resources: [a.yaml, b.yaml, c.yaml]\n',
        'base/a.yaml': base('a'),
        'base/b.yaml': base('b'),
        'base/c.yaml': base('c'),
        'prod/kustomization.yaml':
          'resources: [../base]\npatches:\n  - path: p.yaml\n  - target: { kind: HelmRelease, name: b }\n    patch: |\n      - { op: add, path: /spec/interval, value: 1h }\n',
        'prod/p.yaml':
          'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: a }\nspec: { interval: 1h }\n',
      },
      [
        `base/a.yaml:4:21 ${unknown}`,
        `base/b.yaml:4:21 ${unknown}`,
        'base/c.yaml:4:1 error schema-required spec needs "interval".',
        `base/c.yaml:4:21 ${unknown}`,
      ],
    );
  });

  test('patches in place, at their lines; JSON patches', () =>
    checkProblems(
      {
        'a/kustomization.yaml': `resources: [d.yaml]
patches:
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: d
      dada:
        x: 1
  - target: { kind: ConfigMap }
    patch: |-
      # first
      - op: ad
        path: /data/x
      - op: add
        path: data/x
  - path: ops.yaml
`,
        'a/d.yaml': configMap('d'),
        'a/ops.yaml': '- { op: remove, path: /data/x }\n- { path: /data/y }\n- { op: move, path: /data/y }\n',
      },
      [
        'a/kustomization.yaml:8:7 error schema-unknown-field Unknown field "dada"; did you mean "data"?',
        'a/kustomization.yaml:13:13 error kustomize-file "op" must be one of add, replace, test, remove, move, copy; "ad" is not.',
        'a/kustomization.yaml:15:9 warning kustomize-file The operation "add" has no "value": it sets null.',
        'a/kustomization.yaml:16:15 warning kustomize-file "path" must begin with "/".',
        'a/ops.yaml:2:5 error kustomize-file A JSON patch operation needs "op".',
        'a/ops.yaml:3:5 error kustomize-file The operation "move" needs "from".',
      ],
    ));

  test('what kustomize itself adds is not missing', () =>
    checkProblems(
      {
        'a/kustomization.yaml':
          'resources: [d.yaml, n.yaml]\nnamespace: apps\nlabels: [{ pairs: { a: b }, includeSelectors: true }]\n',
        'a/d.yaml':
          'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d, namespace: X }\nspec: { template: { spec: { containers: [{ name: c, image: i }] } } }\nstatus: { foo: 1 }\n',
        'a/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: _ }\n',
      },
      [],
    ));

  test('variables that nothing sets', () =>
    checkProblems(
      {
        'source.yaml': source,
        'k.yaml': kustomization(
          'k',
          '  postBuild: { substitute: { a: x }, substituteFrom: [{ kind: ConfigMap, name: vars }] }\n',
        ),
        'vars.yaml': configMap('vars', '{ b: y }'),
        'apps/a.yaml': `# \${comment}\n${configMap('a', '{ one: "${a} ${b} ${c} ${d:=1} $${e}" }')}`,
      },
      [
        'apps/a.yaml:5:25 error flux-substitution Nothing sets "c" for Kustomization flux-system/k: give it a default, ${c:=value}, or set it in spec.postBuild.',
      ],
    ));

  test('variables that a parent may patch into its children are not judged', () =>
    checkProblems(
      {
        'source.yaml': source,
        'k.yaml': kustomization('k', '  postBuild: { substitute: { a: x } }\n'),
        'all.yaml': kustomization(
          'all',
          '  patches: [{ patch: "[]", target: { kind: Kustomization, labelSelector: a!=b } }]\n',
          './clusters',
        ),
        'clusters/a.yaml': configMap('c'),
        'apps/a.yaml': configMap('a', '{ one: "${a} ${b}" }'),
      },
      [],
    ));

  test('image policy markers', () => {
    const policy = `apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: api, namespace: flux-system }
spec: { imageRepositoryRef: { name: api }, policy: { alphabetical: {} } }
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: api, namespace: flux-system }
spec: { image: example.com/api, interval: 1m }
`;
    const files = (marker: string): Files => ({
      'policy.yaml': policy,
      'a/kustomization.yaml': `images:\n  - name: api\n    newTag: "1" # {"$imagepolicy": "${marker}"}\n`,
    });
    checkProblems(files('flux-system:api:tag'), []);
    checkProblems(files('apps:api:tag'), [
      'a/kustomization.yaml:3:37 warning flux-reference No file declares ImagePolicy apps/api: image automation will leave this line alone.',
    ]);
    checkProblems(files('api'), [
      'a/kustomization.yaml:3:37 error flux-reference "api" is no image policy: write "namespace:name", "namespace:name:tag", ":name" or ":digest".',
    ]);
    expect(fixed(files('apps:api:tag'), 'a/kustomization.yaml', 'Change to flux-system:api:tag')).toContain(
      '"flux-system:api:tag"',
    );
  });
});

describe('fixes', () => {
  const files = (spec: string): Files => ({ 'source.yaml': source.replace(/^spec:.*\n/m, `spec:\n${spec}`) });

  test('deprecated fields of kustomization files', () => {
    const old = { 'a/kustomization.yaml': 'bases:\n  - ../b\npatchesStrategicMerge:\n  - p.yaml # why\n  - q.yaml\n' };
    expect(fixed(old, 'a/kustomization.yaml', 'Change to "resources"')).toContain('resources:\n  - ../b\n');
    expect(fixed(old, 'a/kustomization.yaml', 'Change to "patches"')).toContain(
      'patches:\n  - path: p.yaml # why\n  - path: q.yaml\n',
    );
  });

  test('rename, quote, unquote, add', () => {
    expect(fixed(files('  interval: 1m\n  Url: https://a\n'), 'source.yaml', 'Change to "url"')).toContain(
      '\n  url: https://a\n',
    );
    expect(
      fixed(files('  interval: 1m\n  url: https://a\n  timeout: 5\n'), 'source.yaml', 'Put it in quotes'),
    ).toContain('timeout: "5"\n');
    expect(
      fixed(files('  interval: 1m\n  url: https://a\n  suspend: "true"\n'), 'source.yaml', 'Take the quotes off'),
    ).toContain('suspend: true\n');
    expect(fixed(files('  interval: 1m\n'), 'source.yaml', 'Add "url"')).toContain('spec:\n  url: \n  interval: 1m\n');
  });
});

/** The YAML files of a folder of this repository. */
function readFolder(name: string): Files {
  const root = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const files: Record<string, string> = {};
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder)) {
      const path = join(folder, entry);
      if (statSync(path).isDirectory()) walk(path);
      else if (/\.ya?ml$/.test(entry)) files[relative(root, path).replaceAll('\\', '/')] = readFileSync(path, 'utf8');
    }
  };
  walk(root);
  return files;
}
