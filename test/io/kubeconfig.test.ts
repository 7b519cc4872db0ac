/** The kubeconfig as kubectl reads it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadKubeconfig } from '../../src/io/kubeconfig.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** Loads the files in this order, as KUBECONFIG would name them. */
function load(files: Readonly<Record<string, string>>, order = Object.keys(files)) {
  const dir = folder(files);
  const KUBECONFIG = order.map((name) => join(dir, name)).join(delimiter);
  return { dir, ...loadKubeconfig({ KUBECONFIG }, dir) };
}

const one = (name: string, server: string) => `
contexts: [{ name: ${name}, context: { cluster: ${name}, user: ${name} } }]
clusters: [{ name: ${name}, cluster: { server: "${server}" } }]
users: [{ name: ${name}, user: { token: canary-${name} } }]
`;

test('of several files, a missing one is skipped and the first that names a thing wins', () => {
  const loaded = load(
    {
      a: `current-context: ""\n${one('x', 'https://first')}`,
      b: `current-context: y\n${one('x', 'https://second')}`,
      c: `current-context: z\n${one('y', 'https://third/')}`,
    },
    ['missing', 'a', 'b', 'c', 'a'],
  );
  expect(loaded.problems).toEqual([]);
  expect(loaded.value!.currentContext).toBe('y');
  expect(loaded.value!.contexts.map((context) => [context.name, context.server])).toEqual([
    ['x', 'https://first'],
    ['y', 'https://third'],
  ]);
});

test('without KUBECONFIG it is the file in the home directory', () => {
  const home = folder({ '.kube/config': one('home', 'https://home') });
  expect(loadKubeconfig({}, home).value!.contexts[0]!.server).toBe('https://home');
});

test('nothing anywhere: one sentence that says where it looked', () => {
  const home = folder({});
  expect(loadKubeconfig({}, home).problems.map((problem) => problem.message)).toEqual([
    `There is no kubeconfig at ${join(home, '.kube/config')}. Set KUBECONFIG or the kubeconfig setting to its path.`,
  ]);
});

test('a file without contexts says so', () => {
  const { problems, value } = load({ empty: '' });
  expect(problems[0]!.message).toMatch(/has no contexts/);
  expect(value!.contexts).toEqual([]);
});

test('paths are relative to the file, a bare command is not', () => {
  const text = (command: string) => `
users:
  - name: u
    user:
      tokenFile: token
      client-certificate: pki/c.crt
      client-key: /abs/c.key
      as: boss
      as-uid: "7"
      as-groups: [a, b]
      as-user-extra: { scopes: [x] }
      exec: { command: "${command}", apiVersion: client.authentication.k8s.io/v1, args: [a], env: [{ name: N, value: V }] }
clusters:
  - name: c
    cluster: { server: "https://c", certificate-authority: ca.crt }
contexts: [{ name: c, context: { cluster: c, user: u } }]
`;
  const { dir, value } = load({ 'sub/config': text('./bin/plugin'), 'sub/other': text('aws') });
  const user = value!.users.get('u')!;
  expect(user).toMatchObject({
    tokenFile: join(dir, 'sub/token'),
    clientCertificate: join(dir, 'sub/pki/c.crt'),
    clientKey: '/abs/c.key',
    impersonate: { user: 'boss', uid: '7', groups: ['a', 'b'], extra: { scopes: ['x'] } },
    exec: { command: join(dir, 'sub/bin/plugin'), args: ['a'], env: [{ name: 'N', value: 'V' }] },
  });
  expect(value!.clusters.get('c')!.certificateAuthority).toBe(join(dir, 'sub/ca.crt'));
  const bare = loadKubeconfig({ KUBECONFIG: join(dir, 'sub/other') }, dir);
  expect(bare.value!.users.get('u')!.exec!.command).toBe('aws');
});

test('a broken file leaves the others usable and is named with its place', () => {
  const { dir, problems, value } = load({ bad: 'users: [\n  token: canary-secret', good: one('g', 'https://g') });
  expect(value!.contexts.map((context) => context.name)).toEqual(['g']);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.at!.file).toBe(join(dir, 'bad'));
  expect(problems[0]!.message).not.toContain('canary');
});

test('two entries of one name in one file are a problem; the first counts', () => {
  const { problems, value } = load({
    twice: 'contexts:\n- {name: a, context: {cluster: x}}\n- {name: a, context: {cluster: y}}\n',
  });
  expect(problems.map((problem) => problem.message)).toEqual([
    expect.stringMatching(/has two contexts of the name "a"/),
  ]);
  expect(value!.contexts[0]!.cluster).toBe('x');
});

test.each([
  ['a list', '- a'],
  ['a word', 'hello'],
  ['wrong types', 'contexts: 7\nclusters: {a: b}\nusers: [1, [2], null]'],
  ['null fields', 'contexts: [{name: a, context: null}]\nclusters: null'],
  ['numbers as names', 'contexts: [{name: 1, context: {cluster: 2}}]'],
])('%s is no exception', (_, text) => {
  expect(load({ f: text }).value).toBeDefined();
});

test('the file is never written', () => {
  const text = one('a', 'https://a');
  const { dir } = load({ f: text });
  expect(readFileSync(join(dir, 'f'), 'utf8')).toBe(text);
});
