/** Uninstalling a release: its hooks, its objects, and its records, unless they are kept. */

import { keyOf } from '../../objects/object.ts';
import type { Propagation } from '../../plan/releasespec.ts';
import { deleteRelease, type ReleaseRecord, readReleases, updateRelease, withStatus } from '../../release/index.ts';
import { stringAt } from '../../status/fields.ts';
import { ownerRef } from '../owner.ts';
import { pruneOne } from '../prune.ts';
import { refOf } from '../stale.ts';
import { isBad, type State, sending, type Turn, told } from '../turn.ts';
import { runHooks } from './hooks.ts';
import { nowText, type Operation, stopReason, write } from './operation.ts';
import { placedIn, stays, takeAway } from './placed.ts';
import { waitUntilGone } from './wait.ts';

/** Of a HelmRelease that is gone. */
export async function uninstallRelease(state: State, turn: Turn): Promise<void> {
  const spec = turn.group.spec?.release;
  if (spec === undefined) {
    await deleteAll(state, turn, 'Background');
    return;
  }
  const { id } = turn.group.owner;
  const still = await turn.home.cluster.get(ownerRef(id), state.options.signal);
  if (still.ok && stringAt(still.value, 'metadata', 'deletionTimestamp') === '')
    return refuse(state, turn, 'its HelmRelease is still there');
  if (still.ok) return byController(state, turn, spec.uninstall.timeout);
  const where = { namespace: spec.storageNamespace, name: spec.name };
  const answer = await readReleases(turn.site.cluster, where, 'all', state.options.signal);
  if (!answer.ok) return refuse(state, turn, `its release storage could not be read: ${answer.failure.message}`);
  const record = answer.value.at(-1);
  if (record === undefined) {
    await deleteAll(state, turn, spec.uninstall.propagation);
    return;
  }
  const operation: Operation = { state, turn, spec, action: spec.uninstall, where, record };
  if (record.status !== 'uninstalled') {
    const wrong = await uninstall(operation, async () => {
      const left = await deleteAll(state, turn, spec.uninstall.propagation);
      if (left === undefined) await untilAllGone(operation);
      return left;
    });
    if (wrong !== undefined) return refuse(state, turn, wrong);
  }
  await forget(operation, answer.value.slice(0, -1));
}

/** The release that the HelmRelease leaves behind, before it makes another; undefined, or what failed. */
export async function uninstallLeft(state: State, turn: Turn): Promise<string | undefined> {
  const left = turn.group.state?.release?.leaves;
  if (left === undefined) return undefined;
  const { name, namespace, storageNamespace, why } = left;
  const where = { namespace: storageNamespace, name };
  const answer = await readReleases(turn.site.cluster, where, 'all', state.options.signal);
  if (!answer.ok) return `the storage of release ${name} could not be read: ${answer.failure.message}`;
  const record = answer.value.at(-1);
  if (record?.revision !== left.revision)
    return `release ${name} is not at revision ${left.revision} any more: plan again`;
  const release = turn.group.spec!.release!;
  const spec = { ...release, name, namespace, storageNamespace };
  const operation: Operation = { state, turn, spec, action: spec.uninstall, where, record };
  const { entries, settled = [] } = turn.group;
  const kept = entries.filter(({ action }) => action === 'keep').map(({ id }) => id);
  // What the plan leaves alone, as it has another owner now, is not this release's to take away.
  const spared = new Set([...kept, ...settled].map(keyOf));
  const placed = await placedIn(operation, record.manifest);
  const held = placed.filter(({ awaited }) => !spared.has(keyOf(awaited.id)));
  const takeAll = () => takeAway(operation, [...held].reverse(), `release ${name} is uninstalled: ${why}`);
  const wrong = await uninstall(operation, takeAll);
  if (wrong !== undefined) return `release ${name} could not be uninstalled: ${wrong}`;
  await forget(operation, answer.value.slice(0, -1));
  const gone = new Set(held.flatMap(({ object, awaited }) => (stays(object) ? [] : [keyOf(awaited.id)])));
  for (const entry of turn.deletes) if (gone.has(keyOf(entry.id))) turn.outcomes.set(entry, 'deleted');
  return undefined;
}

/** Its finalizer holds the HelmRelease: helm-controller is at work, and takes everything away itself. */
async function byController(state: State, turn: Turn, timeout: number): Promise<void> {
  const { id } = turn.group.owner;
  const wrong = await waitUntilGone(turn.home.cluster, state, { id, ref: ownerRef(id) }, timeout);
  if (wrong !== undefined) return refuse(state, turn, wrong);
  const message = 'uninstalled by helm-controller';
  for (const entry of turn.deletes) told(state, turn, entry, { outcome: 'deleted', message });
}

/** Everything but the end of its records; undefined, or what failed. */
export async function uninstall(
  operation: Operation,
  takeAll: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const description = 'Deletion in progress (or silently failed)';
  const info = { description, deleted: nowText(operation.state) };
  // Stored from the first hook on, as its run is noted.
  operation.record = withStatus(operation.record, 'uninstalling', info);
  return (
    (await runHooks(operation, 'pre-delete')) ??
    (await write(operation, operation.record)) ??
    (await takeAll()) ??
    (await runHooks(operation, 'post-delete'))
  );
}

async function deleteAll(state: State, turn: Turn, propagation: Propagation): Promise<string | undefined> {
  for (const entry of turn.deletes) {
    const stop = stopReason(state, turn);
    if (stop !== undefined) {
      told(state, turn, entry, { outcome: 'not-sent', message: stop });
      continue;
    }
    sending(state, turn, entry.id);
    const sent = await pruneOne(turn.site.context, entry, turn.group.owner, propagation);
    if (sent.stop === true) turn.site.stopped = sent.message;
    told(state, turn, entry, sent);
    if (isBad(sent.outcome)) turn.failed = true;
  }
  return turn.failed ? 'not everything of it could be deleted: its records stay' : undefined;
}

/** Before the hooks that come after. What takes longer than its time is told, and holds nothing up, as in Helm. */
async function untilAllGone({ state, turn, action }: Operation): Promise<void> {
  if (!action.wait) return;
  const { timer } = state.options;
  const until = timer.now() + action.timeout;
  for (const entry of turn.deletes) {
    if (turn.outcomes.get(entry) !== 'deleted') continue;
    const gone = { id: entry.id, ref: refOf(entry) };
    const message = await waitUntilGone(turn.site.cluster, state, gone, Math.max(0, until - timer.now()));
    if (message !== undefined) state.tell({ type: 'trouble', owner: turn.group.owner.id, message });
  }
}

/** Deletes the records of an uninstalled release, or keeps them as a history; the revisions as they were written last. */
export async function forget(
  operation: Operation,
  earlier: readonly ReleaseRecord[],
): Promise<readonly ReleaseRecord[]> {
  const { state, turn, spec, where, record } = operation;
  const now = state.options.timer.now();
  if (spec.uninstall.keepHistory) {
    const last = withStatus(record, 'uninstalled', { description: 'Uninstallation complete' });
    if (record.status !== 'uninstalled') await write(operation, last);
    const past = earlier.map((old) => (old.status === 'deployed' ? withStatus(old, 'superseded') : old));
    for (const [index, old] of past.entries())
      if (old !== earlier[index]) await updateRelease(turn.site.cluster, where, old, now);
    return [...past, last];
  }
  for (const { revision } of [...earlier, record]) {
    const gone = await deleteRelease(turn.site.cluster, where, revision);
    if (gone.ok || gone.failure.reason === 'not-found') continue;
    state.tell({ type: 'trouble', owner: turn.group.owner.id, message: gone.failure.message });
  }
  return [...earlier, record];
}

function refuse(state: State, turn: Turn, message: string): void {
  turn.failed = true;
  for (const entry of turn.deletes)
    if (!turn.outcomes.has(entry)) told(state, turn, entry, { outcome: 'not-sent', message });
  state.tell({ type: 'not-ready', owner: turn.group.owner.id, message });
}
