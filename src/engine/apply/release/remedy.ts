/**
 * What follows a release that failed, between two attempts or after the last: the way that the HelmRelease asks for, back
 * to the revision before, or away with all of it.
 */
import type { ObjectId } from '../../objects/object.ts';
import type { Remedy } from '../../plan/releasespec.ts';
import { createRelease, type ReleaseRecord, recordOf, updateRelease, withStatus } from '../../release/index.ts';
import { at, intAt, isObject, type JsonObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { ownerRef } from '../owner.ts';
import { runHooks } from './hooks.ts';
import { nowText, type Operation, write } from './operation.ts';
import { placedIn, takeAway, without, writeBack } from './placed.ts';
import { forget, uninstall } from './uninstall.ts';
import { waitForAll } from './wait.ts';

export interface Remedied {
  readonly how: Remedy;
  /** The revision that it went back to, or that was taken away. */
  readonly target: ReleaseRecord;
  /** The revisions as they are stored now, or were until they were deleted; the newest last. */
  readonly revisions: readonly ReleaseRecord[];
  /** What stands then; absent where nobody looks at it any more. */
  readonly inventory?: readonly ObjectId[];
  readonly wrong?: string;
}

/** A sentence where nothing can be done. */
export async function remedy(
  operation: Operation,
  how: Remedy,
  history: readonly ReleaseRecord[],
): Promise<Remedied | string> {
  if (how === 'uninstall') return takeBack(operation, history);
  const target = await targetOf(operation, history);
  return target === undefined ? 'there is no earlier revision to roll back to' : rollBack(operation, history, target);
}

/** The newest revision that was right, of those that the HelmRelease knows for its own. */
async function targetOf(
  { state, turn, spec }: Operation,
  history: readonly ReleaseRecord[],
): Promise<ReleaseRecord | undefined> {
  const live = await turn.home.cluster.get(ownerRef(turn.group.owner.id), state.options.signal);
  const known = live.ok ? listAt(live.value, 'status', 'history') : undefined;
  const isRight = (snapshot: Json) =>
    !spec.remediesTests.upgrade ||
    Object.values(objectAt(snapshot, 'testHooks')).every((test) => stringAt(test, 'phase') !== 'Failed');
  return history.findLast(
    ({ status, revision }) =>
      (status === 'deployed' || status === 'superseded') &&
      (known?.some((one) => intAt(one, ['version'], 0) === revision && isRight(one)) ?? true),
  );
}

async function rollBack(
  failed: Operation,
  history: readonly ReleaseRecord[],
  target: ReleaseRecord,
): Promise<Remedied | string> {
  const { state, turn, where, spec } = failed;
  const info = {
    first_deployed: stringAt(failed.record.json, 'info', 'first_deployed'),
    last_deployed: nowText(state),
    description: `Rollback to ${target.revision}`,
    status: 'pending-rollback',
    ...(stringAt(target.json, 'info', 'notes') === '' ? {} : { notes: stringAt(target.json, 'info', 'notes') }),
  };
  const record = recordOf({ ...target.json, info, version: failed.record.revision + 1 });
  const operation: Operation = { ...failed, action: spec.rollback, record };
  const stored = await createRelease(turn.site.cluster, where, record, state.options.timer.now());
  if (!stored.ok) return `the record of its rollback could not be stored: ${stored.failure.message}`;
  const wrong = await restore(operation, failed.record);
  const inventory = (await placedIn(operation, record.manifest)).map(({ awaited }) => awaited.id);
  const earlier = [...history, failed.record];
  if (wrong !== undefined) {
    await write(
      operation,
      withStatus(operation.record, 'failed', { description: `Rollback "${spec.name}" failed: ${wrong}` }),
    );
    return { how: 'rollback', target, revisions: [...earlier, operation.record], inventory, wrong };
  }
  const revisions = earlier.map((old) => (old.status === 'deployed' ? withStatus(old, 'superseded') : old));
  for (const [index, old] of revisions.entries())
    if (old !== earlier[index]) await updateRelease(turn.site.cluster, where, old, state.options.timer.now());
  const unwritten = await write(operation, withStatus(operation.record, 'deployed'));
  return {
    how: 'rollback',
    target,
    revisions: [...revisions, operation.record],
    inventory,
    ...(unwritten === undefined ? {} : { wrong: unwritten }),
  };
}

/** What the revision held is written again, and what the failed one brought goes. */
async function restore(operation: Operation, failed: ReleaseRecord): Promise<string | undefined> {
  const { record, action } = operation;
  const message = `rolled back to what it was (revision ${record.revision})`;
  const [wanted, brought] = [await placedIn(operation, record.manifest), await placedIn(operation, failed.manifest)];
  return (
    (await runHooks(operation, 'pre-rollback')) ??
    (await writeBack(operation, wanted, message)) ??
    (await takeAway({ ...operation, action: { ...action, wait: false } }, without(brought, wanted), message)) ??
    (action.wait
      ? await waitForAll(
          operation,
          wanted.map(({ awaited }) => awaited),
        )
      : undefined) ??
    (await runHooks(operation, 'post-rollback'))
  );
}

async function takeBack(failed: Operation, history: readonly ReleaseRecord[]): Promise<Remedied> {
  const operation: Operation = { ...failed, action: failed.spec.uninstall };
  const target = failed.record;
  const wrong = await uninstall(operation, async () => {
    const brought = await placedIn(operation, target.manifest);
    return takeAway(operation, [...brought].reverse(), 'uninstalled, as its release failed');
  });
  if (wrong !== undefined) return { how: 'uninstall', target, revisions: [...history, operation.record], wrong };
  return { how: 'uninstall', target, revisions: await forget(operation, history) };
}

function objectAt(value: Json, field: string): JsonObject {
  const found = at(value, field);
  return isObject(found) ? found : {};
}

/** `cleanupOnFail`: what a failed upgrade created goes again. */
export async function cleanUpAfter(operation: Operation): Promise<void> {
  const { turn, spec, state } = operation;
  if (!spec.cleanupOnFail) return;
  const created = new Set(
    turn.sends
      .filter((entry) => entry.action === 'create' && turn.outcomes.get(entry) === 'applied')
      .map(({ id }) => `${id.kind}/${id.name}`),
  );
  const objects = (await placedIn(operation, operation.record.manifest)).filter(({ object }) =>
    created.has(`${stringAt(object, 'kind')}/${stringAt(object, 'metadata', 'name')}`),
  );
  const wrong = await takeAway(
    { ...operation, action: { ...operation.action, wait: false } },
    objects,
    'created by the failed upgrade',
  );
  if (wrong !== undefined) state.tell({ type: 'trouble', owner: turn.group.owner.id, message: wrong });
}
