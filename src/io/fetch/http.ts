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
}

export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly skipVerify?: boolean;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

/** What went wrong, in one sentence that names the URL and never a credential. */
export class FetchError extends Error {}

const maxRedirects = 5;
const timeoutMs = 30_000;

export async function get(request: FetchRequest): Promise<FetchAnswer> {
  const { request: send, Agent, EnvHttpProxyAgent } = await import('undici');
  let url = parseUrl(request.url);
  const first = url.host;
  const connect = request.tls && { ca: request.tls.ca, cert: request.tls.cert, key: request.tls.key };
  const verify = request.tls?.skipVerify === true ? { rejectUnauthorized: false } : {};
  const options = { connectTimeout: timeoutMs, ...(connect && { connect: { ...connect, ...verify } }) };
  const dispatcher: Dispatcher = connect === undefined ? new EnvHttpProxyAgent(options) : new Agent(options as never);
  try {
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const authorization =
        url.host === first && request.authorization !== undefined ? { authorization: request.authorization } : {};
      const answer = await send(url, {
        dispatcher,
        signal: request.signal,
        headers: { 'user-agent': 'sluice', ...request.headers, ...authorization },
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const { location } = answer.headers;
      if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === 'string') {
        await answer.body.dump();
        url = new URL(location, url);
        continue;
      }
      const body = await readBody(answer.body, request.limit, url);
      return { status: answer.statusCode, headers: answer.headers, body, url: url.href };
    }
    throw new FetchError(`${shown(request.url)} redirects more than ${maxRedirects} times`);
  } catch (cause) {
    if (cause instanceof FetchError) throw cause;
    if (request.signal.aborted) throw new FetchError('canceled');
    throw new FetchError(`${shown(url.href)} cannot be reached: ${reasonOf(cause)}`);
  } finally {
    dispatcher.destroy().catch(() => {});
  }
}

/** `get` that takes nothing but 200. */
export async function getOk(request: FetchRequest): Promise<FetchAnswer> {
  const answer = await get(request);
  if (answer.status === 200) return answer;
  const why = answer.status === 401 || answer.status === 403 ? ': the credentials are missing or refused' : '';
  throw new FetchError(`${shown(answer.url)} answered ${answer.status}${why}`);
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
