/** Uninstalling a release whose HelmRelease is gone: its hooks, its objects, and its records, unless they are kept. */
import { deleteRelease, type ReleaseRecord, readReleases, withStatus } from '../../release/index.ts';
import { stringAt } from '../../status/fields.ts';
import { ownerRef } from '../owner.ts';
import { pruneOne } from '../prune.ts';
import { isBad, type State, sending, type Turn, told } from '../turn.ts';
import { runHooks } from './hooks.ts';
import { nowText, type Operation, stopReason, write } from './operation.ts';
import { waitUntilGone } from './wait.ts';

export async function uninstallRelease(state: State, turn: Turn): Promise<void> {
  const spec = turn.group.spec?.release;
  if (spec === undefined) return deleteAll(state, turn);
  const { id } = turn.group.owner;
  const still = await turn.home.cluster.get(ownerRef(id), state.options.signal);
  if (still.ok && stringAt(still.value, 'metadata', 'deletionTimestamp') === '')
    return refuse(state, turn, 'its HelmRelease is still there');
  if (still.ok) return byController(state, turn, spec.uninstall.timeout);
  const where = { namespace: spec.storageNamespace, name: spec.name };
  const answer = await readReleases(turn.site.cluster, where, 'all', state.options.signal);
  if (!answer.ok) return refuse(state, turn, `its release storage could not be read: ${answer.failure.message}`);
  const record = answer.value.at(-1);
  if (record === undefined || record.status === 'uninstalled') return deleteAll(state, turn);
  const operation: Operation = { state, turn, spec, action: spec.uninstall, where, record };
  const wrong = await uninstall(operation);
  if (wrong !== undefined) return refuse(state, turn, wrong);
  await purge(operation, answer.value);
}

/** Its finalizer holds the HelmRelease: helm-controller is at work, and takes everything away itself. */
async function byController(state: State, turn: Turn, timeout: number): Promise<void> {
  const { id } = turn.group.owner;
  const wrong = await waitUntilGone(turn.home.cluster, state, { id, ref: ownerRef(id) }, timeout);
  if (wrong !== undefined) return refuse(state, turn, wrong);
  const message = 'uninstalled by helm-controller';
  for (const entry of turn.deletes) told(state, turn, entry, { outcome: 'deleted', message });
}

async function uninstall(operation: Operation): Promise<string | undefined> {
  const { state, turn } = operation;
  const before = await runHooks(operation, 'pre-delete');
  if (before !== undefined) return before;
  const description = 'Deletion in progress (or silently failed)';
  const info = { description, deleted: nowText(state) };
  const unwritten = await write(operation, withStatus(operation.record, 'uninstalling', info));
  if (unwritten !== undefined) return unwritten;
  await deleteAll(state, turn);
  if (turn.failed) return 'not everything of it could be deleted: its records stay';
  return runHooks(operation, 'post-delete');
}

async function deleteAll(state: State, turn: Turn): Promise<void> {
  for (const entry of turn.deletes) {
    const stop = stopReason(state, turn);
    if (stop !== undefined) {
      told(state, turn, entry, { outcome: 'not-sent', message: stop });
      continue;
    }
    sending(state, turn, entry.id);
    const sent = await pruneOne(turn.site.context, entry, turn.group.owner);
    if (sent.stop === true) turn.site.stopped = sent.message;
    told(state, turn, entry, sent);
    if (isBad(sent.outcome)) turn.failed = true;
  }
}

async function purge(operation: Operation, history: readonly ReleaseRecord[]): Promise<void> {
  const { state, turn, spec, where, record } = operation;
  if (spec.uninstall.keepHistory) {
    await write(operation, withStatus(record, 'uninstalled', { description: 'Uninstallation complete' }));
    return;
  }
  for (const { revision } of history) {
    const gone = await deleteRelease(turn.site.cluster, where, revision);
    if (gone.ok || gone.failure.reason === 'not-found') continue;
    state.tell({ type: 'trouble', owner: turn.group.owner.id, message: gone.failure.message });
  }
}

function refuse(state: State, turn: Turn, message: string): void {
  turn.failed = true;
  for (const entry of turn.deletes)
    if (!turn.outcomes.has(entry)) told(state, turn, entry, { outcome: 'not-sent', message });
  state.tell({ type: 'not-ready', owner: turn.group.owner.id, message });
}
