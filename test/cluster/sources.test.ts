/**
 * What a fetch brings is what the real source-controller stores, byte for byte, from real servers: Git over HTTP and SSH,
 * registries with and without TLS and users, an S3 server, a Helm repository.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { createRepository, git, type Repository } from '../../scripts/cluster/repository.ts';
import {
  type FetchedArtifact,
  type FileTree,
  type LiveObject,
  type Mapping,
  memoryTree,
  openWorkspace,
  parse,
  readTarGz,
  type SourceQuery,
} from '../../src/engine/index.ts';
import type { RenderContext } from '../../src/engine/render/context.ts';
import { sourceTree } from '../../src/engine/render/source.ts';
import { createFetcher } from '../../src/io/fetch/index.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { type Rig, refOf, rig } from './rig.ts';
import {
  login,
  pushArtifact,
  type Registries,
  type S3,
  type Servers,
  type Sshd,
  sshdProgram,
  startProxy,
  startRegistries,
  startS3,
  startServers,
  startSshd,
  startStatic,
} from './servers.ts';

const group = 'source.toolkit.fluxcd.io/v1';
const folder = mkdtempSync(join(tmpdir(), 'sluice-sources-'));
const program = sshdProgram();
const name = `sources-${randomBytes(3).toString('hex')}`;

let servers: Servers;
let it: Rig;
let repository: Repository;
let library: Repository;
let first: string;
let registries: Registries;
let s3: S3;
let helm: string;
let proxy: { readonly host: string; readonly asked: string[] };
let sshd: Sshd | undefined;
/** A commit of the branch `side`. */
let beside: string;

beforeAll(async () => {
  servers = startServers(folder);
  it = rig();
  await Promise.all([prepareGit(), prepareRegistries(), prepareS3(), prepareHelm()]);
  const chart = join(folder, 'charts/demo-1.2.0.tgz');
  execFileSync(it.tool('helm4'), ['push', chart, `oci://${registries.plain}/charts`, '--plain-http'], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: folder },
  });
  proxy = await startProxy(servers);
  if (typeof program === 'string') sshd = await startSshd(servers, program);
});
afterAll(() => servers.stop());

/** Two repositories: one with tags, links, an executable, ignored files and a submodule, which is the other one. */
async function prepareGit(): Promise<void> {
  library = await createRepository(it.layout, `${name}-lib`);
  await library.commit({ 'lib/lib.yaml': 'lib: 1\n', 'README.md': 'lib\n', '.sourceignore': 'README.md\n' });
  repository = await createRepository(it.layout, name);
  repository.write({
    'apps/a.yaml': 'a: one\n',
    'apps/picture.jpg': 'jpg',
    'apps-more/b.yaml': 'b: 1\n',
    'docs/read.md': 'docs\n',
    'bin/run.sh': '#!/bin/sh\n',
    '.sourceignore': '/docs/\n!/docs/keep.md\n*.secret\n',
    'docs/keep.md': 'keep\n',
    'x.secret': 'x',
    'name with blank/ü.yaml': 'u: 1\n',
  });
  symlinkSync('/etc/hostname', join(repository.folder, 'link.yaml'));
  symlinkSync('apps', join(repository.folder, 'linked'));
  first = await repository.push('one');
  await tag('v1.0.0', ['-a', '-m', 'x']);
  await repository.commit({ 'apps/a.yaml': 'a: two\n' });
  await tag('v1.2.0', []);
  await tag('v2.0.0-rc.1', []);
  const local = ['-c', 'protocol.file.allow=always'];
  await git(it.layout, repository.folder, [
    ...local,
    'submodule',
    '--quiet',
    'add',
    `../${name}-lib.git`,
    'vendor/lib',
  ]);
  await repository.push('with a submodule');
  const run = (...args: string[]) => git(it.layout, repository.folder, args);
  await run('switch', '--quiet', '--create', 'side');
  await run('commit', '--quiet', '--allow-empty', '--message', 'beside main');
  beside = (await run('rev-parse', 'HEAD')).trim();
  await run('push', '--quiet', 'origin', 'side');
  await run('switch', '--quiet', 'main');
}

async function tag(version: string, options: readonly string[]): Promise<void> {
  await git(it.layout, repository.folder, ['tag', ...options, version]);
  await git(it.layout, repository.folder, ['push', '--quiet', 'origin', `refs/tags/${version}`]);
}

const fluxLayer = 'application/vnd.cncf.flux.content.v1.tar+gzip';

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const entries = Object.entries(files).map(([path, body]) => ({
    header: { name: path, size: Buffer.byteLength(body) },
    body,
  }));
  return gzipSync(await packTar(entries));
}

async function prepareRegistries(): Promise<void> {
  registries = await startRegistries(servers, it.tool('registry'));
  const main = {
    mediaType: fluxLayer,
    content: await archive({ './a.yaml': 'a: 1\n', 'deep/b.yaml': 'b: 2\n', 'p.jpg': 'j' }),
  };
  const second = { mediaType: 'text/second', content: await archive({ 'second.yaml': 's: 1\n', 'q.jpg': 'j' }) };
  for (const version of ['latest', 'v1.0.0', 'v1.2.0', 'v1.3.0-rc.1'])
    await pushArtifact(registries.plain, 'acme/apps', version, [main, second]);
}

async function prepareS3(): Promise<void> {
  s3 = await startS3(servers, it.tool('versitygw'));
  const files = {
    'apps/a.yaml': 'a: 1\n',
    'apps/b & c+d.yaml': 'b: 1\n',
    'top.yaml': 't\n',
    'p.jpg': 'j',
    'x/no.md': 'm\n',
  };
  for (const [path, content] of Object.entries({ ...files, '.sourceignore': '*.md\n' }))
    await s3.put('fleet', path, content);
}

async function prepareHelm(): Promise<void> {
  const charts = join(folder, 'charts');
  mkdirSync(charts, { recursive: true });
  for (const version of ['1.0.0', '1.2.0', '2.0.0']) {
    const source = join(folder, `chart-${version}`, 'demo');
    const files = {
      'Chart.yaml': `apiVersion: v2\nname: demo\nversion: ${version}\n`,
      'values.yaml': 'a: 1\nb: {c: 1}\n',
      'values-more.yaml': 'b: {c: 2}\nd: 3\n',
      'templates/cm.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {v: {{ .Values.b.c | quote }}}\n',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source, path)), { recursive: true });
      writeFileSync(join(source, path), text);
    }
    execFileSync(it.tool('helm4'), ['package', source, '--destination', charts], { stdio: 'ignore' });
  }
  execFileSync(it.tool('helm4'), ['repo', 'index', charts], { stdio: 'ignore' });
  helm = await startStatic(servers, charts);
}

type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

function secrets(): Secrets {
  const docker = {
    auths: { [registries.secure]: { auth: Buffer.from(`${login.username}:${login.password}`).toString('base64') } },
  };
  const ssh = { known_hosts: sshd?.knownHosts ?? '' };
  return {
    login,
    docker: { '.dockerconfigjson': JSON.stringify(docker) },
    ca: { 'ca.crt': servers.ca },
    s3: s3.keys,
    proxy: { address: `http://${proxy.host}`, ...login },
    ssh: { ...ssh, identity: sshd?.identity ?? '' },
    locked: { ...ssh, identity: sshd?.lockedIdentity ?? '', password: 'canary-passphrase' },
  };
}

interface Source {
  readonly kind: string;
  readonly name: string;
  /** YAML, without indentation. */
  readonly spec: string;
}

/** What a source holds: `path: content` lines, and its revision. */
interface Held {
  readonly files: readonly string[];
  readonly revision: string;
}

const cases: Record<string, readonly [kind: string, spec: () => string]> = {};
const gitCase = (title: string, more: string) => {
  cases[`Git ${title}`] = ['GitRepository', () => `url: ${repository.url}\n${more.replace('FIRST', first)}`];
};
gitCase('by branch', 'ref: {branch: main}');
gitCase('by tag', 'ref: {tag: v1.0.0}');
gitCase('by range', 'ref: {semver: ">=1.0.0"}');
gitCase('by range with previews', 'ref: {semver: ">=1.0.0-0"}');
gitCase('by name', 'ref: {name: refs/tags/v1.2.0}');
gitCase('by commit', 'ref: {commit: FIRST}');
gitCase('by commit of a branch', 'ref: {commit: FIRST, branch: main}');
gitCase('tag before range before branch', 'ref: {branch: nope, tag: v1.2.0, semver: 9.x}');
gitCase('sparse', 'ref: {branch: main}\nsparseCheckout: [./apps, docs/]');
gitCase('with rules of its own', 'ref: {branch: main}\nignore: |\n  /*\n  !/apps\n  !/docs');
gitCase('with submodules', 'ref: {branch: main}\nrecurseSubmodules: true');
gitCase(
  'with another one included',
  'ref: {branch: main}\ninclude: [{repository: {name: lib}, fromPath: lib, toPath: vendor/copied}, {repository: {name: lib}}]',
);
gitCase('through a proxy', 'ref: {branch: main}\nproxySecretRef: {name: proxy}');
const oci = (title: string, host: 'plain' | 'secure', more: string) => {
  cases[`OCI ${title}`] = ['OCIRepository', () => `url: oci://${registries[host]}/acme/apps\n${more}`];
};
oci('latest', 'plain', 'insecure: true');
oci('by tag, on loopback without insecure', 'plain', 'ref: {tag: v1.0.0}');
oci('by range', 'plain', 'insecure: true\nref: {semver: ">=1.0.0"}');
oci('by range and filter', 'plain', 'insecure: true\nref: {semver: ">=1.0.0-0", semverFilter: ".*-rc.*"}');
oci('with rules of its own', 'plain', 'insecure: true\nignore: "/deep/"');
oci('by layer', 'plain', 'insecure: true\nlayerSelector: {mediaType: text/second}');
oci('by layer, copied', 'plain', 'insecure: true\nlayerSelector: {mediaType: text/second, operation: copy}');
oci('with TLS and a user', 'secure', 'ref: {tag: v1.2.0}\nsecretRef: {name: docker}\ncertSecretRef: {name: ca}');
oci(
  'with TLS through a proxy',
  'secure',
  'secretRef: {name: docker}\ncertSecretRef: {name: ca}\nproxySecretRef: {name: proxy}',
);
const bucket = (title: string, host: 'plain' | 'secure', more: string) => {
  cases[`Bucket ${title}`] = [
    'Bucket',
    () => `endpoint: "${s3[host]}"\nbucketName: fleet\nsecretRef: {name: s3}\n${more}`,
  ];
};
bucket('plain', 'plain', 'insecure: true');
bucket('with a prefix', 'plain', 'insecure: true\nprefix: apps/');
bucket('with rules of its own', 'plain', 'insecure: true\nignore: "/apps/"');
bucket('with TLS', 'secure', 'certSecretRef: {name: ca}\nregion: us-east-1');
if (typeof program === 'string') {
  const over = (title: string, more: string) => {
    cases[`SSH ${title}`] = ['GitRepository', () => `url: ssh://${sshd!.host}${it.layout.git}/${name}.git\n${more}`];
  };
  over('with a key', 'ref: {branch: main}\nsecretRef: {name: ssh}');
  over('with a passphrase', 'ref: {semver: 1.x}\nsecretRef: {name: locked}');
}

describe('what is fetched is what source-controller stores', () => {
  const check = async (title: string, running: TestContext) => {
    const [kind, spec] = cases[title]!;
    const lib = { kind: 'GitRepository', name: 'lib', spec: `url: ${library.url}\nref: {branch: main}` };
    const source = { kind, name: 'source', spec: spec() };
    const all = source.spec.includes('include:') ? [lib, source] : [source];
    const ours = await fetchedHere(all);
    expect(ours).toEqual(await storedThere(all, running));
    expect(ours).toHaveProperty('files.length', expect.any(Number));
  };
  const [byProxy, direct] = [true, false].map((wanted) =>
    Object.keys(cases).filter((title) => title.includes('proxy') === wanted),
  );
  // They mostly wait for the controller.
  test.concurrent.for(direct!)('%s', check);
  test.for(byProxy!)('%s', async (title, running) => {
    await check(title, running);
    expect(proxy.asked.splice(0).length).toBeGreaterThan(1);
  });
});

test('a commit that is not on the branch beside it is refused there and here', async () => {
  const said = `unable to resolve commit object for '${beside}'`;
  const source = (ref: string) => ({
    kind: 'GitRepository',
    name: 'source',
    spec: `url: ${repository.url}\nref: ${ref}`,
  });
  const refused = source(`{commit: ${beside}, branch: main}`);
  expect(await fetchedHere([refused])).toContain(said);
  const namespace = await it.namespace();
  await it.kubectl(['apply', '-f', '-'], text(refused, namespace));
  const isSaid = ({ status }: LiveObject) => JSON.stringify(status ?? {}).includes(said);
  await it.until(refOf(group, refused.kind, namespace, refused.name), isSaid, 30_000);
  const alone = source(`{commit: ${beside}}`);
  expect(await fetchedHere([alone])).toEqual(await storedThere([alone]));
});

if (typeof program !== 'string') test.skip(`over SSH (skipped: ${program.skip})`, () => {});

/** By the real source-controller: the artifact that it serves. */
async function storedThere(sources: readonly Source[], running?: TestContext): Promise<Held> {
  const namespace = await it.namespace({}, running);
  const secret = (entry: string, data: object) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: entry, namespace },
      ...(entry === 'docker' && { type: 'kubernetes.io/dockerconfigjson' }),
      stringData: data,
    });
  const data = Object.entries(secrets()).map(([entry, values]) => secret(entry, values));
  await it.kubectl(['apply', '-f', '-'], data.join('\n---\n'));
  let ready: LiveObject | undefined;
  // One after the other: a source that includes one without an artifact is tried again much later.
  for (const source of sources) {
    await it.kubectl(['apply', '-f', '-'], text(source, namespace));
    // A registry of charts has no status: only its charts are read.
    if (source.spec.includes('type: oci')) continue;
    ready = await it.ready(refOf(group, source.kind, namespace, source.name), 30_000);
  }
  const { artifact } = ready!.status as { artifact: { url: string; revision: string } };
  const url = artifact.url.startsWith('http') ? artifact.url : `http://${artifact.url}`;
  const read = readTarGz(new Uint8Array(await (await fetch(url)).arrayBuffer()), { bytes: 1 << 26, entries: 10_000 });
  if ('error' in read) throw new Error(read.error);
  const files = read.entries.filter(({ type }) => type === 'file');
  return {
    files: files.map((entry) => line(`/${entry.name.replace(/^\.\//, '')}`, entry.data)).sort(),
    revision: artifact.revision,
  };
}

function text({ kind, name: own, spec }: Source, namespace: string): string {
  const head = `apiVersion: ${group}\nkind: ${kind}\nmetadata: {name: ${own}, namespace: ${namespace}}\n`;
  return `${head}spec:\n  interval: 10m\n  ${kind === 'HelmChart' ? '' : 'timeout: 20s'}\n${spec.replace(/^/gm, '  ')}\n`;
}

function line(path: string, data: Uint8Array): string {
  return `${path}: ${Buffer.from(data).toString('utf8')}`;
}

/** By our fetchers and the engine's rules, into an empty cache. */
async function fetchedHere(sources: readonly Source[]): Promise<Held | string> {
  const known = new Map(
    sources.map((source) => [source.name, parse(text(source, 'here'), 'source.yaml').documents[0]!.root as Mapping]),
  );
  const cache = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
  const fetcher = createFetcher({ folder: cache, secret: async (_, entry) => secrets()[entry] });
  const context: RenderContext = {
    workspace: openWorkspace(memoryTree(new Map()), { remotes: [] }),
    options: { kustomizer: loadKustomizer(), artifact: fetcher.artifact },
    source: (query) => known.get(query.name),
    input: () => ({ problems: [] }) as never,
    rendered: () => [],
  };
  const { kind, name: last } = sources.at(-1)!;
  const query: SourceQuery = { kind, namespace: 'here', name: last };
  let found = sourceTree(query, context);
  while (await fetcher.fetchMissing(AbortSignal.timeout(30_000))) found = sourceTree(query, context);
  if (typeof found === 'string') return found;
  if (found.tree === undefined) return found.problems[0]!.message;
  expect(JSON.stringify(readdirSync(cache).map((entry) => readFileSync(join(cache, entry), 'latin1')))).not.toContain(
    'canary',
  );
  const answer = fetcher.artifact({ ...query, object: known.get(last)! });
  return { files: [...list(found.tree, '/')].sort(), revision: revisionOf(answer) };
}

function revisionOf(answer: FetchedArtifact): string {
  return 'reason' in answer ? answer.reason.replace('fetched at ', '') : answer.note;
}

function list(tree: FileTree, at: string): readonly string[] {
  return (tree.directory(at) ?? []).flatMap(({ name: entry, type }) => {
    const path = `${at === '/' ? '' : at}/${entry}`;
    return type === 'directory' ? list(tree, path) : [line(path, tree.file(path)!.bytes)];
  });
}

describe('a chart is the one that source-controller takes', () => {
  const charts: Record<string, readonly [repository: () => string, chart: string]> = {
    'a range of a Helm repository': [
      () => `url: https://${helm}\nsecretRef: {name: login}\ncertSecretRef: {name: ca}`,
      'chart: demo\nversion: 1.x',
    ],
    'the newest of a Helm repository': [
      () => `url: https://${helm}\nsecretRef: {name: login}\ncertSecretRef: {name: ca}`,
      'chart: demo',
    ],
    'a registry': [
      () => `type: oci\ninsecure: true\nurl: oci://${registries.plain}/charts`,
      'chart: demo\nversion: ">=1"',
    ],
  };
  test.each(Object.keys(charts))('%s', async (title) => {
    const [spec, chart] = charts[title]!;
    const sources = [
      { kind: 'HelmRepository', name: 'charts', spec: spec() },
      { kind: 'HelmChart', name: 'demo', spec: `${chart}\nsourceRef: {kind: HelmRepository, name: charts}` },
    ];
    const there = await storedThere(sources);
    const source = parse(text(sources[0]!, 'here'), 'source.yaml').documents[0]!.root as Mapping;
    const fetcher = createFetcher({
      folder: mkdtempSync(join(tmpdir(), 'sluice-cache-')),
      secret: async (_, entry) => secrets()[entry],
    });
    const version = /version: (.*)/.exec(chart)?.[1]?.replaceAll('"', '');
    const query = {
      kind: 'HelmRepository',
      namespace: 'here',
      name: 'charts',
      chart: 'demo',
      source,
      at: source.at,
      ...(version && { version }),
    };
    fetcher.chart(query);
    await fetcher.fetchMissing(AbortSignal.timeout(20_000));
    const answer = fetcher.chart(query);
    if ('note' in answer) throw new Error(answer.note);
    expect(answer.value?.metadata.version).toBe(there.revision);
    const { templates, files } = answer.value!;
    const ours = [...templates, ...files].map(({ name: path, file }) => line(`/demo/${path}`, file.bytes));
    const parsed = /^\/demo\/(Chart|values)\.yaml: /;
    expect(ours.sort()).toEqual(there.files.filter((entry) => !parsed.test(entry)));
  });
});
