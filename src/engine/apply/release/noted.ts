/**
 * The status of a HelmRelease after Sluice has made a revision for it, as helm-controller would have left it: the
 * revision's snapshot in `status.history`, what was attempted, and how it went. By that the controller knows the
 * release for its own: when it starts or is resumed it finds nothing to do, and it can roll back and uninstall.
 */
import { inventoryId } from '../../plan/inventory.ts';
import { releaseOf } from '../../plan/payload.ts';
import { isSnapshotOf, type ReleaseRecord, snapshotOf } from '../../release/index.ts';
import { at, intAt, isObject, type JsonObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { ownerRef, sluiceManager } from '../owner.ts';
import { byManifest, isBeside } from './manifest.ts';
import type { Operation } from './operation.ts';

export interface Concluded {
  readonly action: 'install' | 'upgrade';
  /** The revisions before it, as they are stored now. */
  readonly earlier: readonly ReleaseRecord[];
  /** Milliseconds. */
  readonly took: number;
  /** Why it failed; no secret is in it. */
  readonly wrong?: string;
}

/** A HelmRelease that is not in the cluster has no status, and nobody who could take its release over. */
export async function noteOutcome(operation: Operation, concluded: Concluded): Promise<void> {
  const { state, turn } = operation;
  const { id } = turn.group.owner;
  const ref = ownerRef(id);
  const live = await state.cluster.get(ref);
  const answer = live.ok
    ? await state.cluster.patch(
        ref,
        { status: statusAfter(live.value, operation, concluded) },
        { manager: sluiceManager, subresource: 'status' },
      )
    : live;
  if (answer.ok || answer.failure.reason === 'not-found') return;
  const message = `its status could not be written, so helm-controller will upgrade it once more: ${answer.failure.message}`;
  state.tell({ type: 'trouble', owner: id, message });
}

/** What was there and is to go is null: it is a merge patch. */
function statusAfter(live: JsonObject, operation: Operation, concluded: Concluded): JsonObject {
  const { spec, record } = operation;
  const { action, took, wrong } = concluded;
  const generation = intAt(live, ['metadata', 'generation'], 1);
  const history = historyAfter(live, operation, concluded);
  return {
    observedGeneration: generation,
    storageNamespace: spec.storageNamespace,
    history,
    inventory: { entries: inventoryAfter(operation) },
    lastAttemptedGeneration: generation,
    lastAttemptedRevision: stringAt(history[0], 'chartVersion'),
    lastAttemptedRevisionDigest: null,
    lastAttemptedConfigDigest: stringAt(history[0], 'configDigest'),
    lastAttemptedReleaseAction: action,
    lastAttemptedReleaseActionDuration: `${Math.round(took)}ms`,
    observedPostRenderersDigest: spec.postRenderersDigest || null,
    observedCommonMetadataDigest: spec.commonMetadataDigest || null,
    failures: wrong === undefined ? null : 1,
    installFailures: wrong !== undefined && action === 'install' ? 1 : null,
    upgradeFailures: wrong !== undefined && action === 'upgrade' ? 1 : null,
    conditions: conditionsAfter(live, generation, told(record, concluded), operation),
  };
}

/**
 * The new snapshot before those of earlier revisions that are still what they say, back to the last one that was
 * deployed. An installation begins anew, and so does an upgrade of what the controller did not know for its own.
 */
function historyAfter(live: JsonObject, { record }: Operation, { action, earlier }: Concluded): readonly JsonObject[] {
  const own = snapshotOf(record, { action });
  const old = listAt(live, 'status', 'history').filter(isObject);
  if (action === 'install') return [own];
  const known = old.flatMap((snapshot) => {
    const stored = earlier.find(({ revision }) => revision === intAt(snapshot, ['version'], 0));
    return stored === undefined ? [] : [refreshed(snapshot, stored)];
  });
  const sorted = known.sort((a, b) => intAt(b, ['version'], 0) - intAt(a, ['version'], 0));
  const last = sorted.findIndex((one) => ['deployed', 'superseded'].includes(stringAt(one, 'status')));
  return [own, ...(last < 0 ? sorted.slice(0, 4) : sorted.slice(0, last + 1))];
}

/** Its state may have changed: it is superseded now. */
function refreshed(snapshot: JsonObject, stored: ReleaseRecord): JsonObject {
  if (isSnapshotOf(snapshot, stored)) return snapshot;
  const ociDigest = stringAt(snapshot, 'ociDigest');
  const testHooks = at(snapshot, 'testHooks');
  return { ...snapshotOf(stored, { ociDigest }), ...(testHooks === undefined ? {} : { testHooks }) };
}

/** In the manifest's order; the definitions of crds/ come last. */
function inventoryAfter({ turn }: Operation): readonly Json[] {
  const content = releaseOf(turn.group.spec)!;
  const standing = turn.group.entries.filter(({ action }) => !['delete', 'keep'].includes(action));
  const beside = standing.filter((entry) => isBeside(content, entry));
  const own = standing.filter((entry) => !beside.includes(entry)).sort(byManifest(content));
  return [...own, ...beside].map(({ id }) => ({ id: inventoryId(id), v: id.version }));
}

interface Told {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** In helm-controller's words. */
function told(record: ReleaseRecord, { action, wrong }: Concluded): Told {
  const chart = at(record.json, 'chart', 'metadata');
  const named = `${stringAt(chart, 'name')}@${stringAt(chart, 'version')}`;
  const release = `${stringAt(record.json, 'namespace')}/${stringAt(record.json, 'name')}`;
  const [what, did] = action === 'install' ? ['install', 'Install'] : ['upgrade', 'Upgrade'];
  if (wrong === undefined) {
    const message = `Helm ${what} succeeded for release ${release}.v${record.revision} with chart ${named}`;
    return { status: 'True', reason: `${did}Succeeded`, message };
  }
  const message = `Helm ${what} failed for release ${release} with chart ${named}: ${wrong}`;
  return { status: 'False', reason: `${did}Failed`, message };
}

/** What earlier attempts said of these is over. */
const superseded = ['Ready', 'Released', 'Reconciling', 'Stalled', 'Remediated', 'TestSuccess'];

function conditionsAfter(
  live: JsonObject,
  generation: number,
  { status, reason, message }: Told,
  { state }: Operation,
) {
  const lastTransitionTime = `${new Date(state.options.timer.now()).toISOString().slice(0, 19)}Z`;
  const kept = listAt(live, 'status', 'conditions').filter((one) => !superseded.includes(stringAt(one, 'type')));
  const fields = { status, reason, message, observedGeneration: generation, lastTransitionTime };
  return [...['Ready', 'Released'].map((type) => ({ type, ...fields })), ...kept];
}
