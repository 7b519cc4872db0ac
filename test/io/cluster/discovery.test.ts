/** What a server serves, from the aggregated answer or piece by piece, and kinds that come and go. */
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { cluster, failureOf, json, status, value } from './server.ts';

const aggregated = (groups: readonly object[]) => ({ kind: 'APIGroupDiscoveryList', items: groups });
const group = (name: string, versions: Readonly<Record<string, readonly [string, string, string][]>>) => ({
  metadata: name === '' ? {} : { name },
  versions: Object.entries(versions).map(([version, resources]) => ({
    version,
    resources: resources.map(([resource, kind, scope]) => ({ resource, scope, responseKind: { kind } })),
  })),
});
const widgets: [string, string, string] = ['widgets', 'Widget', 'Namespaced'];
const core = aggregated([
  group('', {
    v1: [
      ['pods', 'Pod', 'Namespaced'],
      ['nodes', 'Node', 'Cluster'],
    ],
  }),
]);

test('the wanted version, else the preferred one, else none', async () => {
  const { server, cluster: c } = await cluster((asked, response) => {
    if (asked.path === '/api') return json(response, 200, core);
    if (asked.path === '/apis') {
      return json(response, 200, aggregated([group('example.com', { v2: [widgets], v1: [widgets] })]));
    }
    return asked.path === '/version' && json(response, 200, { gitVersion: 'v1.36.3' });
  });
  const widget = { group: 'example.com', kind: 'Widget', plural: 'widgets', namespaced: true };
  expect(value(await c.served('example.com', 'Widget', 'v1'))).toEqual({ ...widget, version: 'v1' });
  expect(value(await c.served('example.com', 'Widget'))).toEqual({ ...widget, version: 'v2' });
  expect(value(await c.served('', 'Node'))).toMatchObject({ plural: 'nodes', namespaced: false });
  expect(server.discoveries()).toBe(2);
  expect(value(await c.served('example.com', 'Widget', 'v9'))).toEqual({ ...widget, version: 'v2' });
  expect(value(await c.served('example.com', 'Gadget'))).toBeUndefined();
  expect(value(await c.capabilities())).toEqual({
    version: 'v1.36.3',
    apis: [
      'v1',
      'example.com/v2',
      'example.com/v1',
      'v1/Pod',
      'v1/Node',
      'example.com/v2/Widget',
      'example.com/v1/Widget',
    ],
  });
});

test('a server without aggregated discovery is asked piece by piece, and a broken group takes only itself away', async () => {
  const { cluster: c } = await cluster((asked, response) => {
    switch (asked.path) {
      case '/api':
        return json(response, 200, { kind: 'APIVersions', versions: ['v1'] });
      case '/apis':
        return json(response, 200, {
          kind: 'APIGroupList',
          groups: [
            {
              name: 'example.com',
              versions: [{ version: 'v1' }, { version: 'v2' }],
              preferredVersion: { version: 'v2' },
            },
            { name: 'metrics.k8s.io', versions: [{ version: 'v1' }] },
          ],
        });
      case '/api/v1':
        return resources(response, ['pods', 'Pod', true], ['pods/log', 'Pod', true]);
      case '/apis/example.com/v1':
      case '/apis/example.com/v2':
        return resources(response, ['widgets', 'Widget', false]);
      default:
        return json(response, 503, status(503, 'the server is currently unable to handle the request', {}));
    }
  });
  expect(value(await c.served('example.com', 'Widget'))).toMatchObject({ version: 'v2', namespaced: false });
  expect(value(await c.served('', 'Pod'))).toMatchObject({ plural: 'pods' });
  expect(value(await c.served('metrics.k8s.io', 'NodeMetrics'))).toBeUndefined();
});

function resources(response: ServerResponse, ...list: [string, string, boolean][]): true {
  return json(response, 200, { resources: list.map(([name, kind, namespaced]) => ({ name, kind, namespaced })) });
}

test('many questions at once are one question to the server', async () => {
  const { server, cluster: c } = await cluster(() => false);
  await Promise.all(Array.from({ length: 20 }, () => c.served('', 'ConfigMap')));
  expect(server.discoveries()).toBe(2);
});

test('a kind that was unknown is found once its CRD is there', async () => {
  let there = false;
  const { cluster: c } = await cluster((asked, response) => {
    if (asked.path === '/apis')
      return json(response, 200, aggregated(there ? [group('example.com', { v1: [widgets] })] : []));
    return asked.path.includes('widgets') && json(response, 200, { kind: 'Widget', metadata: { name: 'w' } });
  });
  const ref = { apiVersion: 'example.com/v1', kind: 'Widget', namespace: 'n', name: 'w' };
  expect(failureOf(await c.get(ref)).reason).toBe('unknown-kind');
  there = true;
  expect(value(await c.get(ref))).toMatchObject({ kind: 'Widget' });
});

test('unknown kinds do not ask the server over and over', async () => {
  const { server, cluster: c } = await cluster(() => false, { timing: { discoveryMs: 60_000 } });
  for (let i = 0; i < 50; i++) expect(value(await c.served('example.com', `K${i}`))).toBeUndefined();
  expect(server.discoveries()).toBe(2);
});

test('one who gives up does not take the others’ answer along', async () => {
  const { cluster: c } = await cluster(async (asked) => {
    if (asked.path === '/apis') await new Promise((done) => setTimeout(done, 100));
    return false;
  });
  const abort = new AbortController();
  const [given, kept] = [c.served('', 'ConfigMap', 'v1', abort.signal), c.served('', 'ConfigMap', 'v1')];
  abort.abort();
  expect(failureOf(await given).reason).toBe('canceled');
  expect(value(await kept)).toMatchObject({ plural: 'configmaps' });
});
