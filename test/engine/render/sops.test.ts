/** SOPS in memory, judged by what the real `sops` and `age-keygen` write. Skipped where the tools are not built. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createRenderer,
  type DesiredSet,
  getPath,
  type Mapping,
  openObject,
  parse,
  unlockWorkspace,
} from '../../../src/engine/index.ts';
import { type Files, kustomization, kustomizer, open, sync, yamlOf } from './check.ts';

const tools = process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
const skip = !existsSync(join(tools, 'sops')) || !existsSync(join(tools, 'age-keygen'));

let folder: string;
let identity: string;
let recipient: string;
beforeAll(() => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'sluice-sops-'));
  const key = execFileSync(join(tools, 'age-keygen'), { stdio: 'pipe' }).toString();
  identity = /^AGE-SECRET-KEY-.*$/m.exec(key)![0];
  recipient = /public key: (age1\S+)/.exec(key)![1]!;
});
afterAll(() => skip || rmSync(folder, { recursive: true }));

function encrypt(name: string, text: string, ...more: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  execFileSync(join(tools, 'sops'), ['encrypt', '--age', recipient, '--in-place', ...more, file], { stdio: 'pipe' });
  return readFileSync(file, 'utf8');
}

async function render(files: Files, identities: readonly string[] = [identity], spec = 'decryption: {provider: sops}') {
  const workspace = open({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization('apps', `path: ./apps\n${spec}`),
    ...files,
  });
  const keys = await unlockWorkspace(workspace, identities);
  return createRenderer({ kustomizer: kustomizer(), keys }).renderCluster(workspace, '/clusters/one')[1] as DesiredSet;
}

const secret =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: apps\nstringData:\n  word: hunter2\n  empty: ""\n';
const only = ['--encrypted-regex', '^(data|stringData)$'];

test.skipIf(skip)('a Secret is opened after the build, and its values are told', async () => {
  const set = await render({ 'apps/s.yaml': encrypt('a.yaml', secret, ...only) });
  expect(set.problems).toEqual([]);
  expect(yamlOf(set)).toContain('stringData:\n  empty: ""\n  word: hunter2\n');
  expect(yamlOf(set)).not.toContain('sops');
  expect(set.objects[0]!.secretValues).toEqual(['hunter2']);
  expect(set.objects[0]!.node.at.file).toBe('apps/s.yaml');
});

test.skipIf(skip)('without a key it stays closed, is told, and the rest goes on', async () => {
  const set = await render({ 'apps/s.yaml': encrypt('b.yaml', secret, ...only) }, []);
  expect(set).toMatchObject({ complete: true, problems: [{ severity: 'warning' }] });
  expect(set.problems[0]!.message).toContain('Secret apps/s stays encrypted here: no key at hand opens it');
  expect(yamlOf(set)).toContain('ENC[');
});

test.skipIf(skip)('without spec.decryption Flux refuses it', async () => {
  const set = await render({ 'apps/s.yaml': encrypt('c.yaml', secret, ...only) }, [identity], '');
  expect(set).toMatchObject({ complete: false, problems: [{ severity: 'error' }] });
});

test.skipIf(skip)('sources of a secret generator are opened before the build', async () => {
  const set = await render({
    'apps/kustomization.yaml':
      'secretGenerator:\n- name: g\n  envs: [x.env]\n  files: [blob.txt, c.json]\n  options: {disableNameSuffixHash: true}\n',
    'apps/x.env': encrypt('x.env', 'A=1\nB=two\n'),
    'apps/blob.txt': encrypt('blob.txt', 'raw text\n'),
    'apps/c.json': encrypt('c.json', '{"a": {"b": 2}}'),
  });
  expect(set.problems).toEqual([]);
  const value = (key: string) => atob((getPath(set.objects[0]!.node, ['data', key]) as { text: string }).text);
  expect([value('A'), value('B'), value('blob.txt'), value('c.json')]).toEqual([
    '1',
    'two',
    'raw text\n',
    '{\n\t"a": {\n\t\t"b": 2\n\t}\n}',
  ]);
});

test.skipIf(skip)('types, nesting and lists come back, and a change is noticed', async () => {
  const text = encrypt('t.yaml', 'apiVersion: v1\nkind: X\na: {b: 1, c: 1.5, d: true, e: [x, "2"]}\n');
  const read = (source: string) => parse(source, 't.yaml').documents[0]!.root as Mapping;
  const keys = await unlockWorkspace(open({ 't.yaml': text }), [identity]);
  const opened = openObject(read(text), keys);
  expect(opened).toMatchObject({ intact: true });
  expect(getPath((opened as { node: Mapping }).node, ['a', 'e', 1])).toMatchObject({ text: '2', tag: '!!str' });
  const plain = encrypt('u.yaml', secret, ...only);
  const keys2 = await unlockWorkspace(open({ 'u.yaml': plain }), [identity]);
  expect(openObject(read(plain), keys2)).toMatchObject({ intact: true });
  expect(openObject(read(plain.replace('name: s', 'name: t')), keys2)).toMatchObject({ intact: false });
  expect(openObject(read(plain.replace('word:', 'words:')), keys2)).toHaveProperty('message');
});
