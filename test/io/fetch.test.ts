/** Charts fetched from a Helm repository and an OCI registry on loopback: versions, credentials, digests, limits. */
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChartQuery, type FetchedChart, type Mapping, parse } from '../../src/engine/index.ts';
import { createFetcher } from '../../src/io/fetch/index.ts';

const user = { username: 'reader', password: 'canary-password' };
const basic = `Basic ${Buffer.from('reader:canary-password').toString('base64')}`;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler = (_, response) => response.writeHead(404).end();
const server = createServer((request, response) => handler(request, response));
const other = createServer((request, response) => {
  seen.push(`other ${request.headers.authorization ?? 'no credentials'}`);
  response.end(chart);
});
const seen: string[] = [];
let base = '';
let otherBase = '';
let chart: Buffer;

beforeAll(async () => {
  await Promise.all([server, other].map((each) => new Promise<void>((done) => each.listen(0, '127.0.0.1', done))));
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  otherBase = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  chart = await chartArchive('demo', '1.2.3');
});
afterAll(() => {
  server.close();
  other.close();
});

async function chartArchive(name: string, version: string): Promise<Buffer> {
  const file = (path: string, body: string) => ({ header: { name: `${name}/${path}`, size: body.length }, body });
  const tar = await packTar([
    file('Chart.yaml', `apiVersion: v2\nname: ${name}\nversion: ${version}\n`),
    file('templates/a.yaml', 'a: {{ .Values.b }}\n'),
  ]);
  return gzipSync(tar);
}

const sha = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

function index(entries: string): Handler {
  return (request, response) => {
    seen.push(`${request.url} ${request.headers.authorization ?? 'no credentials'}`);
    if (request.url === '/charts/index.yaml') response.end(`apiVersion: v1\nentries:\n  demo:\n${entries}`);
    else if (request.url?.endsWith('.tgz')) response.end(chart);
    else response.writeHead(404).end();
  };
}

const entry = (version: string, url: string, digest = '') =>
  `    - version: ${version}\n      urls: [${JSON.stringify(url)}]\n      digest: ${JSON.stringify(digest)}\n`;

async function fetched(source: string, query: Partial<ChartQuery> = {}): Promise<FetchedChart> {
  seen.length = 0;
  const fetcher = createFetcher({
    folder: mkdtempSync(join(tmpdir(), 'sluice-fetch-')),
    secret: async (_namespace, name) => (name === 'login' ? user : undefined),
  });
  const node = parse(source, 'source.yaml').documents[0]!.root as Mapping;
  const asked: ChartQuery = {
    kind: 'HelmRepository',
    namespace: 'flux-system',
    name: 'repo',
    chart: 'demo',
    source: node,
    at: node.at,
    ...query,
  };
  expect(fetcher.chart(asked)).toHaveProperty('note');
  expect(await fetcher.fetchMissing(AbortSignal.timeout(10_000))).toBe(true);
  expect(await fetcher.fetchMissing(AbortSignal.timeout(10_000))).toBe(false);
  expect(fetcher.chart(asked)).toBe(fetcher.chart(asked));
  return fetcher.chart(asked);
}

const repository = (more = '') => `spec:\n  url: http://${base}/charts\n${more}`;
const version = (answer: FetchedChart) => ('note' in answer ? answer.note : answer.value?.metadata.version);

describe('a Helm repository', () => {
  test('gives the highest version in the range, its URL relative to the index', async () => {
    handler = index(entry('1.2.3', 'demo.tgz', sha(chart)) + entry('1.9.0-rc.1', 'x.tgz') + entry('2.0.0', 'x.tgz'));
    expect(version(await fetched(repository(), { version: '1.x' }))).toBe('1.2.3');
    expect(seen[1]).toBe('/charts/demo.tgz no credentials');
  });

  test('gets its credentials, another host does not', async () => {
    handler = index(entry('1.2.3', `http://${otherBase}/demo.tgz`));
    expect(version(await fetched(repository('  secretRef: {name: login}\n')))).toBe('1.2.3');
    expect(seen).toEqual([`/charts/index.yaml ${basic}`, 'other no credentials']);
  });

  test('loses its credentials on a redirect to another host', async () => {
    const entries = index(entry('1.2.3', 'demo.tgz'));
    handler = (request, response) => {
      if (request.url?.endsWith('.tgz')) response.writeHead(302, { location: `http://${otherBase}/demo.tgz` }).end();
      else entries(request, response);
    };
    expect(version(await fetched(repository('  secretRef: {name: login}\n')))).toBe('1.2.3');
    expect(seen.at(-1)).toBe('other no credentials');
  });

  test.each([
    ['a digest that differs', () => index(entry('1.2.3', 'demo.tgz', sha('other'))), '', /digest is .* not/],
    ['no version in the range', () => index(entry('0.1.0', 'demo.tgz')), '', /no version of chart demo/],
    ['no such chart', () => index('    []\n'), '', /no version of chart demo/],
    ['no index', (): Handler => (_, response) => response.writeHead(404).end(), '', /answered 404/],
    [
      'refused credentials',
      (): Handler => (_, response) => response.writeHead(401).end(),
      '',
      /credentials are missing/,
    ],
    ['a missing Secret', () => index(''), '  secretRef: {name: absent}\n', /Secret flux-system\/absent is not at hand/],
    ['a cloud provider', () => index(''), '  provider: aws\n', /provider aws are not supported/],
    [
      'an archive that is none',
      (): Handler => (r, s) =>
        s.end(r.url?.endsWith('.tgz') ? 'no' : `entries:\n  demo:\n${entry('1.2.3', 'demo.tgz')}`),
      '',
      /gzip/,
    ],
  ] as const)('%s is one sentence', async (_, make, more, message) => {
    handler = make();
    const answer = await fetched(repository(more), { version: '>=1.0.0' });
    const text = 'note' in answer ? answer.note : answer.problems[0]?.message;
    expect(text).toMatch(message);
    expect(text).not.toContain('canary');
  });
});

describe('an OCI registry', () => {
  const registry = (options: { digest?: string; token?: boolean } = {}): Handler => {
    return (request, response) => {
      seen.push(`${request.url} ${request.headers.authorization ?? 'no credentials'}`);
      const layer = {
        mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
        digest: `sha256:${sha(chart)}`,
        size: chart.length,
      };
      const manifest = JSON.stringify({ config: {}, layers: [layer] });
      const path = request.url ?? '';
      if (path.startsWith('/token'))
        return response.end(JSON.stringify({ token: request.headers.authorization === basic ? 'good' : 'bad' }));
      if (options.token && request.headers.authorization !== 'Bearer good') {
        return response
          .writeHead(401, { 'www-authenticate': `Bearer realm="http://${base}/token",service="s",scope="pull"` })
          .end();
      }
      if (path.includes('/tags/list')) return response.end(JSON.stringify({ tags: ['1.2.3', '1.3.0_build', '0.1.0'] }));
      if (path.includes('/manifests/'))
        return response.setHeader('docker-content-digest', options.digest ?? `sha256:${sha(manifest)}`).end(manifest);
      if (path.includes('/blobs/')) return response.end(chart);
      return response.writeHead(404).end();
    };
  };
  const oci = (more = '') => `spec:\n  type: oci\n  insecure: true\n  url: oci://${base}/charts\n${more}`;

  test('gives the highest tag, after a token for the credentials', async () => {
    handler = registry({ token: true });
    expect(version(await fetched(oci('  secretRef: {name: login}\n'), { version: '1.x' }))).toBe('1.2.3');
    expect(seen.some((line) => line.includes('/manifests/1.3.0_build Bearer good'))).toBe(true);
  });

  test('an OCIRepository is taken by tag', async () => {
    handler = registry();
    const source = `spec:\n  insecure: true\n  url: oci://${base}/charts/demo\n  ref: {tag: 1.2.3}\n`;
    expect(version(await fetched(source, { kind: 'OCIRepository' }))).toBe('1.2.3');
  });

  test('an answer that is no JSON is one sentence', async () => {
    handler = (_, response) => response.end('<html>');
    expect(version(await fetched(oci()))).toMatch(/answered something that is no JSON/);
  });

  test('a manifest whose digest differs is refused', async () => {
    handler = registry({ digest: `sha256:${sha('other')}` });
    expect(version(await fetched(oci()))).toMatch(/manifest's digest is/);
  });
});

test('a server that cannot be reached is one sentence', async () => {
  expect(version(await fetched('spec:\n  url: http://127.0.0.1:9/charts\n'))).toMatch(
    /127.0.0.1:9\/charts\/index.yaml cannot be reached/,
  );
});
