/**
 * The kstatus rules, as Flux's cli-utils v1.2.3 computes them (pkg/kstatus/status): this is what `wait`, `healthChecks`
 * and the stages of an apply wait for. First what holds for every object (deletion, generation, Reconciling, Stalled),
 * then the rules of the built-in kinds, then a Ready condition, and an object without any of these is current.
 */
import type { Json } from '../yaml/resolve.ts';
import { builtinRules } from './builtin.ts';
import { at, conditionsOf, groupOf, intAt, stringAt } from './fields.ts';

export type KStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Unknown';

export interface KResult {
  readonly status: KStatus;
  readonly message: string;
}

/** `now` (milliseconds since the epoch) decides how long a pod may stay unscheduled; absent: not at all. */
export function kstatusOf(object: Json, now?: number): KResult {
  const generic = genericRules(object);
  if (generic !== undefined) return generic;
  const group = groupOf(object);
  const rule = builtinRules[`${group === '' ? '' : `${group}/`}${stringAt(object, 'kind')}`];
  if (rule !== undefined) return rule(object, now);
  return readyCondition(object) ?? { status: 'Current', message: 'Resource is current' };
}

function genericRules(object: Json): KResult | undefined {
  if (stringAt(object, 'metadata', 'deletionTimestamp') !== '') {
    return { status: 'Terminating', message: 'Resource scheduled for deletion' };
  }
  const generation = intAt(object, ['metadata', 'generation'], -1);
  const observed = intAt(object, ['status', 'observedGeneration'], -1);
  if (generation >= 0 && at(object, 'status', 'observedGeneration') !== undefined && observed !== generation) {
    const kind = stringAt(object, 'kind');
    const message = `${kind} generation is ${generation}, but latest observed generation is ${observed}`;
    return { status: 'InProgress', message };
  }
  for (const condition of conditionsOf(object)) {
    if (condition.status !== 'True') continue;
    if (condition.type === 'Reconciling') return { status: 'InProgress', message: condition.message };
    if (condition.type === 'Stalled') return { status: 'Failed', message: condition.message };
  }
  return undefined;
}

/** Ready=False may still come right, so it counts as in progress; only Stalled is a failure. */
function readyCondition(object: Json): KResult | undefined {
  const ready = conditionsOf(object).find(
    (condition) => condition.type === 'Ready' && ['True', 'False', 'Unknown'].includes(condition.status),
  );
  if (ready === undefined) return undefined;
  if (ready.status === 'True') return { status: 'Current', message: 'Resource is Ready' };
  return { status: 'InProgress', message: ready.message };
}
