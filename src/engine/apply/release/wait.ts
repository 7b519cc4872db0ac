/** Readiness as Helm takes it: the kstatus rules, except that a Job is waited for to its end, and a hook's Pod, too. */
import { titleOf } from '../../objects/object.ts';
import type { PlanEntry } from '../../plan/plan.ts';
import type { ReleaseAction } from '../../plan/releasespec.ts';
import type { Cluster } from '../../ports.ts';
import { conditionsOf, stringAt } from '../../status/fields.ts';
import type { KResult } from '../../status/index.ts';
import type { Json } from '../../yaml/resolve.ts';
import { customStatus } from '../expressions.ts';
import { refOf } from '../stale.ts';
import { type State, signalOf, type Turn } from '../turn.ts';
import { type Awaited, waitFor } from '../wait.ts';
import type { Operation } from './operation.ts';

/** undefined when everything of the release is ready; else why not. */
export function waitForRelease(operation: Operation, entries: readonly PlanEntry[]): Promise<string | undefined> {
  return waitForAll(
    operation,
    entries.map((entry) => ({ id: entry.id, ref: refOf(entry), goesAway: false })),
  );
}

export async function waitForAll(
  { state, turn, action }: Operation,
  objects: readonly Awaited[],
): Promise<string | undefined> {
  const own = await expressionsOf(turn);
  const custom = (object: Json) => own(object) ?? (action.waitForJobs ? jobStatus(object) : undefined);
  return waiting(state, turn, objects, { timeout: action.timeout, custom });
}

/** `healthCheckExprs` come before every other rule, for hooks, too; only Helm's older way of waiting knows nothing of them. */
function expressionsOf({ group: { spec } }: Turn): ReturnType<typeof customStatus> {
  return customStatus(spec?.release?.waitsAsHelm3 === true ? [] : (spec?.healthCheckExprs ?? []));
}

/** A hook has run when its Job or Pod has ended; anything else only has to be there. */
export async function waitForHook(
  { state, turn }: Pick<Operation, 'state' | 'turn'>,
  hook: Awaited,
  { timeout }: Pick<ReleaseAction, 'timeout'>,
): Promise<string | undefined> {
  const own = await expressionsOf(turn);
  const custom = (object: Json) =>
    own(object) ?? jobStatus(object) ?? podStatus(object) ?? { status: 'Current' as const, message: 'it is there' };
  return waiting(state, turn, [hook], { timeout, custom });
}

function waiting(
  state: State,
  turn: Turn,
  objects: readonly Awaited[],
  { timeout, custom }: { readonly timeout: number; readonly custom: (object: Json) => KResult | undefined },
): Promise<string | undefined> {
  return waitFor(turn.site.cluster, objects, {
    timer: state.options.timer,
    timeout,
    custom,
    ...signalOf(state.options),
    onWaiting: (pending, message) =>
      state.tell({ type: 'waiting', owner: turn.group.owner.id, objects: pending, message }),
  });
}

function jobStatus(object: Json): KResult | undefined {
  if (stringAt(object, 'kind') !== 'Job') return undefined;
  const ended = conditionsOf(object).filter(({ status }) => status === 'True');
  if (ended.some(({ type }) => type === 'Complete')) return { status: 'Current', message: 'Job completed' };
  const failed = ended.find(({ type }) => type === 'Failed');
  if (failed !== undefined) return { status: 'Failed', message: failed.message || 'Job failed' };
  return { status: 'InProgress', message: 'Job in progress' };
}

function podStatus(object: Json): KResult | undefined {
  if (stringAt(object, 'kind') !== 'Pod') return undefined;
  const phase = stringAt(object, 'status', 'phase');
  if (phase === 'Succeeded') return { status: 'Current', message: 'Pod succeeded' };
  if (phase === 'Failed') return { status: 'Failed', message: 'Pod failed' };
  return { status: 'InProgress', message: `Pod ${phase || 'pending'}` };
}

/** Waits until nothing of that name is there any more. */
export async function waitUntilGone(
  cluster: Cluster,
  { options }: State,
  { id, ref }: Pick<Awaited, 'id' | 'ref'>,
  timeout: number,
): Promise<string | undefined> {
  const until = options.timer.now() + timeout;
  for (;;) {
    const answer = await cluster.get(ref, options.signal);
    if (!answer.ok) return answer.failure.reason === 'not-found' ? undefined : answer.failure.message;
    if (options.signal?.aborted) return 'context canceled';
    if (options.timer.now() >= until) return `${titleOf(id)} is deleted, and not yet gone`;
    await options.timer.sleep(500, options.signal);
  }
}
