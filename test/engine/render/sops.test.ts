/** SOPS in memory, judged by what the real `sops`, `age-keygen` and kustomize-controller's own test data write. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRenderer, type DesiredSet, getPath, isIntact, type Mapping, parse } from '../../../src/engine/index.ts';
import { fleetSecrets, renderFetched } from '../../../src/io/fetch/index.ts';
import { createKeyring, readUserKeys } from '../../../src/io/sops.ts';
import { type Files, kustomization, kustomizer, open, sync, yamlOf } from './check.ts';

const tools = process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
const skip = !existsSync(join(tools, 'sops')) || !existsSync(join(tools, 'age-keygen'));

interface Identity {
  readonly secret: string;
  readonly recipient: string;
}

let folder: string;
let mine: Identity;
let theirs: Identity;
beforeAll(() => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'sluice-sops-'));
  mine = identity();
  theirs = identity();
});
afterAll(() => skip || rmSync(folder, { recursive: true }));

function identity(): Identity {
  const key = execFileSync(join(tools, 'age-keygen'), { stdio: 'pipe' }).toString();
  return { secret: /^AGE-SECRET-KEY-.*$/m.exec(key)![0], recipient: /public key: (age1\S+)/.exec(key)![1]! };
}

function sops(...words: readonly string[]): string {
  const env = { ...process.env, SOPS_AGE_KEY: mine.secret, HOME: folder };
  return execFileSync(join(tools, 'sops'), words, { stdio: 'pipe', env }).toString();
}

function encrypt(name: string, text: string, ...more: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  const to = more.includes('--shamir-secret-sharing-threshold') ? [] : ['--age', mine.recipient];
  sops('encrypt', ...to, '--in-place', ...more, file);
  return readFileSync(file, 'utf8');
}

/** What the real sops makes of its own file: the judge for the formats. */
function decrypted(name: string): string {
  return sops('decrypt', join(folder, name));
}

interface Asked {
  readonly age?: readonly string[];
  readonly pgp?: readonly string[];
  readonly spec?: string;
}

const decryption = 'decryption: {provider: sops}';

async function render(files: Files, { age = [mine.secret], pgp = [], spec = decryption }: Asked = {}) {
  const workspace = open({
    'clusters/one/flux-system/gotk-sync.yaml': sync(),
    'clusters/one/apps.yaml': kustomization('apps', `path: ./apps\n${spec}`),
    ...files,
  });
  const secret = fleetSecrets((namespace, name) => workspace.find({ kind: 'Secret', namespace, name })[0]?.node);
  const keyring = createKeyring({ user: { age, pgp }, secret });
  const renderer = createRenderer({ kustomizer: kustomizer(), key: keyring.key });
  const sets = await renderFetched(
    () => renderer.renderCluster(workspace, '/clusters/one'),
    keyring,
    new AbortController().signal,
  );
  return sets[1] as DesiredSet;
}

function dataOf(set: DesiredSet, key: string, at = 0): string {
  return atob((getPath(set.objects[at]!.node, ['data', key]) as { text: string }).text);
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
  const set = await render({ 'apps/s.yaml': encrypt('b.yaml', secret, ...only) }, { age: [] });
  expect(set).toMatchObject({ complete: true, problems: [{ code: 'sops-locked', severity: 'information' }] });
  expect(set.problems[0]!.message).toContain('Secret apps/s stays encrypted here: no key at hand opens it');
  expect(yamlOf(set)).toContain('ENC[');
});

test.skipIf(skip)(
  'a name by the checksum of a closed file is a guess: what has it is not sent, and nothing is deleted',
  async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: apps}\nspec: {containers: [{name: c, image: i, envFrom: [{secretRef: {name: files}}]}]}\n';
    const files = {
      'apps/kustomization.yaml':
        'resources: [p.yaml]\nsecretGenerator:\n- {name: files, namespace: apps, files: [t.json]}\n- {name: fixed, namespace: apps, files: [t.json], options: {disableNameSuffixHash: true}}\n',
      'apps/p.yaml': pod,
      'apps/t.json': encrypt('t.json', '{"token": "hunter2"}\n'),
    };
    const set = await render(files, { age: [] });
    expect(set.complete).toBe(false);
    expect(set.note).toMatch(/^Secret apps\/files-\w{10} has another name in the cluster/);
    expect(set.objects.map(({ id, unresolved = [] }) => `${id.name.slice(0, 5)} ${unresolved.length}`).sort()).toEqual([
      'files 1',
      'fixed 0',
      'p 1',
    ]);
    expect(await render(files)).toMatchObject({ complete: true, problems: [] });
  },
);

test.skipIf(skip)('a key that was made for somebody else opens nothing', async () => {
  const set = await render({ 'apps/s.yaml': encrypt('b2.yaml', secret, ...only) }, { age: [theirs.secret] });
  expect(set.problems.map(({ code }) => code)).toEqual(['sops-locked']);
});

test.skipIf(skip)('without spec.decryption Flux refuses it, unless decryption is disabled', async () => {
  const closed = encrypt('c.yaml', secret, ...only);
  expect(await render({ 'apps/s.yaml': closed }, { spec: '' })).toMatchObject({
    complete: false,
    problems: [{ code: 'sops-decrypt', severity: 'error' }],
  });
  const off = closed.replace(
    'metadata:\n',
    'metadata:\n    annotations: {kustomize.toolkit.fluxcd.io/decrypt: Disabled}\n',
  );
  for (const spec of ['', decryption]) {
    const set = await render({ 'apps/s.yaml': off }, { spec });
    expect(set.problems).toEqual([]);
    expect(yamlOf(set)).toContain('ENC[');
  }
});

test.skipIf(skip)('a value that does not open is an error at the value', async () => {
  const closed = encrypt('d.yaml', secret, ...only);
  const changed = closed.replace('word:', 'words:');
  const set = await render({ 'apps/s.yaml': changed });
  expect(set).toMatchObject({ complete: false, problems: [{ code: 'sops-decrypt', severity: 'error' }] });
  const { at, message } = set.problems[0]!;
  expect(changed.slice(at!.start, at!.end)).toMatch(/^ENC\[/);
  expect(message).toContain('stringData.words');
});

test.skipIf(skip)('the key may lie in the Secret that the Kustomization names', async () => {
  const key = `apiVersion: v1\nkind: Secret\nmetadata: {name: sops-age, namespace: flux-system}\nstringData: {age.agekey: ${mine.secret}}\n`;
  const files = { 'apps/s.yaml': encrypt('e.yaml', secret, ...only), 'keys/key.yaml': key };
  const named = await render(files, { age: [], spec: 'decryption: {provider: sops, secretRef: {name: sops-age}}' });
  expect(named.problems).toEqual([]);
  expect(yamlOf(named)).toContain('word: hunter2');
  const other = await render(files, { age: [], spec: 'decryption: {provider: sops, secretRef: {name: other}}' });
  expect(other.problems.map(({ code }) => code)).toEqual(['sops-locked']);
});

const sources: Files = {
  'x.env': 'A=1\nB=two words\n# c\nEMPTY=\n',
  'blob.txt': 'raw text\nline two\n',
  'c.json': '{"a": {"b": 2, "c": [true, null, "x", 1.5]}, "e": ""}',
  'd.yaml':
    'a:\n    b: 2\n    c: [true, null, x, 1.5]\n    d: [{e: f, g: [h]}, {i: "1"}]\ntext: |\n    one\n    two\nempty: ""\n',
  'm.yaml': 'a: one\n---\nb: two\n',
  'f.ini': '[one]\nshort = 1\nlonger_name = two words\n\n[two]\nx = y\n',
};

test.skipIf(skip)('sources of a secret generator are opened before the build, as sops itself writes them', async () => {
  const files = Object.keys(sources).filter((name) => name !== 'x.env');
  const set = await render({
    'apps/kustomization.yaml': `secretGenerator:\n- name: g\n  envs: [x.env]\n  files: [${files.join(', ')}]\n`,
    ...Object.fromEntries(Object.entries(sources).map(([name, text]) => [`apps/${name}`, encrypt(name, text)])),
  });
  expect(set.problems).toEqual([]);
  for (const name of files) expect([name, dataOf(set, name)]).toEqual([name, decrypted(name)]);
  expect([dataOf(set, 'A'), dataOf(set, 'B'), dataOf(set, 'EMPTY')]).toEqual(['1', 'two words', '']);
});

test.skipIf(skip)('without a key they stay closed, and the Secret that holds them is marked', async () => {
  const files = {
    'apps/kustomization.yaml': 'secretGenerator:\n- name: g\n  envs: [x.env]\n- name: h\n  files: [c.json]\n',
    'apps/x.env': encrypt('x.env', sources['x.env']!),
    'apps/c.json': encrypt('c.json', sources['c.json']!),
  };
  const set = await render(files, { age: [] });
  expect(set.complete).toBe(false);
  expect(set.problems.map(({ code }) => code)).toEqual(['sops-locked', 'sops-locked']);
});

test.skipIf(skip)('key groups share a key, and a threshold of them opens it', async () => {
  const config = join(folder, '.sops.yaml');
  const third = identity();
  const groups = [mine, theirs, third].map(({ recipient }) => `    - age: [${recipient}]\n`).join('');
  writeFileSync(config, `creation_rules:\n- shamir_threshold: 2\n  key_groups:\n${groups}`);
  const file = join(folder, 'shared.yaml');
  writeFileSync(file, secret);
  sops('--config', config, 'encrypt', '--in-place', ...only, file);
  rmSync(config);
  const files = { 'apps/s.yaml': readFileSync(file, 'utf8') };
  const two = await render(files, { age: [third.secret, mine.secret] });
  expect(two.problems).toEqual([]);
  expect(yamlOf(two)).toContain('word: hunter2');
  expect((await render(files)).problems.map(({ code }) => code)).toEqual(['sops-locked']);
});

test.skipIf(skip)('recipients of cloud services are named', async () => {
  const closed = encrypt('k.yaml', secret, ...only).replace(
    / {4}age:[\s\S]*?(?= {4}lastmodified)/,
    '    kms:\n      - arn: arn:aws:kms:x\n        enc: AAAA\n',
  );
  const set = await render({ 'apps/s.yaml': closed });
  expect(set.problems[0]!.message).toContain('keys of AWS KMS are not supported here');
});

test.skipIf(skip)('types, nesting and lists come back, and a change is noticed', async () => {
  const typed =
    'apiVersion: v1\nkind: X\na: {b: 1, c: 1.5, d: true, e: [x, "2"], f: 1e21, g: 0.0000001, h: 2020-01-02, i: "2020-01-02", j: null}\n';
  const variants: Readonly<Record<string, readonly string[]>> = {
    all: [],
    regex: ['--encrypted-regex', '^(c|e)$'],
    suffix: ['--encrypted-suffix', 'b'],
    unregex: ['--unencrypted-regex', '^(kind|apiVersion|f|g|h|i)$'],
    unsuffix: ['--unencrypted-suffix', 'f'],
  };
  for (const [name, words] of Object.entries(variants)) {
    const closed = encrypt(`t-${name}.yaml`, typed, ...words);
    expect([name, await intact(closed)]).toEqual([name, true]);
  }
  const partly = readFileSync(join(folder, 't-regex.yaml'), 'utf8');
  expect(await intact(partly.replace('kind: X', 'kind: Y'))).toBe(false);
  const config = join(folder, '.sops.yaml');
  writeFileSync(
    config,
    `creation_rules:\n- encrypted_regex: ^e$\n  mac_only_encrypted: true\n  age: ${mine.recipient}\n`,
  );
  const file = join(folder, 't-only.yaml');
  writeFileSync(file, typed);
  sops('--config', config, 'encrypt', '--in-place', file);
  rmSync(config);
  const sealed = readFileSync(file, 'utf8');
  expect(await intact(sealed)).toBe(true);
  expect(await intact(sealed.replace('kind: X', 'kind: Y'))).toBe(true);
  expect(await intact(encrypt('t-multi.yaml', `${secret}---\n${secret.replace('name: s', 'name: t')}`, ...only))).toBe(
    true,
  );
});

/** Whether a file's checksum is right, as far as that can be told. */
async function intact(text: string): Promise<boolean | undefined> {
  const documents = parse(text, 't.yaml').documents.map(({ root }) => root as Mapping);
  const keyring = createKeyring({ user: { age: [mine.secret], pgp: [] } });
  const openKey = (locked: string) => keyring.key({ locked });
  isIntact(documents, openKey);
  await keyring.fetchMissing(new AbortController().signal);
  return isIntact(documents, openKey);
}

test.skipIf(skip)('a key file that everybody can read is warned of, and a missing one is no reason to stop', () => {
  const file = join(folder, 'keys.txt');
  writeFileSync(file, `# created\n${mine.secret}\n`);
  chmodSync(file, 0o644);
  const keys = readUserKeys({ env: {}, files: [file, join(folder, 'none.txt')] });
  expect(keys.age).toEqual([mine.secret]);
  expect(keys.warnings).toEqual([expect.stringContaining('chmod 600'), expect.stringContaining('cannot be read')]);
  expect(keys.warnings.join()).not.toContain('AGE-SECRET');
  chmodSync(file, 0o600);
  expect(readUserKeys({ env: { SOPS_AGE_KEY_FILE: file }, files: [] })).toEqual({
    age: [mine.secret],
    pgp: [],
    warnings: [],
  });
});

const module = controller();

/** The folder of kustomize-controller's source in Go's module cache: its test data is ciphertext by age, PGP and others. */
function controller(): string | undefined {
  try {
    const cache = execFileSync('go', ['env', 'GOMODCACHE'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const found = join(cache, 'github.com/fluxcd/kustomize-controller@v1.9.5/internal/controller/testdata/sops');
    return existsSync(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

test.skipIf(module === undefined)("kustomize-controller's own encrypted files come out as its test says", async () => {
  const files: Record<string, string> = {};
  for (const name of readdirSync(module!, { recursive: true, encoding: 'utf8' })) {
    const path = join(module!, name);
    if (/\.(ya?ml|env|txt)$/.test(name)) files[`apps/${relative(module!, path)}`] = readFileSync(path, 'utf8');
  }
  // These need a server: a base on the network, and HashiCorp's.
  files['apps/kustomization.yaml'] = files['apps/kustomization.yaml']!.replace('  - remote\n', '');
  const key = (name: string) => readFileSync(join(module!, 'keys', name), 'utf8');
  const age = ['age.txt', 'age-pq.txt'].flatMap(
    (name) => readUserKeys({ env: { SOPS_AGE_KEY: key(name) }, files: [] }).age,
  );
  const set = await render(files, { age, pgp: [key('pgp.asc')], spec: `${decryption}\ntargetNamespace: apps` });
  expect(set.problems).toEqual([]);
  const values = set.objects.map(({ id, node }) => {
    const at = getPath(node, ['stringData', 'key']) ?? getPath(node, ['data', 'key']);
    return [`${id.kind} ${id.name}`, (at as { text: string }).text];
  });
  const value = btoa('value');
  expect(Object.fromEntries(values)).toMatchObject({
    'Secret sops-algo-age': 'value',
    'Secret sops-algo-age-pq': 'value',
    'Secret sops-algo-pgp': 'value',
    'Secret sops-component': value,
    'Secret sops-envs-secret': value,
    'Secret sops-files-secret': value,
    'Secret sops-inside-secret': value,
    'ConfigMap sops-envs-configmap': 'value',
    'ConfigMap sops-files-configmap': 'value',
    'Secret sops-patches-secret': 'merge1',
  });
});
