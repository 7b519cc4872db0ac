/** An S3-compatible bucket, read only: its objects listed and got, signed with an access key (AWS Signature Version 4). */
import { createHash, createHmac } from 'node:crypto';
import { isIgnored, parsePatterns } from '../../engine/index.ts';
import type { ArtifactRequest, FetchedFiles } from './artifact.ts';
import { packFiles, unpackFiles } from './files.ts';
import { FetchError, get, statusFault } from './http.ts';

const ignoreLimit = 1024 * 1024;
const listLimit = 16 * 1024 * 1024;
const totalLimit = 256 * 1024 * 1024;
const maxObjects = 20_000;
const listedLimit = 200_000;
const atOnce = 8;

/**
 * The objects that source-controller would take: the bucket's own `.sourceignore` and `spec.ignore` leave out, and
 * nothing is left out by default. The files come as they are, with no rules applied a second time.
 */
export async function fromBucket(request: ArtifactRequest): Promise<FetchedFiles> {
  const { field, cache } = request;
  const bucket = bucketOf(request);
  const ignoreFile = await objectAt(bucket, '.sourceignore');
  const text = `${ignoreFile === undefined ? '' : new TextDecoder().decode(ignoreFile)}\n${field('ignore') ?? ''}`;
  const patterns = parsePatterns(text, '/');
  const objects = (await list(bucket, field('prefix') ?? '')).filter(
    ({ key }) => key !== '.sourceignore' && !isIgnored(patterns, `/${key}`, false),
  );
  const index = objects.map(({ key, etag }) => `${key} ${etag}\n`).join('');
  const revision = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  const total = objects.reduce((sum, { size }) => sum + size, 0);
  if (objects.length > maxObjects || !(total <= totalLimit))
    throw new FetchError(`the bucket holds more than ${maxObjects} objects or ${totalLimit} bytes`, 'bucketName');
  const packed = await cache.keep(`bucket ${bucket.base} ${revision}`, async () =>
    packFiles(await download(bucket, objects)),
  );
  const files = new Map(unpackFiles(packed));
  if (ignoreFile !== undefined) files.set('/.sourceignore', ignoreFile);
  return { files, revision, whole: true };
}

async function download(bucket: Bucket, objects: readonly Listed[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at < objects.length; at += atOnce) {
    const some = objects.slice(at, at + atOnce);
    const bodies = await Promise.all(some.map(({ key, size }) => ok(bucket, key, {}, size)));
    for (const [i, { key }] of some.entries()) files.set(`/${key}`, bodies[i]!);
  }
  return files;
}

interface Bucket {
  /** `https://host/bucket` or `https://bucket.host`, without a slash at its end. */
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
  const scheme = field('insecure') === 'true' ? 'http' : 'https';
  const host = field('endpoint') ?? '';
  const isHost =
    URL.canParse(`${scheme}://${host}`) && new URL(`${scheme}://${host}`).host === defaultPort(scheme, host);
  if (!isHost) throw new FetchError('spec.endpoint is no host; it has no scheme and no path', 'endpoint');
  const name = field('bucketName') ?? '';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new FetchError(`spec.bucketName ${JSON.stringify(name)} is no name of a bucket`, 'bucketName');
  const { accesskey: id, secretkey: secret } = access.secret;
  const hasSecret = field('secretRef', 'name') !== undefined;
  if (hasSecret && !(id && secret)) throw new FetchError('its Secret needs accesskey and secretkey', 'secretRef');
  if (!hasSecret && field('sts', 'provider') !== undefined)
    throw new FetchError(`credentials of spec.sts (${field('sts', 'provider')}) are not supported`, 'sts');
  const isNamed = namesBuckets.test(host) && !(scheme === 'https' && name.includes('.'));
  return {
    base: isNamed ? `${scheme}://${name}.${host}` : `${scheme}://${host}/${name}`,
    region: field('region') ?? regionOf(host),
    request,
    ...(id && secret && { keys: { id, secret } }),
  };
}

function defaultPort(scheme: string, host: string): string {
  return host.toLowerCase().replace(scheme === 'http' ? /:80$/ : /:443$/, '');
}

/** The stores that want the bucket in the host's name; all others have it in the path. */
const namesBuckets =
  /^(s3[.-]([a-z0-9-]+\.)*amazonaws\.com(\.cn)?|storage\.googleapis\.com|oss-[a-z0-9-]+\.aliyuncs\.com)$/;

function regionOf(host: string): string {
  return /^s3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(host)?.[1] ?? 'us-east-1';
}

interface Listed {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

async function list(bucket: Bucket, prefix: string): Promise<readonly Listed[]> {
  const out: Listed[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const query = { 'list-type': '2', ...(prefix && { prefix }), ...(token && { 'continuation-token': token }) };
    const xml = (await ok(bucket, '', query, listLimit)).toString('utf8');
    for (const part of xml.split('<Contents>').slice(1)) {
      const key = element(part, 'Key') ?? '';
      // A key that ends in a slash stands for a folder.
      if (key.endsWith('/')) continue;
      if (key.split('/').some((name) => name === '' || name === '.' || name === '..') || key.includes('\\'))
        throw new FetchError(`the bucket has an object with an invalid name: ${JSON.stringify(key)}`);
      out.push({
        key,
        etag: (element(part, 'ETag') ?? '').replace(/^"|"$/g, ''),
        size: Number(element(part, 'Size') ?? 0),
      });
    }
    if (out.length > listedLimit)
      throw new FetchError(`the bucket lists more than ${listedLimit} objects`, 'bucketName');
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

async function ok(bucket: Bucket, key: string, query: Readonly<Record<string, string>>, limit: number) {
  const answer = await ask(bucket, key, query, limit);
  if (answer.status === 200) return answer.body;
  const code = element(answer.body.toString('utf8'), 'Code');
  if (code === 'NoSuchBucket') throw new FetchError('there is no bucket of that name', 'bucketName');
  throw statusFault(answer);
}

/** An object that need not be there. */
async function objectAt(bucket: Bucket, key: string): Promise<Buffer | undefined> {
  const answer = await ask(bucket, key, {}, ignoreLimit);
  // Without the right to list, a missing object is a forbidden one; the listing that follows tells the two apart.
  return answer.status === 200 ? answer.body : undefined;
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
  const { tls, proxy } = access;
  return get({ url: url.href, limit, signal, ...signed, ...(tls && { tls }), ...(proxy && { proxy }) });
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
