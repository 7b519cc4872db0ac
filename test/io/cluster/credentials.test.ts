/** Tokens, files, plugins and certificates: asked once, renewed after a 401, and refused where nobody can be trusted. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { clientCertificate, serverCertificate } from '../../../scripts/cluster/certs.ts';
import { proxyFor } from '../../../src/io/cluster/proxy.ts';
import { ca, clusterOf, configMap, failureOf, json, kubeconfigFor, pretend, ref, status, value } from './server.ts';

const answer = configMap('a');
const env = { PATH: process.env.PATH };

/** A plugin that counts its runs and prints what the test says; `{}` of the script is the number of the run. */
function plugin(url: string, prints: string, extra = '') {
  const file = kubeconfigFor(url, {
    user: `exec:
  apiVersion: client.authentication.k8s.io/v1
  interactiveMode: IfAvailable
  provideClusterInfo: true
  command: ./plugin.mjs
  args: [get-token, "--for=x"]
  env: [{ name: FROM_KUBECONFIG, value: yes-it-is }]
${extra}`,
  });
  const runs = join(dirname(file), 'runs');
  writeFileSync(runs, '');
  writeFileSync(
    join(dirname(file), 'plugin.mjs'),
    `#!${process.execPath}
import { appendFileSync, readFileSync } from 'node:fs';
const runs = ${JSON.stringify(runs)};
appendFileSync(runs, JSON.stringify({ args: process.argv.slice(2), env: process.env.FROM_KUBECONFIG, info: process.env.KUBERNETES_EXEC_INFO }) + '\\n');
const run = readFileSync(runs, 'utf8').trim().split('\\n').length;
const credential = (status) => console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));
${prints}
`,
    { mode: 0o755 },
  );
  return {
    file,
    runs: () =>
      readFileSync(runs, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

test('7: ten requests at once run the plugin once, and a 401 for all of them once more', async () => {
  let valid = 'Bearer token-1';
  const server = await pretend((asked, response) =>
    asked.headers.authorization === valid
      ? asked.path.includes('configmaps') && json(response, 200, answer)
      : json(response, 401, status(401, 'Unauthorized', {})),
  );
  const exec = plugin(server.url, 'credential({ token: "token-" + run });');
  const c = clusterOf(exec.file, { env });
  const ten = () => Promise.all(Array.from({ length: 10 }, async () => value(await c.get(ref))));
  await ten();
  expect(exec.runs()).toHaveLength(1);
  valid = 'Bearer token-2';
  await ten();
  expect(exec.runs()).toHaveLength(2);
  valid = 'Bearer nobody';
  expect(failureOf(await c.get(ref)).reason).toBe('unauthorized');
  expect(exec.runs()).toHaveLength(3);

  const [run] = exec.runs();
  expect(run).toMatchObject({ args: ['get-token', '--for=x'], env: 'yes-it-is' });
  expect(JSON.parse(run.info)).toMatchObject({
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: false, cluster: { server: server.url } },
  });
});

test('an expiring credential is asked for anew before it is refused', async () => {
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer));
  const soon = 'new Date(Date.now() + (run === 1 ? 5_000 : 3_600_000)).toISOString()';
  const exec = plugin(server.url, `credential({ token: 't' + run, expirationTimestamp: ${soon} });`);
  const c = clusterOf(exec.file, { env });
  value(await c.get(ref));
  const seen = server.asked.length;
  value(await c.get(ref));
  value(await c.get(ref));
  expect(exec.runs()).toHaveLength(2);
  expect(server.asked.slice(seen).map((asked) => asked.headers.authorization)).toEqual(['Bearer t2', 'Bearer t2']);
});

test('a plugin may give a client certificate', async () => {
  let peer = '';
  const server = await pretend(
    (asked, response) => {
      peer = (asked.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate()
        .subject.CN;
      return asked.path.includes('configmaps') && json(response, 200, answer);
    },
    { tls: { ca: ca.certificate, requestCert: true } },
  );
  const { certificate, key } = clientCertificate(ca, 'someone');
  const pair = JSON.stringify({ clientCertificateData: certificate, clientKeyData: key });
  value(await clusterOf(plugin(server.url, `credential(${pair});`).file, { env }).get(ref));
  expect(peer).toBe('someone');
});

test.each([
  ['fails', 'console.error("canary"); process.exit(3);', /failed with exit code 3/],
  ['prints no JSON', 'console.log("canary hello");', /printed no JSON/],
  ['prints nothing useful', 'credential({});', /neither a token nor a certificate/],
  [
    'speaks another version',
    'console.log(JSON.stringify({ apiVersion: "v9", status: { token: "canary" } }));',
    /API version v9/,
  ],
  ['hangs', 'setTimeout(() => {}, 60_000);', /gave no answer within 0\.3 s/],
])('a plugin that %s is a failure in words', async (_, prints, words) => {
  const server = await pretend(() => false);
  const c = clusterOf(plugin(server.url, prints).file, {
    env,
    timing: { execMs: prints.includes('60_000') ? 300 : 20_000 },
  });
  const failed = failureOf(await c.get(ref));
  expect(failed.reason).toBe('unauthorized');
  expect(failed.message).toMatch(words);
  expect(failed.message).not.toContain('canary');
});

test('a plugin that is not there tells how to install it', async () => {
  const file = kubeconfigFor('https://127.0.0.1:1', {
    user: 'exec: { apiVersion: client.authentication.k8s.io/v1beta1, command: no-such-plugin, installHint: "Get it from us." }',
  });
  expect(failureOf(await clusterOf(file, { env }).get(ref)).message).toMatch(/was not found. Get it from us./);
});

test.each([
  ['needs a terminal', 'interactiveMode: Always', /needs a terminal/],
  ['has no mode', 'args: []', /has no interactiveMode/],
])('a plugin that %s is refused', async (_, line, words) => {
  const user = `exec: { apiVersion: client.authentication.k8s.io/v1, command: plugin, ${line} }`;
  expect(failureOf(await clusterOf(kubeconfigFor('https://127.0.0.1:1', { user }), { env }).get(ref)).message).toMatch(
    words,
  );
});

test('without trust nothing runs', async () => {
  const exec = plugin('https://127.0.0.1:1', 'credential({ token: "t" });');
  const failed = failureOf(await clusterOf(exec.file, { env, trusted: false }).get(ref));
  expect(failed.message).toMatch(/needs to run ".*plugin.mjs get-token --for=x", and this workspace is not trusted/);
  expect(exec.runs()).toHaveLength(0);
});

test('a kubeconfig of the workspace runs nothing unless somebody says so', async () => {
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer));
  const exec = plugin(server.url, 'credential({ token: "t" });');
  const workspaces = [dirname(exec.file)];
  expect(failureOf(await clusterOf(exec.file, { env, workspaces }).get(ref)).message).toMatch(
    /came with the workspace/,
  );
  expect(exec.runs()).toHaveLength(0);
  const requests: unknown[] = [];
  const approve = async (request: unknown) => requests.push(request) > 0;
  value(await clusterOf(exec.file, { env, workspaces, approve }).get(ref));
  expect(requests).toEqual([
    {
      kind: 'command',
      what: `${join(dirname(exec.file), 'plugin.mjs')} get-token --for=x`,
      user: 'u',
      kubeconfig: exec.file,
    },
  ]);
});

test('a kubeconfig of the workspace reads no file outside of it', async () => {
  const file = kubeconfigFor('https://127.0.0.1:1', { user: 'tokenFile: ../elsewhere' });
  const failed = failureOf(await clusterOf(file, { workspaces: [dirname(file)] }).get(ref));
  expect(failed.message).toMatch(/needs the file .*elsewhere; the kubeconfig .* came with the workspace/);
});

test('a token file is read again after a 401', async () => {
  let valid = 'Bearer one';
  const server = await pretend((asked, response) =>
    asked.headers.authorization === valid
      ? asked.path.includes('configmaps') && json(response, 200, answer)
      : json(response, 401, status(401, 'Unauthorized', {})),
  );
  const file = kubeconfigFor(server.url, { user: 'tokenFile: token' });
  const token = join(dirname(file), 'token');
  writeFileSync(token, 'one\n');
  const c = clusterOf(file);
  value(await c.get(ref));
  writeFileSync(token, 'two\n');
  valid = 'Bearer two';
  value(await c.get(ref));
  valid = 'Bearer three';
  const failed = failureOf(await c.get(ref));
  expect(failed.reason).toBe('unauthorized');
  expect(failed.message).not.toContain('two');
});

test('basic credentials and impersonation', async () => {
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer));
  const user = 'username: me\npassword: "p:w"\nas: boss\nas-groups: [a, b]\nas-user-extra: { Example.com/x: ["1"] }';
  value(await clusterOf(kubeconfigFor(server.url, { user })).get(ref));
  expect(server.asked[0]!.headers).toMatchObject({
    authorization: `Basic ${Buffer.from('me:p:w').toString('base64')}`,
    'impersonate-user': 'boss',
    'impersonate-group': 'a, b',
    'impersonate-extra-example.com%2fx': '1',
  });
});

const past = { from: new Date('2020-01-01'), to: new Date('2021-01-01') };

test('10: an expired client certificate is named with its day', async () => {
  const server = await pretend(() => false, {
    tls: { ca: ca.certificate, requestCert: true, rejectUnauthorized: true },
  });
  const { certificate, key } = clientCertificate(ca, 'old', [], past);
  const data = (text: string) => Buffer.from(text).toString('base64');
  const user = `client-certificate-data: ${data(certificate)}\nclient-key-data: ${data(key)}`;
  const failed = failureOf(await clusterOf(kubeconfigFor(server.url, { user })).get(ref));
  expect(failed.message).toMatch(/your client certificate expired on Jan {2}1 .* 2021/);
});

test.each([
  ['for another host', () => serverCertificate(ca, ['other.example.com']), /not for 127\.0\.0\.1: set tls-server-name/],
  ['expired', () => serverCertificate(ca, ['127.0.0.1'], past), /its certificate has expired/],
])('10: a server certificate that is %s', async (_, certificate, words) => {
  const server = await pretend(() => false, { certificate });
  const failed = failureOf(await clusterOf(kubeconfigFor(server.url)).get(ref));
  expect(failed.reason).toBe('unreachable');
  expect(failed.message).toMatch(words);
});

test('10: an authority other than the kubeconfig’s is not trusted, unless it says so itself', async () => {
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer));
  const bare = kubeconfigFor(server.url, { cluster: `server: ${server.url}` });
  expect(failureOf(await clusterOf(bare).get(ref)).message).toMatch(/not signed by the certificate authority/);
  const insecure = kubeconfigFor(server.url, { cluster: `server: ${server.url}\ninsecure-skip-tls-verify: true` });
  value(await clusterOf(insecure).get(ref));
  const missing = kubeconfigFor(server.url, { cluster: `server: ${server.url}\ncertificate-authority: gone.crt` });
  expect(failureOf(await clusterOf(missing).get(ref)).message).toMatch(/gone.crt cannot be read \(ENOENT\)/);
});

test('10: tls-server-name says whose certificate is expected', async () => {
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer), {
    certificate: () => serverCertificate(ca, ['api.example.com']),
  });
  const data = Buffer.from(ca.certificate).toString('base64');
  const cluster = `server: ${server.url}\ntls-server-name: api.example.com\ncertificate-authority-data: ${data}`;
  value(await clusterOf(kubeconfigFor(server.url, { cluster })).get(ref));
});

test('requests go through the cluster’s proxy', async () => {
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url!);
    const [host, port] = request.url!.split(':');
    const upstream = connectSocket(Number(port), host!, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  onTestFinished(() => void proxy.close());
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer));
  const data = Buffer.from(ca.certificate).toString('base64');
  const cluster = `server: ${server.url}\nproxy-url: http://127.0.0.1:${(proxy.address() as AddressInfo).port}\ncertificate-authority-data: ${data}`;
  value(await clusterOf(kubeconfigFor(server.url, { cluster })).get(ref));
  expect(new Set(tunnels)).toEqual(new Set([new URL(server.url).host]));
});

test.each([
  ['https://api.example.com', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
  ['https://api.example.com', { https_proxy: 'p:1' }, 'http://p:1'],
  ['http://api.example.com', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ['https://localhost:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ['https://api.example.com', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example.com' }, undefined],
  ['https://example.com', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.example.com' }, 'http://p:1'],
  ['https://api.example.com', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.com, .example.com' }, undefined],
  ['https://badexample.com', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example.com' }, 'http://p:1'],
  ['https://10.1.2.3:6443', { HTTPS_PROXY: 'http://p:1', no_proxy: '10.0.0.0/8' }, undefined],
  ['https://11.1.2.3:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8' }, 'http://p:1'],
  ['https://10.1.2.3:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.1.2.3:443' }, 'http://p:1'],
  ['https://[fd00::1]:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'fd00::/8' }, undefined],
  ['https://api.example.com', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
])('%s with %j goes by %s', (server, variables, proxy) => {
  expect(proxyFor(new URL(server), undefined, variables)).toBe(proxy);
});

test('a legacy auth-provider’s token is used while it is valid', async () => {
  const server = await pretend((asked, response) => asked.path.includes('configmaps') && json(response, 200, answer));
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ exp: Math.floor(Date.now() / 1000) + 3600 })}.x`;
  const user = `auth-provider: { name: oidc, config: { id-token: ${token}, client-id: c, idp-issuer-url: "https://127.0.0.1:1" } }`;
  value(await clusterOf(kubeconfigFor(server.url, { user })).get(ref));
  expect(server.asked[0]!.headers.authorization).toBe(`Bearer ${token}`);
});
