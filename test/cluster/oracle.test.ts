/**
 * The build of a Flux Kustomization, judged by the libraries that kustomize-controller itself calls: the same bytes, or
 * both refuse. flux.test.ts asks the command line; this one asks what the cluster does, substituteFrom included.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { print, titleOf } from '../../src/engine/index.ts';
import { substitute } from '../../src/engine/render/envsubst.ts';
import { configMap, type Files, render, sync } from '../engine/render/check.ts';
import { type Answer, askBuilds, askTexts, hasOracle, without } from './oracle.ts';

interface Story {
  readonly files: Files;
  /** The folder that is built. */
  readonly path?: string;
  readonly spec?: object;
  readonly inputs?: readonly object[];
  readonly lenient?: true;
}

const owner = (path: string, spec: object) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'ks', namespace: 'flux-system' },
  spec: { interval: '10m', prune: true, path, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, ...spec },
});

function ours({ files, path = 'in', spec = {}, inputs = [], lenient }: Story): Answer {
  const fleet = {
    ...files,
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/ks.yaml': [owner(path, spec), ...inputs].map((object) => JSON.stringify(object)).join('\n---\n'),
  };
  const sets = render(fleet, '/clusters/one', { substitution: lenient ? 'lenient' : 'strict' });
  const set = sets.find(({ owner: { id } }) => titleOf(id) === 'Kustomization flux-system/ks');
  if (set === undefined) return { output: '', error: 'there is no such set' };
  const problems = set.problems.filter(({ severity }) => severity !== 'information');
  const refused = !set.complete || problems.some(({ message }) => message.includes('is in no file of the fleet'));
  if (refused) return { output: '', error: [set.note, ...problems.map(({ message }) => message)].join('\n') };
  return { output: set.objects.map(({ node }) => `${print(node, 'kyaml')}---\n`).join('') };
}

const theirs = (stories: readonly Story[]) =>
  askBuilds(
    stories.map(({ files, path = 'in', spec = {}, inputs = [], lenient }) => ({
      files,
      path,
      kustomization: owner(path, spec),
      inputs,
      strict: lenient === undefined,
    })),
  );

/** Without the order, which is kustomize's there and that of applying here. */
const sorted = ({ output }: Answer) =>
  output
    .split(/^---\n/m)
    .sort()
    .join('---\n');

/** Every story at once: which are equal, which both refuse; the others with both answers. */
function compare(stories: Readonly<Record<string, Story>>) {
  const names = Object.keys(stories);
  const answers = theirs(Object.values(stories));
  const counts = { equal: 0, refused: 0 };
  const differences: string[] = [];
  names.forEach((name, i) => {
    const [they, we] = [answers[i]!, ours(stories[name]!)];
    if (they.error !== undefined && we.error !== undefined) counts.refused++;
    else if (they.error === undefined && we.error === undefined && sorted(they) === sorted(we)) counts.equal++;
    else {
      const show = ({ output, error }: Answer) => (error === undefined ? sorted({ output }) : `refused: ${error}`);
      differences.push(`== ${name}\n-- theirs\n${show(they)}\n-- ours\n${show(we)}`);
    }
  });
  expect(differences.join('\n')).toBe('');
  return counts;
}

const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: app:0}]}\n';
const a = configMap('a', 'k: v');
const component = 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n';
const plain: Files = { 'in/a.yaml': a, 'in/p.yaml': pod };
const listed: Files = { ...plain, 'in/kustomization.yaml': 'resources: [a.yaml, p.yaml]\nnamespace: mine\n' };
const variables = (data: string) => ({ 'in/a.yaml': configMap('a', data) });
const input = (kind: string, name: string, values: object, namespace = 'flux-system') => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace },
  ...values,
});
const x = input('ConfigMap', 'x', { data: { A: 'x', X: 'x' } });
const y = input('Secret', 'y', { data: { A: btoa('y'), Y: btoa('two\nlines\n') } });
const z = input('Secret', 'z', { data: { A: btoa('z') }, stringData: { A: 'text', Z: '012' } });
const from = (...names: readonly string[]) =>
  names.map((name) => ({ kind: name === 'x' ? 'ConfigMap' : 'Secret', name }));
const strategic = (body: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n${body}`;
const json = (...operations: readonly object[]) => JSON.stringify(operations);
const add = { op: 'add', path: '/metadata/labels', value: { l: '1' } };

/** One field each. */
const fields: Readonly<Record<string, Story>> = {
  'a folder without kustomization.yaml': {
    files: { ...plain, 'in/n/kustomization.yaml': 'resources: [y.yaml]\n', 'in/n/y.yaml': configMap('y', 'k: w') },
  },
  'a folder with one': { files: listed },
  'a folder deep in the source': {
    files: {
      'b/a.yaml': a,
      'b/kustomization.yaml': 'resources: [a.yaml]\n',
      'c/d/kustomization.yaml': 'resources: [../../b]\n',
    },
    path: 'c/d',
  },
  'the root of the source': {
    files: {
      'kustomization.yaml': 'resources: [in]\n',
      'in/kustomization.yaml': 'resources: [p.yaml]\n',
      'in/p.yaml': pod,
    },
    path: '.',
  },
  'a base above the source': { files: { 'in/kustomization.yaml': 'resources: [../../../../../../etc]\n' } },
  'a cycle of bases': {
    files: { 'in/kustomization.yaml': 'resources: [n]\n', 'in/n/kustomization.yaml': 'resources: [..]\n' },
  },
  'a cycle of components': {
    files: {
      'in/kustomization.yaml': 'components: [n]\n',
      'in/n/kustomization.yaml': `${component}components: [../n]\n`,
    },
  },
  'a strategic merge patch': { files: plain, spec: { patches: [{ patch: strategic('spec: {hostNetwork: true}\n') }] } },
  'a strategic merge patch with a target': {
    files: plain,
    spec: { patches: [{ patch: strategic('spec: {hostNetwork: true}\n'), target: { kind: 'Pod' } }] },
  },
  'a patch that deletes': {
    files: plain,
    spec: { patches: [{ patch: strategic('$patch: delete\n'), target: { kind: 'Pod', name: 'p' } }] },
  },
  'a JSON6902 patch': {
    files: plain,
    spec: { patches: [{ patch: json(add), target: { kind: 'ConfigMap', name: 'a.*' } }] },
  },
  'a JSON6902 patch in YAML': {
    files: plain,
    spec: {
      patches: [
        {
          patch: '- op: add\n  path: /metadata/annotations\n  value: {n: "2"}\n',
          target: { group: '', version: 'v1', kind: 'Pod' },
        },
      ],
    },
  },
  'a JSON6902 patch without target': { files: plain, spec: { patches: [{ patch: json(add) }] } },
  'a JSON6902 patch that fails': {
    files: plain,
    spec: { patches: [{ patch: json({ op: 'remove', path: '/x/y' }), target: { kind: 'Pod' } }] },
  },
  'a patch whose target is absent': {
    files: plain,
    spec: { patches: [{ patch: json(add), target: { kind: 'Service' } }] },
  },
  'a strategic merge patch for nothing': {
    files: plain,
    spec: { patches: [{ patch: strategic('').replace('name: p', 'name: q') }] },
  },
  'patches after names changed': {
    files: plain,
    spec: {
      namePrefix: 'x-',
      targetNamespace: 'n',
      patches: [
        { patch: json(add), target: { name: 'p' } },
        { patch: json(add), target: { name: 'x-a' } },
      ],
    },
  },
  'patches of before v1': {
    files: plain,
    spec: {
      patchesStrategicMerge: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { hostNetwork: true } }],
      patchesJson6902: [{ patch: [add], target: { version: 'v1', kind: 'ConfigMap', name: 'a' } }],
    },
  },
  images: { files: plain, spec: { images: [{ name: 'app', newName: 'reg/app', newTag: 'v2' }] } },
  'an image with digest': {
    files: plain,
    spec: {
      images: [{ name: 'app', digest: 'sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3' }],
    },
  },
  'an image over one of the file': {
    files: {
      ...plain,
      'in/kustomization.yaml': 'resources: [p.yaml]\nimages: [{name: app, newName: q, newTag: "1"}]\n',
    },
    spec: { images: [{ name: 'app', newTag: '2' }] },
  },
  components: {
    files: { ...listed, 'part/kustomization.yaml': `${component}nameSuffix: -part\n` },
    spec: { components: ['../part'] },
  },
  'a component that is absent': { files: listed, spec: { components: ['../part'] } },
  ignoreMissingComponents: {
    files: { ...listed, 'part/kustomization.yaml': `${component}nameSuffix: -part\n` },
    spec: { components: ['../none', '../part'], ignoreMissingComponents: true },
  },
  'a component of another host': { files: listed, spec: { components: ['https://example.com/x'] } },
  targetNamespace: { files: listed, spec: { targetNamespace: 'apps' } },
  'namePrefix and nameSuffix': {
    files: { ...listed, 'in/kustomization.yaml': 'resources: [a.yaml, p.yaml]\nnamePrefix: lost-\n' },
    spec: { namePrefix: 'x-', nameSuffix: '-y' },
  },
  commonMetadata: {
    files: listed,
    spec: {
      commonMetadata: { labels: { l: '1', 'kustomize.toolkit.fluxcd.io/name': 'mine' }, annotations: { n: 'true' } },
    },
  },
  buildMetadata: { files: listed, spec: { buildMetadata: ['originAnnotations'] } },
  'buildMetadata of labels': { files: listed, spec: { buildMetadata: ['managedByLabel', 'transformerAnnotations'] } },
  substitute: {
    files: variables('a: "${A}", b: "x${B}y", "${A}": k, c: "$${A}"'),
    spec: { postBuild: { substitute: { A: '1', B: 'a\nb' } } },
  },
  'substitute with what is no name': { files: variables('a: v'), spec: { postBuild: { substitute: { 'a-b': '1' } } } },
  substituteFrom: {
    files: variables('a: "${A}", x: "${X}", y: "${Y}", z: "${Z}"'),
    inputs: [x, y, z],
    spec: { postBuild: { substituteFrom: from('x', 'y', 'z') } },
  },
  'substituteFrom in the other order': {
    files: variables('a: "${A}"'),
    inputs: [x, y],
    spec: { postBuild: { substituteFrom: from('y', 'x') } },
  },
  'substitute over substituteFrom': {
    files: variables('a: "${A}", x: "${X}"'),
    inputs: [x],
    spec: { postBuild: { substitute: { A: 'own' }, substituteFrom: from('x') } },
  },
  'substituteFrom what is absent': {
    files: variables('a: "${A}"'),
    spec: { postBuild: { substituteFrom: from('x') } },
  },
  'substituteFrom what is optional': {
    files: variables('a: "${A:=d}"'),
    inputs: [y],
    spec: { postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'x', optional: true }, ...from('y')] } },
  },
  'substituteFrom nothing but what is optional': {
    files: variables('a: "${A} $$"'),
    spec: { postBuild: { substituteFrom: [{ kind: 'Secret', name: 'y', optional: true }] } },
  },
  'substituteFrom another namespace': {
    files: variables('a: "${A:=d}"'),
    inputs: [input('ConfigMap', 'x', { data: { A: '1' } }, 'apps')],
    spec: { postBuild: { substitute: { B: '1' }, substituteFrom: [{ kind: 'ConfigMap', name: 'x', optional: true }] } },
  },
  'substituteFrom an empty ConfigMap': {
    files: variables('a: "${A} $$"'),
    inputs: [input('ConfigMap', 'x', {})],
    spec: { postBuild: { substituteFrom: from('x') } },
  },
  'substituteFrom a ConfigMap with what is no name': {
    files: variables('a: v'),
    inputs: [input('ConfigMap', 'x', { data: { 'a.b': '1' } })],
    spec: { postBuild: { substituteFrom: from('x') } },
  },
  substituteStrategy: { files: variables('a: "${A:=d} $$"'), spec: { postBuild: { substituteStrategy: 'Always' } } },
  'substituteStrategy WithVariables': {
    files: variables('a: "${A:=d} $$"'),
    spec: { postBuild: { substituteStrategy: 'WithVariables' } },
  },
  strict: { files: variables('a: "${A}"'), spec: { postBuild: { substitute: { B: '1' } } } },
  lenient: { files: variables('a: "${A}"'), spec: { postBuild: { substitute: { B: '1' } } }, lenient: true },
  'strict with an empty value': { files: variables('a: "x${A}"'), spec: { postBuild: { substitute: { A: '' } } } },
  'substitution disabled': {
    files: {
      'in/a.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\ndata: {a: "${A}"}\n',
    },
    spec: { postBuild: { substitute: { A: '1' } } },
  },
  'values that change their type': {
    files: variables('a: "${A}", b: "${B}", c: "${C}", d: "${D}", e: "${E}"'),
    spec: { postBuild: { substitute: { A: 'true', B: '012', C: '1e3', D: 'null', E: '"q"' } } },
  },
  'values that break the YAML': { files: variables('a: "${A}"'), spec: { postBuild: { substitute: { A: '[x' } } } },
  'a value that renames': {
    files: { 'in/a.yaml': configMap('${A}', 'k: v') },
    spec: { postBuild: { substitute: { A: 'new' } } },
  },
  'values that make two objects one': {
    files: { 'in/a.yaml': configMap('${A}', 'k: v'), 'in/b.yaml': configMap('${B}', 'k: w') },
    spec: { postBuild: { substitute: { A: 'n', B: 'n' } } },
  },
  'an object without name': { files: { 'in/a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {}\n' } },
  'an empty folder': { files: { 'in/README.md': '' } },
  'an empty kustomization': { files: { 'in/kustomization.yaml': '' } },
  'a folder that is absent': { files: plain, path: 'none' },
  'unknown fields': { files: { ...plain, 'in/kustomization.yaml': 'resources: [p.yaml]\nnope: 1\nNAMEPREFIX: x-\n' } },
  'annotations that look like no strings': {
    files: { 'in/a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {"true": "x"}}\n' },
  },
  'annotations that lose their quotes and mean the same': {
    files: { 'in/a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {"on": "x", "yes": y}}\n' },
  },
  'labels that are null': {
    files: {
      'in/a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {a: , b: c}, annotations: {a: , b: c}}\n',
    },
  },
  'labels that are null, and common ones': {
    files: {
      'in/a.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {a: "${A}", b: c}, annotations: {a: "${A}", b: c}}\n',
    },
    spec: { commonMetadata: { labels: { l: '1' } }, postBuild: { substitute: { A: '' } } },
  },
  'labels that are no strings after substitution': {
    files: {
      'in/a.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {a: "${A}", b: c}, annotations: {a: "${A}", b: c}}\n',
    },
    spec: { commonMetadata: { annotations: { l: '1' } }, postBuild: { substitute: { A: '8080' } } },
  },
  'labels that look like no strings': {
    files: { 'in/a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {"true": "x"}}\n' },
  },
};

test.skipIf(!hasOracle)(`one case for each field${without}`, () => {
  const counts = compare(fields);
  console.log(`fields: ${counts.equal} byte-equal, ${counts.refused} refused by both`);
});

/** Each build reads the whole OpenAPI schema anew, so that hundreds of them take a while. */
const patient = { timeout: 1_200_000 };

const modules = join(process.env.GOMODCACHE ?? join(homedir(), 'go/pkg/mod'), 'github.com/fluxcd');
/** One asks another host; in the other, kustomize crashes on internal annotations that a file forges. */
const leftOut = ['remote', 'panic'];

/** Folders that hold a source, of the modules' own tests. */
function sources(): readonly string[] {
  const roots = [
    'pkg/kustomize@v1.35.6/testdata',
    'flux2/v2@v2.9.5/cmd/flux/testdata/build-kustomization',
    'flux2/v2@v2.9.5/internal/build/testdata',
    'kustomize-controller@v1.9.5/internal/controller/testdata',
    'kustomize-controller@v1.9.5/config',
  ].map((path) => join(modules, path));
  return roots.filter(existsSync).flatMap((root) =>
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !leftOut.includes(entry.name))
      .map((entry) => join(root, entry.name)),
  );
}

/** Every folder of a source is built, not only its root: a Kustomization may name any of them. */
function storiesOf(source: string): readonly (readonly [string, Story])[] {
  const files: Record<string, string> = {};
  const folders = new Set(['']);
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const path = relative(source, join(entry.parentPath, entry.name));
    // Files like .sops.yaml are never part of an artifact.
    if (entry.isDirectory()) folders.add(path);
    else if (!entry.name.startsWith('.')) files[`in/${path}`] = readFileSync(join(source, path), 'utf8');
  }
  const spec = {
    targetNamespace: 'apps',
    postBuild: { substitute: { cluster_env: 'test', cluster_region: 'eu', _Region: 'x', zone: '1' } },
  };
  return [...folders].map((folder) => [
    `${relative(modules, source)} ${folder}`,
    { files, path: join('in', folder), spec, lenient: true },
  ]);
}

const found = hasOracle ? sources() : [];

test.skipIf(found.length === 0)(
  "the modules' own test data (skipped without the tool and the modules)",
  patient,
  () => {
    const counts = compare(Object.fromEntries(found.flatMap(storiesOf)));
    console.log(`test data: ${counts.equal} folders byte-equal, ${counts.refused} refused by both`);
    expect(counts.equal).toBeGreaterThan(10);
  },
);

/** A small generator of numbers, so that a difference can be found again. */
function dice(seed: number) {
  let state = seed;
  const below = (n: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * n);
  };
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  return { below, pick };
}

const parts = (folder: string, more = ''): Files => ({
  [`${folder}/a.yaml`]: configMap('a', 'k: "${A:=1}", l: "${B}", m: "x$${C}"'),
  [`${folder}/p.yaml`]: pod,
  [`${folder}/s.yaml`]:
    'apiVersion: v1\nkind: Service\nmetadata: {name: s, labels: {app: "${A}"}}\nspec: {selector: {app: p}}\n',
  ...(more === '' ? {} : { [`${folder}/kustomization.yaml`]: more }),
});

const folders: readonly Files[] = [
  parts('in'),
  parts('in', 'resources: [a.yaml, p.yaml, s.yaml]\nimages: [{name: app, newTag: "1"}]\nnamespace: mine\n'),
  {
    ...parts('base', 'resources: [a.yaml, p.yaml, s.yaml]\nlabels: [{pairs: {base: x}, includeSelectors: true}]\n'),
    'in/kustomization.yaml':
      'resources: [../base]\nnamePrefix: o-\nconfigMapGenerator: [{name: g, literals: ["v=${B}"]}]\npatches: [{patch: "- {op: add, path: /spec/hostNetwork, value: true}", target: {kind: Pod}}]\n',
  },
];

const shared: Files = {
  'part/kustomization.yaml': `${component}commonAnnotations: {part: yes-it-is}\n`,
  'other/kustomization.yaml': `${component}resources: [o.yaml]\n`,
  'other/o.yaml': configMap('other', 'k: "${A}"'),
};

const patches = [
  { patch: strategic('spec: {hostNetwork: true}\n') },
  { patch: strategic('spec: {containers: [{name: c, env: [{name: E, value: "${B}"}]}]}\n'), target: { kind: 'Pod' } },
  { patch: json(add), target: { kind: 'ConfigMap' } },
  { patch: json({ op: 'replace', path: '/metadata/name', value: 'renamed' }), target: { kind: 'Service' } },
  { patch: json({ op: 'add', path: '/data/n', value: '1' }), target: { kind: 'ConfigMap', name: 'a|o-a' } },
  { patch: strategic('$patch: delete\n') },
  { patch: json({ op: 'remove', path: '/metadata/labels' }), target: { labelSelector: 'app', kind: 'Service' } },
  { patch: json({ op: 'test', path: '/kind', value: 'Pod' }), target: { namespace: 'apps', kind: 'Pod' } },
];

/** Every field there or not, and one of a few values. */
function randomStory(seed: number): Story {
  const { below, pick } = dice(seed);
  const maybe = <T extends object>(make: () => T): T | object => (below(2) === 0 ? make() : {});
  const some = <T>(items: readonly T[]) => items.filter(() => below(3) === 0);
  const values = ['1', 'true', 'a b', '', 'x: y', '"q"', '012', 'e\nf', '~', '#c', '${A}', '- z'];
  const postBuild = () => ({
    postBuild: {
      ...maybe(() => ({ substitute: { A: pick(values), ...maybe(() => ({ B: pick(values) })) } })),
      ...maybe(() => ({
        substituteFrom: some([...from('x', 'y', 'z'), { kind: 'Secret', name: 'none', optional: true }]),
      })),
      ...maybe(() => ({ substituteStrategy: pick(['Always', 'WithVariables']) })),
    },
  });
  const spec = {
    ...maybe(() => ({ targetNamespace: pick(['apps', 'prod']) })),
    ...maybe(() => ({ namePrefix: pick(['x-', 'y']) })),
    ...maybe(() => ({ nameSuffix: '-z' })),
    ...maybe(() => ({ commonMetadata: { labels: { l: pick(['1', 'v']) }, annotations: { n: 'true' } } })),
    ...maybe(() => ({
      images: some([
        { name: 'app', newTag: '2' },
        { name: 'app', newName: 'r/app' },
        { name: 'app', digest: 'sha256:aa' },
      ]),
    })),
    ...maybe(() => ({ components: some(['../part', '../other', '../none']), ignoreMissingComponents: below(8) > 0 })),
    ...maybe(() => ({ patches: some(patches) })),
    ...maybe(() => ({ buildMetadata: some(['originAnnotations', 'transformerAnnotations', 'managedByLabel']) })),
    ...maybe(postBuild),
  };
  const inputs = [x, { ...y, data: { A: btoa('y'), Y: btoa('w') } }, z].filter(() => below(20) > 0);
  return { files: { ...pick(folders), ...shared }, spec, inputs, ...(below(4) > 0 ? { lenient: true as const } : {}) };
}

test.skipIf(!hasOracle)(`two hundred specs at random${without}`, patient, () => {
  const seeds = Array.from({ length: 200 }, (_, i) => i + 1);
  const counts = compare(Object.fromEntries(seeds.map((seed) => [`seed ${seed}`, randomStory(seed)])));
  console.log(`random specs: ${counts.equal} byte-equal, ${counts.refused} refused by both`);
  expect(counts.equal).toBeGreaterThan(140);
});

const operators = ['', ...': = := :- :+ :? / // /# /% # ## % %% ^ ^^ , ,,'.split(' ')];

const pieces = [
  ...['${', '${', '${', '}', '}', '}', '$', '$$', '{', 'A', 'B', 'N', 'E', 'x', 'é', '_', '1', '-1', '2', ' ', '.'],
  ...operators.slice(1),
  ...[':', '-', '+', '?', '?', '*', '[a]', '\\', '\\/', '\n', '"', '${A}', '${#B}', 'b', 'c'],
];

/** Half of them are forms with a name and an operator, for the other half nearly always is refused. */
function randomText(seed: number): string {
  const { below, pick } = dice(seed * 7919);
  const tail = Array.from({ length: below(6) }, () => pick(pieces)).join('');
  if (below(2) === 0) return tail + pick(pieces) + pick(pieces);
  const argument = () =>
    Array.from({ length: below(3) }, () =>
      pick(['a', 'b', '*', '/', '.', '?', '1', '-2', '\\/', '$$', '${A}', 'é', ':', '[a-c]']),
    ).join('');
  return `x\${${pick(['A', 'B', 'N', 'E', 'U', '#A', '#U'])}${pick(operators)}${argument()}${pick(['', '', '/b', ':1', ':-1'])}}${pick(['', tail])}`;
}

test.skipIf(!hasOracle)(`four thousand texts with variables at random${without}`, () => {
  const vars: Readonly<Record<string, string>> = { A: 'abcabc', B: 'X/y/Z.tar.gz', E: '', U: 'éßǅaÀ', x: '1' };
  const questions = Array.from({ length: 4000 }, (_, i) => ({ text: randomText(i + 1), vars, strict: i % 3 === 0 }));
  const counts = { equal: 0, refused: 0 };
  const differences: string[] = [];
  askTexts(questions).forEach(({ output, error }, i) => {
    const { text, strict } = questions[i]!;
    const outcome = substitute(text, (name) => vars[name] ?? (strict ? undefined : ''));
    const [they, we] = [error ?? output, outcome.ok ? outcome.value.text : outcome.fault.message];
    if ((error === undefined) === outcome.ok && they === we) counts[outcome.ok ? 'equal' : 'refused']++;
    else differences.push(JSON.stringify({ text, strict, they, we, refused: [error !== undefined, !outcome.ok] }));
  });
  expect(differences).toEqual([]);
  console.log(`texts: ${counts.equal} with the same value, ${counts.refused} refused with the same words`);
});
