/**
 * What the cluster holds of a HelmRelease: its release as Helm stored it. The manifest that is deployed is what is there
 * now, so what the next one drops is deleted. Values and content stay here; only names and states go into the plan.
 */
import { idOf, titleOf } from '../objects/object.ts';
import { isPending, objectsIn, type ReleaseRecord, readReleases } from '../release/index.ts';
import type { DesiredSet } from '../render/desired.ts';
import { stringAt } from '../status/fields.ts';
import { inventoryId } from './inventory.ts';
import {
  type InventoryEntry,
  type LeftRelease,
  type OwnerState,
  type PlanEntry,
  type ReleaseState,
  writes,
} from './plan.ts';
import type { ReleaseSpec } from './releasespec.ts';
import type { Requests } from './requests.ts';
import { driftedIn } from './standing.ts';

/** The state of an owner with what its release storage says, and the revision that stands. */
export interface Stored {
  readonly state: OwnerState;
  readonly last?: ReleaseRecord;
  /** The newest revision, where it is deployed. */
  readonly deployed?: ReleaseRecord;
}

/** What a HelmRelease makes, and what it made before where that is another release. */
export interface Wanted {
  readonly spec: ReleaseSpec;
  readonly left?: Omit<LeftRelease, 'revision'> | undefined;
}

/** The state stays as it was where the storage cannot be read. */
export async function withRelease(requests: Requests, state: OwnerState, { spec, left }: Wanted): Promise<Stored> {
  const stored = await storedRelease(requests, state, spec);
  if (left === undefined) return stored;
  const old = await storedRelease(requests, state, left);
  const { revision, status, trouble } = old.state.release!;
  // Nobody knows what is left there: no other release is made beside it.
  if (trouble !== undefined) return { state: old.state };
  if (revision === 0 || status === 'uninstalled') return stored;
  const leaves = { ...left, revision };
  const same = left.storageNamespace === spec.storageNamespace && left.name === spec.name;
  if (same) return { state: { ...old.state, release: { revision: 0, status: 'absent', leaves } } };
  const inventory = [...old.state.inventory, ...stored.state.inventory];
  return { ...stored, state: { ...stored.state, inventory, release: { ...stored.state.release!, leaves } } };
}

async function storedRelease(requests: Requests, state: OwnerState, where: ReleasePlace): Promise<Stored> {
  const place = { namespace: where.storageNamespace, name: where.name };
  const answer = await requests.slot(() => readReleases(requests.cluster, place, 'standing', requests.signal));
  if (!answer.ok) {
    const release = { revision: 0, status: 'unknown', trouble: answer.failure.message };
    return { state: { ...state, release } };
  }
  const last = answer.value.at(-1);
  if (last === undefined) return { state: { ...state, release: { revision: 0, status: 'absent' } } };
  const { revision, status } = last;
  if (status === 'uninstalled') return { state: { ...state, inventory: [], release: { revision, status } }, last };
  const deployed = answer.value.findLast(({ status }) => status === 'deployed');
  const standing = deployed === undefined ? [last] : answer.value.filter((one) => one.revision >= deployed.revision);
  const inventory = new Map<string, InventoryEntry>();
  for (const record of standing)
    for (const entry of await inventoryIn(requests, record, where)) inventory.set(entry.id, entry);
  const clientSide = stringAt(last.json, 'apply_method') === 'ssa' ? {} : { clientSide: true as const };
  const release = { revision, status, chart: stringAt(last.json, 'chart', 'metadata', 'version'), ...clientSide };
  const known = { ...state, inventory: [...inventory.values()], release };
  return { state: known, last, ...(last === deployed ? { deployed } : {}) };
}

type ReleasePlace = Pick<ReleaseSpec, 'name' | 'namespace' | 'storageNamespace'>;

/** A failed revision after the one that is deployed may have brought objects, too. */
async function inventoryIn(
  requests: Requests,
  { manifest }: ReleaseRecord,
  { namespace }: ReleasePlace,
): Promise<readonly InventoryEntry[]> {
  return Promise.all(
    objectsIn(manifest).map(async (object) => {
      const id = idOf(object);
      const served = await requests.served(id.group, id.kind, id.version);
      const clustered = served.ok && served.value?.namespaced === false;
      const home = clustered ? '' : id.namespace || namespace;
      return { id: inventoryId({ ...id, namespace: home }), v: id.version };
    }),
  );
}

/** What follows where an action fails. */
function failureWords(spec: ReleaseSpec, action: 'install' | 'upgrade'): string | undefined {
  const retries = spec.retries[action];
  if (retries === 'on failure' || (retries === 0 && !spec.remediesLast[action])) return undefined;
  const remedied = spec.remedies[action] === 'rollback' ? 'rolled back to the revision before' : 'uninstalled';
  if (retries === 0) return `where that fails, it is ${remedied}`;
  const times = retries === 1 ? 'once' : `${retries} times`;
  return `where that fails, it is ${remedied} and tried again, ${times}${spec.remediesLast[action] ? '; the last failure is remedied, too' : ''}`;
}

/** What there is to say of a release: its state where it is not sound, and what runs beside its objects. */
export function releaseNotes(
  set: DesiredSet,
  spec: ReleaseSpec,
  state: ReleaseState,
  entries: readonly PlanEntry[],
): readonly string[] {
  const notes: string[] = [];
  const { revision, status, trouble } = state;
  if (trouble !== undefined) notes.push(`its release storage could not be read: ${trouble}`);
  else if (isPending(state)) notes.push(`revision ${revision} is ${status}: an operation is under way, or it died`);
  else if (status === 'failed') notes.push(`revision ${revision} failed`);
  const drifted = driftedIn(entries);
  if (drifted > 0) notes.push(`${drifted} of its objects drifted, and Flux leaves ${drifted === 1 ? 'it' : 'them'} so`);
  if (!entries.some(writes) || set.release === undefined) return notes;
  if (state.leaves !== undefined) notes.push(`uninstalls release ${state.leaves.name} first: ${state.leaves.why}`);
  if (set.release.standing === true) {
    notes.push(`corrects what drifted from release ${spec.name} at revision ${revision}`);
    return notes;
  }
  notes.push(...spec.notDone);
  if (state.clientSide && !spec.setsApply)
    notes.push(
      'its last revision was applied client-side, as Flux would go on to do (spec.upgrade.serverSideApply): Sluice applies by the server',
    );
  const upgrade = status !== 'absent' && status !== 'uninstalled';
  notes.push(upgrade ? `upgrades release ${spec.name} to revision ${revision + 1}` : `installs release ${spec.name}`);
  const action = upgrade ? spec.upgrade : spec.install;
  const event = upgrade ? 'upgrade' : 'install';
  if (spec.test !== undefined) notes.push('runs its tests then');
  const failing = failureWords(spec, event);
  if (failing !== undefined) notes.push(failing);
  const hooks = set.release.hooks.filter(({ hook }) => hook.events.some((one) => one.endsWith(`-${event}`)));
  const names = hooks.map(({ node, hook }) => `${hook.events.join(', ')}: ${titleOf(idOf(node))}`);
  if (names.length > 0) notes.push(`${action.hooks ? 'runs' : 'does not run'} its hooks (${names.join('; ')})`);
  return notes;
}
