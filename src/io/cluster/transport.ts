/**
 * HTTP to one API server: pooled connections, credentials, proxies, size limits, waiting when told to wait, and one
 * question answered exactly: whether a request that failed had been sent. undici loads with the first request.
 */
import { X509Certificate } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { ClusterAnswer, ClusterFailure, Json, Log } from '../../engine/index.ts';
import type { ClusterEntry, UserEntry } from '../kubeconfig.ts';
import type { Credentials, Identity } from './credentials.ts';
import { failure, failureOf, type Target } from './failure.ts';
import { readJson } from './json.ts';
import { proxyFor } from './proxy.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query, beginning with a slash. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Whether it can change something: a write that is no dry run. */
  readonly writes?: boolean;
  /** Texts that no message may repeat. */
  readonly secrets?: readonly string[];
  /** The user to impersonate, in place of the one of the kubeconfig. */
  readonly as?: string;
}

export interface Reply {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: Json;
}

export interface Transport {
  /** Sends, waits and reads the whole answer; an error status is a failure. */
  send(request: Request): Promise<ClusterAnswer<Reply>>;
  /** Sends and gives the open body; the caller reads or destroys it. */
  stream(request: Request): Promise<ClusterAnswer<Readable>>;
  /** A failure in the words of this connection. */
  fail(reason: ClusterFailure['reason'], message: string): ClusterFailure;
}

/** The same connection for another user: its sockets and credentials are shared. */
export function transportAs(transport: Transport, user: string): Transport {
  return {
    send: (request) => transport.send({ ...request, as: user }),
    stream: (request) => transport.stream({ ...request, as: user }),
    fail: transport.fail,
  };
}

export interface Limits {
  /** Longest wait for a connection, for the first byte of an answer, and between two of its bytes. */
  readonly connectMs: number;
  readonly answerMs: number;
  /** Largest answer; a larger one is a failure and is not read further. */
  readonly maxBytes: number;
  /** How often a request is sent again when the server says when to come back, and the longest such wait. */
  readonly retries: number;
  readonly maxRetryMs: number;
}

export interface TransportOptions {
  readonly context: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  readonly credentials: Credentials;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limits: Limits;
  readonly log?: Log;
}

interface Sent {
  readonly answer: Dispatcher.ResponseData;
  readonly identity: Identity;
}

export function createTransport(options: TransportOptions): Transport {
  const { cluster, context, limits } = options;
  let pools: { readonly certificate: string; readonly made: Promise<Pools> } | undefined;

  async function dispatcherFor(identity: Identity, kind: 'calls' | 'streams'): Promise<Dispatcher> {
    // A connection is for one client certificate; tokens may change on it.
    const certificate = identity.certificate ?? '';
    if (pools?.certificate !== certificate) {
      const made = createPools(options, identity);
      pools = { certificate, made };
      made.catch(() => {
        if (pools?.made === made) pools = undefined;
      });
    }
    return (await pools.made)[kind];
  }

  /** One exchange: an answer of any status, or why there was none. */
  async function exchange(
    request: Request,
    identity: Identity,
    kind: 'calls' | 'streams',
  ): Promise<ClusterAnswer<Sent>> {
    let sent = false;
    async function* body(bytes: Buffer): AsyncGenerator<Buffer> {
      // Pulled by undici when the request goes onto a connected socket, and not before.
      sent = true;
      yield bytes;
    }
    const bytes = request.body === undefined ? undefined : Buffer.from(request.body, 'utf8');
    try {
      const dispatcher = await dispatcherFor(identity, kind);
      request.signal?.throwIfAborted();
      const url = new URL(cluster.server);
      const answer = await dispatcher.request({
        origin: url.origin,
        path: url.pathname.replace(/\/$/, '') + request.path,
        method: request.method,
        headers: headersOf(request, identity, options.user, bytes?.length, kind),
        body: bytes === undefined ? null : (body(bytes) as unknown as Readable),
        signal: request.signal ?? null,
        ...(kind === 'streams' ? { bodyTimeout: 0 } : {}),
      });
      return { ok: true, value: { answer, identity } };
    } catch (cause) {
      return { ok: false, failure: broken(cause, request, sent, identity) };
    }
  }

  function targetOf(request: Request): Target {
    return { context, server: cluster.server, writes: request.writes ?? false, secrets: request.secrets ?? [] };
  }

  function broken(cause: unknown, request: Request, sent: boolean, identity?: Identity): ClusterFailure {
    const target = targetOf(request);
    const canceled = request.signal?.aborted === true;
    const why = canceled ? 'canceled' : reasonOf(cause as NodeJS.ErrnoException, cluster, identity);
    if (target.writes && sent) {
      return failure('unknown-outcome', `the request was sent and its answer was lost (${why})`, target);
    }
    return failure(canceled ? 'canceled' : 'unreachable', why, target);
  }

  /** Exchanges with credentials: after a 401 once more with renewed ones; 429 and friends wait as they are told. */
  async function insist(request: Request, kind: 'calls' | 'streams'): Promise<ClusterAnswer<Sent>> {
    // Everything that a plan asks at once hangs on one signal; that many listeners are no leak.
    if (request.signal !== undefined) setMaxListeners(0, request.signal);
    let identity: Identity;
    try {
      identity = await options.credentials.current();
    } catch (cause) {
      return { ok: false, failure: failure('unauthorized', (cause as Error).message, targetOf(request)) };
    }
    let renewed = false;
    let resets = 0;
    for (let attempt = 0; ; attempt++) {
      const result = await exchange(request, identity, kind);
      if (!result.ok) {
        // A kept connection that the server had closed, a proxy that stumbled: asking again harms nobody. Watches have
        // a patience of their own.
        const harmless = request.writes !== true && kind === 'calls' && isReset(result.failure);
        if (resets >= 2 || !harmless) return result;
        await sleep(50 * resets++);
        continue;
      }
      const { statusCode, headers, body } = result.value.answer;
      if (statusCode === 401 && !renewed) {
        renewed = true;
        let next = identity;
        try {
          next = await options.credentials.renewed(identity);
        } catch (cause) {
          body.destroy();
          return { ok: false, failure: failure('unauthorized', (cause as Error).message, targetOf(request)) };
        }
        if (next === identity) return result;
        identity = next;
      } else {
        const wait = retryAfter(statusCode, headers['retry-after'], limits);
        if (wait === undefined || attempt >= limits.retries) return result;
        try {
          await sleep(wait, undefined, { signal: request.signal, ref: true });
        } catch {
          body.destroy();
          return { ok: false, failure: failure('canceled', 'canceled', targetOf(request)) };
        }
      }
      await body.dump().catch(() => undefined);
    }
  }

  async function readAnswer(sent: Sent, request: Request): Promise<ClusterAnswer<Reply>> {
    const { statusCode, headers } = sent.answer;
    let text: string;
    try {
      text = await readText(sent.answer, limits.maxBytes);
    } catch (cause) {
      if (cause instanceof TooLarge) {
        const limit = `${Math.round(limits.maxBytes / 2 ** 20)} MiB`;
        return { ok: false, failure: failure('server-error', `the answer is larger than ${limit}`, targetOf(request)) };
      }
      return { ok: false, failure: broken(cause, request, true, sent.identity) };
    }
    warn(options.log, headers.warning, context);
    let json: Json | string;
    try {
      json = readJson(text);
    } catch {
      if (statusCode >= 400) return { ok: false, failure: failureOf(statusCode, text, targetOf(request)) };
      // A write that a proxy answered in words, or half an answer: carried out or not, nobody knows.
      const reason = request.writes === true ? 'unknown-outcome' : 'server-error';
      return { ok: false, failure: failure(reason, 'the answer is no JSON', targetOf(request)) };
    }
    if (statusCode < 400) return { ok: true, value: { headers, json } };
    const failed = failureOf(statusCode, json, targetOf(request));
    const expired = statusCode === 401 ? expiry(sent.identity) : undefined;
    return {
      ok: false,
      failure: expired === undefined ? failed : { ...failed, message: `${failed.message}; ${expired}` },
    };
  }

  return {
    async send(request) {
      const sent = await insist(request, 'calls');
      return sent.ok ? readAnswer(sent.value, request) : sent;
    },
    async stream(request) {
      const sent = await insist(request, 'streams');
      if (!sent.ok) return sent;
      if (sent.value.answer.statusCode < 400) return { ok: true, value: sent.value.answer.body };
      return (await readAnswer(sent.value, request)) as ClusterAnswer<never>;
    },
    fail: (reason, message) => failure(reason, message, targetOf({ method: 'GET', path: '' })),
  };
}

interface Pools {
  readonly calls: Dispatcher;
  readonly streams: Dispatcher;
}

async function createPools(options: TransportOptions, identity: Identity): Promise<Pools> {
  const { Agent, ProxyAgent, Socks5ProxyAgent } = await import('undici');
  const { cluster, limits } = options;
  const ca = cluster.certificateAuthorityData ?? (await readAuthority(cluster.certificateAuthority));
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(identity.certificate === undefined ? {} : { cert: identity.certificate, key: identity.key! }),
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
    rejectUnauthorized: !cluster.insecureSkipTlsVerify,
    timeout: limits.connectMs,
  };
  const common = { headersTimeout: limits.answerMs, bodyTimeout: limits.answerMs, keepAliveTimeout: 20_000 };
  const proxy = proxyFor(new URL(cluster.server), cluster.proxyUrl, options.env);
  const make = (connections: number | null): Dispatcher => {
    const pool = connections === null ? common : { ...common, connections };
    if (proxy === undefined) return new Agent({ ...pool, connect: tls });
    if (/^socks5?h?:/.test(proxy)) {
      return new Socks5ProxyAgent(proxy.replace(/^socks5?h?:/, 'socks5:'), { ...pool, requestTls: tls } as never);
    }
    return new ProxyAgent({ ...pool, uri: proxy, requestTls: tls, proxyTunnel: true });
  };
  // Watches hold a connection each: in one pool with the calls they would starve them.
  return { calls: make(16), streams: make(null) };
}

async function readAuthority(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`the certificate authority ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

function headersOf(
  request: Request,
  identity: Identity,
  user: UserEntry,
  length: number | undefined,
  kind: 'calls' | 'streams',
): string[] {
  const headers = ['accept', request.accept ?? 'application/json', 'user-agent', 'sluice'];
  if (kind === 'calls') headers.push('accept-encoding', 'gzip');
  if (identity.authorization !== undefined) headers.push('authorization', identity.authorization);
  if (length !== undefined) {
    headers.push('content-type', request.contentType ?? 'application/json', 'content-length', String(length));
  }
  if (request.as !== undefined) return [...headers, 'impersonate-user', request.as];
  const as = user.impersonate;
  if (as?.user !== undefined) headers.push('impersonate-user', as.user);
  if (as?.uid !== undefined) headers.push('impersonate-uid', as.uid);
  for (const group of as?.groups ?? []) headers.push('impersonate-group', group);
  for (const [key, values] of Object.entries(as?.extra ?? {})) {
    for (const value of values) headers.push(`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`, value);
  }
  return headers;
}

class TooLarge extends Error {}

async function readText(answer: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const zipped = answer.headers['content-encoding'] === 'gzip';
  const body: Readable = answer.body;
  const plain = zipped ? body.pipe(createGunzip()) : body;
  // pipe() forwards no errors: a connection that breaks must end the reading.
  if (zipped) body.once('error', (error) => plain.destroy(error));
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of plain) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      body.destroy();
      throw new TooLarge();
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** How long to wait before sending again, in milliseconds; undefined when the answer stands. */
function retryAfter(status: number, header: string | string[] | undefined, limits: Limits): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const seconds = Number(header);
  if (header === undefined || !Number.isFinite(seconds)) return undefined;
  return Math.min(Math.max(seconds * 1000, 0), limits.maxRetryMs);
}

function isReset(failed: ClusterFailure): boolean {
  return failed.reason === 'unreachable' && /ECONNRESET|EPIPE|closed the connection/.test(failed.message);
}

function warn(log: Log | undefined, header: string | string[] | undefined, context: string): void {
  for (const one of header === undefined ? [] : [header].flat()) {
    const text = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(one)?.[1];
    if (text !== undefined) log?.warn(`${context}: ${text.replaceAll('\\"', '"')}`);
  }
}

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ENOTFOUND: 'the host name is unknown (ENOTFOUND)',
  EAI_AGAIN: 'the host name could not be looked up (EAI_AGAIN)',
  EHOSTUNREACH: 'there is no way to the host (EHOSTUNREACH)',
  ENETUNREACH: 'there is no way to the network (ENETUNREACH)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  EPIPE: 'the connection was closed (EPIPE)',
  UND_ERR_SOCKET: 'the server closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half way',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by the certificate authority of the kubeconfig',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by the certificate authority of the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by the certificate authority of the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by the certificate authority of the kubeconfig',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the certificate authority of the kubeconfig',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is a clock wrong?',
};

function reasonOf(cause: NodeJS.ErrnoException, cluster: ClusterEntry, identity: Identity | undefined): string {
  const expired = expiry(identity);
  if (expired !== undefined) return expired;
  const code = cause.code ?? (cause.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const name = cluster.tlsServerName ?? new URL(cluster.server).hostname;
    return `its certificate is not for ${name}: set tls-server-name if it goes by another name`;
  }
  const meaning = meanings[code];
  if (meaning !== undefined) return meaning;
  return code.startsWith('ERR_') || code === '' ? cause.message : `${cause.message} (${code})`;
}

/** What is to say when our own client certificate has run out. */
function expiry(identity: Identity | undefined): string | undefined {
  if (identity?.certificate === undefined) return undefined;
  try {
    const { validTo } = new X509Certificate(identity.certificate);
    return Date.parse(validTo) < Date.now() ? `your client certificate expired on ${validTo}` : undefined;
  } catch {
    return 'your client certificate cannot be read';
  }
}
