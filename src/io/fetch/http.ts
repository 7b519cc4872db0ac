/**
 * Reads from servers that a fleet names: a size cap while reading, time limits, credentials that never follow a redirect
 * to another host, and plain http only where the source says `insecure`, the host is loopback or the URL itself is http.
 */
import type { Dispatcher } from 'undici';

export interface FetchRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to `url`'s own host alone. */
  readonly authorization?: string;
  /** Bytes; a longer answer is not read further. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly tls?: TlsOptions;
  /** The source's own proxy; absent: what the environment says. */
  readonly proxy?: ProxyServer;
  /** `GET` unless it is given. */
  readonly method?: 'GET' | 'POST';
}

export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface ProxyServer {
  /** `http://host:port`, without credentials in it. */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

/** What went wrong, in one sentence that names the URL and never a credential, and the field of the source that is at fault. */
export class FetchError extends Error {
  /** Below `spec`; empty: the URL. */
  readonly field: readonly string[];

  constructor(message: string, ...field: readonly string[]) {
    super(message);
    this.field = field;
  }
}

const maxRedirects = 5;
const timeoutMs = 30_000;

export async function get(request: FetchRequest): Promise<FetchAnswer> {
  const { request: send } = await import('undici');
  let url = parseUrl(request.url);
  const first = url.host;
  const dispatcher = await dispatcherOf(request, url);
  try {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const authorization =
        url.host === first && request.authorization !== undefined ? { authorization: request.authorization } : {};
      const answer = await send(url, {
        dispatcher,
        method: request.method ?? 'GET',
        signal: request.signal,
        headers: { 'user-agent': 'sluice', ...request.headers, ...authorization },
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const { location } = answer.headers;
      if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === 'string') {
        await answer.body.dump();
        url = redirected(location, url);
        continue;
      }
      const body = await readBody(answer.body, request.limit, url);
      return { status: answer.statusCode, headers: answer.headers, body, url: url.href };
    }
    throw new FetchError(`${shown(request.url)} redirects more than ${maxRedirects} times`);
  } catch (cause) {
    if (cause instanceof FetchError) throw cause;
    if (request.signal.aborted) throw new FetchError('canceled');
    const reason = reasonOf(cause);
    throw new FetchError(`${shown(url.href)} cannot be reached: ${reason}; ${remedyFor(reason, request)}`);
  } finally {
    dispatcher.destroy().catch(() => {});
  }
}

/** A connection of its own for each request, so that no certificate or proxy of one source is used for another. */
async function dispatcherOf({ tls, proxy }: FetchRequest, url: URL): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent, ProxyAgent } = await import('undici');
  const certificates = tls && { ca: tls.ca, cert: tls.cert, key: tls.key };
  if (proxy === undefined) {
    const options = { connectTimeout: timeoutMs, ...(tls && { connect: certificates }) };
    return tls === undefined ? new EnvHttpProxyAgent(options) : new Agent(options as never);
  }
  const { address, username, password } = proxy;
  return new ProxyAgent({
    uri: address,
    // As Go does: plain requests are forwarded, only TLS goes through a tunnel.
    proxyTunnel: url.protocol === 'https:',
    ...(username !== undefined && { token: basic(username, password ?? '') }),
    ...(certificates && { requestTls: certificates as never }),
  });
}

/** Where a redirect leads; from https never into the clear. */
function redirected(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new FetchError(`${shown(from.href)} redirects to what is no URL`);
  const url = parseUrl(new URL(location, from).href);
  if (from.protocol === 'https:' && url.protocol === 'http:')
    throw new FetchError(`${shown(from.href)} redirects from https to ${shown(url.href)}, which is not followed`);
  return url;
}

function remedyFor(reason: string, { proxy }: FetchRequest): string {
  if (/CERT|certificate|SELF_SIGNED|ALTNAME|VERIFY/i.test(reason))
    return 'name a Secret with the ca.crt of its issuer in spec.certSecretRef';
  if (/SSL|TLS|wrong version/i.test(reason)) return 'a server without TLS needs spec.insecure: true';
  return proxy === undefined
    ? 'check the address and the network'
    : 'check spec.proxySecretRef, the address and the network';
}

/** `get` that takes nothing but 200. */
export async function getOk(request: FetchRequest): Promise<FetchAnswer> {
  const answer = await get(request);
  if (answer.status === 200) return answer;
  throw statusFault(answer);
}

/** One sentence for an answer that is no success. */
export function statusFault({ url, status }: Pick<FetchAnswer, 'url' | 'status'>): FetchError {
  const isRefused = status === 401 || status === 403;
  const why = isRefused ? ': the credentials are missing or refused; check the Secret that spec.secretRef names' : '';
  return new FetchError(`${shown(url)} answered ${status}${why}`, ...(isRefused ? ['secretRef'] : []));
}

async function readBody(body: AsyncIterable<Buffer>, limit: number, url: URL): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > limit) throw new FetchError(`${shown(url.href)} is larger than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new FetchError(`${shown(text)} is no URL`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new FetchError(`${url.protocol} is not supported in ${shown(text)}`);
  return url;
}

function reasonOf(cause: unknown): string {
  const inner = (cause as { cause?: unknown }).cause ?? cause;
  const { code, message } = inner as { code?: string; message?: string };
  return code ?? message ?? String(inner);
}

/** A URL without what may be a credential in it. */
export function shown(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, '');
}

/** Basic credentials as a header. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
