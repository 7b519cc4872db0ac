/** Sending one object: Flux's clean-up of ownership, the apply itself, recreation where forced, and lost answers settled. */
import { hideInMessage } from '../objects/hide.ts';
import { cleanupPatch } from '../plan/cleanup.ts';
import { contentOf } from '../plan/hash.ts';
import { secretsIn } from '../plan/mask.ts';
import { type Payload, payloadOf } from '../plan/payload.ts';
import type { PlanEntry } from '../plan/plan.ts';
import type { Cluster, ClusterAnswer, ClusterFailure, LiveObject, ObjectRef, Timer } from '../ports.ts';
import { stringAt } from '../status/fields.ts';
import type { ObjectOutcome } from './events.ts';
import { refOf } from './stale.ts';

export interface Sent {
  readonly outcome: ObjectOutcome;
  readonly message: string;
  /** Nothing more can be sent: the cluster is gone, or does not let us in. */
  readonly stop?: boolean;
}

export interface SendContext {
  readonly cluster: Cluster;
  readonly timer: Timer;
  readonly signal?: AbortSignal;
}

export async function send(context: SendContext, entry: PlanEntry, live: LiveObject | undefined): Promise<Sent> {
  const payload = payloadOf(entry);
  if (payload === undefined) return { outcome: 'not-sent', message: 'the plan does not hold what to send: plan again' };
  const secrets = [...secretsIn(payload.object), ...payload.secretValues];
  const sent = await sendPayload(context, entry, payload, live);
  return secrets.length === 0 ? sent : { ...sent, message: hideInMessage(sent.message, secrets) };
}

async function sendPayload(
  context: SendContext,
  entry: PlanEntry,
  payload: Payload,
  live: LiveObject | undefined,
): Promise<Sent> {
  const { cluster, signal } = context;
  const ref = refOf(entry);
  if (entry.action === 'recreate') {
    const removed = await removeFirst(context, entry, ref);
    if (removed !== undefined) return removed;
  } else {
    const patch = cleanupPatch(payload.object, live, payload.manager);
    if (patch.length > 0) {
      const patched = await cluster.patch(ref, patch, { manager: payload.manager }, signal);
      if (!patched.ok) return failure(patched.failure);
    }
  }
  const options = { manager: payload.manager, force: true, dryRun: false };
  const answer = await again(context, entry, () => cluster.apply(payload.object, options, signal));
  if (answer.ok) {
    const before = live === undefined ? undefined : stringAt(live, 'metadata', 'resourceVersion');
    const same = entry.action !== 'recreate' && before === stringAt(answer.value, 'metadata', 'resourceVersion');
    return { outcome: same ? 'unchanged' : 'applied', message: words[entry.action] ?? 'created' };
  }
  if (answer.failure.reason !== 'unknown-outcome') return failure(answer.failure);
  return settle(context, ref, payload, answer.failure);
}

const words: Partial<Record<PlanEntry['action'], string>> = {
  create: 'created',
  configure: 'configured',
  recreate: 'deleted and created again',
};

/** Tries again what the server asked to be tried again later, and an object whose new kind is not served just yet. */
async function again<T>(
  context: SendContext,
  entry: PlanEntry,
  work: () => Promise<ClusterAnswer<T>>,
): Promise<ClusterAnswer<T>> {
  const passing = [
    'too-many-requests',
    'server-error',
    ...(entry.awaits === undefined ? [] : ['unknown-kind', 'not-found']),
  ];
  for (let attempt = 0; ; attempt += 1) {
    const answer = await work();
    const later = !answer.ok && passing.includes(answer.failure.reason);
    if (!later || attempt === 4 || context.signal?.aborted) return answer;
    await context.timer.sleep(500 * 2 ** attempt, context.signal);
  }
}

/** The answer was lost: the live object tells whether the request was carried out. Never sent again blindly. */
async function settle(context: SendContext, ref: ObjectRef, payload: Payload, lost: ClusterFailure): Promise<Sent> {
  const { cluster, signal } = context;
  const unknown: Sent = { outcome: 'unknown', message: lost.message };
  const live = await cluster.get(ref, signal);
  if (!live.ok)
    return live.failure.reason === 'not-found'
      ? { outcome: 'failed', message: `${lost.message}; it was not carried out` }
      : unknown;
  const options = { manager: payload.manager, force: true, dryRun: true };
  const would = await cluster.apply(payload.object, options, signal);
  if (!would.ok) return unknown;
  const carriedOut = contentOf(would.value) === contentOf(live.value);
  if (carriedOut) return { outcome: 'applied', message: 'carried out; its answer was lost' };
  return { outcome: 'failed', message: `${lost.message}; it was not carried out` };
}

async function removeFirst(context: SendContext, entry: PlanEntry, ref: ObjectRef): Promise<Sent | undefined> {
  const { cluster, timer, signal } = context;
  const uid = entry.seen?.uid;
  const removal = { propagation: 'Background' as const, ...(uid === undefined ? {} : { uid }) };
  const deleted = await cluster.delete(ref, removal, signal);
  if (!deleted.ok && deleted.failure.reason !== 'not-found') return failure(deleted.failure);
  const until = timer.now() + 60_000;
  for (;;) {
    const answer = await cluster.get(ref, signal);
    if (!answer.ok && answer.failure.reason === 'not-found') return undefined;
    if (!answer.ok) return failure(answer.failure);
    if (stringAt(answer.value, 'metadata', 'uid') !== uid)
      return { outcome: 'failed', message: 'something created it again meanwhile' };
    if (signal?.aborted || timer.now() >= until) {
      return {
        outcome: 'unknown',
        message: 'deleted, and not yet gone (a finalizer holds it): it has to be created again',
      };
    }
    await timer.sleep(500, signal);
  }
}

export function failure({ reason, message }: ClusterFailure): Sent {
  if (reason === 'canceled') return { outcome: 'unknown', message: 'canceled while it was being sent' };
  if (reason === 'unreachable' || reason === 'unauthorized') return { outcome: 'not-sent', message, stop: true };
  if (reason === 'unknown-outcome') return { outcome: 'unknown', message };
  return { outcome: 'failed', message };
}
