/** Asking the cluster for many things: bounded in number, each thing once, and lists in place of many single reads. */
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef, ServedKind } from '../ports.ts';
import { stringAt } from '../status/fields.ts';

export interface Requests {
  readonly cluster: Cluster;
  readonly signal?: AbortSignal;
  /** How a kind is served; asked once for each kind and version. */
  served(group: string, kind: string, version: string): Promise<ClusterAnswer<ServedKind | undefined>>;
  get(ref: ObjectRef): Promise<ClusterAnswer<LiveObject>>;
  /** Runs `work` when one of the bounded slots is free. */
  slot<T>(work: () => Promise<T>): Promise<T>;
}

export function requestsOf(cluster: Cluster, concurrency: number, signal?: AbortSignal): Requests {
  const kinds = new Map<string, Promise<ClusterAnswer<ServedKind | undefined>>>();
  const slot = slots(concurrency);
  return {
    cluster,
    ...(signal === undefined ? {} : { signal }),
    slot,
    served(group, kind, version) {
      const key = `${group}/${version}/${kind}`;
      const known = kinds.get(key);
      if (known !== undefined) return known;
      const asked = cluster.served(group, kind, version, signal);
      kinds.set(key, asked);
      return asked;
    },
    get: (ref) => slot(() => steadily(() => cluster.get(ref, signal))),
  };
}

/** The same questions from another user: what is known of kinds, and the slots, are shared. */
export function requestsAs(requests: Requests, cluster: Cluster): Requests {
  const { slot, signal } = requests;
  return { ...requests, cluster, get: (ref) => slot(() => steadily(() => cluster.get(ref, signal))) };
}

/** Asks again what a stumbling connection lost: reads and dry runs change nothing, however often they arrive. */
export async function steadily<T>(work: () => Promise<ClusterAnswer<T>>): Promise<ClusterAnswer<T>> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await work();
    const lost = !answer.ok && ['unknown-outcome', 'server-error', 'too-many-requests'].includes(answer.failure.reason);
    if (!lost || attempt === 3) return answer;
  }
}

/** At most `count` pieces of work at a time, in the order in which they came. */
export function slots(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

export interface Sought {
  readonly ref: ObjectRef;
  readonly served: ServedKind;
  /** `group` of the owner's labels and the owner's name, by which the object is probably labelled. */
  readonly owner: { readonly group: string; readonly name: string };
}

export function refKey(ref: Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace' | 'name'>): string {
  return `${ref.apiVersion}/${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** From how many objects of a kind on one list is cheaper than reading each. */
const listFrom = 6;

/**
 * The live objects by `refKey`: one list for each kind of which many are sought, by their owners' labels. What a list
 * does not hold is not in the result, and has to be read by itself: it may exist without the label.
 */
export async function prefetch(
  requests: Requests,
  sought: readonly Sought[],
): Promise<ReadonlyMap<string, LiveObject>> {
  const found = new Map<string, LiveObject>();
  const byKind = new Map<string, Sought[]>();
  for (const one of sought) {
    const key = `${one.ref.apiVersion}/${one.ref.kind}/${one.owner.group}`;
    const group = byKind.get(key);
    if (group === undefined) byKind.set(key, [one]);
    else group.push(one);
  }
  const many = [...byKind.values()].filter((group) => group.length >= listFrom);
  await Promise.all(many.map((group) => listOne(requests, group, found)));
  return found;
}

async function listOne(requests: Requests, group: readonly Sought[], found: Map<string, LiveObject>): Promise<void> {
  const { ref, served, owner } = group[0]!;
  const names = [...new Set(group.map((one) => one.owner.name))];
  const label = `${owner.group}/name`;
  const labelSelector = names.length <= 60 ? `${label} in (${names.join(',')})` : label;
  const namespaces = new Set(group.map((one) => one.ref.namespace));
  const namespace = namespaces.size === 1 && served.namespaced ? { namespace: ref.namespace } : {};
  const answer = await requests.slot(() =>
    requests.cluster.list(served, { labelSelector, ...namespace }, requests.signal),
  );
  if (!answer.ok) return;
  for (const object of answer.value) {
    const id = {
      ...ref,
      namespace: stringAt(object, 'metadata', 'namespace'),
      name: stringAt(object, 'metadata', 'name'),
    };
    // Items of a list come without apiVersion and kind from some servers.
    found.set(refKey(id), { apiVersion: ref.apiVersion, kind: ref.kind, ...object });
  }
}
