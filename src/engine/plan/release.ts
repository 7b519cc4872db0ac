/**
 * What the cluster holds of a HelmRelease: its release as Helm stored it. The manifest that is deployed is what is there
 * now, so what the next one drops is deleted. Values and content stay here; only names and states go into the plan.
 */
import { idOf, titleOf } from '../objects/object.ts';
import { isPending, objectsIn, type ReleaseRecord, readReleases } from '../release/index.ts';
import type { DesiredSet } from '../render/desired.ts';
import { stringAt } from '../status/fields.ts';
import { inventoryId } from './inventory.ts';
import { type InventoryEntry, type OwnerState, type PlanEntry, type ReleaseState, writes } from './plan.ts';
import type { ReleaseSpec } from './releasespec.ts';
import type { Requests } from './requests.ts';
import { driftedIn } from './standing.ts';

/** The state of an owner with what its release storage says, and the revision that stands. */
export interface Stored {
  readonly state: OwnerState;
  /** The newest revision, where it is deployed. */
  readonly deployed?: ReleaseRecord;
}

/** The state stays as it was where the storage cannot be read. */
export async function withRelease(requests: Requests, state: OwnerState, spec: ReleaseSpec): Promise<Stored> {
  const where = { namespace: spec.storageNamespace, name: spec.name };
  const answer = await requests.slot(() => readReleases(requests.cluster, where, 'standing', requests.signal));
  if (!answer.ok) {
    const release = { revision: 0, status: 'unknown', trouble: answer.failure.message };
    return { state: { ...state, release } };
  }
  const last = answer.value.at(-1);
  if (last === undefined) return { state: { ...state, release: { revision: 0, status: 'absent' } } };
  const { revision, status } = last;
  if (status === 'uninstalled') return { state: { ...state, inventory: [], release: { revision, status } } };
  const deployed = answer.value.findLast(({ status }) => status === 'deployed');
  const standing = deployed === undefined ? [last] : answer.value.filter((one) => one.revision >= deployed.revision);
  const inventory = new Map<string, InventoryEntry>();
  for (const record of standing)
    for (const entry of await inventoryIn(requests, record, spec)) inventory.set(entry.id, entry);
  const release = { revision, status, chart: stringAt(last.json, 'chart', 'metadata', 'version') };
  const known = { ...state, inventory: [...inventory.values()], release };
  return last === deployed ? { state: known, deployed } : { state: known };
}

/** A failed revision after the one that is deployed may have brought objects, too. */
async function inventoryIn(
  requests: Requests,
  { manifest }: ReleaseRecord,
  { namespace }: ReleaseSpec,
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
  if (set.release.standing === true) {
    notes.push(`corrects what drifted from release ${spec.name} at revision ${revision}`);
    return notes;
  }
  notes.push(...spec.notDone);
  const upgrade = status !== 'absent' && status !== 'uninstalled';
  notes.push(upgrade ? `upgrades release ${spec.name} to revision ${revision + 1}` : `installs release ${spec.name}`);
  const action = upgrade ? spec.upgrade : spec.install;
  const event = upgrade ? 'upgrade' : 'install';
  if (spec.test !== undefined) notes.push('runs its tests then');
  const remedy = spec.remedies[event];
  if (remedy !== 'none')
    notes.push(
      `where that fails, ${remedy === 'rollback' ? 'it is rolled back to the revision before' : 'it is uninstalled'}`,
    );
  const hooks = set.release.hooks.filter(({ hook }) => hook.events.some((one) => one.endsWith(`-${event}`)));
  const names = hooks.map(({ node, hook }) => `${hook.events.join(', ')}: ${titleOf(idOf(node))}`);
  if (names.length > 0) notes.push(`${action.hooks ? 'runs' : 'does not run'} its hooks (${names.join('; ')})`);
  return notes;
}
