/**
 * Real servers that sources are read from, on loopback: sshd, an OCI registry, an S3 server, and the static files and
 * proxy that need no more than Node. Each is started for one file of tests and stopped by its process id.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { authority, serverCertificate } from '../../scripts/cluster/certs.ts';

export const login = { username: 'reader', password: 'canary-password' };
/** `login` as htpasswd wants it: bcrypt, which Node cannot make. */
const htpasswd = 'reader:$2a$04$mnCu6IKxahTJtX2hdVJ6oeHaKsD5ftM1y3r4PAtUVxmqwXtzuFtkO\n';

export interface Servers {
  readonly folder: string;
  /** PEM of the authority that signed every server's certificate. */
  readonly ca: string;
  readonly certificates: { readonly cert: string; readonly key: string };
  /** Runs a program until the tests end; it is ready when its port answers. */
  run(program: string, args: readonly string[], port: number, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Keeps a listening server until the tests end and answers its port. */
  listen(server: Server): Promise<number>;
  stop(): Promise<void>;
}

export function startServers(folder: string): Servers {
  const ca = authority('sluice-sources-ca');
  const { certificate, key } = serverCertificate(ca, ['localhost', '127.0.0.1']);
  const certificates = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  writeFileSync(certificates.cert, certificate);
  writeFileSync(certificates.key, key, { mode: 0o600 });
  const children: ChildProcess[] = [];
  const servers: Server[] = [];
  return {
    folder,
    ca: ca.certificate,
    certificates,
    async run(program, args, port, env = {}) {
      const child = spawn(program, args, {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env.PATH, HOME: folder, ...env },
      });
      children.push(child);
      let said = '';
      child.stderr.on('data', (part: Buffer) => {
        if (said.length < 8192) said += part.toString();
      });
      child.on('error', (cause) => {
        said += cause.message;
      });
      for (let i = 0; !(await answers(port)); i++) {
        if (i === 200 || child.exitCode !== null) throw new Error(`${program} does not listen: ${said}`);
        await sleep(50);
      }
    },
    async listen(server) {
      servers.push(server);
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      return (server.address() as AddressInfo).port;
    },
    async stop() {
      for (const server of servers) server.close();
      for (const child of children) {
        if (child.exitCode !== null || child.pid === undefined) continue;
        const ended = new Promise((done) => child.once('exit', done));
        child.kill('SIGTERM');
        await Promise.race([ended, sleep(3000)]);
        if (child.exitCode === null) child.kill('SIGKILL');
      }
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

export interface Sshd {
  readonly host: string;
  readonly knownHosts: string;
  /** A private key that is let in; the second one has the passphrase `canary-passphrase`. */
  readonly identity: string;
  readonly lockedIdentity: string;
}

/** Debian's sshd as this user; one sentence where there is none. On a machine that only tests, it is installed. */
export function sshdProgram(): string | { readonly skip: string } {
  const path = '/usr/sbin/sshd';
  if (!existsSync(path) && process.env.CI !== undefined && process.getuid?.() === 0) {
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'openssh-server']])
      execFileSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return existsSync(path) ? path : { skip: 'there is no sshd: apt-get install openssh-server' };
}

export async function startSshd(servers: Servers, program: string): Promise<Sshd> {
  const folder = join(servers.folder, 'ssh');
  mkdirSync(folder, { recursive: true });
  // Where it locks itself in before it knows who asks; only root's sshd has one, and it is gone after a restart.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const keygen = (name: string, passphrase: string) => {
    const file = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'sluice', '-f', file]);
    return { file, secret: readFileSync(file, 'utf8'), open: readFileSync(`${file}.pub`, 'utf8') };
  };
  const host = keygen('host', '');
  const [plain, locked] = [keygen('plain', ''), keygen('locked', 'canary-passphrase')];
  writeFileSync(join(folder, 'authorized'), plain.open + locked.open, { mode: 0o600 });
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${host.file}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    `PidFile ${join(folder, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
  ];
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`);
  await servers.run(program, ['-D', '-e', '-f', join(folder, 'config')], port);
  return {
    host: `${userInfo().username}@127.0.0.1:${port}`,
    knownHosts: `[127.0.0.1]:${port} ${host.open}`,
    identity: plain.secret,
    lockedIdentity: locked.secret,
  };
}

export interface Registries {
  /** Plain http, nobody is asked who they are. */
  readonly plain: string;
  /** TLS by the servers' authority, and `login`. */
  readonly secure: string;
}

/** Two registries with one storage: what is pushed to the plain one is read from both. */
export async function startRegistries(servers: Servers, program: string): Promise<Registries> {
  const [plain, secure] = [await freePort(), await freePort()];
  const storage = `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${join(servers.folder, 'registry')}}}\n`;
  const users = join(servers.folder, 'htpasswd');
  writeFileSync(users, htpasswd);
  const { cert, key } = servers.certificates;
  const files = {
    plain: `${storage}http: {addr: "127.0.0.1:${plain}"}\n`,
    secure:
      `${storage}http: {addr: "127.0.0.1:${secure}", tls: {certificate: ${cert}, key: ${key}}}\n` +
      `auth: {htpasswd: {realm: sluice, path: ${users}}}\n`,
  };
  for (const [name, port] of [['plain', plain] as const, ['secure', secure] as const]) {
    const file = join(servers.folder, `${name}.yaml`);
    writeFileSync(file, files[name]);
    await servers.run(program, ['serve', file], port, { OTEL_TRACES_EXPORTER: 'none' });
  }
  return { plain: `127.0.0.1:${plain}`, secure: `127.0.0.1:${secure}` };
}

export interface Layer {
  readonly mediaType: string;
  readonly content: Buffer;
}

/** Pushes an artifact of these layers and answers its digest. */
export async function pushArtifact(registry: string, name: string, tag: string, layers: readonly Layer[]) {
  const config = Buffer.from('{}');
  const put = async (content: Buffer): Promise<string> => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const begun = await fetch(`http://${registry}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', `http://${registry}`);
    place.searchParams.set('digest', digest);
    const ended = await fetch(place, { method: 'PUT', body: new Uint8Array(content) });
    if (ended.status !== 201) throw new Error(`the registry answered ${ended.status} to a blob`);
    return digest;
  };
  const described = async (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: await put(content),
    size: content.length,
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: await described('application/vnd.cncf.flux.config.v1+json', config),
    layers: await Promise.all(layers.map((layer) => described(layer.mediaType, layer.content))),
  });
  const answer = await fetch(`http://${registry}/v2/${name}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: manifest,
  });
  if (answer.status !== 201) throw new Error(`the registry answered ${answer.status} to a manifest`);
  return `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
}

export interface S3 {
  readonly plain: string;
  readonly secure: string;
  readonly keys: { readonly accesskey: string; readonly secretkey: string };
  put(bucket: string, key: string, content: string): Promise<void>;
}

/** versitygw over a folder, with and without TLS. */
export async function startS3(servers: Servers, program: string): Promise<S3> {
  const root = join(servers.folder, 's3');
  const sidecar = join(servers.folder, 'meta');
  for (const folder of [root, sidecar]) mkdirSync(folder, { recursive: true });
  const keys = { accesskey: 'reader', secretkey: 'canary-secret-key' };
  const [plain, secure] = [await freePort(), await freePort()];
  const { cert, key } = servers.certificates;
  for (const [port, tls] of [[plain, []] as const, [secure, ['--cert', cert, '--key', key]] as const]) {
    const args = [
      '--port',
      `127.0.0.1:${port}`,
      '--access',
      keys.accesskey,
      '--secret',
      keys.secretkey,
      '--quiet',
      ...tls,
    ];
    await servers.run(program, [...args, 'posix', '--sidecar', sidecar, root], port);
  }
  const host = `127.0.0.1:${plain}`;
  return {
    plain: host,
    secure: `127.0.0.1:${secure}`,
    keys,
    async put(bucket, path, content) {
      // A folder of the root is a bucket.
      mkdirSync(join(root, bucket), { recursive: true });
      const place = `/${bucket}/${path.split('/').map(encodeURIComponent).join('/')}`;
      const headers = signPut(host, place, keys);
      const answer = await fetch(`http://${host}${place}`, { method: 'PUT', headers, body: content });
      if (answer.status !== 200) throw new Error(`the S3 server answered ${answer.status}: ${await answer.text()}`);
    },
  };
}

function signPut(host: string, path: string, keys: S3['keys']): Record<string, string> {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const names = 'host;x-amz-content-sha256;x-amz-date';
  const body = 'UNSIGNED-PAYLOAD';
  const canonical = `PUT\n${path}\n\nhost:${host}\nx-amz-content-sha256:${body}\nx-amz-date:${stamp}\n\n${names}\n${body}`;
  const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${keys.secretkey}`);
  const hash = createHash('sha256').update(canonical).digest('hex');
  const sign = hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash}`).toString('hex');
  return {
    'x-amz-date': stamp,
    'x-amz-content-sha256': body,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.accesskey}/${scope},SignedHeaders=${names},Signature=${sign}`,
  };
}

/** The files of a folder over TLS, for `login` alone: what a Helm repository is. */
export async function startStatic(servers: Servers, root: string): Promise<string> {
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const serve = (asked: IncomingMessage, answer: ServerResponse) => {
    if (asked.headers.authorization !== expected) return answer.writeHead(401).end();
    const file = join(root, (asked.url ?? '').replace(/[^A-Za-z0-9._/-]|\.\./g, ''));
    return existsSync(file) ? answer.end(readFileSync(file)) : answer.writeHead(404).end();
  };
  const { cert, key } = servers.certificates;
  const port = await servers.listen(createHttps({ cert: readFileSync(cert), key: readFileSync(key) }, serve));
  return `127.0.0.1:${port}`;
}

/** A forward proxy for `login` alone, which notes what it was asked for. */
export async function startProxy(servers: Servers): Promise<{ readonly host: string; readonly asked: string[] }> {
  const expected = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const asked: string[] = [];
  const proxy = createHttp((from, to) => {
    asked.push(`${from.method} ${from.url}`);
    if (from.headers['proxy-authorization'] !== expected)
      return void to.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    const url = new URL(from.url ?? '');
    const headers = { ...from.headers };
    delete headers['proxy-authorization'];
    const out = request(url, { method: from.method ?? 'GET', headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    out.on('error', () => to.destroy());
    from.pipe(out);
  });
  proxy.on('connect', (from, socket) => {
    asked.push(`CONNECT ${from.url}`);
    if (from.headers['proxy-authorization'] !== expected)
      return void socket.end('HTTP/1.1 407 Proxy\r\nproxy-authenticate: Basic\r\n\r\n');
    const out = connect(Number(from.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      out.pipe(socket).pipe(out);
    });
    for (const each of [out, socket]) each.on('error', () => each.destroy());
  });
  return { host: `127.0.0.1:${await servers.listen(proxy)}`, asked };
}
