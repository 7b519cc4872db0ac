/**
 * A proxy in front of the real API server that a test tells to fail: to drop a connection before or after the server
 * has acted, to answer in its place, to die. What it passes on is the real thing, so its effects are real.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as requestUpstream } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Layout } from '../../scripts/cluster/layout.ts';

/**
 * pass · drop: the connection breaks before the server hears of it · lose: the server acts and its answer is lost ·
 * half: the answer breaks off in its middle · die: this and every later connection is refused · an answer made up · or a
 * stream that is passed on line by line, asked for with other parameters where `query` has some.
 */
export type Fault =
  | 'pass'
  | 'drop'
  | 'lose'
  | 'half'
  | 'die'
  | { readonly status: number; readonly message: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly query?: Readonly<Record<string, string>>; readonly line?: (line: string, n: number) => Line };

/**
 * pass · end: the stream ends after it · reset: the connection breaks after it · cut: it breaks in its middle · garble: only
 * its first half comes, as a line · silence: neither it nor anything after it comes, and the connection stays open.
 */
export type Line = 'pass' | 'end' | 'reset' | 'cut' | 'garble' | 'silence';

export interface Seen {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Counts the requests that can change something (no GET, no dry run), from 1; 0 for the others. */
  readonly write: number;
}

export interface Proxy {
  /** A kubeconfig of the administrator that leads through the proxy. */
  readonly kubeconfig: string;
  /** Every request so far, in order, with what became of it. */
  readonly seen: readonly (Seen & { readonly fault: Fault })[];
  /** What to do from now on; a proxy that died comes back to life. */
  set(decide: (seen: Seen) => Fault): Promise<void>;
}

export async function proxy(layout: Layout, decide: (seen: Seen) => Fault = () => 'pass'): Promise<Proxy> {
  const ca = readFileSync(layout.file('ca.crt'));
  const tls = { cert: readFileSync(layout.file('server.crt')), key: readFileSync(layout.file('server.key')) };
  const seen: (Seen & { readonly fault: Fault })[] = [];
  const sockets = new Set<Socket>();
  let writes = 0;

  const server = createServer(tls, (request, response) => {
    const url = new URL(request.url!, 'https://x');
    const asks = isDryRun(request, url) || url.pathname.endsWith('accessreviews');
    const changes = request.method !== 'GET' && !asks;
    const one = { method: request.method!, path: url.pathname, query: url.searchParams, write: changes ? ++writes : 0 };
    const fault = decide(one);
    seen.push({ ...one, fault });
    if (fault === 'drop') return void request.socket.destroy();
    if (fault === 'die') return die();
    if (typeof fault === 'object' && 'status' in fault) return answer(request, response, fault);
    return forward(request, response, fault);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);

  function die(): void {
    server.close();
    for (const socket of sockets) socket.destroy();
  }

  function forward(request: IncomingMessage, response: ServerResponse, fault: Passed): void {
    const upstream = requestUpstream(
      {
        host: '127.0.0.1',
        port: layout.ports.api,
        ca,
        method: request.method,
        path: pathOf(request, fault),
        headers: request.headers,
      },
      (answered) => {
        if (fault === 'lose') {
          answered.resume();
          answered.once('end', () => request.socket.destroy());
          return;
        }
        response.writeHead(answered.statusCode!, answered.headers);
        response.flushHeaders();
        if (typeof fault === 'object') return streamed(answered, response, fault.line ?? (() => 'pass'));
        if (fault === 'pass') return void answered.pipe(response);
        answered.once('data', (chunk: Buffer) => {
          response.write(chunk.subarray(0, chunk.length / 2), () => request.socket.destroy());
        });
      },
    );
    upstream.on('error', () => request.socket.destroy());
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  let port = 0;
  const listen = () => new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  await listen();
  port = (server.address() as AddressInfo).port;
  onTestFinished(die);
  return {
    kubeconfig: kubeconfigThrough(layout, port),
    seen,
    async set(next) {
      decide = next;
      if (!server.listening) await listen();
    },
  };
}

type Passed = Exclude<Fault, 'drop' | 'die' | { readonly status: number }>;

function pathOf(request: IncomingMessage, fault: Passed): string {
  const url = new URL(request.url!, 'https://x');
  const query = typeof fault === 'object' ? Object.entries(fault.query ?? {}) : [];
  for (const [key, value] of query) url.searchParams.set(key, value);
  return `${url.pathname}${url.search}`;
}

/** Passes on whole lines, counted from 1. */
function streamed(from: IncomingMessage, to: ServerResponse, decide: (line: string, n: number) => Line): void {
  let [rest, lines, silent] = ['', 0, false];
  const socket = to.socket!;
  from.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    for (const line of parts) {
      if (silent) return;
      const what = decide(line, ++lines);
      const half = line.slice(0, line.length / 2);
      if (what === 'pass') to.write(`${line}\n`);
      else if (what === 'garble') to.write(`${half}\n`);
      else {
        silent = true;
        if (what === 'end') to.end(`${line}\n`);
        if (what === 'reset') to.write(`${line}\n`, () => socket.destroy());
        if (what === 'cut') to.write(half, () => socket.destroy());
      }
    }
  });
  from.on('end', () => {
    if (!silent) to.end(rest);
  });
}

function isDryRun(request: IncomingMessage, url: URL): boolean {
  // Reviews are questions that are asked by POST.
  return (
    url.searchParams.has('dryRun') ||
    url.pathname.includes('/apis/authorization.k8s.io/') ||
    request.method === 'OPTIONS'
  );
}

type MadeUp = Extract<Fault, { readonly status: number }>;

function answer(request: IncomingMessage, response: ServerResponse, fault: MadeUp): void {
  request.resume();
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: fault.message, code: fault.status }),
  );
}

function kubeconfigThrough(layout: Layout, port: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-proxy-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'kubeconfig');
  const text = readFileSync(layout.kubeconfig, 'utf8').replace(/server: .*/, `server: https://127.0.0.1:${port}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
