/**
 * The status of a HelmRelease after Sluice has made a revision for it, as helm-controller would have left it: the
 * revision's snapshot in `status.history`, what was attempted, and how it went. By that the controller knows the
 * release for its own: when it starts or is resumed it finds nothing to do, and it can roll back and uninstall.
 */
import type { ObjectId } from '../../objects/object.ts';
import { inventoryId } from '../../plan/inventory.ts';
import { releaseOf } from '../../plan/payload.ts';
import { isSnapshotOf, type ReleaseRecord, type SnapshotOptions, snapshotOf } from '../../release/index.ts';
import { at, intAt, isObject, type JsonObject, listAt, stringAt } from '../../status/fields.ts';
import { ownerRef, sluiceManager } from '../owner.ts';
import { byManifest, isBeside } from './manifest.ts';
import type { Operation } from './operation.ts';
import type { Remedied } from './remedy.ts';
import type { Tested } from './testing.ts';

export interface Concluded {
  readonly action: 'install' | 'upgrade';
  /** The revisions before it, as they are stored now. */
  readonly earlier: readonly ReleaseRecord[];
  /** Milliseconds. */
  readonly took: number;
  /** Why it failed; no secret is in it. */
  readonly wrong?: string;
  readonly tested?: Tested;
  /** What the failure led to. */
  readonly remedied?: Remedied;
  /** Why it is not tried again. */
  readonly stalled?: Stalled;
  readonly failures: Failures;
}

/** As helm-controller counts them: all, and those that count for the remediation of an action. */
export interface Failures {
  readonly all: number;
  readonly install: number;
  readonly upgrade: number;
}

export interface Stalled {
  readonly reason: string;
  readonly message: string;
}

/** A HelmRelease that is not in the cluster has no status, and nobody who could take its release over. */
export async function noteOutcome(operation: Operation, concluded: Concluded): Promise<void> {
  const { state, turn } = operation;
  const { id } = turn.group.owner;
  const ref = ownerRef(id);
  const { cluster } = turn.home;
  const live = await cluster.get(ref);
  const answer = live.ok
    ? await cluster.patch(
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
  const { action, took, remedied, failures } = concluded;
  const generation = intAt(live, ['metadata', 'generation'], 1);
  const attempted = snapshotOf(record, { action });
  return {
    observedGeneration: generation,
    storageNamespace: spec.storageNamespace,
    history: historyAfter(live, operation, concluded),
    inventory: {
      entries: (remedied?.inventory ?? inventoryOf(operation)).map((id) => ({ id: inventoryId(id), v: id.version })),
    },
    lastAttemptedGeneration: generation,
    lastAttemptedRevision: stringAt(attempted, 'chartVersion'),
    lastAttemptedRevisionDigest: ociDigestOf(operation) || null,
    lastAttemptedConfigDigest: stringAt(attempted, 'configDigest'),
    lastAttemptedReleaseAction: action,
    lastAttemptedReleaseActionDuration: `${Math.round(took)}ms`,
    observedPostRenderersDigest: spec.postRenderersDigest || null,
    observedCommonMetadataDigest: spec.commonMetadataDigest || null,
    failures: failures.all || null,
    installFailures: failures.install || null,
    upgradeFailures: failures.upgrade || null,
    conditions: conditionsAfter(live, generation, operation, concluded),
  };
}

/**
 * The new snapshot before those of earlier revisions that are still what they say, back to the last one that was
 * deployed. An installation begins anew, and so does an upgrade of what the controller did not know for its own.
 */
function historyAfter(live: JsonObject, operation: Operation, concluded: Concluded): readonly JsonObject[] {
  const { record } = operation;
  const ociDigest = ociDigestOf(operation);
  const { action, earlier, tested, remedied, wrong } = concluded;
  const stands = remedied?.revisions.find(({ revision }) => revision === record.revision) ?? record;
  const by = { action: stands.status === record.status ? action : ('rollback' as const) };
  const own = {
    ...snapshotOf(stands, { ...by, ociDigest }),
    ...(tested === undefined ? {} : { testHooks: tested.hooks }),
  };
  const last = remedied?.revisions.at(-1);
  if (remedied?.how === 'uninstall') return [snapshotOf(last!, { action: 'uninstall-remediation' })];
  const newest = last === undefined ? [own] : [snapshotOf(last, { action: 'rollback' }), own];
  if (action === 'install') return newest;
  const stored = remedied?.revisions ?? earlier;
  const known = listAt(live, 'status', 'history').flatMap((snapshot) => {
    const found = stored.find(({ revision }) => revision === intAt(snapshot, ['version'], 0));
    const changer = remedied === undefined || wrong === undefined ? {} : { action: 'rollback' as const };
    return found === undefined || !isObject(snapshot) ? [] : [refreshed(snapshot, found, changer)];
  });
  const sorted = known.sort((a, b) => intAt(b, ['version'], 0) - intAt(a, ['version'], 0));
  const deployed = sorted.findIndex((one) => ['deployed', 'superseded'].includes(stringAt(one, 'status')));
  return [...newest, ...(deployed < 0 ? sorted.slice(0, 4) : sorted.slice(0, deployed + 1))];
}

/** Its state may have changed: it is superseded now. */
function refreshed(snapshot: JsonObject, stored: ReleaseRecord, by: Pick<SnapshotOptions, 'action'>): JsonObject {
  if (isSnapshotOf(snapshot, stored)) return snapshot;
  const ociDigest = stringAt(snapshot, 'ociDigest');
  const testHooks = at(snapshot, 'testHooks');
  return { ...snapshotOf(stored, { ociDigest, ...by }), ...(testHooks === undefined ? {} : { testHooks }) };
}

/** Empty for a chart that did not come by an OCIRepository. */
function ociDigestOf({ turn }: Operation): string {
  return releaseOf(turn.group.spec)?.digest ?? '';
}

/** In the manifest's order; the definitions of crds/ come last. */
function inventoryOf({ turn }: Operation): readonly ObjectId[] {
  const content = releaseOf(turn.group.spec)!;
  const standing = turn.group.entries.filter(
    ({ action, revision }) => !['delete', 'keep'].includes(action) && revision !== true,
  );
  const own = standing.filter((entry) => !isBeside(content, entry)).sort(byManifest(content));
  return [...own.map(({ id }) => id), ...content.definitions];
}

interface Told {
  readonly type: 'Remediated' | 'TestSuccess' | 'Released';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** In helm-controller's words, what counts most first. */
function told({ record }: Operation, concluded: Concluded): readonly Told[] {
  const { tested, remedied } = concluded;
  return [
    ...(remedied === undefined ? [] : [remediationTold(remedied)]),
    ...(tested === undefined ? [] : [testTold(record, tested)]),
    releaseTold(record, concluded),
  ];
}

function releaseTold(record: ReleaseRecord, { action, wrong }: Concluded): Told {
  const type = 'Released';
  const [what, did] = action === 'install' ? ['install', 'Install'] : ['upgrade', 'Upgrade'];
  if (wrong === undefined) {
    const message = `Helm ${what} succeeded for release ${titleOf(record)} with chart ${chartOf(record)}`;
    return { type, status: 'True', reason: `${did}Succeeded`, message };
  }
  const release = `${stringAt(record.json, 'namespace')}/${stringAt(record.json, 'name')}`;
  const message = `Helm ${what} failed for release ${release} with chart ${chartOf(record)}: ${wrong}`;
  return { type, status: 'False', reason: `${did}Failed`, message };
}

function testTold(record: ReleaseRecord, { hooks, wrong }: Tested): Told {
  const type = 'TestSuccess';
  const about = `release ${titleOf(record)} with chart ${chartOf(record)}`;
  if (wrong !== undefined)
    return { type, status: 'False', reason: 'TestFailed', message: `Helm test failed for ${about}: ${wrong}` };
  const count = Object.keys(hooks).length;
  const ran = count === 0 ? 'no test hooks' : `${count} test ${count === 1 ? 'hook' : 'hooks'} completed successfully`;
  return { type, status: 'True', reason: 'TestSucceeded', message: `Helm test succeeded for ${about}: ${ran}` };
}

function remediationTold({ how, target, wrong }: Remedied): Told {
  const about = `${titleOf(target)} with chart ${chartOf(target)}`;
  const what =
    how === 'rollback'
      ? `Helm rollback to previous release ${about}`
      : `Helm uninstall remediation for release ${about}`;
  const did = how === 'rollback' ? 'Rollback' : 'Uninstall';
  return wrong === undefined
    ? { type: 'Remediated', status: 'True', reason: `${did}Succeeded`, message: `${what} succeeded` }
    : { type: 'Remediated', status: 'False', reason: `${did}Failed`, message: `${what} failed: ${wrong}` };
}

function titleOf({ json, revision }: ReleaseRecord): string {
  return `${stringAt(json, 'namespace')}/${stringAt(json, 'name')}.v${revision}`;
}

function chartOf({ json }: ReleaseRecord): string {
  const chart = at(json, 'chart', 'metadata');
  return `${stringAt(chart, 'name')}@${stringAt(chart, 'version')}`;
}

/** What earlier attempts said of these is over. */
const superseded = ['Ready', 'Released', 'Reconciling', 'Stalled', 'Remediated', 'TestSuccess'];

/** Ready is what counts most; whatever was remediated is not ready. */
function conditionsAfter(live: JsonObject, generation: number, operation: Operation, concluded: Concluded) {
  const lastTransitionTime = `${new Date(operation.state.options.timer.now()).toISOString().slice(0, 19)}Z`;
  const all = told(operation, concluded);
  const [first] = all.filter(({ type }) => type !== 'TestSuccess' || operation.spec.test?.ignoreFailures !== true);
  const status = first!.type === 'Remediated' ? 'False' : first!.status;
  const kept = listAt(live, 'status', 'conditions').filter((one) => !superseded.includes(stringAt(one, 'type')));
  const { stalled } = concluded;
  const over = stalled === undefined ? [] : [{ type: 'Stalled', status: 'True', ...stalled }];
  const made = [...over, { ...first!, type: 'Ready', status }, ...all];
  return [...made.map((one) => ({ ...one, observedGeneration: generation, lastTransitionTime })), ...kept];
}
