/**
 * Installing and upgrading a release, as Helm 4 does it under helm-controller: definitions of crds/, the record as
 * pending, hooks, the objects in Helm's order, what dropped out deleted, everything waited for, hooks again, and the
 * record as deployed. The record stands before any object does, so that after a crash nothing is there that no release
 * knows; what fails or is canceled leaves a failed revision, from which `helm` can go on.
 */
import { titleOf } from '../../objects/object.ts';
import { releaseOf } from '../../plan/payload.ts';
import { type PlanEntry, type PlanGroup, writes } from '../../plan/plan.ts';
import {
  createRelease,
  deleteRelease,
  helmManager,
  isPending,
  makeRecord,
  type ReleaseRecord,
  readReleases,
  updateRelease,
  withStatus,
} from '../../release/index.ts';
import type { ReleaseContent } from '../../render/desired.ts';
import { stringAt, stringsAt } from '../../status/fields.ts';
import { pruneOne } from '../prune.ts';
import { waitForStage } from '../ready.ts';
import { type Sent, send } from '../send.ts';
import { isBad, type State, sending, skipAll, type Turn, told } from '../turn.ts';
import { conclude, type Ended, noFailures } from './conclude.ts';
import { runHooks } from './hooks.ts';
import { byManifest, isBeside } from './manifest.ts';
import { nowText, type Operation, stopReason } from './operation.ts';
import { placedIn, takeAway, without, writeBack } from './placed.ts';
import { uninstallLeft } from './uninstall.ts';
import { waitForAll, waitForRelease } from './wait.ts';

export { uninstallRelease } from './uninstall.ts';

export async function applyRelease(state: State, turn: Turn): Promise<void> {
  const all = [...turn.sends, ...turn.deletes];
  const content = releaseOf(turn.group.spec);
  const barred =
    turn.barred ?? (content === undefined ? 'the plan does not hold its chart: plan again' : bar(turn, content));
  if (barred !== undefined || content === undefined) return skipAll(state, turn, all, barred ?? '');
  if (content.standing === true) return correct(state, turn, content);
  const leftOver = await uninstallLeft(state, turn);
  if (leftOver !== undefined) return skipAll(state, turn, all, leftOver);
  const history = await historyOf(state, turn);
  if (typeof history === 'string') return skipAll(state, turn, all, history);
  const begun = await begin(state, turn, content, history);
  if (typeof begun === 'string') return skipAll(state, turn, all, begun);
  const { operation } = begun;
  const wrong = await carryOut(operation, content);
  for (const entry of all) if (!turn.outcomes.has(entry)) told(state, turn, entry, unsent(operation, entry, wrong));
  const ended = await conclude(operation, { history: begun.history, wrong, failures: noFailures });
  await tryAgain(operation, content, ended);
}

/** Of an entry that stands for the revision itself: it was made. */
function unsent({ record }: Operation, { revision }: PlanEntry, wrong: string | undefined): Sent {
  if (revision !== true) return { outcome: 'not-sent', message: wrong ?? '' };
  const message = `revision ${record.revision} is made`;
  return wrong === undefined ? { outcome: 'applied', message } : { outcome: 'failed', message: `${message}: ${wrong}` };
}

/** How long a failed release is left alone before it is tried again, in milliseconds. */
const pause = 1000;

/** What was rolled back or uninstalled is tried again as often as the HelmRelease asks for, with what was planned. */
async function tryAgain(first: Operation, content: ReleaseContent, ended: Ended): Promise<void> {
  const { state, turn } = first;
  let last = ended;
  while (last.again !== undefined) {
    await state.options.timer.sleep(pause, state.options.signal);
    if (state.options.signal?.aborted) return;
    const { again, failures } = last;
    const begun = await begin(state, turn, content, again);
    if (typeof begun === 'string') {
      state.tell({ type: 'trouble', owner: turn.group.owner.id, message: `it is not tried again: ${begun}` });
      return;
    }
    const { operation } = begun;
    const wrong = await carryOutAgain(operation, again.at(-1));
    last = await conclude(operation, { history: again, wrong, failures });
  }
  if (last === ended || turn.failed) return;
  for (const [entry, outcome] of turn.outcomes) {
    if (!isBad(outcome)) continue;
    const done = entry.action === 'delete' ? ('deleted' as const) : ('applied' as const);
    told(state, turn, entry, { outcome: done, message: `${done} when it was tried again` });
  }
}

/** Helm has nothing new to do: what drifted is put back, as helm-controller's drift correction does, without a revision. */
async function correct(state: State, turn: Turn, content: ReleaseContent): Promise<void> {
  const wrong = await sendAll(state, turn, [...turn.sends].sort(byManifest(content)));
  for (const entry of turn.sends)
    if (!turn.outcomes.has(entry)) told(state, turn, entry, { outcome: 'not-sent', message: wrong ?? '' });
}

/** Why no revision can be made of what the plan holds. */
function bar({ group, sends, deletes }: Turn, content: ReleaseContent): string | undefined {
  if (group.complete === false) return 'not everything of it could be rendered';
  const { trouble } = group.state?.release ?? {};
  if (trouble !== undefined) return `its release storage could not be read: ${trouble}; plan again`;
  const chosen = new Set([...sends, ...deletes]);
  const left = group.entries.filter((entry) => writes(entry) && !chosen.has(entry));
  const planned = group.entries.filter(
    (entry) => !['delete', 'keep'].includes(entry.action) && entry.revision !== true && !isBeside(content, entry),
  );
  if (planned.length < content.manifest.length)
    return 'a release is applied as a whole, and the plan is of a part of it';
  if (left.length > 0) return 'a release is applied as a whole, and not all of it was chosen';
  const unknown = group.entries.find((entry) => entry.action === 'unknown' && entry.awaits === undefined);
  if (unknown !== undefined) return `${titleOf(unknown.id)}: ${unknown.reason}`;
  return nameInUse(group) ?? ownership({ group, sends });
}

/** Told before anything is uninstalled: the release that comes after could not be installed. */
function nameInUse({ spec, state }: PlanGroup): string | undefined {
  const { release } = spec ?? {};
  const { leaves } = state?.release ?? {};
  if (release === undefined || leaves === undefined || !release.uninstall.keepHistory || release.replace)
    return undefined;
  if (leaves.name !== release.name || leaves.storageNamespace !== release.storageNamespace) return undefined;
  return stillInUse(release.name);
}

function stillInUse(name: string): string {
  return `the name ${name} is still in use: the history of an uninstalled release is kept (install.replace is not set)`;
}

/** As Helm: what another release owns is taken over only where that is allowed, which it is by default. */
function ownership({ group, sends }: Pick<Turn, 'group' | 'sends'>): string | undefined {
  const { release } = group.spec ?? {};
  if (release === undefined) return undefined;
  const upgrade = isUpgrade(group.state?.release?.revision, group.state?.release?.status);
  if ((upgrade ? release.upgrade : release.install).takeOwnership) return undefined;
  for (const { id, before } of sends) {
    if (before === undefined) continue;
    const marks = stringsAt(before, 'metadata', 'annotations');
    const ours =
      marks['meta.helm.sh/release-name'] === release.name &&
      marks['meta.helm.sh/release-namespace'] === release.namespace;
    if (!ours) return `${titleOf(id)} exists and is not of this release (disableTakeOwnership is set)`;
  }
  return undefined;
}

function isUpgrade(revision: number | undefined, status: string | undefined): boolean {
  return revision !== undefined && revision > 0 && status !== 'uninstalled' && status !== 'absent';
}

/** Every revision, oldest first; a sentence when somebody worked on the release since it was planned. */
async function historyOf({ options }: State, { group, site }: Turn): Promise<readonly ReleaseRecord[] | string> {
  const spec = group.spec?.release;
  if (spec === undefined) return 'the plan does not hold what it says of its release';
  const where = { namespace: spec.storageNamespace, name: spec.name };
  const answer = await readReleases(site.cluster, where, 'all', options.signal);
  if (!answer.ok) return `its release storage could not be read: ${answer.failure.message}`;
  const { revision: seen = 0, leaves } = group.state?.release ?? {};
  const last = answer.value.at(-1)?.revision ?? 0;
  // Its own history may have been kept, and is what was uninstalled just now.
  const kept = leaves?.name === where.name && leaves.storageNamespace === where.namespace;
  return last === seen || kept
    ? answer.value
    : `its release is at revision ${last}, and the plan was made at ${seen}: plan again`;
}

interface Begun {
  readonly operation: Operation;
  /** The revisions before it, as they are stored now. */
  readonly history: readonly ReleaseRecord[];
}

async function begin(
  state: State,
  turn: Turn,
  content: ReleaseContent,
  history: readonly ReleaseRecord[],
): Promise<Begun | string> {
  const spec = turn.group.spec!.release!;
  const last = history.at(-1);
  const upgrade = isUpgrade(last?.revision, last?.status);
  if (!upgrade && last !== undefined && !spec.replace) return stillInUse(spec.name);
  const where = { namespace: spec.storageNamespace, name: spec.name };
  const now = nowText(state);
  const record = makeRecord(content, {
    name: spec.name,
    namespace: spec.namespace,
    revision: (last?.revision ?? 0) + 1,
    status: upgrade ? 'pending-upgrade' : 'pending-install',
    description: upgrade ? 'Preparing upgrade' : 'Initial install underway',
    firstDeployed: (upgrade && stringAt(last?.json, 'info', 'first_deployed')) || now,
    lastDeployed: now,
  });
  const operation = { state, turn, spec, action: upgrade ? spec.upgrade : spec.install, where, record };
  const failed = (await definitions(operation, content)) ?? (upgrade ? undefined : await namespaceFor(operation));
  if (failed !== undefined) return failed;
  const unlocked = await unlock(operation, history);
  if (!upgrade && last !== undefined) {
    const over = withStatus(last, 'superseded', { description: 'superseded by new release' });
    await updateRelease(turn.site.cluster, where, over, state.options.timer.now());
  }
  await makeRoom(operation, unlocked);
  const stored = await createRelease(turn.site.cluster, where, record, state.options.timer.now());
  return stored.ok
    ? { operation, history: unlocked }
    : `its release record could not be stored: ${stored.failure.message}`;
}

/** crds/ comes first, and has to be known to the server before anything is made of it. */
async function definitions({ state, turn }: Operation, content: ReleaseContent): Promise<string | undefined> {
  const entries = turn.sends.filter((entry) => isBeside(content, entry));
  const wrong = await sendAll(state, turn, entries);
  if (wrong !== undefined || entries.length === 0) return wrong;
  await waitForStage(state, turn, entries, 'definitions');
  return turn.failed ? 'the definitions of its crds/ were not established' : undefined;
}

async function namespaceFor({ state, turn, spec }: Operation): Promise<string | undefined> {
  if (!spec.createNamespace) return undefined;
  const { cluster } = turn.site;
  const { options } = state;
  const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: spec.namespace };
  const there = await cluster.get(ref, options.signal);
  if (there.ok) return undefined;
  const object = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: spec.namespace, labels: { name: spec.namespace } },
  };
  const made = await cluster.apply(object, { manager: helmManager, force: false, dryRun: false }, options.signal);
  return made.ok ? undefined : `Namespace ${spec.namespace} could not be created: ${made.failure.message}`;
}

/** A revision that an operation left pending when it died is failed, as helm-controller has it, and then upgraded. */
async function unlock(
  { state, turn, where }: Operation,
  history: readonly ReleaseRecord[],
): Promise<readonly ReleaseRecord[]> {
  const last = history.at(-1);
  if (last === undefined || !isPending(last)) return history;
  const failed = withStatus(last, 'failed', {
    description: `Release unlocked from stale '${last.status}' state`,
  });
  await updateRelease(turn.site.cluster, where, failed, state.options.timer.now());
  return [...history.slice(0, -1), failed];
}

/** Keeps the history as short as the HelmRelease wants it; the revision that is deployed stays in any case. */
async function makeRoom({ turn, spec, where }: Operation, history: readonly ReleaseRecord[]): Promise<void> {
  if (spec.maxHistory <= 0) return;
  const deployed = history.findLast(({ status }) => status === 'deployed');
  const spare = Math.max(0, history.length - (spec.maxHistory - 1));
  const old = history.filter((record) => record !== deployed).slice(0, spare);
  for (const { revision } of old) await deleteRelease(turn.site.cluster, where, revision);
}

/** Everything between the two states of the record; undefined, or what failed. */
async function carryOut(operation: Operation, content: ReleaseContent): Promise<string | undefined> {
  const { state, turn, action, record } = operation;
  const event = record.status === 'pending-upgrade' ? 'upgrade' : 'install';
  const before = await runHooks(operation, `pre-${event}`);
  if (before !== undefined) return before;
  const sends = turn.sends
    .filter((entry) => entry.revision !== true && !isBeside(content, entry))
    .sort(byManifest(content));
  const sent = await sendAll(state, turn, sends);
  if (sent !== undefined) return sent;
  const dropped = await dropAll(operation);
  if (dropped !== undefined) return dropped;
  if (action.wait) {
    const standing = turn.group.entries.filter(
      (entry) =>
        !['delete', 'keep', 'skip'].includes(entry.action) && entry.revision !== true && !isBeside(content, entry),
    );
    const waited = await waitForRelease(operation, standing);
    if (waited !== undefined) return waited;
  }
  return runHooks(operation, `post-${event}`);
}

/** The same once more: everything is written, whatever the attempts before left, and what no longer belongs to it goes. */
async function carryOutAgain(operation: Operation, stands: ReleaseRecord | undefined): Promise<string | undefined> {
  const { action, record } = operation;
  const event = record.status === 'pending-upgrade' ? 'upgrade' : 'install';
  const message = `tried again (revision ${record.revision})`;
  const [wanted, before] = [
    await placedIn(operation, record.manifest),
    await placedIn(operation, stands?.manifest ?? ''),
  ];
  return (
    (await runHooks(operation, `pre-${event}`)) ??
    (await writeBack(operation, wanted, message)) ??
    (await takeAway({ ...operation, action: { ...action, wait: false } }, without(before, wanted), message)) ??
    (action.wait
      ? await waitForAll(
          operation,
          wanted.map(({ awaited }) => awaited),
        )
      : undefined) ??
    (await runHooks(operation, `post-${event}`))
  );
}

/** One after another, in Helm's order; after a failure no more is sent. */
async function sendAll(state: State, turn: Turn, entries: readonly PlanEntry[]): Promise<string | undefined> {
  for (const entry of entries) {
    const stop = stopReason(state, turn);
    if (stop !== undefined) return stop;
    sending(state, turn, entry.id);
    const wrong = settle(state, turn, entry, await send(turn.site.context, entry, state.live.get(entry)));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** What the new manifest no longer holds. */
async function dropAll({ state, turn }: Operation): Promise<string | undefined> {
  for (const entry of turn.deletes.filter((one) => !turn.outcomes.has(one))) {
    const stop = stopReason(state, turn);
    if (stop !== undefined) return stop;
    sending(state, turn, entry.id);
    const wrong = settle(state, turn, entry, await pruneOne(turn.site.context, entry, turn.group.owner));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function settle(state: State, turn: Turn, entry: PlanEntry, sent: Sent): string | undefined {
  if (sent.stop === true) turn.site.stopped = sent.message;
  told(state, turn, entry, sent);
  return isBad(sent.outcome) ? `${titleOf(entry.id)}: ${sent.message}` : undefined;
}
