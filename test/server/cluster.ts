/** A cluster in memory, as small as the tests of the server need: objects by kind, watches, merge patches. */
import type { Cluster, ClusterAnswer, LiveObject, WatchEvent } from '../../src/engine/index.ts';

export interface FakeCluster extends Cluster {
  /** Sets an object as a controller would, and tells the watches. */
  set(object: LiveObject): void;
  /** Breaks the watches of a kind. */
  breakWatch(kind: string): void;
  readonly patches: readonly unknown[];
}

interface Options {
  /** Kinds that the server serves, as `Kind.group/version`. */
  readonly kinds: readonly string[];
  readonly objects?: readonly LiveObject[];
  /** Called after a patch, as a controller would see it. */
  readonly onPatch?: (cluster: FakeCluster, object: LiveObject) => void;
}

interface Meta {
  readonly namespace?: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function fakeCluster(options: Options): FakeCluster {
  const objects = new Map<string, LiveObject>();
  const watches = new Set<{ kind: string; selector: string; onEvent: (event: WatchEvent) => void }>();
  const patches: unknown[] = [];
  const meta = (object: LiveObject): Meta => object.metadata as unknown as Meta;
  const key = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;
  const ok = <T>(value: T): ClusterAnswer<T> => ({ ok: true, value });
  const missing: ClusterAnswer<never> = { ok: false, failure: { reason: 'not-found', message: 'not found' } };
  const matches = (object: LiveObject, selector: string): boolean =>
    selector
      .split(',')
      .filter((part) => part !== '')
      .every((part) => meta(object).labels?.[part.split('=')[0]!] === part.split('=')[1]);

  const cluster: FakeCluster = {
    context: 'fake',
    server: 'https://fake',
    patches,
    goTypes: () => ({ kinds: {}, types: {} }),
    identity: async () => ok('fake'),
    capabilities: async () => ok({ version: 'v1.36.0', apis: options.kinds }),
    async served(group, kind) {
      const found = options.kinds.find((one) => one.startsWith(`${kind}.${group}/`));
      if (found === undefined) return ok(undefined);
      const version = found.slice(found.lastIndexOf('/') + 1);
      return ok({ group, kind, version, plural: `${kind.toLowerCase()}s`, namespaced: true });
    },
    async get({ kind, namespace, name }) {
      const found = objects.get(key(kind, namespace, name));
      return found === undefined ? missing : ok(found);
    },
    list: async (kind) => ok([...objects.values()].filter((object) => object.kind === kind.kind)),
    async watch(kind, { labelSelector }, onEvent, signal) {
      const watch = { kind: kind.kind, selector: labelSelector ?? '', onEvent };
      watches.add(watch);
      const all = [...objects.values()].filter((one) => one.kind === kind.kind && matches(one, watch.selector));
      onEvent({ type: 'list', objects: all });
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      watches.delete(watch);
    },
    apply: async (object) => ok(object),
    async patch({ kind, namespace, name }, patch) {
      patches.push(patch);
      const old = objects.get(key(kind, namespace, name));
      if (old === undefined) return missing;
      const next = merge(old, patch as LiveObject) as LiveObject;
      cluster.set(next);
      options.onPatch?.(cluster, next);
      return ok(next);
    },
    create: async (object) => ok(object),
    mayPatch: async () => ok(true),
    delete: async () => missing,
    remote: () => missing,
    as: async () => missing,
    set(object) {
      const { namespace, name } = meta(object);
      objects.set(key(String(object.kind), namespace ?? '', name), object);
      for (const { kind, selector, onEvent } of watches) {
        if (kind === object.kind && matches(object, selector)) onEvent({ type: 'set', object });
      }
    },
    breakWatch(kind) {
      for (const watch of watches) {
        if (watch.kind === kind) {
          watch.onEvent({ type: 'stale', reason: { reason: 'unreachable', message: 'connection lost' } });
        }
      }
    },
  };
  for (const object of options.objects ?? []) cluster.set(object);
  return cluster;
}

/** RFC 7386. */
function merge(old: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const out: Record<string, unknown> = { ...(typeof old === 'object' && old !== null ? old : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = merge(out[key], value);
  }
  return out;
}
