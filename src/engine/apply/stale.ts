/**
 * Whether a plan still holds. The apply looks at everything that it would touch before it sends anything: another
 * cluster, other files, or an object that changed since then make the plan stale, and a stale plan is refused.
 */
import { titleOf } from '../objects/object.ts';
import { contentOf } from '../plan/hash.ts';
import { payloadOf } from '../plan/payload.ts';
import type { Plan, PlanEntry } from '../plan/plan.ts';
import { slots } from '../plan/requests.ts';
import type { Cluster, LiveObject, ObjectRef } from '../ports.ts';
import { stringAt } from '../status/fields.ts';

export interface Freshness {
  readonly reasons: readonly string[];
  /** The live objects as they were looked at, by entry. */
  readonly live: ReadonlyMap<PlanEntry, LiveObject>;
}

export function refOf(entry: PlanEntry): ObjectRef {
  const payload = payloadOf(entry)?.object;
  const { group, version, kind, namespace, name } = entry.id;
  const apiVersion =
    payload === undefined ? (group === '' ? version : `${group}/${version}`) : stringAt(payload, 'apiVersion');
  return { apiVersion, kind, namespace, name };
}

/** Whether this is the cluster, and these are the files, that the plan was made for. */
export async function targetReasons(
  cluster: Cluster,
  plan: Plan,
  options: { readonly inputs?: string; readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const reasons: string[] = [];
  if (plan.target.kind !== 'cluster') return ['the plan is against a commit, not against a cluster'];
  const here = `${cluster.context} (${cluster.server})`;
  if (plan.target.context !== cluster.context || plan.target.server !== cluster.server) {
    reasons.push(`the plan was made for ${plan.target.context} (${plan.target.server}), and this is ${here}`);
  }
  const identity = await cluster.identity(options.signal);
  if (!identity.ok) return [identity.failure.message];
  if (identity.value !== plan.target.identity) reasons.push(`${here} is not the cluster that the plan was made for`);
  if (options.inputs !== undefined && options.inputs !== plan.inputs)
    reasons.push('files changed since the plan was made');
  return reasons;
}

/** Whether the objects of a plan are still as it saw them, each looked at in the cluster that it is in. */
export async function freshness(
  looked: readonly { readonly entry: PlanEntry; readonly cluster: Cluster }[],
  signal: AbortSignal | undefined,
): Promise<Freshness> {
  const reasons: string[] = [];
  const live = new Map<PlanEntry, LiveObject>();
  const slot = slots(24);
  const found = await Promise.all(
    looked.map(({ entry, cluster }) =>
      entry.awaits === undefined ? slot(() => staleness(cluster, entry, signal)) : fresh,
    ),
  );
  looked.forEach(({ entry }, index) => {
    const { reason, object } = found[index]!;
    if (reason !== undefined) reasons.push(reason);
    if (object !== undefined) live.set(entry, object);
  });
  return { reasons, live };
}

interface Looked {
  readonly reason?: string;
  readonly object?: LiveObject;
}

const fresh: Looked = {};

async function staleness(cluster: Cluster, entry: PlanEntry, signal: AbortSignal | undefined): Promise<Looked> {
  const title = titleOf(entry.id);
  const answer = await cluster.get(refOf(entry), signal);
  if (!answer.ok) {
    // Its kind is gone, and with it every object of it.
    const settled = answer.failure.reason === 'unknown-kind' && entry.action === 'delete';
    if (answer.failure.reason !== 'not-found' && !settled) return { reason: `${title}: ${answer.failure.message}` };
    // What was to be deleted and is gone needs no new plan.
    return entry.seen === undefined || entry.action === 'delete'
      ? fresh
      : { reason: `${title} is gone since the plan was made` };
  }
  const object = answer.value;
  if (entry.seen === undefined) return { reason: `${title} was created since the plan was made` };
  const { uid, resourceVersion, content } = entry.seen;
  if (stringAt(object, 'metadata', 'uid') !== uid) return { reason: `${title} was replaced since the plan was made` };
  const same = stringAt(object, 'metadata', 'resourceVersion') === resourceVersion || contentOf(object) === content;
  return same ? { object } : { reason: `${title} changed since the plan was made` };
}
