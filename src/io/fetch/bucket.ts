/** An S3-compatible bucket, read only: its objects listed and got, signed with an access key (AWS Signature Version 4). */
import { createHash, createHmac } from 'node:crypto';
import type { ArtifactRequest, FetchedFiles } from './artifact.ts';
import { packFiles, unpackFiles } from './files.ts';
import { FetchError, getOk } from './http.ts';

const listLimit = 16 * 1024 * 1024;
const totalLimit = 256 * 1024 * 1024;
const maxObjects = 20_000;
const atOnce = 8;

export async function fromBucket(request: ArtifactRequest): Promise<FetchedFiles> {
  const { field, cache } = request;
  const bucket = bucketOf(request);
  const objects = await list(bucket, field('prefix') ?? '');
  const index = objects.map(({ key, etag }) => `${key} ${etag}\n`).join('');
  const revision = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  const name = `bucket ${bucket.base} ${revision}`;
  const kept = await cache.get(name);
  if (kept !== undefined) return { files: unpackFiles(kept), revision };
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at < objects.length; at += atOnce) {
    const some = objects.slice(at, at + atOnce);
    const bodies = await Promise.all(some.map(({ key, size }) => ask(bucket, key, {}, size)));
    for (const [i, { key }] of some.entries()) files.set(`/${key}`, bodies[i]!);
  }
  await cache.set(name, packFiles(files));
  return { files, revision };
}

interface Bucket {
  /** `https://host/bucket`, without a slash at its end. */
  readonly base: string;
  readonly region: string;
  readonly keys?: AccessKey;
  readonly request: ArtifactRequest;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

function bucketOf(request: ArtifactRequest): Bucket {
  const { field, access } = request;
  const base = `${field('insecure') === 'true' ? 'http' : 'https'}://${field('endpoint') ?? ''}`;
  const isHost = URL.canParse(base) && new URL(base).origin === base.toLowerCase();
  if (!isHost) throw new FetchError('spec.endpoint is no host');
  const { accesskey: id, secretkey: secret } = access.secret;
  if (field('secretRef', 'name') !== undefined && !(id && secret))
    throw new FetchError('its Secret needs accesskey and secretkey');
  return {
    base: `${base}/${encode(field('bucketName') ?? '')}`,
    region: field('region') ?? 'us-east-1',
    request,
    ...(id && secret && { keys: { id, secret } }),
  };
}

interface Listed {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

async function list(bucket: Bucket, prefix: string): Promise<readonly Listed[]> {
  const out: Listed[] = [];
  let total = 0;
  for (let token: string | undefined = ''; token !== undefined; ) {
    const query = { 'list-type': '2', ...(prefix && { prefix }), ...(token && { 'continuation-token': token }) };
    const xml = (await ask(bucket, '', query, listLimit)).toString('utf8');
    for (const part of xml.split('<Contents>').slice(1)) {
      const key = element(part, 'Key') ?? '';
      // A key that ends in a slash stands for a folder.
      if (key.endsWith('/')) continue;
      if (key.split('/').some((name) => name === '' || name === '.' || name === '..') || key.includes('\\'))
        throw new FetchError(`the bucket has an object with an invalid name: ${JSON.stringify(key)}`);
      const size = Number(element(part, 'Size') ?? 0);
      total += size;
      out.push({ key, etag: element(part, 'ETag') ?? '', size });
    }
    if (out.length > maxObjects || !(total <= totalLimit))
      throw new FetchError(`the bucket holds more than ${maxObjects} objects or ${totalLimit} bytes`);
    const next: string | undefined = element(xml, 'NextContinuationToken');
    token = next === token ? undefined : next;
  }
  return out.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function element(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  const end = start < 0 ? -1 : xml.indexOf(`</${name}>`, start);
  if (end < 0) return undefined;
  return xml
    .slice(start + name.length + 2, end)
    .replace(/&(#x[0-9a-fA-F]{1,5}|#[0-9]{1,6}|[a-z]+);/g, (whole, code: string) => {
      if (!code.startsWith('#')) return entities[code] ?? whole;
      return String.fromCodePoint(code[1] === 'x' ? Number.parseInt(code.slice(2), 16) : Number(code.slice(1)));
    });
}

async function ask(bucket: Bucket, key: string, query: Readonly<Record<string, string>>, limit: number) {
  const { request, keys, region } = bucket;
  const { signal, access } = request;
  const path = key === '' ? '/' : `/${key.split('/').map(encode).join('/')}`;
  const url = new URL(`${bucket.base}${path}`);
  url.search = Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const signed = keys && signature({ url, keys, region, time: new Date() });
  const { tls } = access;
  const answer = await getOk({ url: url.href, limit, signal, ...signed, ...(tls && { tls }) });
  return answer.body;
}

interface Signing {
  readonly url: URL;
  readonly keys: AccessKey;
  readonly region: string;
  readonly time: Date;
}

const emptyHash = createHash('sha256').update('').digest('hex');

/** The headers of a signed GET without a body. The URL's query must be encoded and in order. */
export function signature({ url, keys, region, time }: Signing) {
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const names = 'host;x-amz-content-sha256;x-amz-date';
  const headers = `host:${url.host}\nx-amz-content-sha256:${emptyHash}\nx-amz-date:${stamp}\n`;
  const canonical = ['GET', url.pathname, url.search.slice(1), headers, names, emptyHash].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${keys.secret}`);
  const sign = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, hash].join('\n')).toString('hex');
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.id}/${scope},SignedHeaders=${names},Signature=${sign}`,
    headers: { 'x-amz-content-sha256': emptyHash, 'x-amz-date': stamp },
  };
}

/** As AWS encodes: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
