/**
 * What the watches have seen: the live objects of the kinds that somebody asked for. A watch that fails keeps what it
 * knew, marked stale, so that the tree does not empty when a connection drops.
 */
import { setMaxListeners } from 'node:events';
import type { Cluster, ClusterFailure, LiveObject, ServedKind } from '../engine/index.ts';
import { nameOf, objectKey } from './live.ts';

/** A group and kind, whatever version of it the cluster serves. */
export interface KindName {
  readonly group: string;
  readonly kind: string;
}

export type Seen =
  | { readonly state: 'loading' }
  /** The cluster does not serve the kind. */
  | { readonly state: 'absent' }
  | { readonly state: 'failed'; readonly failure: ClusterFailure }
  | {
      readonly state: 'live' | 'stale';
      readonly objects: ReadonlyMap<string, LiveObject>;
      readonly failure?: ClusterFailure;
    };

export interface Store {
  /** What is known of a kind; the first question starts the watch. */
  seen(kind: KindName, labelSelector?: string): Seen;
  /** Resolves once the kind's first list (or failure) is here. */
  settled(kind: KindName, labelSelector?: string): Promise<Seen>;
  /** Why a watch is down, when one is. */
  trouble(): ClusterFailure | undefined;
  /** Ends the watches with this label selector. */
  forget(labelSelector: string): void;
  /** Resolves with the first answer of `test` that is not undefined, asked now and after each change. */
  until<T>(kind: KindName, test: (seen: Seen) => T | undefined, signal: AbortSignal): Promise<T | undefined>;
}

interface Watched {
  seen: Seen;
  readonly abort: AbortController;
  readonly waiting: Set<() => void>;
}

export function createStore(
  cluster: Cluster,
  signal: AbortSignal,
  onChange: (kinds: ReadonlySet<string>) => void,
): Store {
  // One listener for each watch and each wait, and there may be many: that is no leak.
  setMaxListeners(0, signal);
  const watches = new Map<string, Watched>();
  let pending: Set<string> | undefined;

  /** Changes are told in one go, a moment later: a list of 5,000 objects is one repaint. */
  function changed(name: string, watched: Watched): void {
    for (const wake of [...watched.waiting]) wake();
    if (pending !== undefined) return void pending.add(name);
    pending = new Set([name]);
    setTimeout(() => {
      const kinds = pending!;
      pending = undefined;
      onChange(kinds);
    }, 50).unref();
  }

  function watch(kind: KindName, labelSelector: string): Watched {
    const name = watchName(kind, labelSelector);
    const known = watches.get(name);
    if (known !== undefined) return known;
    const abort = new AbortController();
    const watched: Watched = { seen: { state: 'loading' }, abort, waiting: new Set() };
    watches.set(name, watched);
    const set = (seen: Seen): void => {
      if (abort.signal.aborted || signal.aborted) return;
      watched.seen = seen;
      changed(name, watched);
    };
    void follow(cluster, kind, labelSelector, watched, set, AbortSignal.any([abort.signal, signal]));
    return watched;
  }

  async function until<T>(
    kind: KindName,
    test: (seen: Seen) => T | undefined,
    until: AbortSignal,
    selector = '',
  ): Promise<T | undefined> {
    const watched = watch(kind, selector);
    return await new Promise((resolve) => {
      const end = (value: T | undefined): void => {
        watched.waiting.delete(look);
        until.removeEventListener('abort', give);
        signal.removeEventListener('abort', give);
        resolve(value);
      };
      const give = (): void => end(undefined);
      const look = (): void => {
        const value = test(watched.seen);
        if (value !== undefined) end(value);
      };
      watched.waiting.add(look);
      until.addEventListener('abort', give);
      signal.addEventListener('abort', give);
      if (until.aborted || signal.aborted) give();
      else look();
    });
  }

  return {
    seen: (kind, selector = '') => watch(kind, selector).seen,
    async settled(kind, selector = '') {
      const done = (seen: Seen): Seen | undefined => (seen.state === 'loading' ? undefined : seen);
      return (await until(kind, done, signal, selector)) ?? { state: 'loading' };
    },
    trouble() {
      for (const { seen } of watches.values()) if (seen.state === 'stale') return seen.failure;
      return undefined;
    },
    forget(selector) {
      for (const [name, watched] of watches) {
        if (!name.endsWith(`?${selector}`)) continue;
        watched.abort.abort();
        watches.delete(name);
      }
    },
    until,
  };
}

/** `Kustomization.kustomize.toolkit.fluxcd.io?app=x`: what `onChange` is told. */
export function watchName(kind: KindName, labelSelector = ''): string {
  return `${kind.kind}.${kind.group}?${labelSelector}`;
}

async function follow(
  cluster: Cluster,
  kind: KindName,
  labelSelector: string,
  watched: Watched,
  set: (seen: Seen) => void,
  signal: AbortSignal,
): Promise<void> {
  const served = await cluster.served(kind.group, kind.kind, undefined, signal);
  if (!served.ok) return set({ state: 'failed', failure: served.failure });
  if (served.value === undefined) return set({ state: 'absent' });
  const as: ServedKind = served.value;
  const options = labelSelector === '' ? {} : { labelSelector };
  // One map that grows and shrinks: copying it for each event would make a burst of n events cost n squared.
  let objects = new Map<string, LiveObject>();
  await cluster.watch(
    as,
    options,
    (event) => {
      if (event.type === 'stale') {
        const first = watched.seen.state === 'loading' || watched.seen.state === 'failed';
        if (first) set({ state: 'failed', failure: event.reason });
        else set({ state: 'stale', objects, failure: event.reason });
        return;
      }
      if (event.type === 'list') objects = new Map(event.objects.map((one) => [keyOf(as, one), typed(as, one)]));
      else if (event.type === 'set') objects.set(keyOf(as, event.object), typed(as, event.object));
      else objects.delete(keyOf(as, event.object));
      set({ state: 'live', objects });
    },
    signal,
  );
}

function keyOf(kind: ServedKind, object: LiveObject): string {
  const { namespace, name } = nameOf(object);
  return objectKey(kind.group, kind.kind, namespace, name);
}

/** Objects in a list of a built-in kind do not say their kind. */
function typed(kind: ServedKind, object: LiveObject): LiveObject {
  if (object.kind !== undefined) return object;
  return { apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`, kind: kind.kind, ...object };
}
