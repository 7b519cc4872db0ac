/** The reflector under every fault that a stream can have. */
import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { Cluster, WatchEvent } from '../../../src/engine/index.ts';
import type { ConnectOptions } from '../../../src/io/cluster/connect.ts';
import { type Asked, cluster, configMap, configMaps, json, status } from './server.ts';

type Stream = (response: ServerResponse, asked: Asked) => unknown;

interface Script {
  /** The lists' answers in order; the last one repeats. */
  readonly lists?: readonly ((response: ServerResponse) => unknown)[];
  /** The watches in order; after the last one, streams stay open and silent. */
  readonly watches: readonly Stream[];
  readonly options?: Partial<ConnectOptions>;
}

const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
const listOf =
  (version: string, ...names: string[]) =>
  (response: ServerResponse) =>
    json(response, 200, { metadata: { resourceVersion: version }, items: names.map((name) => configMap(name)) });

/** Watches by the script; the log says what the caller heard and the server was asked. */
async function follow(script: Script) {
  let lists = 0;
  let watches = 0;
  const asks: string[] = [];
  const at: number[] = [];
  const { cluster: c } = await cluster((asked, response) => {
    if (!asked.path.endsWith('/configmaps')) return false;
    at.push(performance.now());
    if (asked.query.get('watch') !== '1') {
      asks.push('list');
      const all = script.lists ?? [listOf('10', 'a')];
      return all[Math.min(lists++, all.length - 1)]!(response);
    }
    asks.push(`watch ${asked.query.get('resourceVersion')}`);
    const stream = script.watches[watches++];
    if (stream !== undefined) return stream(response, asked) ?? true;
    response.writeHead(200);
    response.flushHeaders();
    return true;
  }, script.options);
  const heard: string[] = [];
  const stop = start(c, (event) => heard.push(describe(event)));
  return { asks, heard, at, stop };
}

function start(c: Cluster, onEvent: (event: WatchEvent) => void): () => Promise<void> {
  const abort = new AbortController();
  const ended = c.watch(configMaps, {}, onEvent, abort.signal);
  const stop = () => {
    abort.abort();
    return ended;
  };
  onTestFinished(stop);
  return stop;
}

function describe(event: WatchEvent): string {
  const name = (object: unknown) => (object as { metadata: { name: string } }).metadata.name;
  switch (event.type) {
    case 'list':
      return `list ${event.objects.map(name).join(' ')}`.trim();
    case 'stale':
      return `stale ${event.reason.reason}`;
    default:
      return `${event.type} ${name(event.object)}`;
  }
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, n) => time - times[n]!);

function send(response: ServerResponse, ...lines: string[]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  for (const one of lines) response.write(one);
}

test('6: list, then events; a bookmark moves on and is no row; a clean end resumes where it was', async () => {
  const { asks, heard } = await follow({
    watches: [
      (response) => {
        send(response, line('ADDED', configMap('b', '11')), line('MODIFIED', configMap('a', '12')));
        response.write(line('DELETED', configMap('b', '13')));
        response.end(line('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: '20' } }));
      },
    ],
  });
  await expect.poll(() => asks).toEqual(['list', 'watch 10', 'watch 20']);
  expect(heard).toEqual(['list a', 'set b', 'set a', 'gone b']);
});

test('lines may come in any pieces', async () => {
  const { heard } = await follow({
    watches: [
      async (response) => {
        send(response);
        for (const byte of line('ADDED', configMap('ä', '11')) + line('ADDED', configMap('b', '12'))) {
          response.write(byte);
          await new Promise((done) => setImmediate(done));
        }
      },
    ],
  });
  await expect.poll(() => heard).toEqual(['list a', 'set ä', 'set b']);
});

test.each<[string, Stream]>([
  ['an event', (response) => send(response, line('ERROR', status(410, 'too old resource version', {}, 'Expired')))],
  ['a status', (response) => json(response, 410, status(410, 'too old', {}, 'Expired'))],
])('410 as %s lists once more and keeps what is shown until then', async (_, gone) => {
  const { asks, heard } = await follow({ lists: [listOf('10', 'a'), listOf('50', 'b')], watches: [gone] });
  await expect.poll(() => asks).toEqual(['list', 'watch 10', 'list', 'watch 50']);
  expect(heard).toEqual(['list a', 'list b']);
});

test('4: a reset resumes after the last event, says stale once, and then what is known', async () => {
  const cut: Stream = (response, asked) => {
    send(response, line('ADDED', configMap('b', '11')));
    setTimeout(() => asked.socket.destroy(), 10);
  };
  const refuse: Stream = (_, asked) => asked.socket.destroy();
  const { asks, heard } = await follow({ watches: [cut, refuse, refuse, refuse] });
  await expect.poll(() => heard.at(-1)).toBe('list a b');
  expect(heard).toEqual(['list a', 'set b', 'stale unreachable', 'list a b']);
  expect(asks.slice(0, 3)).toEqual(['list', 'watch 10', 'watch 11']);
  expect(asks.filter((ask) => ask === 'list')).toHaveLength(1);
});

test('5: a line that is no JSON is not skipped: the stream begins again before it', async () => {
  const { asks, heard } = await follow({
    watches: [
      (response) =>
        send(response, line('ADDED', configMap('b', '11')), '{"type":"ADD\n', line('ADDED', configMap('d', '13'))),
      (response) => send(response, line('ADDED', configMap('c', '12')), line('ADDED', configMap('d', '13'))),
    ],
  });
  await expect.poll(() => heard.at(-1)).toBe('set d');
  expect(asks).toEqual(['list', 'watch 10', 'watch 11']);
  expect(heard).toEqual(['list a', 'set b', 'stale server-error', 'list a b', 'set c', 'set d']);
});

test('half a line at the end of a stream is no event', async () => {
  const { asks, heard } = await follow({
    watches: [
      (response) => {
        send(response, line('ADDED', configMap('b', '11')));
        response.end('{"type":"ADDED","obj');
      },
    ],
  });
  await expect.poll(() => asks).toEqual(['list', 'watch 10', 'watch 11']);
  expect(heard.slice(0, 2)).toEqual(['list a', 'set b']);
});

test('an event of a later day is passed over, an event without an object is not', async () => {
  const { asks, heard } = await follow({
    watches: [
      (response) => send(response, line('FROBBED', configMap('x', '30')), `${JSON.stringify({ type: 'ADDED' })}\n`),
    ],
  });
  await expect.poll(() => asks).toEqual(['list', 'watch 10', 'watch 30']);
  expect(heard).toEqual(['list a', 'stale server-error', 'list a']);
});

test('a connection that only looks open is left after a while', async () => {
  const silent: Stream = (response) => send(response, line('ADDED', configMap('b', '11')));
  const { asks } = await follow({ watches: [silent, silent], options: { timing: { idleMs: 500 } } });
  await expect.poll(() => asks.length).toBeGreaterThanOrEqual(4);
  expect(asks.slice(0, 4)).toEqual(['list', 'watch 10', 'watch 11', 'watch 11']);
});

test('29: after the machine slept, a stream is dead at once and not after its patience', async () => {
  let asleep = 0;
  const silent: Stream = (response) => send(response, line('ADDED', configMap('b', '11')));
  const { asks, heard } = await follow({
    watches: [silent],
    options: { timing: { beatMs: 20, now: () => performance.now() + asleep } },
  });
  await expect.poll(() => heard).toEqual(['list a', 'set b']);
  asleep = 3_600_000;
  await expect.poll(() => asks).toEqual(['list', 'watch 10', 'watch 11']);
  expect(heard).toEqual(['list a', 'set b']);
});

test('8: no permission is said once and asked again only now and then', async () => {
  const forbidden = (response: ServerResponse) =>
    json(response, 403, status(403, 'configmaps is forbidden: User "u" cannot list resource', {}, 'Forbidden'));
  const { asks, at, heard } = await follow({
    lists: [forbidden, forbidden, listOf('1', 'a')],
    watches: [],
    options: { timing: { forbiddenMs: 80 } },
  });
  await expect.poll(() => heard).toEqual(['stale forbidden', 'list a']);
  expect(asks.slice(0, 3)).toEqual(['list', 'list', 'list']);
  // Each wait is between half of it and the whole; a timer may be a millisecond early.
  for (const wait of gaps(at).slice(0, 2)) expect(wait).toBeGreaterThanOrEqual(39);
});

test('18: a kind that is gone is said to be, and found when it is back', async () => {
  const gone = (response: ServerResponse) =>
    json(response, 404, status(404, 'could not find the requested resource', {}));
  const { heard } = await follow({
    lists: [listOf('10', 'a'), gone, gone, listOf('20', 'b')],
    watches: [(response) => gone(response)],
  });
  await expect.poll(() => heard).toEqual(['list a', 'stale unknown-kind', 'list b']);
});

test('29: faults without end are met with patience', async () => {
  const refuse: Stream = (_, asked) => asked.socket.destroy();
  const { at } = await follow({
    watches: Array.from({ length: 1000 }, () => refuse),
    options: { timing: { backoffMs: 20, maxBackoffMs: 100 } },
  });
  await expect.poll(() => at.length).toBeGreaterThan(8);
  // After the list and the first watch, waits of at least 10, 20, 40, 50, 50 … ms; a timer may be a millisecond early.
  const waits = gaps(at).slice(1);
  expect(waits.filter((wait, n) => wait < Math.min(10 * 2 ** n, 50) - 2)).toEqual([]);
});

test('streams that end at once are spaced out', async () => {
  const { at } = await follow({
    watches: Array.from({ length: 1000 }, (): Stream => (response) => json(response, 200, '')),
    options: { timing: { spacingMs: 50 } },
  });
  await expect.poll(() => at.length).toBeGreaterThan(6);
  // From one request's sending to the next: what it took to arrive is not a part of the wait.
  expect((at[6]! - at[1]!) / 5).toBeGreaterThan(40);
});

test('3: a list that keeps expiring is waited for', async () => {
  const expire: Stream = (response) => json(response, 410, status(410, 'too old', {}, 'Expired'));
  const { asks, at } = await follow({
    watches: Array.from({ length: 1000 }, () => expire),
    options: { timing: { backoffMs: 40, maxBackoffMs: 100 } },
  });
  const lists = () => at.filter((_, n) => asks[n] === 'list');
  await expect.poll(() => lists().length).toBeGreaterThan(6);
  // The second list comes at once, the others after waits.
  expect(
    gaps(lists())
      .slice(1, 5)
      .filter((wait) => wait < 38),
  ).toEqual([]);
});

test('stopping ends it at once, and nothing is heard after', async () => {
  const { asks, heard, stop } = await follow({ watches: [] });
  await expect.poll(() => asks).toEqual(['list', 'watch 10']);
  await stop();
  const said = heard.length;
  await new Promise((done) => setTimeout(done, 50));
  expect([heard.length, asks.length]).toEqual([said, 2]);
});
