/** What the cluster knows of an owner before its objects are asked about: suspended, controlled, its inventory. */
import type { ClusterAnswer, ClusterFailure, LiveObject, ObjectRef, ServedKind } from '../ports.ts';
import type { Owner } from '../render/desired.ts';
import { listAt, stringAt } from '../status/fields.ts';
import { isSuspended } from '../status/health.ts';
import type { Json } from '../yaml/resolve.ts';
import { inventoryOf } from './inventory.ts';
import { isHelmRelease, isKustomization, type OwnerSpec, ownerSpec } from './owner.ts';
import type { OwnerState } from './plan.ts';
import { type Requests, refKey } from './requests.ts';
import { secretValuesOf } from './secrets.ts';

/** Everything that is known of one owner before its objects are asked about. */
export interface LiveOwner {
  readonly owner: Owner;
  readonly spec: OwnerSpec;
  readonly state: OwnerState;
  readonly live: LiveObject | undefined;
  /** Values that it took from Secrets, as they are in the cluster. */
  readonly secretValues: readonly string[];
  /** Why it could not be read: then it is not known what it applied. */
  readonly failure?: ClusterFailure;
}

/** The live owners of some sets, in their order: one list for each namespace that holds many, else each by itself. */
export async function liveOwners(
  requests: Requests,
  owners: readonly { readonly owner: Owner; readonly rendered: Json | undefined }[],
): Promise<readonly LiveOwner[]> {
  const refs = await Promise.all(owners.map(({ owner }) => refOf(requests, owner)));
  const listed = await listMany(requests, refs);
  return Promise.all(
    owners.map(async ({ owner, rendered }, index): Promise<LiveOwner> => {
      const sought = refs[index];
      if (sought === undefined) return unseen({ owner, rendered });
      const known = listed.get(refKey(sought.ref));
      const answer = known ?? (await requests.get(sought.ref));
      const live = answer.ok ? answer.value : undefined;
      const spec = ownerSpec(owner.id, rendered ?? live);
      const secretValues = await secretValuesOf(requests, owner.id, [rendered, live]);
      const base = { owner, spec, state: stateOf(live), live, secretValues };
      return answer.ok || answer.failure.reason === 'not-found' ? base : { ...base, failure: answer.failure };
    }),
  );
}

/** An owner of which nothing can be asked, as the cluster that it stands in cannot be. */
export function unseen({ owner, rendered }: { readonly owner: Owner; readonly rendered: Json | undefined }): LiveOwner {
  return { owner, spec: ownerSpec(owner.id, rendered), state: stateOf(undefined), live: undefined, secretValues: [] };
}

interface Sought {
  readonly ref: ObjectRef;
  readonly served: ServedKind;
}

/** How to ask for an owner; undefined for a plain folder, and where its kind is not served. */
async function refOf(requests: Requests, { id }: Owner): Promise<Sought | undefined> {
  if (!isKustomization(id) && !isHelmRelease(id)) return undefined;
  const served = await requests.served(id.group, id.kind, id.version);
  if (!served.ok || served.value === undefined) return undefined;
  const ref = {
    apiVersion: `${id.group}/${served.value.version}`,
    kind: id.kind,
    namespace: id.namespace,
    name: id.name,
  };
  return { ref, served: served.value };
}

/** From how many owners of a kind in a namespace on one list is cheaper than reading each. */
const listFrom = 6;

const missing: ClusterAnswer<never> = { ok: false, failure: { reason: 'not-found', message: 'not found' } };

async function listMany(
  requests: Requests,
  sought: readonly (Sought | undefined)[],
): Promise<ReadonlyMap<string, ClusterAnswer<LiveObject>>> {
  const places = new Map<string, Sought[]>();
  for (const one of sought) {
    if (one === undefined) continue;
    const key = `${one.ref.apiVersion}/${one.ref.kind}/${one.ref.namespace}`;
    places.set(key, [...(places.get(key) ?? []), one]);
  }
  const found = new Map<string, ClusterAnswer<LiveObject>>();
  const many = [...places.values()].filter((group) => group.length >= listFrom);
  await Promise.all(
    many.map(async (group) => {
      const { ref, served } = group[0]!;
      const { cluster, signal } = requests;
      const answer = await requests.slot(() => cluster.list(served, { namespace: ref.namespace }, signal));
      if (!answer.ok) return;
      // The list is of all of them: what is not in it is not there.
      for (const one of group) found.set(refKey(one.ref), missing);
      for (const live of answer.value) {
        const value = { apiVersion: ref.apiVersion, kind: ref.kind, ...live };
        found.set(refKey({ ...ref, name: stringAt(live, 'metadata', 'name') }), { ok: true, value });
      }
    }),
  );
  return found;
}

function stateOf(live: LiveObject | undefined): OwnerState {
  if (live === undefined) return { exists: false, suspended: false, controlled: false, inventory: [] };
  return {
    exists: true,
    suspended: isSuspended(live),
    controlled: listAt(live, 'metadata', 'finalizers').includes('finalizers.fluxcd.io'),
    inventory: inventoryOf(live),
    uid: stringAt(live, 'metadata', 'uid'),
  };
}
