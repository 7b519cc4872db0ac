/** Waiting inside an apply: for a stage, and for what an owner says it waits for. */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { Stage } from '../plan/order.ts';
import { payloadOf } from '../plan/payload.ts';
import { type PlanEntry, writes } from '../plan/plan.ts';
import { customStatus } from './expressions.ts';
import { dependenciesOf } from './order.ts';
import { clusterKey, homeKey } from './site.ts';
import { refOf } from './stale.ts';
import { isBad, type State, signalOf, stoppedFor, type Turn } from './turn.ts';
import { type Awaited, jobGoesAway, waitFor } from './wait.ts';

export async function waitForStage(
  state: State,
  turn: Turn,
  entries: readonly PlanEntry[],
  stage: Stage,
): Promise<void> {
  if (state.options.signal?.aborted || stoppedFor(turn) !== undefined) return;
  const sent = entries.filter((entry) => !isBad(turn.outcomes.get(entry)));
  const wrong = await waitFor(turn.site.cluster, sent.map(awaited), await waiting(state, turn, 60_000));
  if (wrong === undefined) return;
  turn.failed = true;
  for (const entry of sent) turn.outcomes.set(entry, 'failed');
  state.tell({ type: 'not-ready', owner: turn.group.owner.id, message: `${stage}: ${wrong}` });
}

function awaited(entry: PlanEntry): Awaited {
  const payload = payloadOf(entry)?.object;
  return { id: entry.id, ref: refOf(entry), goesAway: payload !== undefined && jobGoesAway(payload) };
}

async function waiting(state: State, turn: Turn, timeout: number) {
  const owner = turn.group.owner.id;
  const custom = await customStatus(turn.group.spec?.healthCheckExprs ?? []);
  return {
    timer: state.options.timer,
    timeout,
    ...signalOf(state.options),
    custom,
    onWaiting: (objects: readonly ObjectId[], message: string) =>
      state.tell({ type: 'waiting', owner, objects, message }),
  };
}

export function waitsFor(state: State, turns: readonly Turn[], turn: Turn): boolean {
  if (state.options.signal?.aborted || stoppedFor(turn) !== undefined || turn.failed || turn.sends.length === 0)
    return false;
  if (state.options.wait === 'all') return true;
  const key = keyOf(turn.group.owner.id);
  return turns.some((other) => dependenciesOf(other.group).includes(key));
}

/**
 * `wait` waits for everything that was applied, else the health checks are waited for; without either, what was sent.
 * What was left out of the apply is not waited for: it may not be there at all.
 */
export async function waitForOwner(state: State, turn: Turn): Promise<void> {
  const { group } = turn;
  const there = state.plan.groups.filter((group) => homeKey(group) === clusterKey(turn.site));
  const owners = new Set(there.map((one) => keyOf(one.owner.id)));
  const checks = group.spec?.wait === true ? [] : (group.spec?.healthChecks ?? []);
  const listed = checks.map((check): Awaited => {
    const slash = check.apiVersion.indexOf('/');
    const [group_, version] =
      slash < 0 ? ['', check.apiVersion] : [check.apiVersion.slice(0, slash), check.apiVersion.slice(slash + 1)];
    const id = { group: group_, version, kind: check.kind, namespace: check.namespace, name: check.name };
    return { id, ref: check, goesAway: false };
  });
  const leftOut = new Set<PlanEntry>(group.entries.filter((one) => writes(one) && !turn.sends.includes(one)));
  const sent =
    group.spec?.wait === true
      ? group.entries.filter((e) => payloadOf(e) !== undefined && e.action !== 'skip' && !leftOut.has(e))
      : turn.sends;
  // Owners that are applied with it are suspended, or nobody reconciles them: they do not become ready by themselves.
  const unasked = new Set([...owners, ...[...leftOut].map((one) => keyOf(one.id))]);
  const objects = (listed.length > 0 ? listed : sent.map(awaited)).filter((one) => !unasked.has(keyOf(one.id)));
  if (objects.length === 0) return;
  const wrong = await waitFor(turn.site.cluster, objects, await waiting(state, turn, group.spec?.timeout ?? 300_000));
  if (wrong === undefined) {
    state.tell({ type: 'ready', owner: group.owner.id });
    return;
  }
  turn.failed = true;
  state.tell({ type: 'not-ready', owner: group.owner.id, message: wrong });
}
