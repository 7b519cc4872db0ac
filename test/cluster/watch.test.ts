/**
 * Watches through the proxy in front of the real API server: whatever happens to the stream, what the reflector knows ends
 * as what the cluster holds, nothing is told to be gone that is there, and the server is asked no more than it takes.
 */
import { expect, onTestFinished, test } from 'vitest';
import type { LiveObject, WatchEvent } from '../../src/engine/index.ts';
import { type Fault, type Proxy as FaultProxy, type Line, proxy, type Seen } from './proxy.ts';
import { bounded, connectTo, type Rig, rig, value } from './rig.ts';

const timing = { backoffMs: 100, maxBackoffMs: 500, spacingMs: 50, beatMs: 60_000 };

interface Followed {
  readonly namespace: string;
  readonly through: FaultProxy;
  /** `list a b`, `set a`, `gone a`, `stale reason`, in order. */
  readonly heard: readonly string[];
  /** The names that the listener knows of. */
  known(): readonly string[];
  /** `list`, or `watch` and the version that it begins at, of every request so far. */
  asks(): readonly string[];
  /** Creates an object, past the proxy. */
  create(name: string, namespace?: string): Promise<void>;
  /** Waits until the listener knows what the cluster holds. */
  caughtUp(): Promise<void>;
}

const isWatch = ({ query }: Seen) => query.get('watch') === '1';

/** Follows the ConfigMaps of a namespace of its own, of which `first` is there, through a proxy that does as `decide` says. */
async function follow(it: Rig, decide: (seen: Seen, watches: number) => Fault, over = {}): Promise<Followed> {
  const namespace = await it.namespace();
  const create: Followed['create'] = async (name, place = namespace) => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: place } };
    value(await it.cluster.apply(object, { manager: 'test', force: false, dryRun: false }));
  };
  await create('first');
  let watches = 0;
  const through = await proxy(it.layout, (seen) => {
    if (!seen.path.endsWith('/configmaps')) return 'pass';
    return decide(seen, isWatch(seen) ? ++watches : watches);
  });
  const cluster = connectTo(through.kubeconfig, { timing: { ...timing, ...over } });
  const kind = value(await cluster.served('', 'ConfigMap'))!;
  const [heard, names] = [[] as string[], new Set<string>()];
  const abort = new AbortController();
  const ended = cluster.watch(kind, { namespace }, (event) => take(event, heard, names), abort.signal);
  onTestFinished(async () => {
    abort.abort();
    await ended;
  });
  const asks = () =>
    through.seen
      .filter(({ path }) => path.endsWith('/configmaps'))
      .map((seen) => (isWatch(seen) ? `watch ${seen.query.get('resourceVersion')}` : 'list'));
  // From here on the stream brings every object that comes.
  await bounded(async () => (asks().length < 2 ? 'the stream was not asked for' : undefined));
  return {
    namespace,
    through,
    heard,
    known: () => [...names].sort(),
    asks,
    create,
    async caughtUp() {
      await bounded(async () => {
        const live = value(await it.cluster.list(kind, { namespace }))
          .map(nameOf)
          .sort();
        return same(live, [...names].sort()) ? undefined : `${live} are there, ${[...names]} are known`;
      });
    },
  };
}

function take(event: WatchEvent, heard: string[], names: Set<string>): void {
  if (event.type === 'list') {
    names.clear();
    for (const object of event.objects) names.add(nameOf(object));
    heard.push(`list ${event.objects.map(nameOf).filter(isOurs).join(' ')}`);
  } else if (event.type === 'stale') heard.push(`stale ${event.reason.reason}`);
  else {
    if (event.type === 'set') names.add(nameOf(event.object));
    else names.delete(nameOf(event.object));
    if (isOurs(nameOf(event.object))) heard.push(`${event.type} ${nameOf(event.object)}`);
  }
}

const nameOf = (object: LiveObject) => (object.metadata as { name: string }).name;
// The controller manager puts one into every namespace, some time.
const isOurs = (name: string) => name !== 'kube-root-ca.crt';
const same = (one: readonly string[], other: readonly string[]) => one.join(' ') === other.join(' ');
const lists = ({ asks }: Followed) => asks().filter((ask) => ask === 'list').length;

/** The first stream is passed on until the object `a` is in it; then `what` happens. */
const atA =
  (what: Line) =>
  (_: Seen, watches: number): Fault =>
    watches === 1 ? { line: (line) => (line.includes('"name":"a"') ? what : 'pass') } : 'pass';

test('3: a version that the server has forgotten is its 410, and lists once more; what is shown stays until then', async () => {
  const it = rig();
  const my = await follow(it, (seen, watches) =>
    isWatch(seen) && watches === 1 ? { query: { resourceVersion: '1' } } : 'pass',
  );
  await expect.poll(() => my.asks().length).toBeGreaterThanOrEqual(4);
  await my.create('a');
  await my.caughtUp();
  expect(my.asks().map((ask) => ask.split(' ')[0])).toEqual(['list', 'watch', 'list', 'watch']);
  expect(my.heard).toEqual(['list first', 'list first', 'set a']);
});

test('3: 410 as an answer, in the middle of the work, lists once more', async () => {
  const it = rig();
  const my = await follow(it, (seen, watches) => {
    if (watches === 1) return { line: (line) => (line.includes('"name":"a"') ? 'end' : 'pass') };
    return isWatch(seen) && watches === 2 ? { status: 410, message: 'too old resource version' } : 'pass';
  });
  await my.create('a');
  await expect.poll(() => my.asks().length).toBeGreaterThanOrEqual(5);
  await my.create('b');
  await my.caughtUp();
  expect(my.asks().map((ask) => ask.split(' ')[0])).toEqual(['list', 'watch', 'watch', 'list', 'watch']);
  expect(my.heard).toEqual(['list first', 'set a', 'list a first', 'set b']);
});

test('4: a stream that ends goes on where it was, without a list and without a word', async () => {
  const it = rig();
  const my = await follow(it, atA('end'));
  await my.create('a');
  await expect.poll(() => my.asks().length).toBeGreaterThanOrEqual(3);
  await my.create('b');
  await my.caughtUp();
  expect(lists(my)).toBe(1);
  expect(my.heard).toEqual(['list first', 'set a', 'set b']);
});

test('4: a connection that breaks is said once, resumed after the last event, and nothing is missed', async () => {
  const it = rig();
  const my = await follow(it, (seen, watches) => {
    if (watches === 1) return atA('reset')(seen, watches);
    return isWatch(seen) && watches < 5 ? 'drop' : 'pass';
  });
  await my.create('a');
  await expect.poll(() => my.heard).toContain('stale unreachable');
  await my.create('b');
  await my.caughtUp();
  expect(lists(my)).toBe(1);
  expect(my.heard.filter((one) => one.startsWith('stale'))).toHaveLength(1);
  expect(my.heard.filter((one) => one.startsWith('gone'))).toEqual([]);
});

test('4, 29: a connection that only looks open is left in time, and nothing is missed', async () => {
  const it = rig();
  const my = await follow(it, atA('silence'), { idleMs: 3000 });
  await expect.poll(() => my.asks().length).toBe(2);
  await my.create('a');
  await my.create('b');
  await my.caughtUp();
  expect(lists(my)).toBe(1);
  expect(my.heard.filter((one) => one.startsWith('set')).sort()).toEqual(['set a', 'set b']);
});

test.each(['garble', 'cut'] as const)(
  '5: half a line (%s) is not skipped: the stream begins again before it',
  async (what) => {
    const it = rig();
    const my = await follow(it, atA(what));
    await my.create('a');
    await my.create('b');
    await my.caughtUp();
    expect(lists(my)).toBe(1);
    expect(my.heard.filter((one) => one.startsWith('stale'))).toHaveLength(1);
    expect(my.heard.filter((one) => one.startsWith('set')).sort()).toEqual(['set a', 'set b']);
  },
);

test('6: a bookmark moves the stream on and is no row', async () => {
  const it = rig();
  let bookmark = '';
  // The server sends one shortly before the end of a stream.
  const my = await follow(it, (seen, watches) => {
    if (!isWatch(seen) || watches > 1) return 'pass';
    const line = (text: string): Line => {
      if (text.includes('"BOOKMARK"')) bookmark = (JSON.parse(text) as Bookmark).object.metadata.resourceVersion;
      return 'pass';
    };
    return { query: { timeoutSeconds: '6' }, line };
  });
  await expect.poll(() => my.asks().length).toBe(2);
  await my.create('elsewhere', 'default');
  onTestFinished(async () => {
    await it.kubectl(['delete', 'configmap', 'elsewhere', '--namespace=default']);
  });
  await expect.poll(() => my.asks().length).toBe(3);
  const [, first, second] = my.asks();
  expect(bookmark).not.toBe('');
  expect(second).toBe(`watch ${bookmark}`);
  expect(second).not.toBe(first);
  await my.create('a');
  await my.caughtUp();
  expect(my.heard).toEqual(['list first', 'set a']);
});

interface Bookmark {
  readonly object: { readonly metadata: { readonly resourceVersion: string } };
}

test.each([
  [401, 'Unauthorized', 'unauthorized'],
  [403, 'configmaps is forbidden: User "u" cannot watch resource "configmaps"', 'forbidden'],
  [429, 'too many requests', undefined],
  [503, 'shutting down', undefined],
] as const)(
  '7, 8, 9: %i in the middle of a watch is said at most once, and nothing is missed',
  async (status, message, reason) => {
    const it = rig();
    const fault = { status, message, headers: { 'retry-after': '0' } };
    const my = await follow(
      it,
      (seen, watches) => {
        if (watches === 1) return { line: (line) => (line.includes('"name":"a"') ? 'end' : 'pass') };
        return isWatch(seen) && watches <= 3 ? fault : 'pass';
      },
      { forbiddenMs: 200 },
    );
    await my.create('a');
    await expect.poll(() => my.asks().filter((ask) => ask !== 'list').length).toBeGreaterThanOrEqual(4);
    await my.create('b');
    await my.caughtUp();
    const stale = my.heard.filter((one) => one.startsWith('stale'));
    expect(stale.length).toBeLessThanOrEqual(1);
    if (reason !== undefined) expect(stale).toEqual([`stale ${reason}`]);
    expect(my.asks().length).toBeLessThanOrEqual(10);
  },
);

test('29: after an hour of sleep a dead stream is left at once, and what the server has forgotten is listed once', async () => {
  const it = rig();
  let [asleep, dead] = [0, false];
  const line = (text: string): Line => {
    dead ||= text.includes('"name":"b"');
    return dead ? 'silence' : 'pass';
  };
  const my = await follow(
    it,
    (seen, watches) => {
      if (!isWatch(seen) || watches > 2) return 'pass';
      return watches === 1 ? { line } : { query: { resourceVersion: '1' } };
    },
    { beatMs: 200, now: () => performance.now() + asleep },
  );
  await my.create('a');
  await my.caughtUp();
  await my.create('b');
  await expect.poll(() => dead).toBe(true);
  asleep = 3_600_000;
  await my.caughtUp();
  await expect
    .poll(() => my.asks().map((ask) => ask.split(' ')[0]))
    .toEqual(['list', 'watch', 'watch', 'list', 'watch']);
  expect(my.heard).toEqual(['list first', 'set a', 'list a b first']);
});
