/** ArtifactGenerators: what is copied where, and what source-watcher refuses. The answers were compared with its own builder. */
import { expect, test } from 'vitest';
import { flux, type Mapping, memoryTree, parse, textFile } from '../../../src/engine/index.ts';
import { composeArtifact, plannedArtifacts } from '../../../src/engine/sources/index.ts';

const sources: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  src: {
    'a.yaml': 'a: 1\n',
    'apps/one/a.yaml': 'x: {y: 1}\n',
    'apps/one/deep/b.yaml': 'b: 1\n',
    'apps/Two/a.yaml': 'x: {z: 2}\n',
    'docs/a.md': 'm',
    'list.yaml': '- 1\n',
    'multi.yaml': 'a: {c: 9}\n---\ne: on\n',
  },
  lib: { 'a.yaml': 'a: 2\nb: 3\n' },
};

const treeOf = (alias: string) => {
  const files = sources[alias];
  return files && memoryTree(new Map(Object.entries(files).map(([path, text]) => [`/${path}`, textFile(path, text)])));
};

/** The artifacts as `name/path: content`, or the sentence that says why there are none, with the text that it is about. */
function checkGenerator(spec: string, expected: readonly string[] | readonly [string, string]) {
  const text = `spec:\n  sources: [{alias: src, kind: Bucket, name: s}, {alias: lib, kind: Bucket, name: l}]\n${spec.replace(/^/gm, '  ')}`;
  const view = flux.artifactGenerator.view(parse(text, 'generator.yaml').documents[0]!.root as Mapping);
  const { artifacts, fault } = plannedArtifacts(view, treeOf);
  const made = fault === undefined ? artifacts.map((plan) => ({ plan, ...composeArtifact(plan, treeOf) })) : [];
  const problem = fault ?? made.flatMap(({ problems }) => problems)[0];
  if (problem !== undefined)
    expect([problem.message, text.slice(problem.at!.start, problem.at!.end)]).toEqual(expected);
  else
    expect(made.flatMap(({ plan, tree }) => list(tree!, '/').map((line) => `${plan.name}${line}`))).toEqual(expected);
}

function list(tree: ReturnType<typeof memoryTree>, folder: string): readonly string[] {
  return (tree.directory(folder) ?? []).flatMap(({ name, type }) => {
    const path = `${folder === '/' ? '' : folder}/${name}`;
    return type === 'directory' ? list(tree, path) : [`${path}: ${tree.file(path)!.text.trim()}`];
  });
}

const copy = (...steps: readonly string[]) =>
  `artifacts:\n- name: out\n  copy:\n${steps.map((step) => `  - {${step}}`).join('\n')}`;

test.each([
  ['a file into a folder', ['from: "@src/a.yaml", to: "@artifact/x/"'], ['out/x/a.yaml: a: 1']],
  ['a file under a name', ['from: "@src/a.yaml", to: "@artifact/x"'], ['out/x: a: 1']],
  [
    'a file into a folder that is there',
    ['from: "@src/apps/Two", to: "@artifact/"', 'from: "@src/a.yaml", to: "@artifact/Two"'],
    ['out/Two/a.yaml: a: 1'],
  ],
  [
    'what is below a folder',
    ['from: "@src/apps/**", to: "@artifact/", exclude: [one/deep/**]'],
    ['out/Two/a.yaml: x: {z: 2}', 'out/one/a.yaml: x: {y: 1}'],
  ],
  [
    'a bare name wherever it is',
    ['from: "@src/apps/one", to: "@artifact/", exclude: [deep]'],
    ['out/one/a.yaml: x: {y: 1}'],
  ],
  ['one star', ['from: "@src/./*.yaml", to: "@artifact/", exclude: ["{list,multi}.yaml"]'], ['out/a.yaml: a: 1']],
  [
    'a merge of all documents',
    ['from: "@lib/a.yaml", to: "@artifact/"', 'from: "@src/multi.yaml", to: "@artifact/a.yaml", strategy: Merge'],
    ['out/a.yaml: a:\n  c: 9\nb: 3\ne: true'],
  ],
] as const)('copies %s', (_, steps, expected) => {
  checkGenerator(copy(...steps), expected);
});

test.each([
  ['from: "@src/gone", to: "@artifact/"', "source 'gone' does not exist"],
  ['from: "@src/gone*", to: "@artifact/"', "no files match pattern 'gone*' in source 'src'"],
  ['from: "@src/apps/*/", to: "@artifact/"', "no files match pattern 'apps/*/' in source 'src'"],
  [
    'from: "@src/*.yaml", to: "@artifact/", exclude: ["*"]',
    "all files matching pattern '*.yaml' in source 'src' were excluded",
  ],
  ['from: "@src/a.yaml", to: "@artifact/", exclude: ["{a"]', "invalid exclude pattern '{a'"],
  ['from: "@src/[a", to: "@artifact/"', "invalid glob pattern '[a'"],
  ['from: "@src/../a.yaml", to: "@artifact/"', "'../a.yaml' leads out of its root"],
  ['from: "@src/a.yaml", to: "@artifact/../"', "'../' leads out of its root"],
  [
    'from: "@src/a.yaml", to: "@artifact/", strategy: Extract',
    "extract strategy requires tarball file (.tar.gz or .tgz), got 'a.yaml'",
  ],
  ['from: "@nope/a.yaml", to: "@artifact/"', "source alias 'nope' not found"],
] as const)('refuses %s', (step, message) => {
  checkGenerator(copy(step), [message, /"[^"]*"/.exec(step)![0]]);
});

test('refuses to put a file where a folder is, a folder where a file is, and to merge what is no mapping', () => {
  const second = (from: string, to: string, more = '') =>
    copy('from: "@src/a.yaml", to: "@artifact/x/a.yaml"', `from: "@src/${from}", to: "@artifact/${to}"${more}`);
  checkGenerator(second('apps', 'x/a.yaml'), [
    "failed to copy 'apps/Two/a.yaml': x/a.yaml is not a directory",
    '"@src/apps"',
  ]);
  checkGenerator(second('list.yaml', 'x/a.yaml', ', strategy: Merge'), [
    'cannot merge list.yaml: a document of it is no mapping',
    '"@src/list.yaml"',
  ]);
});

const patterned = (pattern: string, name: string) =>
  `pathPattern: "${pattern}"\nartifacts: [{name: "${name}", copy: [{from: "@src/apps/{app}/a.yaml", to: "@artifact/{app}/"}]}]`;

test('a pattern makes an artifact of each folder, named in lower case', () => {
  checkGenerator(patterned('@src/apps/{app}', 'app-{app}'), [
    'app-two/Two/a.yaml: x: {z: 2}',
    'app-one/one/a.yaml: x: {y: 1}',
  ]);
  checkGenerator(patterned('@src/none/{x}', '{y}'), []);
});

test.each([
  ['@src/apps/{app}', 'fixed', 'several directories resolve to artifact name "fixed"'],
  ['@src/apps/{app}', '{App}', 'capture variable "App" is not defined by pathPattern'],
  ['@src/apps/{app}', '-{app}', 'artifact name "-two" is not a valid Kubernetes object name'],
  ['@src/apps/{a}/{a}', 'x', 'duplicate capture variable "a"'],
  ['@src/apps/{a', 'x', 'invalid capture: a brace has no partner'],
  ['@src/apps/{_a}', 'x', 'capture variable "_a" must be a valid capture name and label key'],
] as const)('refuses the pattern %s for %s', (pattern, name, message) => {
  checkGenerator(patterned(pattern, name), [`pathPattern "${pattern}": ${message}`, `"${pattern}"`]);
});

test('refuses an alias or a name that is there twice', () => {
  const twice = 'artifacts: [{name: a, copy: []}, {name: a, copy: []}]';
  checkGenerator(twice, ["duplicate 'a' found", 'a']);
});
