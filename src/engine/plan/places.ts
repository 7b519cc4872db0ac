/**
 * Which cluster each owner stands in, and which one its objects go to. Mostly both are the cluster that is asked; with
 * `spec.kubeConfig` the objects go to another one, and an owner among those objects stands there itself.
 */
import { keyOf } from '../objects/object.ts';
import type { DesiredSet } from '../render/desired.ts';
import { jsonOf, ownerSpec, renderedOwners } from './owner.ts';
import type { RemoteTarget } from './plan.ts';
import { type KubeConfigRef, openRemote } from './remote.ts';
import { type Requests, requestsOf } from './requests.ts';

/** A cluster that can be asked; `remote` where it is not the one that the plan was made against. */
export interface Place {
  readonly requests: Requests;
  readonly remote?: RemoteTarget;
}

/** Where an owner stands and where its objects go; a sentence where that cluster cannot be asked. */
export interface OwnerPlaces {
  readonly home: Place | string;
  readonly target: Place | string;
  /** What leads to the target, where it is another cluster. */
  readonly remote?: RemoteTarget;
}

/** A cluster with what led to it: several kubeconfigs may lead to the same one. */
export interface OpenedPlace {
  readonly place: Place;
  readonly remote: RemoteTarget;
}

/** The cluster that a kubeconfig leads to, from the cluster that holds it; opened once. */
export type OpenPlace = (home: Place, namespace: string, ref: KubeConfigRef) => Promise<OpenedPlace | string>;

export interface Places {
  /** In the order of the owners. */
  readonly places: readonly OwnerPlaces[];
  readonly open: OpenPlace;
}

export interface PlacesOptions {
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

export async function placesOf(here: Place, wanted: readonly DesiredSet[], options: PlacesOptions): Promise<Places> {
  const rendered = renderedOwners(wanted);
  const parents = parentsOf(wanted);
  const opened = new Map<string, Promise<OpenedPlace | string>>();
  const byIdentity = new Map<string, Place>();
  const known = new Map<number, Promise<OwnerPlaces>>();

  function placeOf(index: number, below: readonly number[]): Promise<OwnerPlaces> {
    const old = known.get(index);
    if (old !== undefined) return old;
    const made = find(index, below);
    known.set(index, made);
    return made;
  }

  async function find(index: number, below: readonly number[]): Promise<OwnerPlaces> {
    const { owner } = wanted[index]!;
    const parent = parents.get(keyOf(owner.id));
    const outside = parent === undefined || parent === index || below.includes(parent);
    const home = outside ? here : (await placeOf(parent, [...below, index])).target;
    const { kubeConfig } = ownerSpec(owner.id, jsonOf(rendered.get(keyOf(owner.id))));
    if (typeof home === 'string') return { home, target: home };
    if (kubeConfig === undefined) return { home, target: home, ...(home.remote && { remote: home.remote }) };
    const opened = await open(home, owner.id.namespace, kubeConfig);
    return typeof opened === 'string'
      ? { home, target: opened }
      : { home, target: opened.place, remote: opened.remote };
  }

  function open(home: Place, namespace: string, ref: KubeConfigRef): Promise<OpenedPlace | string> {
    const key = JSON.stringify([home.remote?.identity, namespace, ref]);
    const target = opened.get(key) ?? connect(home, namespace, ref);
    opened.set(key, target);
    return target;
  }

  async function connect(home: Place, namespace: string, ref: KubeConfigRef): Promise<OpenedPlace | string> {
    const { requests } = home;
    const cluster = await openRemote({ get: requests.get, home: requests.cluster, namespace, ref });
    if (typeof cluster === 'string') return cluster;
    const identity = await cluster.identity(options.signal);
    if (!identity.ok) return identity.failure.message;
    const remote = { context: cluster.context, server: cluster.server, identity: identity.value, namespace, from: ref };
    const same = byIdentity.get(identity.value);
    if (same !== undefined) return { place: same, remote };
    const place = { requests: requestsOf(cluster, options.concurrency, options.signal), remote };
    byIdentity.set(identity.value, place);
    return { place, remote };
  }

  return { places: await Promise.all(wanted.map((_, index) => placeOf(index, []))), open };
}

/** The set that holds each owner's own object, by the owner's key. */
function parentsOf(wanted: readonly DesiredSet[]): ReadonlyMap<string, number> {
  const owners = new Set(wanted.map(({ owner }) => keyOf(owner.id)));
  const parents = new Map<string, number>();
  wanted.forEach((set, index) => {
    for (const { id } of set.objects) {
      const key = keyOf(id);
      if (owners.has(key) && !parents.has(key)) parents.set(key, index);
    }
  });
  return parents;
}
