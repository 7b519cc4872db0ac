/** Bad input: a positioned error within a second, whatever it is, and nothing read outside the tree. */
import { expect, test } from 'vitest';
import { buildFiles, type Files, memoryTree, newKustomizer } from './kustomizer.ts';

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
`;

/** The build is refused with a message that holds `phrase`, at a place whose text starts with `at`. */
function checkRefusal(files: Files, phrase: string, at: string, path = '/'): void {
  const started = performance.now();
  const { objects, problems } = buildFiles(files, path);
  const wrong = problems.filter(({ severity }) => severity === 'error');
  expect(objects).toEqual([]);
  expect(wrong.map(({ message }) => message).join('\n')).toContain(phrase);
  const place = wrong[0]!.at!;
  expect(files[place.file]!.slice(place.start)).toMatch(new RegExp(`^${at.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  expect(performance.now() - started).toBeLessThan(15_000);
}

test('cyclic bases are refused where the circle closes', () => {
  checkRefusal(
    {
      'kustomization.yaml': 'resources: [a]\n',
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
    },
    'cycle detected',
    '../a',
  );
  checkRefusal({ 'kustomization.yaml': 'resources: [.]\n' }, 'cycle detected', '.');
  checkRefusal(
    {
      'a/kustomization.yaml': 'components: [../c]\n',
      'c/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../a]\n',
    },
    'cycle detected',
    '../a',
    '/a',
  );
});

test('missing files are refused at the path that names them', () => {
  checkRefusal({ 'kustomization.yaml': 'resources: [nope.yaml]\n' }, 'no such file or directory', 'nope.yaml');
  checkRefusal(
    { 'kustomization.yaml': 'resources: [r.yaml]\npatches:\n- path: p.yaml\n', 'r.yaml': deployment },
    'failed to get the patch file',
    'p.yaml',
  );
  checkRefusal(
    { 'kustomization.yaml': 'configMapGenerator:\n- name: a\n  files: [gone.txt]\n' },
    'no such file or directory',
    'gone.txt',
  );
});

test('a directive is cut off from its document', () => {
  const files = (text: string) => ({
    'kustomization.yaml': 'resources: [a.yaml]\n',
    'a.yaml': `${text}---\n${deployment}`,
  });
  checkRefusal(files('%YAML 1.1\n'), 'did not find expected <document start>', '%YAML 1.1');
  checkRefusal(files('# a tag\n%TAG ! tag:example.com,2026:\n'), 'did not find expected <document start>', '%TAG');
});

test('files outside the root and outside the tree are refused', () => {
  const files = { 'r.yaml': deployment, 'a/kustomization.yaml': 'resources: [../r.yaml]\n' };
  checkRefusal(files, "security; file '/r.yaml' is not in or below '/a'", '../r.yaml', '/a');
  expect(buildFiles(files, '/a', { loadRestrictor: 'none' }).objects).toHaveLength(1);
  checkRefusal({ 'a/kustomization.yaml': 'resources: [../../etc]\n' }, 'leaves the source tree', '../../etc', '/a');
  checkRefusal({ 'kustomization.yaml': 'resources: [/etc/passwd]\n' }, 'cannot be absolute', '/etc/passwd');
});

test('a build looks at nothing outside its tree', () => {
  const asked: string[] = [];
  const inner = memoryTree({
    'kustomization.yaml':
      'resources: [../../../etc/passwd, x/../../..]\nconfigMapGenerator: [{name: a, files: [../../etc/shadow]}]\n',
  });
  const note = <T>(path: string, answer: T): T => {
    asked.push(path);
    return answer;
  };
  newKustomizer().build({
    tree: {
      file: (path) => note(path, inner.file(path)),
      directory: (path) => note(path, inner.directory(path)),
      realPath: (path) => note(path, inner.realPath(path)),
    },
    path: '/',
    loadRestrictor: 'none',
  });
  expect(asked.filter((path) => !path.startsWith('/') || path.includes('..'))).toEqual([]);
});

test('the same object twice, and a patch for two, are refused', () => {
  const twice = { 'kustomization.yaml': 'resources: [r.yaml, s.yaml]\n', 'r.yaml': deployment, 's.yaml': deployment };
  checkRefusal(twice, 'may not add resource with an already registered id', 'web');
  checkRefusal(
    {
      'kustomization.yaml': 'resources: [a, b]\npatches:\n- path: p.yaml\n',
      'a/kustomization.yaml': 'resources: [../base]\nnamePrefix: a-\n',
      'b/kustomization.yaml': 'resources: [../base]\nnamePrefix: b-\n',
      'base/kustomization.yaml': 'resources: [r.yaml]\n',
      'base/r.yaml': deployment,
      'p.yaml': deployment,
    },
    'multiple matches for Id Deployment.v1.apps/web.[noNs]',
    'web',
  );
});

test('malformed patches are refused', () => {
  const patch = (text: string): Files => ({
    'kustomization.yaml': `resources: [r.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n${text.replace(/^/gm, '    ')}\n`,
    'r.yaml': deployment,
  });
  checkRefusal(patch('- op: frob\n  path: /x'), 'Unexpected kind: frob', 'frob');
  checkRefusal(patch('- op: remove\n  path: /spec/nothing'), 'Unable to remove nonexistent key', '/spec/nothing');
  checkRefusal(patch('- op: test\n  path: /spec/replicas\n  value: 2'), 'testing value /spec/replicas failed', '2');
  checkRefusal(patch('kind: ['), 'unable to parse SM or JSON patch', '|-');
  checkRefusal(
    patch('apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: {a: b}}'),
    'wrong node kind',
    '{a: b}',
  );
});

test('unknown fields, wrong types and null entries are refused or passed over as kustomize does', () => {
  checkRefusal({ 'kustomization.yaml': 'resources: []\nfoo: 1\n' }, 'json: unknown field "foo"', 'foo');
  checkRefusal({ 'kustomization.yaml': 'namespace: yes\n' }, 'cannot unmarshal bool', 'yes');
  checkRefusal({ 'kustomization.yaml': 'resources: {a: b}\n' }, 'cannot unmarshal object', '{a: b}');
  checkRefusal({ 'kustomization.yaml': 'resources:\n- \n' }, 'new root cannot be empty', '');
  const nulls = 'resources: [r.yaml]\nimages:\n-\nlabels: [null]\npatches:\nnamespace: ~\n';
  expect(buildFiles({ 'kustomization.yaml': nulls, 'r.yaml': deployment }).problems).toEqual([]);
});

test('patterns are RE2: none is slow, and what RE2 cannot say is refused', () => {
  const target = (pattern: string): Files => ({
    'kustomization.yaml': `resources: [r.yaml]\npatches:\n- target: {name: "${pattern}"}\n  patch: |-\n    - {op: add, path: /spec/x, value: 1}\n`,
    'r.yaml': deployment.replace('web', `${'a'.repeat(5000)}b`),
  });
  const started = performance.now();
  expect(buildFiles(target('(a+)+$')).problems).toEqual([]);
  expect(performance.now() - started).toBeLessThan(15_000);
  checkRefusal(target('(?!a)b'), 'error parsing regexp', '"(?!a)b"');
});

test('what Flux disables is refused by name', () => {
  checkRefusal(
    { 'kustomization.yaml': 'helmCharts:\n- name: podinfo\n' },
    'must specify --enable-helm',
    'name: podinfo',
  );
  const plugin = 'apiVersion: example.com/v1\nkind: Exec\nmetadata: {name: x}\n';
  checkRefusal(
    { 'kustomization.yaml': 'generators: [g.yaml]\n', 'g.yaml': plugin },
    "unable to load external plugin 'Exec'",
    'Exec',
  );
  checkRefusal(
    { 'kustomization.yaml': 'resources: ["https://github.com/a/b//c?ref=v1"]\n' },
    'remote resources are not fetched here',
    '"https://github.com',
  );
});

test('deep, wide and strange input ends', () => {
  const deep = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: ${'['.repeat(5000)}${']'.repeat(5000)}\n`;
  const wide = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n${Array.from({ length: 20_000 }, (_, i) => `  k${i}: v\n`).join('')}`;
  const started = performance.now();
  const result = buildFiles({ 'kustomization.yaml': 'resources: [deep.yaml]\n', 'deep.yaml': deep });
  expect(result.problems.some(({ severity }) => severity === 'error')).toBe(true);
  const many = buildFiles({
    'kustomization.yaml':
      'resources: [wide.yaml]\ncommonLabels: {a: b}\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: b}\n    data: {k1: w}\n',
    'wide.yaml': wide,
  });
  expect(many.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(performance.now() - started).toBeLessThan(20_000);
});
