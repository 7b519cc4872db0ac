/**
 * Which cluster each owner stands in, which one its objects go to, and as whom they are asked about there. Mostly it is
 * the cluster that is asked, by its user; with `spec.kubeConfig` the objects go to another one, and an owner among those
 * objects stands there itself; with a service account Flux acts as that account, and is granted no more than it is.
 */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { Cluster, ClusterAnswer, LiveObject } from '../ports.ts';
import type { DesiredSet } from '../render/desired.ts';
import type { Json } from '../yaml/resolve.ts';
import { accountOf, accountTitle, type DefaultAccounts, defaultAccounts } from './accounts.ts';
import { isHelmRelease, isKustomization, jsonOf, ownerSpec, renderedOwners } from './owner.ts';
import type { RemoteTarget } from './plan.ts';
import { type KubeConfigRef, openRemote } from './remote.ts';
import { type Requests, requestsAs, requestsOf } from './requests.ts';

/** A cluster that can be asked, and as whom; `remote` where it is not the one that the plan was made against. */
export interface Place {
  readonly requests: Requests;
  readonly remote?: RemoteTarget;
  /** The same cluster by its own user, where this is somebody else. */
  readonly base?: Place;
  /** That somebody. */
  readonly as?: string;
}

/** What stands for the cluster of a place, whoever asks it. */
export function clusterOf(place: Place): Place {
  return place.base ?? place;
}

/** Where an owner stands and where its objects go; a sentence where that cluster cannot be asked. */
export interface OwnerPlaces {
  readonly home: Place | string;
  readonly target: Place | string;
  /** What leads to the target, where it is another cluster. */
  readonly remote?: RemoteTarget;
  /** Why its objects are not asked about as its service account. */
  readonly notAs?: string;
}

/** A cluster with what led to it: several kubeconfigs may lead to the same one. */
export interface OpenedPlace {
  readonly place: Place;
  readonly remote: RemoteTarget;
}

/** The cluster that a kubeconfig leads to, from the cluster that holds it; opened once. */
export type OpenPlace = (home: Place, namespace: string, ref: KubeConfigRef) => Promise<OpenedPlace | string>;

/** A place as the owner's service account is let in there; with `notAs` as everybody else, and why. */
export interface ActingPlace {
  readonly place: Place;
  readonly notAs?: string;
}

export interface StandingOwner {
  readonly id: ObjectId;
  readonly object: Json | undefined;
  readonly home: Place;
}

export interface Reach {
  readonly open: OpenPlace;
  /** The place as Flux asks it for this owner, by the controllers that run where the owner stands. */
  acting(place: Place, owner: StandingOwner): Promise<ActingPlace>;
}

export interface Places extends Reach {
  /** In the order of the owners. */
  readonly places: readonly OwnerPlaces[];
}

export interface PlacesOptions {
  /** Of the controllers that run where the plan is made for, whatever clusters they reach. */
  readonly accounts: DefaultAccounts;
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

export async function placesOf(here: Place, wanted: readonly DesiredSet[], options: PlacesOptions): Promise<Places> {
  const rendered = renderedOwners(wanted);
  const parents = parentsOf(wanted);
  const opened = new Map<string, Promise<OpenedPlace | string>>();
  const byIdentity = new Map<string, Place>();
  const known = new Map<number, Promise<OwnerPlaces>>();
  const accounts = new Map<string, Promise<ClusterAnswer<Cluster>>>();
  const byAccount = new Map<string, Place>();
  const controllers = new Map<Place, Promise<DefaultAccounts>>([[here, Promise.resolve(options.accounts)]]);

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
    const around = outside ? here : (await placeOf(parent, [...below, index])).target;
    if (typeof around === 'string') return { home: around, target: around };
    const home = clusterOf(around);
    const object = jsonOf(rendered.get(keyOf(owner.id))) ?? (await liveOwner(home, owner.id));
    const { kubeConfig } = ownerSpec(owner.id, object);
    const way =
      kubeConfig === undefined
        ? { place: home, ...(home.remote && { remote: home.remote }) }
        : await open(home, owner.id.namespace, kubeConfig);
    if (typeof way === 'string') return { home, target: way };
    const { place, notAs } = await acting(way.place, { id: owner.id, object, home });
    return {
      home,
      target: place,
      ...(way.remote === undefined ? {} : { remote: way.remote }),
      ...(notAs === undefined ? {} : { notAs }),
    };
  }

  async function acting(place: Place, { id, object, home }: StandingOwner): Promise<ActingPlace> {
    const defaults = controllers.get(home) ?? defaultAccounts(home.requests);
    controllers.set(home, defaults);
    const user = accountOf(id, ownerSpec(id, object), await defaults);
    if (user === undefined) return { place };
    const { requests } = place;
    const key = `${place.remote?.identity ?? ''} ${user}`;
    const answer = accounts.get(key) ?? requests.cluster.as(user, options.signal);
    accounts.set(key, answer);
    const entered = await answer;
    if (!entered.ok) {
      const account = accountTitle(user);
      return { place, notAs: `as you, and not as its service account ${account}: ${entered.failure.message}` };
    }
    const known = byAccount.get(key) ?? {
      ...place,
      requests: requestsAs(requests, entered.value),
      base: place,
      as: user,
    };
    byAccount.set(key, known);
    return { place: known };
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
    const { context, server } = cluster;
    const through = home.remote === undefined ? {} : { through: home.remote };
    const remote = { context, server, identity: identity.value, namespace, from: ref, ...through };
    const same = byIdentity.get(identity.value);
    if (same !== undefined) return { place: same, remote };
    const place = { requests: requestsOf(cluster, options.concurrency, options.signal), remote };
    byIdentity.set(identity.value, place);
    return { place, remote };
  }

  return { places: await Promise.all(wanted.map((_, index) => placeOf(index, []))), open, acting };
}

/** An owner that nothing renders any more is as the cluster has it. */
async function liveOwner({ requests }: Place, id: ObjectId): Promise<LiveObject | undefined> {
  if (!isKustomization(id) && !isHelmRelease(id)) return undefined;
  const served = await requests.served(id.group, id.kind, id.version);
  if (!served.ok || served.value === undefined) return undefined;
  const apiVersion = `${id.group}/${served.value.version}`;
  const answer = await requests.get({ apiVersion, kind: id.kind, namespace: id.namespace, name: id.name });
  return answer.ok ? answer.value : undefined;
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

/** Each once, without the reasons that stand where there is none. */
export function distinctPlaces(places: readonly (Place | string)[]): readonly Place[] {
  return [...new Set(places)].filter((one): one is Place => typeof one !== 'string');
}
