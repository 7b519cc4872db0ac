/** Where a stack keeps its state and on which loopback ports it listens. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { authority, clientCertificate, serverCertificate } from './certs.ts';

export const contextName = 'sluice-loopback';

const portNames = ['etcd', 'peer', 'api', 'git', 'artifacts', 'sourceHealth', 'kustomizeHealth', 'helmHealth'] as const;

type Ports = Readonly<Record<(typeof portNames)[number], number>>;

export interface Layout {
  readonly dir: string;
  readonly bin: string;
  readonly ports: Ports;
  /** The administrator's kubeconfig: one context, `sluice-loopback`. */
  readonly kubeconfig: string;
  /** Another one for the user `visitor`, who may do nothing until a test grants it something. */
  readonly visitorKubeconfig: string;
  /** The directory of bare repositories, served at `http://127.0.0.1:<git>/NAME.git`. */
  readonly git: string;
  file(name: string): string;
}

/** `SLUICE_CLUSTER_DIR`, or `.cache/cluster` in the checkout: another directory is another stack, with other ports. */
export function stackDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.SLUICE_CLUSTER_DIR || fileURLToPath(new URL('../../.cache/cluster', import.meta.url)));
}

function toolsDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env.SLUICE_TOOLS || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice', 'bin');
}

/** The layout of a directory that was laid out before; undefined when there is none. */
export function readLayout(dir: string): Layout | undefined {
  const file = join(dir, 'ports.json');
  return existsSync(file) ? layoutOf(dir, complete(JSON.parse(readFileSync(file, 'utf8')) as Ports)) : undefined;
}

/** A directory that was laid out when there were fewer components keeps its ports: the next neighbours are added. */
function complete(ports: Ports): Ports {
  return Object.fromEntries(portNames.map((name, n) => [name, ports[name] ?? ports.etcd + n])) as Ports;
}

/** Lays out a directory: ports, certificates, tokens and kubeconfigs. What is there already is kept. */
export async function layOut(dir: string): Promise<Layout> {
  const known = readLayout(dir);
  if (known !== undefined) return known;
  const layout = layoutOf(dir, await freePorts(dir));
  for (const name of ['', 'etcd', 'artifacts', 'home', 'tmp', 'logs', 'pids', 'git', 'apiserver']) {
    mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
  }
  writeIdentities(layout);
  writeFileSync(layout.file('ports.json'), `${JSON.stringify(layout.ports, null, 2)}\n`);
  return layout;
}

function layoutOf(dir: string, ports: Ports): Layout {
  const file = (name: string): string => join(dir, name);
  return {
    dir,
    bin: toolsDirectory(),
    ports,
    kubeconfig: file('kubeconfig'),
    visitorKubeconfig: file('visitor.kubeconfig'),
    git: file('git'),
    file,
  };
}

function writeIdentities(layout: Layout): void {
  const write = (name: string, content: string): void => writeFileSync(layout.file(name), content, { mode: 0o600 });
  const ca = authority('sluice-loopback-ca');
  const server = serverCertificate(ca, ['localhost', '127.0.0.1', 'kubernetes.default.svc']);
  const client = clientCertificate(ca, 'certified', ['sluice:certified']);
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tokens = { admin: randomBytes(24).toString('hex'), visitor: randomBytes(24).toString('hex') };
  write('ca.crt', ca.certificate);
  write('server.crt', server.certificate);
  write('server.key', server.key);
  write('client.crt', client.certificate);
  write('client.key', client.key);
  write('accounts.key', accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  write('tokens.csv', `${tokens.admin},admin,admin,"system:masters"\n${tokens.visitor},visitor,visitor\n`);
  write('kubeconfig', kubeconfig(layout, ca.certificate, 'admin', tokens.admin));
  write('visitor.kubeconfig', kubeconfig(layout, ca.certificate, 'visitor', tokens.visitor));
}

function kubeconfig(layout: Layout, ca: string, user: string, token: string): string {
  return `apiVersion: v1
kind: Config
current-context: ${contextName}
clusters:
  - name: loopback
    cluster:
      server: https://127.0.0.1:${layout.ports.api}
      certificate-authority-data: ${Buffer.from(ca).toString('base64')}
users:
  - name: ${user}
    user:
      token: ${token}
contexts:
  - name: ${contextName}
    context:
      cluster: loopback
      user: ${user}
`;
}

/** Free neighbours below the range that the system gives to clients, beginning at a place that the directory names. */
async function freePorts(dir: string): Promise<Ports> {
  const start = createHash('sha256').update(dir).digest().readUInt16BE(0) % 900;
  for (let i = 0; i < 900; i++) {
    const base = 20_000 + ((start + i) % 900) * 10;
    const ports = portNames.map((_, offset) => base + offset);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return Object.fromEntries(portNames.map((name, n) => [name, ports[n]!])) as Ports;
  }
  throw new Error('there are no eight free loopback ports in a row');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
