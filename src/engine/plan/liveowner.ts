/** What the cluster knows of an owner before its objects are asked about: suspended, controlled, its inventory. */
import type { LiveObject, ObjectRef } from '../ports.ts';
import type { Owner } from '../render/desired.ts';
import { listAt, stringAt } from '../status/fields.ts';
import { isSuspended } from '../status/health.ts';
import type { Json } from '../yaml/resolve.ts';
import { inventoryOf } from './inventory.ts';
import { isHelmRelease, isKustomization, type OwnerSpec, ownerSpec } from './owner.ts';
import type { OwnerState } from './plan.ts';
import type { Requests } from './requests.ts';

/** Everything that is known of one owner before its objects are asked about. */
export interface LiveOwner {
  readonly owner: Owner;
  readonly spec: OwnerSpec;
  readonly state: OwnerState;
  readonly live: LiveObject | undefined;
}

export async function liveOwner(requests: Requests, owner: Owner, rendered: Json | undefined): Promise<LiveOwner> {
  const flux = isKustomization(owner.id) || isHelmRelease(owner.id);
  const ref: ObjectRef = {
    apiVersion: `${owner.id.group}/${owner.id.version}`,
    kind: owner.id.kind,
    namespace: owner.id.namespace,
    name: owner.id.name,
  };
  const served = flux ? await requests.served(owner.id.group, owner.id.kind, owner.id.version) : undefined;
  const version = served?.ok === true ? served.value?.version : undefined;
  const answer =
    version === undefined ? undefined : await requests.get({ ...ref, apiVersion: `${owner.id.group}/${version}` });
  const live = answer?.ok === true ? answer.value : undefined;
  return { owner, spec: ownerSpec(owner.id, rendered ?? live), state: stateOf(live), live };
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
