/** An OCI registry, read only: tags, manifests and blobs, with token authentication and every digest checked. */
import { createHash } from 'node:crypto';
import { basic, FetchError, get, getOk, type ProxyServer, shown, statusFault, type TlsOptions } from './http.ts';

export interface RegistryOptions {
  /** `oci://host/path`. */
  readonly url: string;
  readonly credentials?: Credentials | undefined;
  /** `any`: https, and plain http where nobody speaks TLS. */
  readonly scheme: 'https' | 'http' | 'any';
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: ProxyServer | undefined;
  readonly signal: AbortSignal;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface Manifest {
  readonly digest: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface Repository {
  /** `oci://host/path`, as it was given. */
  readonly url: string;
  tags(): Promise<readonly string[]>;
  /** By tag or `sha256:…`; of an index, the first manifest. */
  manifest(reference: string): Promise<Manifest>;
  blob(descriptor: Descriptor): Promise<Buffer>;
}

export const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const manifestLimit = 4 * 1024 * 1024;
const blobLimit = 256 * 1024 * 1024;
const maxPages = 100;
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

export function openRepository(options: RegistryOptions): Repository {
  const match = /^oci:\/\/([^/]+)\/(.+?)\/?$/.exec(options.url);
  if (match === null) throw new FetchError(`${shown(options.url)} is no oci:// URL with a host and a path`);
  const [, host, name] = match as unknown as [string, string, string];
  // Docker Hub's registry answers under another name, and its one-word repositories are in `library`.
  const registry = host === 'docker.io' || host === 'index.docker.io' ? 'registry-1.docker.io' : host;
  if (name.includes(':') || name.includes('@'))
    throw new FetchError(`${shown(options.url)} holds a tag or a digest; it goes to spec.ref`);
  let base: Promise<string> | undefined;
  let authorization: string | undefined;

  /** The repository's address, found out once. */
  function address(): Promise<string> {
    base ??= schemeOf(registry, options).then((scheme) => `${scheme}://${registry}/v2/${name}`);
    return base;
  }

  async function ask(url: string, limit: number, accept?: string) {
    const request = {
      url,
      limit,
      signal: options.signal,
      headers: accept === undefined ? {} : { accept },
      ...through(options),
    };
    const first = await get({ ...request, ...(authorization !== undefined && { authorization }) });
    if (first.status !== 401) return first;
    authorization = await authorize(String(first.headers['www-authenticate'] ?? ''), new URL(url), options);
    return get({ ...request, ...(authorization !== undefined && { authorization }) });
  }

  async function ok(url: string, limit: number, accept?: string) {
    const answer = await ask(url, limit, accept);
    if (answer.status === 200) return answer;
    throw statusFault({ url, status: answer.status });
  }

  async function manifest(reference: string, depth = 0): Promise<Manifest> {
    const { body, headers } = await ok(`${await address()}/manifests/${reference}`, manifestLimit, manifestTypes);
    const digest = digestOf(body);
    const promised = reference.startsWith('sha256:') ? reference : headers['docker-content-digest'];
    if (typeof promised === 'string' && promised.startsWith('sha256:') && promised !== digest) {
      throw differs(`${shown(options.url)}: the manifest's digest is ${digest}, not ${promised}`);
    }
    const json = readJson(body, options.url) as {
      manifests?: readonly Descriptor[];
      layers?: readonly Descriptor[];
      config?: Descriptor;
    };
    const [first] = json.manifests ?? [];
    if (first !== undefined && depth === 0) return manifest(first.digest, 1);
    return { digest, layers: json.layers ?? [], ...(json.config && { config: json.config }) };
  }

  return {
    url: options.url,
    async tags() {
      const tags: string[] = [];
      let url: string | undefined = `${await address()}/tags/list?n=1000`;
      for (let page = 0; url !== undefined && page < maxPages; page++) {
        const { body, headers } = await ok(url, manifestLimit);
        tags.push(...((readJson(body, options.url) as { tags?: string[] | null }).tags ?? []));
        const next = /<([^>]+)>;\s*rel="?next"?/.exec(String(headers.link ?? ''))?.[1];
        url = next === undefined ? undefined : new URL(next, url).href;
      }
      return tags;
    },
    manifest: (reference) => manifest(reference),
    async blob(descriptor) {
      const limit = Math.min(blobLimit, descriptor.size + 1);
      const { body } = await ok(`${await address()}/blobs/${descriptor.digest}`, limit);
      if (digestOf(body) !== descriptor.digest) {
        throw differs(`${shown(options.url)}: a layer's digest is ${digestOf(body)}, not ${descriptor.digest}`);
      }
      return body;
    },
  };
}

async function schemeOf(registry: string, options: RegistryOptions): Promise<string> {
  if (options.scheme !== 'any') return options.scheme;
  try {
    await get({ url: `https://${registry}/v2/`, limit: manifestLimit, signal: options.signal, ...through(options) });
    return 'https';
  } catch (cause) {
    if (cause instanceof FetchError) return 'http';
    throw cause;
  }
}

/** Registries on this machine or in a private network are asked without TLS when they do not speak it, as Flux asks them. */
export function isPrivateRegistry(url: string): boolean {
  const host = /^oci:\/\/([^/]+)/.exec(url)?.[1] ?? '';
  const privateNetwork = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+(:\d+)?$/;
  const loopback = /^(localhost:\d+|.*\.local(host)?(:\d+)?|127\.\d+\.\d+\.\d+(:\d+)?|\[?::1\]?(:\d+)?)$/;
  return privateNetwork.test(host) || loopback.test(host);
}

function through({ tls, proxy }: RegistryOptions) {
  return { ...(tls && { tls }), ...(proxy && { proxy }) };
}

function readJson(body: Buffer, url: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new FetchError(`${shown(url)} answered something that is no JSON`);
  }
}

function differs(what: string): FetchError {
  return new FetchError(`${what}; it was changed on its way or in the registry, and is not used`);
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

/** Answers a challenge: basic credentials as they are, or a token from the realm that the registry names. */
async function authorize(challenge: string, from: URL, options: RegistryOptions): Promise<string | undefined> {
  const { credentials } = options;
  const header = credentials && basic(credentials.username, credentials.password);
  if (!/^bearer /i.test(challenge)) return header;
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = field('realm');
  if (realm === undefined || !URL.canParse(realm)) return header;
  const url = new URL(realm);
  if (url.protocol !== 'https:' && from.protocol === 'https:')
    throw new FetchError(`${shown(realm)} would get credentials in the clear`);
  for (const name of ['service', 'scope']) {
    const value = field(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const request = { url: url.href, limit: manifestLimit, signal: options.signal, ...through(options) };
  const { body } = await getOk({ ...request, ...(header !== undefined && { authorization: header }) });
  const token = readJson(body, realm) as { token?: string; access_token?: string };
  return `Bearer ${token.token ?? token.access_token ?? ''}`;
}
