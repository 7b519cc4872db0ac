/**
 * The other clusters that the Flux objects of a cluster lead to (`spec.kubeConfig`), as they are live, and those that
 * the objects there lead to in turn. Each is opened once, however many objects lead to it.
 */
import type { ObjectId } from '../objects/object.ts';
import { type KubeConfigRef, openRemote } from '../plan/index.ts';
import { ownerSpec } from '../plan/owner.ts';
import type { RemoteTarget } from '../plan/plan.ts';
import { steadily } from '../plan/requests.ts';
import type { Cluster, ClusterAnswer, LiveObject } from '../ports.ts';
import { stringAt } from '../status/fields.ts';

/** A cluster, and what led to it where it is not the one that was begun with. */
export interface Spot {
  readonly cluster: Cluster;
  readonly remote?: RemoteTarget;
}

export interface Reaching {
  /** Where the objects of a live Flux object go from the cluster that it stands in; a sentence: why nobody can look there. */
  spotOf(home: Spot, owner: LiveObject): Promise<Spot | string>;
}

/** `first`: the cluster that is begun with. A kubeconfig may lead back to it. */
export function reachingFrom(first: Cluster, signal?: AbortSignal): Reaching {
  const opened = new Map<string, Promise<Spot | string>>();
  const byIdentity = new Map<string, Spot>();
  let start: Promise<void> | undefined;

  async function rememberFirst(): Promise<void> {
    const identity = await steadily(() => first.identity(signal));
    if (identity.ok) byIdentity.set(identity.value, { cluster: first });
  }

  async function open(home: Spot, namespace: string, ref: KubeConfigRef): Promise<Spot | string> {
    const { cluster: holder, remote: through } = home;
    const get: Cluster['get'] = (wanted) => steadily(() => holder.get(wanted, signal));
    const cluster = await openRemote({ get, home: holder, namespace, ref });
    if (typeof cluster === 'string') return cluster;
    start ??= rememberFirst();
    await start;
    const identity = await steadily(() => cluster.identity(signal));
    if (!identity.ok) return identity.failure.message;
    const known = byIdentity.get(identity.value);
    if (known !== undefined) return known;
    const { context, server } = cluster;
    const way = { context, server, identity: identity.value, namespace, from: ref };
    const spot = { cluster, remote: through === undefined ? way : { ...way, through } };
    byIdentity.set(identity.value, spot);
    return spot;
  }

  return {
    async spotOf(home, owner) {
      const { kubeConfig } = ownerSpec(idOfLive(owner), owner);
      if (kubeConfig === undefined) return home;
      const namespace = stringAt(owner, 'metadata', 'namespace');
      const key = JSON.stringify([home.remote?.identity ?? '', namespace, kubeConfig]);
      const spot = opened.get(key) ?? open(home, namespace, kubeConfig);
      opened.set(key, spot);
      return spot;
    },
  };
}

export function idOfLive(live: LiveObject): ObjectId {
  const apiVersion = stringAt(live, 'apiVersion');
  const slash = apiVersion.indexOf('/');
  return {
    group: apiVersion.slice(0, Math.max(0, slash)),
    version: apiVersion.slice(slash + 1),
    kind: stringAt(live, 'kind'),
    namespace: stringAt(live, 'metadata', 'namespace'),
    name: stringAt(live, 'metadata', 'name'),
  };
}

/** Every object of a kind; none where the kind is not served. */
export async function listOf(
  cluster: Cluster,
  group: string,
  kind: string,
  signal: AbortSignal | undefined,
): Promise<ClusterAnswer<readonly LiveObject[]>> {
  const served = await cluster.served(group, kind, undefined, signal);
  if (!served.ok) return served;
  if (served.value === undefined) return { ok: true, value: [] };
  return steadily(() => cluster.list(served.value!, {}, signal));
}
