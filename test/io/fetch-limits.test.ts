/** What guards a fetch: every field decided about, a cache that is checked, credentials that stay with their host. */
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type FetchedArtifact,
  get,
  type Mapping,
  type Node,
  parse,
  sourceFields,
  sourceNotes,
  text,
} from '../../src/engine/index.ts';
import { createCache } from '../../src/io/fetch/cache.ts';
import { githubCredentials } from '../../src/io/fetch/githubapp.ts';
import { createFetcher } from '../../src/io/fetch/index.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler = (_, response) => response.writeHead(404).end();
const seen: string[] = [];
const note =
  (at: string): Handler =>
  (request, response) => {
    seen.push(`${at}${request.url} ${request.headers.authorization ?? 'no credentials'}`);
    handler(request, response);
  };
const servers = [createServer(note('')), createServer(note('other'))];
let host = '';
let other = '';

beforeAll(async () => {
  await Promise.all(servers.map((each) => new Promise<void>((done) => each.listen(0, '127.0.0.1', done))));
  [host, other] = servers.map((each) => `127.0.0.1:${(each.address() as AddressInfo).port}`) as [string, string];
});
afterAll(() => {
  for (const server of servers) server.close();
});

const newFolder = () => mkdtempSync(join(tmpdir(), 'sluice-limits-'));

/** Every leaf of a schema below `spec`: `ref.branch`, `artifacts.copy.from`. */
function leaves(schema: Node | undefined, path: readonly string[] = []): readonly string[] {
  const items = get(schema, 'items');
  if (items !== undefined) return leaves(items, path);
  const properties = get(schema, 'properties');
  if (properties?.kind !== 'mapping') return [path.join('.')];
  return properties.entries.flatMap(({ key, value }) => leaves(value, [...path, key.text]));
}

test('every field of the kinds that bring files is followed, of the cluster alone, or said', () => {
  const crds = parse(readFileSync(new URL('../../data/flux-crds.yaml', import.meta.url), 'utf8'), 'crds').documents;
  const found = new Map<string, Set<string>>();
  for (const { root } of crds) {
    const kind = text(get(get(get(root, 'spec'), 'names'), 'kind')) ?? '';
    if (sourceFields[kind] === undefined) continue;
    const versions = get(get(root, 'spec'), 'versions');
    for (const version of versions?.kind === 'sequence' ? versions.items : []) {
      if (text(get(version, 'storage')) !== 'true') continue;
      const properties = get(get(get(version, 'schema'), 'openAPIV3Schema'), 'properties');
      found.set(kind, new Set(leaves(get(properties, 'spec'))));
    }
  }
  expect([...found.keys()].sort()).toEqual(Object.keys(sourceFields).sort());
  for (const [kind, fields] of found)
    expect([kind, Object.keys(sourceFields[kind]!).sort()]).toEqual([kind, [...fields].sort()]);
});

test('what is verified by the cluster alone is said with its mode and Secret', () => {
  const source = parse('spec: {verify: {mode: HEAD, secretRef: {name: keys}}}', 'a.yaml').documents[0]!.root as Mapping;
  expect(sourceNotes('GitRepository', 'GitRepository a/b', source)).toEqual([
    'GitRepository a/b: its signature is verified by the cluster alone, not here (spec.verify.mode: HEAD, spec.verify.secretRef.name: keys)',
  ]);
});

test('an entry of the cache that was changed is as good as none, and the oldest go first', async () => {
  const folder = newFolder();
  const cache = createCache({ folder, limit: 1000 });
  const make = async () => Buffer.alloc(400, 'a');
  await cache.keep('one', make);
  expect(await cache.get('one')).toEqual(await make());
  const [file] = readdirSync(folder);
  const bytes = readFileSync(join(folder, file!));
  bytes[100] = 66;
  writeFileSync(join(folder, file!), bytes);
  expect(await cache.get('one')).toBeUndefined();
  for (const key of ['one', 'two', 'three']) {
    await cache.keep(key, make);
    await new Promise((done) => setTimeout(done, 10));
  }
  expect(await cache.get('one')).toBeUndefined();
  expect(await cache.get('three')).toBeDefined();
});

test.each(['', '/ghe', '/api/v3/'])(
  'a GitHub App gets the token of its installation from base URL %j',
  async (path) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    seen.length = 0;
    handler = (request, response) => {
      const [head, body, sign] = (request.headers.authorization ?? '').replace('Bearer ', '').split('.') as [
        string,
        string,
        string,
      ];
      const good = verify(
        'sha256',
        Buffer.from(`${head}.${body}`),
        createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
        Buffer.from(sign, 'base64url'),
      );
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
      if (!good || claims.iss !== '17' || claims.exp - claims.iat !== 120) return response.writeHead(401).end();
      if (request.method === 'GET') return response.end(JSON.stringify([{ id: 5, account: { login: 'Acme' } }]));
      return response.writeHead(201).end(JSON.stringify({ token: 'canary-token' }));
    };
    const app = { githubAppID: '17', githubAppPrivateKey: key, githubAppBaseURL: `http://${host}${path}` };
    const signal = AbortSignal.timeout(5000);
    const expected = { username: 'x-access-token', password: 'canary-token' };
    expect(await githubCredentials({ secret: { ...app, githubAppInstallationID: '5' } }, signal)).toEqual(expected);
    expect(await githubCredentials({ secret: { ...app, githubAppInstallationOwner: 'acme' } }, signal)).toEqual(
      expected,
    );
    const api = path.endsWith('/api/v3/') ? '/api/v3/' : `${path}/api/v3/`;
    expect(seen.map((line) => line.split(' ')[0])).toEqual([
      `${api}app/installations/5/access_tokens`,
      `${api}app/installations?per_page=100&page=1`,
      `${api}app/installations/5/access_tokens`,
    ]);
    await expect(githubCredentials({ secret: app }, signal)).rejects.toThrow(/either githubAppInstallationID or/);
    const broken = { ...app, githubAppInstallationID: '5', githubAppPrivateKey: 'canary' };
    await expect(githubCredentials({ secret: broken }, signal)).rejects.toThrow(/no RSA key/);
  },
);

async function fetched(kind: string, spec: string): Promise<FetchedArtifact> {
  seen.length = 0;
  const secret = async (_: string, name: string) =>
    ({
      login: { username: 'reader', password: 'canary-password' },
      app: { githubAppID: '1' },
      half: { 'tls.crt': 'x' },
    })[name];
  const fetcher = createFetcher({ folder: newFolder(), secret });
  const object = parse(`spec:\n${spec.replace(/^/gm, '  ')}`, 'source.yaml').documents[0]!.root as Mapping;
  const query = { kind, namespace: 'flux-system', name: 'apps', object };
  fetcher.artifact(query);
  await fetcher.fetchMissing(AbortSignal.timeout(20_000));
  return fetcher.artifact(query);
}

/** The sentence, and the text of the source that it stands at. */
async function fault(kind: string, spec: string): Promise<readonly [message: string, at: string]> {
  const answer = await fetched(kind, spec);
  if (!('note' in answer) || answer.problem?.at === undefined)
    throw new Error('it was fetched, or nobody says where it failed');
  const { start, end } = answer.problem.at;
  expect(answer.note).not.toContain('canary');
  expect(answer.problem).toMatchObject({ code: 'source-missing', severity: 'error', message: answer.note });
  return [answer.note, `spec:\n${spec.replace(/^/gm, '  ')}`.slice(start, end)];
}

const gitSpec = (more = '') => `url: http://${host}/repo.git\n${more}`;

test('a repository that moved to another host is asked there without the credentials', async () => {
  handler = (request, response) => {
    if (request.headers.host === other) return response.writeHead(404).end();
    return response.writeHead(301, { location: `http://${other}${request.url}` }).end();
  };
  const [message, at] = await fault('GitRepository', gitSpec('secretRef: {name: login}'));
  expect(message).toMatch(/answered 404/);
  expect(at).toBe(`http://${host}/repo.git`);
  expect(seen.map((line) => line.replace(/ Basic .*/, ' credentials'))).toEqual([
    '/repo.git/info/refs?service=git-upload-pack credentials',
    'other/repo.git/info/refs?service=git-upload-pack no credentials',
  ]);
});

test('refused credentials stand at the reference to their Secret', async () => {
  handler = (_, response) => response.writeHead(401).end();
  const [message, at] = await fault('GitRepository', gitSpec('secretRef: {name: login}'));
  expect(message).toMatch(/answered 401: the credentials are missing or refused; check the Secret/);
  expect(at).toBe('{name: login}');
});

test.each([
  ['a password in the URL', 'url: http://u:canary@127.0.0.1:9/x', /holds a password/],
  [
    'a GitHub App without its provider',
    'url: http://127.0.0.1:9/x\nsecretRef: {name: app}',
    /set spec.provider to github/,
  ],
  [
    'a provider without its App',
    'url: http://127.0.0.1:9/x\nprovider: github',
    /needs a Secret with the data of a GitHub App/,
  ],
  [
    'a cloud',
    'url: http://127.0.0.1:9/x\nprovider: azure',
    /provider azure are not supported: only the cluster has them/,
  ],
  ['half a certificate', 'url: https://127.0.0.1:9/x\nsecretRef: {name: half}', /tls.crt and tls.key together/],
] as const)('%s is one sentence', async (_, spec, message) => {
  expect((await fault('GitRepository', spec))[0]).toMatch(message);
});

test('an archive that unfolds without end is refused', async () => {
  const body = Buffer.alloc(300 * 1024 * 1024);
  const content = gzipSync(await packTar([{ header: { name: 'a.yaml', size: body.length }, body }]));
  const digest = (data: Buffer | string) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const manifest = JSON.stringify({ layers: [{ mediaType: 'x', digest: digest(content), size: content.length }] });
  handler = (request, response) =>
    request.url?.includes('/manifests/') ? response.end(manifest) : response.end(content);
  const [message] = await fault('OCIRepository', `url: oci://${host}/a/b\ninsecure: true`);
  expect(message).toMatch(/the archive is refused: unpacked size is over the limit/);
});

test('an endpoint with a path, an STS and a bucket that is none are refused where they stand', async () => {
  expect((await fault('Bucket', 'endpoint: "a/b"\nbucketName: x'))[1]).toBe('"a/b"');
  expect((await fault('Bucket', `endpoint: "${host}"\nbucketName: ../x`))[1]).toBe('../x');
  expect((await fault('Bucket', `endpoint: "${host}"\nbucketName: x\nsts: {provider: ldap}`))[0]).toMatch(
    /spec.sts \(ldap\)/,
  );
});
