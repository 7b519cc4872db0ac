/** Sources fetched from a registry, a Git server and a bucket on loopback: revisions, credentials, refusals, the cache. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRenderer,
  type FetchedArtifact,
  type FileTree,
  type Mapping,
  memoryTree,
  openWorkspace,
  type Problem,
  parse,
  type SourceFile,
  textFile,
} from '../../src/engine/index.ts';
import { signature } from '../../src/io/fetch/bucket.ts';
import { createFetcher, renderFetched } from '../../src/io/fetch/index.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { createCharts } from '../../src/server/charts.ts';

const login = { username: 'reader', password: 'canary-password' };
const basic = `Basic ${Buffer.from('reader:canary-password').toString('base64')}`;
const docker = (host: string) => ({
  '.dockerconfigjson': JSON.stringify({ auths: { [host]: { username: 'reader', password: 'canary-password' } } }),
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler = (_, response) => response.writeHead(404).end();
const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(`${request.url} ${request.headers.authorization ?? 'no credentials'}`);
  handler(request, response);
});
let host = '';

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const newFolder = () => mkdtempSync(join(tmpdir(), 'sluice-sources-'));

async function fetched(kind: string, spec: string, folder = newFolder()): Promise<FetchedArtifact> {
  seen.length = 0;
  const fetcher = createFetcher({
    folder,
    secret: async (_namespace, name) =>
      ({ login, docker: docker(host), s3: { accesskey: 'key', secretkey: 'canary-secret' } })[name],
  });
  const object = parse(`spec:\n${spec.replace(/^/gm, '  ')}`, 'source.yaml').documents[0]!.root as Mapping;
  const query = { kind, namespace: 'flux-system', name: 'apps', object };
  expect(fetcher.artifact(query)).toHaveProperty('note');
  expect(await fetcher.fetchMissing(AbortSignal.timeout(20_000))).toBe(true);
  expect(await fetcher.fetchMissing(AbortSignal.timeout(20_000))).toBe(false);
  expect(fetcher.artifact(query)).toBe(fetcher.artifact(query));
  const answer = fetcher.artifact(query);
  const [first] = 'tree' in answer ? files(answer.tree, '/') : [];
  expect(first === undefined ? undefined : fetcher.textOf(first.name)).toBe(first?.text);
  return fetcher.artifact(query);
}

/** Every file as `path: content`, or the sentence that says why there is none. */
function listing(answer: FetchedArtifact): readonly string[] | string {
  return 'tree' in answer ? list(answer.tree, '/') : answer.note;
}

function files(tree: FileTree, folder: string): readonly SourceFile[] {
  return (tree.directory(folder) ?? []).flatMap(({ name, type }) => {
    const path = `${folder === '/' ? '' : folder}/${name}`;
    return type === 'directory' ? files(tree, path) : [tree.file(path)!];
  });
}

function list(tree: FileTree, folder: string): readonly string[] {
  return (tree.directory(folder) ?? []).flatMap(({ name, type }) => {
    const path = `${folder === '/' ? '' : folder}/${name}`;
    return type === 'directory' ? list(tree, path) : [`${path}: ${tree.file(path)?.text.trim()}`];
  });
}

const sha = (data: Buffer | string) => `sha256:${createHash('sha256').update(data).digest('hex')}`;

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const entries = Object.entries(files).map(([name, body]) => ({ header: { name, size: body.length }, body }));
  return gzipSync(await packTar(entries));
}

interface FakeArtifact {
  readonly layers: readonly { readonly mediaType: string; readonly content: Buffer }[];
  readonly tags?: readonly string[];
  readonly auth?: boolean;
  readonly blob?: Buffer;
}

const flux = 'application/vnd.cncf.flux.content.v1.tar+gzip';

function registry({ layers, tags = ['v1'], auth, blob }: FakeArtifact): { readonly digest: string } {
  const described = layers.map(({ mediaType, content }) => ({
    mediaType,
    digest: sha(content),
    size: content.length,
  }));
  const manifest = JSON.stringify({ config: {}, layers: described });
  handler = (request, response) => {
    const path = request.url ?? '';
    const last = path.slice(path.lastIndexOf('/') + 1);
    if (auth === true && request.headers.authorization !== basic)
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    if (path.includes('/tags/list')) return response.end(JSON.stringify({ tags }));
    if (path.includes('/manifests/'))
      return tags.includes(last) || last === sha(manifest) ? response.end(manifest) : response.writeHead(404).end();
    const found = layers.find(({ content }) => sha(content) === last);
    if (found === undefined) return response.writeHead(404).end();
    return response.end(blob ?? found.content);
  };
  return { digest: sha(manifest) };
}

const oci = (more = '') => `url: oci://${host}/acme/apps\ninsecure: true\n${more}`;

describe('an OCIRepository', () => {
  test('is taken by tag, range and digest', async () => {
    const content = await archive({ './a.yaml': 'a: 1\n', 'deep/b.yaml': 'b: 2\n' });
    const { digest } = registry({ layers: [{ mediaType: flux, content }], tags: ['v1.0.0', 'v1.2.0', 'v2.0.0-rc.1'] });
    const files = ['/a.yaml: a: 1', '/deep/b.yaml: b: 2'];
    const byTag = await fetched('OCIRepository', oci('ref: {tag: v1.0.0}'));
    expect(listing(byTag)).toEqual(files);
    expect(byTag).toMatchObject({ reason: `fetched at v1.0.0@${digest}` });
    expect(await fetched('OCIRepository', oci('ref: {semver: ">=1.0.0"}'))).toMatchObject({
      reason: `fetched at v1.2.0@${digest}`,
    });
    expect(await fetched('OCIRepository', oci('ref: {semver: ">=1.0.0-0", semverFilter: ".*-rc.*"}'))).toMatchObject({
      reason: `fetched at v2.0.0-rc.1@${digest}`,
    });
    expect(await fetched('OCIRepository', oci(`ref: {digest: "${digest}", tag: none}`))).toMatchObject({
      reason: `fetched at ${digest}`,
    });
  });

  test('selects its layer, which is copied whole or extracted', async () => {
    const first = await archive({ 'a.yaml': 'first: 1\n' });
    const second = await archive({ 'b.yaml': 'second: 2\n', 'x.jpg': 'j' });
    registry({
      layers: [
        { mediaType: flux, content: first },
        { mediaType: 'text/b', content: second },
      ],
      tags: ['latest'],
    });
    expect(listing(await fetched('OCIRepository', oci()))).toEqual(['/a.yaml: first: 1']);
    const copied = await fetched('OCIRepository', oci('layerSelector: {mediaType: text/b, operation: copy}'));
    expect(listing(copied)).toEqual(['/b.yaml: second: 2', '/x.jpg: j']);
    expect(copied).toHaveProperty('whole', true);
    expect(listing(await fetched('OCIRepository', oci('layerSelector: {mediaType: text/c}')))).toMatch(
      /no layer has media type text\/c/,
    );
  });

  test.each(['login', 'docker'])('gets the credentials of its Secret %s', async (name) => {
    registry({ layers: [{ mediaType: flux, content: await archive({ 'a.yaml': 'a: 1' }) }], auth: true });
    const spec = oci(`ref: {tag: v1}\nsecretRef: {name: ${name}}`);
    expect(listing(await fetched('OCIRepository', spec))).toEqual(['/a.yaml: a: 1']);
    const refused = listing(await fetched('OCIRepository', oci('ref: {tag: v1}')));
    expect(refused).toMatch(/credentials are missing or refused/);
  });

  test('is read from the cache the second time', async () => {
    registry({ layers: [{ mediaType: flux, content: await archive({ 'a.yaml': 'a: 1' }) }] });
    const folder = newFolder();
    await fetched('OCIRepository', oci('ref: {tag: v1}'), folder);
    expect(seen.some((line) => line.includes('/blobs/'))).toBe(true);
    expect(listing(await fetched('OCIRepository', oci('ref: {tag: v1}'), folder))).toEqual(['/a.yaml: a: 1']);
    expect(seen.some((line) => line.includes('/blobs/'))).toBe(false);
  });

  test.each([
    ['an archive that climbs', { '../a.yaml': 'a' }, '', /invalid name: "\.\.\/a\.yaml"/],
    ['an absolute name', { '/etc/a.yaml': 'a' }, '', /invalid name: "\/etc\/a\.yaml"/],
    ['a cloud provider', {}, 'provider: aws', /provider aws are not supported/],
    ['a proxy whose Secret is missing', {}, 'proxySecretRef: {name: p}', /Secret flux-system\/p is not at hand/],
    ['no such tag', {}, 'ref: {tag: v9}', /answered 404/],
    ['no tag in the range', {}, 'ref: {semver: ">9"}', /no tag matches >9/],
    ['a missing Secret', {}, 'secretRef: {name: absent}', /Secret flux-system\/absent is not at hand/],
  ] as const)('%s is one sentence', async (_, files, more, message) => {
    registry({ layers: [{ mediaType: flux, content: await archive(files) }], tags: ['latest', 'v1'] });
    expect(listing(await fetched('OCIRepository', oci(more)))).toMatch(message);
  });

  test('a layer whose digest differs is refused', async () => {
    const content = await archive({ 'a.yaml': 'a' });
    registry({ layers: [{ mediaType: flux, content }], tags: ['latest'], blob: Buffer.alloc(content.length) });
    expect(listing(await fetched('OCIRepository', oci()))).toMatch(/layer's digest is/);
  });
});

/** Serves the bare repositories of a folder by git's own CGI program; with credentials where `auth` says so. */
function gitServer(root: string, auth = false): void {
  handler = (request, response) => {
    if (auth && request.headers.authorization !== basic) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return;
    }
    const [path, query = ''] = (request.url ?? '').split('?');
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
      },
    });
    const out: Buffer[] = [];
    child.stdin.on('error', () => {});
    request.pipe(child.stdin);
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.on('close', () => {
      const all = Buffer.concat(out);
      const end = all.indexOf('\r\n\r\n');
      for (const line of all.subarray(0, end).toString().split('\r\n')) {
        const [name, value] = line.split(': ') as [string, string];
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(all.subarray(end + 4));
    });
  };
}

/** A repository with two commits: `v1.0.0` (annotated) on the first, `main` on the second. */
function repository(more: Readonly<Record<string, string>> = {}): {
  readonly root: string;
  readonly commits: readonly string[];
  /** On a branch of that name, beyond `main`. */
  readonly side: string;
  /** On no branch: only a tag names it. */
  readonly tagged: string;
} {
  const root = newFolder();
  const work = join(root, 'work');
  mkdirSync(join(work, 'apps'), { recursive: true });
  const env = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: work, env })
      .toString()
      .trim();
  git('init', '-q', '-b', 'main');
  const commits = ['one', 'two'].map((content) => {
    writeFileSync(join(work, 'apps/a.yaml'), content);
    writeFileSync(join(work, 'top.yaml'), content);
    git('add', '.');
    git('commit', '-qm', content);
    if (content === 'one') git('tag', '-a', 'v1.0.0', '-m', 'x');
    return git('rev-parse', 'HEAD');
  });
  for (const [path, content] of Object.entries(more)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), content);
  }
  symlinkSync('/etc/hostname', join(work, 'link.yaml'));
  git('add', '.');
  git('commit', '-qm', 'link');
  const main = git('rev-parse', 'HEAD');
  const [side, tagged] = ['side', 'tagged'].map((name) => {
    git('checkout', '-qb', name, 'main');
    git('commit', '-q', '--allow-empty', '-m', name);
    return git('rev-parse', 'HEAD');
  });
  git('tag', 'alone');
  git('checkout', '-q', 'main');
  git('branch', '-qD', 'tagged');
  git('clone', '-q', '--bare', '.', join(root, 'repo.git'));
  return { root, commits: [...commits, main], side: side!, tagged: tagged! };
}

describe('a GitRepository', () => {
  const { root, commits, side, tagged } = repository();
  const spec = (more: string) => `url: http://${host}/repo.git\n${more}`;
  const [one, , three] = commits;

  test.each([
    ['branch', 'ref: {branch: main}', 'two', `main@sha1:${three}`],
    ['tag', 'ref: {tag: v1.0.0}', 'one', `v1.0.0@sha1:${one}`],
    ['semver', 'ref: {semver: 1.x}', 'one', `1.x`],
    ['name', 'ref: {name: refs/heads/main}', 'two', `refs/heads/main@sha1:${three}`],
    ['commit', `ref: {commit: ${one}}`, 'one', `at sha1:${one}`],
    ['commit of a branch', `ref: {commit: ${one}, branch: main}`, 'one', `at main@sha1:${one}`],
    ['commit of another branch', `ref: {commit: ${side}}`, 'two', `at sha1:${side}`],
  ])('is taken by %s', async (_, more, content, revision) => {
    gitServer(root);
    const answer = await fetched('GitRepository', spec(more));
    expect(listing(answer)).toEqual([`/apps/a.yaml: ${content}`, `/top.yaml: ${content}`]);
    if (revision !== '1.x') expect((answer as { reason: string }).reason).toContain(revision);
  });

  test.each([
    [`ref: {commit: ${side}, branch: main}`, 'it is not on branch main', 'commit'],
    [`ref: {commit: ${tagged}}`, 'it is on no branch', 'commit'],
    [`ref: {commit: ${one}, branch: gone}`, 'there is no reference refs/heads/gone', 'branch'],
  ])('a commit that its branches do not hold is refused: %s', async (more, said, field) => {
    gitServer(root);
    const { problem } = (await fetched('GitRepository', spec(more))) as { problem: Problem };
    expect(problem.message).toContain(said);
    const text = `spec:\n${spec(more).replace(/^/gm, '  ')}`;
    const value = more.split(`${field}: `)[1]!.split(/[,}]/)[0]!;
    expect(text.slice(problem.at!.start, problem.at!.end)).toBe(value);
  });

  test('gets its credentials, keeps only what a sparse checkout names and leaves no clone behind', async () => {
    gitServer(root, true);
    const folder = newFolder();
    const more = 'secretRef: {name: login}\nref: {branch: main}\nsparseCheckout: [apps]';
    expect(listing(await fetched('GitRepository', spec(more), folder))).toEqual(['/apps/a.yaml: two']);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(listing(await fetched('GitRepository', spec('ref: {branch: main}')))).toMatch(/could not be fetched/);
  });

  test.each([
    ['a file path', 'url: file:///etc', /no https, http or ssh URL/],
    ['a command', 'url: "ext::sh -c id"', /no https, http or ssh URL/],
    ['an option', 'url: "--upload-pack=id"', /no https, http or ssh URL/],
    ['a host that is an option', 'url: "ssh://-oProxyCommand=id/x"', /no (https|URL)/],
    ['SSH without a key', 'url: ssh://git@127.0.0.1/x', /needs identity and known_hosts/],
    [
      'an unreachable server',
      'url: http://127.0.0.1:9/x',
      /127.0.0.1:9\/x.* cannot be reached: ECONNREFUSED; check the address/,
    ],
  ])('%s is one sentence', async (_, more, message) => {
    expect(listing(await fetched('GitRepository', more))).toMatch(message);
  });

  test.each(['ref: {branch: --upload-pack=id}', 'ref: {name: --upload-pack=id}', 'ref: {commit: --x}'])(
    '%s is refused',
    async (more) => {
      gitServer(root);
      expect(listing(await fetched('GitRepository', spec(more)))).toMatch(/no reference|no full commit/);
    },
  );

  test('a redirect is not followed', async () => {
    handler = (_, response) => response.writeHead(302, { location: `http://localhost:9/repo.git` }).end();
    expect(listing(await fetched('GitRepository', spec('secretRef: {name: login}')))).toMatch(/could not be fetched/);
    expect(seen).toHaveLength(1);
  });
});

describe('a Bucket', () => {
  const objects: Record<string, string> = { 'apps/a.yaml': 'a: 1', 'apps/b & c.yaml': 'b: 2', 'top.yaml': 't' };
  const listed = (keys: readonly string[], next = '') =>
    `<?xml version="1.0"?><ListBucketResult>${keys
      .map(
        (key) =>
          `<Contents><Key>${key.replace('&', '&amp;')}</Key><ETag>&quot;${key.length}&quot;</ETag><Size>9</Size></Contents>`,
      )
      .join('')}${next && `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`;
  const serve = (bad = false): void => {
    handler = (request, response) => {
      const url = new URL(request.url ?? '', `http://${host}`);
      if (bad) return response.end(listed(['../x']));
      if (!request.headers.authorization?.includes('Credential=key/')) return response.writeHead(403).end();
      const object = objects[decodeURIComponent(url.pathname.slice('/fleet/'.length))];
      if (url.searchParams.get('list-type') === null)
        return object === undefined ? response.writeHead(404).end() : response.end(object);
      const [first, ...rest] = Object.keys(objects).filter((key) =>
        key.startsWith(url.searchParams.get('prefix') ?? ''),
      );
      return response.end(url.searchParams.has('continuation-token') ? listed(rest) : listed([first!], 'more=='));
    };
  };
  const spec = (more = '') => `endpoint: "${host}"\nbucketName: fleet\ninsecure: true\n${more}`;

  test('is listed in pages, got with signed requests and kept', async () => {
    serve();
    const folder = newFolder();
    const files = ['/apps/a.yaml: a: 1', '/apps/b & c.yaml: b: 2'];
    expect(listing(await fetched('Bucket', spec('prefix: apps/\nsecretRef: {name: s3}'), folder))).toEqual(files);
    expect(seen).toHaveLength(5);
    expect(listing(await fetched('Bucket', spec('prefix: apps/\nsecretRef: {name: s3}'), folder))).toEqual(files);
    expect(seen).toHaveLength(3);
  });

  test('refuses what climbs, wrong credentials and what is no host', async () => {
    serve(true);
    expect(listing(await fetched('Bucket', spec()))).toMatch(/invalid name: "\.\.\/x"/);
    serve();
    expect(listing(await fetched('Bucket', spec()))).toMatch(/credentials are missing or refused/);
    expect(listing(await fetched('Bucket', spec('secretRef: {name: login}')))).toMatch(/accesskey and secretkey/);
    expect(listing(await fetched('Bucket', 'endpoint: "a/b"\nbucketName: x'))).toMatch(/endpoint is no host/);
  });

  test.each([
    ['lifecycle=', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('signs ?%s as AWS documents it', (query, expected) => {
    const keys = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
    const url = new URL(`https://examplebucket.s3.amazonaws.com/?${query}`);
    const { authorization } = signature({ url, keys, region: 'us-east-1', time: new Date('2013-05-24T00:00:00Z') });
    expect(authorization).toContain(`Signature=${expected}`);
  });
});

test('a HelmRelease renders with a chart of a GitRepository once that is fetched', async () => {
  const { root } = repository({
    'charts/demo/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\n',
    'charts/demo/templates/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-chart}\n',
  });
  gitServer(root);
  const text = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: charts, namespace: flux-system}
spec: {url: "http://${host}/repo.git", interval: 1m, ref: {branch: main}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: demo, namespace: flux-system}
spec: {interval: 1m, chart: {spec: {chart: ./charts/demo, sourceRef: {kind: GitRepository, name: charts}}}}
`;
  const tree = memoryTree(new Map([['/clusters/dev/demo.yaml', textFile('clusters/dev/demo.yaml', text)]]));
  const workspace = openWorkspace(tree, { remotes: [] });
  const fetcher = createFetcher({ folder: newFolder(), secret: async () => undefined });
  const renderer = createRenderer({ kustomizer: loadKustomizer(), chart: fetcher.chart, artifact: fetcher.artifact });
  const names = () =>
    renderer.renderCluster(workspace, '/clusters/dev').flatMap((set) => set.objects.map(({ id }) => id.name));
  expect(names()).not.toContain('of-chart');
  expect(await renderFetched(names, fetcher, AbortSignal.timeout(10_000))).toContain('of-chart');
});

test('a Kustomization renders from its OCIRepository once that is fetched', async () => {
  const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fetched}\ndata: {a: "1"}\n';
  registry({ layers: [{ mediaType: flux, content: await archive({ 'apps/cm.yaml': configMap }) }] });
  const files = {
    '/clusters/dev/apps.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: apps, namespace: flux-system}
spec: {url: "oci://${host}/acme/apps", insecure: true, interval: 1m, ref: {tag: v1}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {interval: 1m, prune: true, path: ./apps, targetNamespace: demo, sourceRef: {kind: OCIRepository, name: apps}}
`,
  };
  const tree = memoryTree(new Map(Object.entries(files).map(([path, text]) => [path, textFile(path.slice(1), text)])));
  const workspace = openWorkspace(tree, { remotes: [] });
  const fetcher = createFetcher({ folder: newFolder(), secret: async () => undefined });
  const renderer = createRenderer({ kustomizer: loadKustomizer(), artifact: fetcher.artifact });
  const namesNow = () =>
    renderer
      .renderCluster(workspace, '/clusters/dev')
      .flatMap((set) => set.objects.map(({ id }) => `${id.kind} ${id.namespace}/${id.name}`));
  expect(namesNow()).not.toContain('ConfigMap demo/fetched');
  expect(await renderFetched(namesNow, fetcher, AbortSignal.timeout(10_000))).toContain('ConfigMap demo/fetched');
});

test('in the editor, an untrusted workspace fetches no source, whatever the setting and the command say', async () => {
  registry({ layers: [] });
  seen.length = 0;
  const charts = createCharts();
  charts.open({ trusted: () => false, pause: 0, folder: newFolder(), secret: async () => undefined });
  charts.follow(true);
  const object = parse(`spec:\n  url: oci://${host}/a/b\n  insecure: true\n`, 'a.yaml').documents[0]!.root as Mapping;
  const ask = () => charts.artifact({ kind: 'OCIRepository', namespace: 'a', name: 'b', object });
  expect(ask()).toEqual({
    note: 'OCIRepository a/b is not fetched: trust the workspace, then run "Sluice: Fetch Charts"',
  });
  expect(ask()).toBe(ask());
  const outcome = await charts.fetch(async () => void ask(), AbortSignal.timeout(5000));
  expect(outcome).toHaveProperty('ok', false);
  await new Promise((done) => setTimeout(done, 20));
  expect(seen).toEqual([]);
  charts.dispose();
});
