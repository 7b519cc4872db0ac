/**
 * A pretended API server on loopback, with TLS: a test says in one function how it answers, and may break off, dawdle
 * or lie as real ones do. It knows discovery for a few kinds by itself and remembers every request.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type Authority, authority, type Certificate, serverCertificate } from '../../../scripts/cluster/certs.ts';
import type { Cluster, ClusterAnswer, ObjectRef } from '../../../src/engine/index.ts';
import { type ConnectOptions, connect } from '../../../src/io/cluster/connect.ts';
import { loadKubeconfig } from '../../../src/io/kubeconfig.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: Duplex;
}

/** Answers a request, or leaves it to the built-in discovery by returning false. */
export type Handler = (asked: Asked, response: ServerResponse) => unknown;

export interface Pretended {
  readonly url: string;
  readonly ca: Authority;
  /** Requests other than discovery, in order. */
  readonly asked: readonly Asked[];
  readonly discoveries: () => number;
}

export interface ServerSetUp {
  readonly certificate?: (ca: Authority) => Certificate;
  readonly tls?: ServerOptions;
}

export const ca = authority('test-ca');
const usual = serverCertificate(ca, ['localhost', '127.0.0.1']);

export async function pretend(handler: Handler, setUp: ServerSetUp = {}): Promise<Pretended> {
  const asked: Asked[] = [];
  let discoveries = 0;
  const sockets = new Set<Duplex>();
  const { certificate: cert, key } = setUp.certificate?.(ca) ?? usual;
  const server = createServer({ cert, key, ...setUp.tls }, async (request, response) => {
    const url = new URL(request.url!, 'https://x');
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const one: Asked = {
      method: request.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      socket: request.socket,
    };
    if (url.pathname === '/api' || url.pathname === '/apis') discoveries++;
    else asked.push(one);
    const answered = await handler(one, response);
    if (answered === false && !discover(url.pathname, response)) json(response, 404, status(404, 'not there', {}));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, ca, asked, discoveries: () => discoveries };
}

export interface UserFields {
  readonly user?: string;
  readonly cluster?: string;
}

/** A kubeconfig file for a server; `fields` are YAML lines of the user and the cluster entry. */
export function kubeconfigFor(url: string, fields: UserFields = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'config');
  const indent = (text: string): string => text.trim().replaceAll(/^/gm, '      ');
  const cluster = `server: ${url}\ncertificate-authority-data: ${Buffer.from(ca.certificate).toString('base64')}`;
  writeFileSync(
    file,
    `clusters:
  - name: c
    cluster:
${indent(fields.cluster ?? cluster)}
users:
  - name: u
    user:
${indent(fields.user ?? 'token: secret-token')}
contexts:
  - name: test
    context: { cluster: c, user: u }
`,
  );
  return file;
}

const quick = {
  backoffMs: 5,
  maxBackoffMs: 20,
  forbiddenMs: 30,
  idleMs: 60_000,
  spacingMs: 1,
  discoveryMs: 0,
  random: () => 0.5,
};

export function clusterOf(file: string, options: Partial<ConnectOptions> = {}): Cluster {
  const kubeconfig = loadKubeconfig({ KUBECONFIG: file }, '/nowhere').value!;
  const answer = connect({
    kubeconfig,
    context: 'test',
    trusted: true,
    ...options,
    timing: { ...quick, ...options.timing },
  });
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value;
}

/** A pretended server and a connection to it. */
export async function cluster(
  handler: Handler,
  options: Partial<ConnectOptions> = {},
): Promise<{ readonly server: Pretended; readonly cluster: Cluster }> {
  const server = await pretend(handler);
  return { server, cluster: clusterOf(kubeconfigFor(server.url), options) };
}

export function json(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): true {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
  return true;
}

export function status(code: number, message: string, details: object, reason = ''): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code };
}

export function configMap(name: string, resourceVersion = '1', data: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'apps', uid: `uid-${name}`, resourceVersion },
    data,
  };
}

export const ref: ObjectRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'a' };
export const configMaps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

export function failureOf(answer: ClusterAnswer<unknown>) {
  if (answer.ok) throw new Error(`expected a failure, got ${JSON.stringify(answer.value)}`);
  return answer.failure;
}

export function value<T>(answer: ClusterAnswer<T>): T {
  if (!answer.ok) throw new Error(`${answer.failure.reason}: ${answer.failure.message}`);
  return answer.value;
}

const resource = (plural: string, kind: string, scope = 'Namespaced') => ({
  resource: plural,
  responseKind: { group: '', version: '', kind },
  scope,
});

const core = [
  resource('configmaps', 'ConfigMap'),
  resource('secrets', 'Secret'),
  resource('namespaces', 'Namespace', 'Cluster'),
];

function discover(path: string, response: ServerResponse): boolean {
  const list = (groups: object[]) => ({
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups,
  });
  if (path === '/api') {
    return json(response, 200, list([{ metadata: {}, versions: [{ version: 'v1', resources: core }] }]));
  }
  if (path === '/apis') {
    const apps = {
      metadata: { name: 'apps' },
      versions: [{ version: 'v1', resources: [resource('deployments', 'Deployment')] }],
    };
    return json(response, 200, list([apps]));
  }
  return false;
}
