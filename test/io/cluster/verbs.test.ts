/** The verbs against a pretended API server: what goes over the wire, and every way in which it fails. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { LiveObject } from '../../../src/engine/index.ts';
import { connect } from '../../../src/io/cluster/connect.ts';
import { loadKubeconfig } from '../../../src/io/kubeconfig.ts';
import {
  cluster,
  clusterOf,
  configMap,
  configMaps,
  failureOf,
  json,
  kubeconfigFor,
  ref,
  status,
  value,
} from './server.ts';

const object = configMap('a') as LiveObject;
const how = { manager: 'sluice', force: false, dryRun: false };

test('an apply is a server-side apply, and a dry run says so', async () => {
  const { server, cluster: c } = await cluster(
    (asked, response) => asked.method === 'PATCH' && json(response, 200, object),
  );
  value(await c.apply(object, { ...how, force: true, dryRun: true }));
  const [asked] = server.asked;
  expect([asked!.method, asked!.path, String(asked!.query)]).toEqual([
    'PATCH',
    '/api/v1/namespaces/apps/configmaps/a',
    'fieldManager=sluice&force=true&dryRun=All',
  ]);
  expect(asked!.headers['content-type']).toBe('application/apply-patch+yaml');
  expect(asked!.headers.authorization).toBe('Bearer secret-token');
  expect(JSON.parse(asked!.body)).toEqual(object);
});

test('patches say which kind they are; a delete carries its precondition', async () => {
  const { server, cluster: c } = await cluster(
    (asked, response) => asked.path.includes('configmaps') && json(response, 200, object),
  );
  value(await c.patch(ref, { metadata: { annotations: { a: 'b' } } }, { manager: 'm' }));
  value(await c.patch(ref, [{ op: 'remove', path: '/data' }], { manager: 'm', subresource: 'status' }));
  value(await c.create(object, { manager: 'm' }));
  value(await c.delete(ref, { uid: 'u', propagation: 'Background', dryRun: true }));
  expect(server.asked.map((asked) => [asked.method, asked.path, asked.headers['content-type']])).toEqual([
    ['PATCH', '/api/v1/namespaces/apps/configmaps/a', 'application/merge-patch+json'],
    ['PATCH', '/api/v1/namespaces/apps/configmaps/a/status', 'application/json-patch+json'],
    ['POST', '/api/v1/namespaces/apps/configmaps', 'application/json'],
    ['DELETE', '/api/v1/namespaces/apps/configmaps/a', 'application/json'],
  ]);
  expect(JSON.parse(server.asked[3]!.body)).toMatchObject({
    preconditions: { uid: 'u' },
    propagationPolicy: 'Background',
    dryRun: ['All'],
  });
});

test('a connection that breaks after the request was sent leaves the outcome open', async () => {
  const { server, cluster: c } = await cluster((asked) => asked.method === 'PATCH' && asked.socket.destroy());
  expect(failureOf(await c.apply(object, how)).reason).toBe('unknown-outcome');
  // Sent once: whoever asked decides what is next.
  expect(server.asked).toHaveLength(1);
  expect(failureOf(await c.apply(object, { ...how, dryRun: true })).reason).toBe('unreachable');
});

test('half an answer to a write leaves its outcome open, too', async () => {
  const { cluster: c } = await cluster((asked, response) => {
    if (asked.method !== 'PATCH') return false;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"apiVersion":');
    setTimeout(() => asked.socket.destroy(), 20);
    return true;
  });
  expect(failureOf(await c.apply(object, how)).reason).toBe('unknown-outcome');
});

test('a read whose connection breaks is tried twice more', async () => {
  let broken = 0;
  const { cluster: c } = await cluster((asked, response) => {
    if (asked.path !== '/api/v1/namespaces/apps/configmaps/a') return false;
    return broken++ < 2 ? asked.socket.destroy() : json(response, 200, object);
  });
  expect(value(await c.get(ref))).toEqual(object);
  expect(broken).toBe(3);
});

test('nothing listens: unreachable at once, with context and server', async () => {
  const c = clusterOf(kubeconfigFor('https://127.0.0.1:1'));
  const { reason, message } = failureOf(await c.apply(object, how));
  expect(reason).toBe('unreachable');
  expect(message).toBe('Context test (https://127.0.0.1:1): nothing listens there (ECONNREFUSED)');
});

test('9: a wait that the server asks for is kept, and can be canceled', async () => {
  let asks = 0;
  const { server, cluster: c } = await cluster((asked, response) => {
    if (asked.path !== '/api/v1/namespaces/apps/configmaps/a') return false;
    const busy = status(429, 'too many requests', {});
    return ++asks < 3 ? json(response, 429, busy, { 'retry-after': '0' }) : json(response, 200, object);
  });
  expect(value(await c.get(ref))).toEqual(object);
  expect(server.asked).toHaveLength(3);

  const { cluster: slow } = await cluster(
    (asked, response) =>
      asked.path.endsWith('/a') && json(response, 503, status(503, 'down', {}), { 'retry-after': '30' }),
  );
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  expect(failureOf(await slow.get(ref, abort.signal)).reason).toBe('canceled');
});

test('9: 429 without end is a failure after a few tries', async () => {
  const { server, cluster: c } = await cluster(
    (asked, response) =>
      asked.path.endsWith('/a') && json(response, 429, status(429, 'busy', {}), { 'retry-after': '0' }),
    { limits: { retries: 2 } },
  );
  expect(failureOf(await c.get(ref)).reason).toBe('too-many-requests');
  expect(server.asked).toHaveLength(3);
});

test('30: canceling stops what is in flight and sends nothing after it', async () => {
  const { server, cluster: c } = await cluster((asked) => asked.path.includes('configmaps'));
  await c.served('', 'ConfigMap');
  const abort = new AbortController();
  const answers = [c.get(ref, abort.signal), c.apply(object, how, abort.signal)];
  await expect.poll(() => server.asked.length).toBe(2);
  abort.abort();
  expect((await Promise.all(answers)).map((answer) => failureOf(answer).reason)).toEqual([
    'canceled',
    'unknown-outcome',
  ]);
  expect(failureOf(await c.apply(object, how, abort.signal)).reason).toBe('canceled');
  expect(server.asked).toHaveLength(2);
});

test('an answer beyond the limit is not read to its end', async () => {
  const { cluster: c } = await cluster(
    (asked, response) =>
      asked.path.endsWith('/a') && json(response, 200, configMap('a', '1', { a: 'x'.repeat(3 << 20) })),
    { limits: { maxBytes: 1 << 20 } },
  );
  expect(failureOf(await c.get(ref)).message).toMatch(/larger than 1 MiB/);
});

test('no answer in time', async () => {
  const { cluster: c } = await cluster((asked) => asked.path.endsWith('/a'), { limits: { answerMs: 100 } });
  expect(failureOf(await c.get(ref)).message).toMatch(/no answer came in time/);
});

test('gzip, integers beyond 2^53 and warnings come through', async () => {
  const text = JSON.stringify(configMap('a', '1', { n: 'NUMBER', s: '"12345678901234567890"' })).replace(
    '"NUMBER"',
    '12345678901234567890',
  );
  const warnings: string[] = [];
  const { server, cluster: c } = await cluster(
    (asked, response) => {
      if (asked.method === 'PATCH') return json(response, 200, asked.body);
      if (!asked.path.endsWith('/a')) return false;
      response.writeHead(200, { 'content-encoding': 'gzip', warning: '299 - "old \\"kind\\""' });
      return response.end(gzipSync(text));
    },
    { log: { info: () => undefined, warn: (message) => warnings.push(message) } },
  );
  const read = value(await c.get(ref));
  expect(read.data).toEqual({ n: 12345678901234567890n, s: '"12345678901234567890"' });
  expect(warnings).toEqual(['test: old "kind"']);
  expect(value(await c.apply(read, how)).data).toEqual(read.data);
  expect(server.asked[1]!.body).toContain('"n":12345678901234567890,');
});

test('26: a list comes in pages, and begins again when its snapshot is gone', async () => {
  let expired = false;
  const { server, cluster: c } = await cluster((asked, response) => {
    if (asked.path !== '/api/v1/namespaces/apps/configmaps') return false;
    const page = asked.query.get('continue') ?? '0';
    if (page === '2' && !expired) {
      expired = true;
      return json(response, 410, status(410, 'too old', {}, 'Expired'));
    }
    if (!asked.query.has('limit'))
      return json(response, 200, { metadata: {}, items: [1, 2, 3].map((n) => configMap(`all${n}`)) });
    const { apiVersion: _, kind: __, ...item } = configMap(`page${page}`) as LiveObject;
    return json(response, 200, { metadata: { continue: String(Number(page) + 1) }, items: [item] });
  });
  const listed = value(await c.list(configMaps, { namespace: 'apps', labelSelector: 'a=b' }));
  expect(listed.map((one) => (one.metadata as { name: string }).name)).toEqual(['all1', 'all2', 'all3']);
  expect(server.asked.map((asked) => `${asked.query.get('limit')} ${asked.query.get('continue')}`)).toEqual([
    '500 null',
    '500 1',
    '500 2',
    'null null',
  ]);
  expect(server.asked.every((asked) => asked.query.get('labelSelector') === 'a=b')).toBe(true);
});

test('26: 50,000 objects come in a hundred bounded pages', async () => {
  const { server, cluster: c } = await cluster((asked, response) => {
    if (asked.path !== '/api/v1/configmaps') return false;
    const from = Number(asked.query.get('continue') ?? '0');
    const next = from + Number(asked.query.get('limit'));
    const items = Array.from({ length: next - from }, (_, i) => configMap(`c${from + i}`));
    return json(response, 200, { metadata: next < 50_000 ? { continue: String(next) } : {}, items });
  });
  const listed = value(await c.list(configMaps));
  expect(listed).toHaveLength(50_000);
  expect(server.asked.filter((asked) => asked.path === '/api/v1/configmaps')).toHaveLength(100);
  expect(new Set(server.asked.map((asked) => asked.query.get('limit')))).toContain('500');
});

test('items of a list get the kind that they come without', async () => {
  const { cluster: c } = await cluster(
    (asked, response) =>
      asked.path.endsWith('configmaps') && json(response, 200, { metadata: {}, items: [{ metadata: { name: 'a' } }] }),
  );
  expect(value(await c.list(configMaps))).toEqual([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }]);
});

const cause = (message: string) => ({ name: 'a', causes: [{ reason: 'FieldValueInvalid', message, field: 'spec' }] });
const denied = 'admission webhook "policy.example.com" denied the request: no latest tag';

test.each([
  [401, 'Unauthorized', {}, 'unauthorized'],
  [403, 'configmaps "a" is forbidden: User "visitor" cannot get resource "configmaps"', { name: 'a' }, 'forbidden'],
  [403, 'pods "a" is forbidden: exceeded quota: q', { name: 'a' }, 'denied'],
  [403, denied, { name: 'a' }, 'denied'],
  [400, denied, {}, 'denied'],
  [422, "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", cause('no'), 'denied'],
  [404, 'configmaps "a" not found', { name: 'a' }, 'not-found'],
  [404, 'the server could not find the requested resource', {}, 'unknown-kind'],
  [409, 'Operation cannot be fulfilled', { name: 'a' }, 'conflict'],
  [422, 'invalid', cause('Invalid value: 7: field is immutable'), 'immutable'],
  [
    422,
    'StatefulSet.apps "a" is invalid: spec: Forbidden: updates to statefulset spec for fields other than',
    {},
    'immutable',
  ],
  [422, 'invalid', cause('must be no more than 63 characters'), 'invalid'],
  [400, 'the body is no object', {}, 'invalid'],
  [413, 'too large', {}, 'invalid'],
  [
    500,
    'failed to create typed patch object (x): .data.a: expected string, got &value.valueUnstructured{Value:3}',
    {},
    'invalid',
  ],
  [500, 'Internal error occurred: failed calling webhook "w": connection refused', {}, 'server-error'],
  [503, 'shutting down', {}, 'server-error'],
  [504, 'request did not complete within the allowed duration', {}, 'unknown-outcome'],
])('status %i "%s" is %4$s', async (code, message, details, reason) => {
  const { cluster: c } = await cluster(
    (asked, response) => asked.method === 'PATCH' && json(response, code, status(code, message, details)),
  );
  const failed = failureOf(await c.apply(object, how));
  expect([failed.reason, failed.status]).toEqual([reason, code]);
  expect(failed.message).toContain('Context test (https://127.0.0.1:');
});

test.each(['&value.valueUnstructured{Value:3}', '&{3}'])(
  'Go’s spelling of a value, %s, is no riddle',
  async (spelled) => {
    const { cluster: c } = await cluster(
      (asked, response) =>
        asked.method === 'PATCH' &&
        json(
          response,
          500,
          status(500, `failed to create typed patch object (x): .a: expected string, got ${spelled}`, {}),
        ),
    );
    expect(failureOf(await c.apply(object, how)).message).toMatch(/expected string, got 3$/);
  },
);

test('a conflict names managers and fields', async () => {
  const causes = [
    { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using v1', field: '.data.a' },
    { reason: 'FieldManagerConflict', message: 'conflict with "helm"', field: '.data.b' },
  ];
  const { cluster: c } = await cluster(
    (asked, response) =>
      asked.method === 'PATCH' && json(response, 409, status(409, 'Apply failed', { name: 'a', causes }, 'Conflict')),
  );
  expect(failureOf(await c.apply(object, how)).conflicts).toEqual([
    { manager: 'kubectl', field: '.data.a' },
    { manager: 'helm', field: '.data.b' },
  ]);
});

test.each([
  ['echoes the value', (value: string) => `Invalid value: "${value}": not so`],
  ['echoes its encoding', (value: string) => `bad data ${Buffer.from(value).toString('base64')} here`],
  ['quotes a piece of the body', (value: string) => `decode error, found in #10 byte of ...|"${value.slice(0, 9)}|...`],
  [
    'prints it as Go does',
    (value: string) => `expected string, got &value.valueUnstructured{Value:${value.slice(0, 8)}}`,
  ],
])('58d: an answer that %s gives nothing of a Secret away', async (_, say) => {
  const canary = 'canary-password-1';
  const { cluster: c } = await cluster(
    (asked, response) => asked.method !== 'GET' && json(response, 422, status(422, say(canary), { name: 's' })),
  );
  const metadata = { name: 's', namespace: 'apps' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: canary } };
  const failures = [
    failureOf(await c.apply(secret, how)),
    failureOf(await c.create({ ...secret, stringData: {}, data: { p: Buffer.from(canary).toString('base64') } }, how)),
    failureOf(await c.patch({ ...ref, kind: 'Secret' }, { stringData: { password: canary } }, { manager: 'm' })),
  ];
  const said = JSON.stringify(failures);
  expect(said).toContain('***');
  expect(said).not.toMatch(/canary|Y2FuYXJ5/);
});

test('a proxy that answers in words is no success', async () => {
  const { cluster: c } = await cluster((asked, response) => {
    if (!asked.path.endsWith('/a')) return false;
    response.writeHead(asked.method === 'GET' ? 502 : 200, { 'content-type': 'text/html' });
    return response.end('<html>Log in first</html>\nmore');
  });
  expect(failureOf(await c.get(ref))).toMatchObject({ reason: 'server-error', status: 502 });
  expect(failureOf(await c.apply(object, how)).reason).toBe('unknown-outcome');
});

test('objects that no server could place are refused here', async () => {
  const { server, cluster: c } = await cluster(() => false);
  expect(failureOf(await c.get({ ...ref, namespace: '' })).message).toMatch(/ConfigMap a needs a namespace/);
  expect(failureOf(await c.get({ ...ref, name: '' })).reason).toBe('invalid');
  expect(failureOf(await c.get({ ...ref, kind: 'Widget' }))).toMatchObject({ reason: 'unknown-kind' });
  expect(failureOf(await c.apply({ ...object, apiVersion: 'v2' }, how)).message).toMatch(/does not know v2 ConfigMap/);
  expect(failureOf(await c.apply({}, how)).reason).toBe('unknown-kind');
  expect(server.asked).toHaveLength(0);
});

test('a context that leads nowhere says what is missing', () => {
  const kubeconfig = loadKubeconfig({ KUBECONFIG: kubeconfigFor('ftp://x') }, '/nowhere').value!;
  const message = (context: string, config = kubeconfig) =>
    failureOf(connect({ kubeconfig: config, context, trusted: true })).message;
  expect(message('prod')).toMatch(/There is no context "prod" in .*; there are test\./);
  expect(message('test')).toMatch(/no valid server URL \("ftp:\/\/x"\)/);
  expect(message('test', { ...kubeconfig, clusters: new Map() })).toMatch(/names the cluster "c"/);
});

test('the identity holds server, authority and the uid of kube-system', async () => {
  const { server, cluster: c } = await cluster(
    (asked, response) => asked.path.endsWith('kube-system') && json(response, 200, { metadata: { uid: 'u-1' } }),
  );
  expect(value(await c.identity())).toMatch(new RegExp(`^${server.url} [0-9a-f]{64} u-1$`));
});
