/**
 * How an object is doing, by the kstatus rules and, for Flux's own kinds, by what they say of themselves.
 *
 * Two readings on purpose. `waitStatusOf` is what kustomize-controller waits by. `healthOf` is for people: kstatus calls
 * a Flux object whose last attempt failed "in progress", because it will be tried again; a person wants to see the failure.
 */
import type { Json } from '../yaml/resolve.ts';
import { at, type Condition, conditionsOf, groupOf, intAt, stringAt } from './fields.ts';
import { type KResult, kstatusOf } from './kstatus.ts';

export type Status = 'ready' | 'progressing' | 'failed' | 'suspended' | 'terminating' | 'unknown';

export interface Health {
  readonly status: Status;
  /** The object's own words (the Ready condition's message), or what is being waited for. */
  readonly message: string;
}

/** `now` in milliseconds since the epoch; it only decides how long a pod may stay unscheduled. */
export function healthOf(object: Json, now?: number): Health {
  if (isFlux(object)) return fluxHealth(object);
  const result = kstatusOf(object, now);
  return { status: words[result.status], message: result.message };
}

/** What kustomize-controller v1.9 waits by: kstatus, except that a job must have completed (or be suspended). */
export function waitStatusOf(object: Json, now?: number): KResult {
  if (stringAt(object, 'kind') === 'Job' && groupOf(object) === 'batch') return completedJob(object);
  return kstatusOf(object, now);
}

const words: Readonly<Record<KResult['status'], Status>> = {
  Current: 'ready',
  InProgress: 'progressing',
  Failed: 'failed',
  Terminating: 'terminating',
  Unknown: 'unknown',
};

/** Whether an object is of one of Flux's kinds (`*.toolkit.fluxcd.io`, and Flux Operator's). */
export function isFlux(object: Json): boolean {
  const group = groupOf(object);
  return group.endsWith('.toolkit.fluxcd.io') || group === 'fluxcd.controlplane.io';
}

/** Flux Operator suspends by this annotation with the value `disabled`. */
const operatorReconcile = 'fluxcd.controlplane.io/reconcile';

export function isSuspended(object: Json): boolean {
  return (
    at(object, 'spec', 'suspend') === true ||
    stringAt(object, 'metadata', 'annotations', operatorReconcile) === 'disabled'
  );
}

function fluxHealth(object: Json): Health {
  const conditions = conditionsOf(object);
  const ready = find(conditions, 'Ready');
  if (stringAt(object, 'metadata', 'deletionTimestamp') !== '') {
    return { status: 'terminating', message: ready?.message || 'being deleted' };
  }
  if (isSuspended(object)) return { status: 'suspended', message: ready?.message || 'suspended' };
  const stalled = find(conditions, 'Stalled');
  if (stalled?.status === 'True') return { status: 'failed', message: stalled.message };
  if (ready === undefined) return withoutReady(object);
  if (ready.status === 'False') {
    const waiting = waitingReasons.has(ready.reason);
    return { status: waiting ? 'progressing' : 'failed', message: ready.message };
  }
  const reconciling = find(conditions, 'Reconciling');
  if (ready.status === 'Unknown' || reconciling?.status === 'True') {
    return { status: 'progressing', message: reconciling?.message || ready.message };
  }
  const generation = intAt(object, ['metadata', 'generation'], -1);
  const observed = intAt(object, ['status', 'observedGeneration'], generation);
  if (observed !== generation)
    return { status: 'progressing', message: 'waiting for the controller to see the change' };
  return { status: ready.status === 'True' ? 'ready' : 'unknown', message: ready.message };
}

/** Ready=False for a reason that is no failure: something else has to come first. */
const waitingReasons = new Set(['Progressing', 'ProgressingWithRetry', 'DependencyNotReady', 'HealthCheckCanceled']);

/** Alerts, Providers and HelmRepositories of type oci are static: they never get a status, and that is their health. */
function withoutReady(object: Json): Health {
  const kind = stringAt(object, 'kind');
  const still =
    kind === 'Alert' ||
    kind === 'Provider' ||
    (kind === 'HelmRepository' && stringAt(object, 'spec', 'type') === 'oci') ||
    kind === 'ResourceSetInputProvider';
  if (still) return { status: 'ready', message: 'needs no reconciliation' };
  return { status: 'progressing', message: 'waiting to be reconciled' };
}

function find(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** Flux replaces kstatus' rule for jobs, and with it the general rules. */
function completedJob(object: Json): KResult {
  if (at(object, 'spec', 'suspend') === true) return { status: 'Current', message: 'Job is suspended' };
  const parallelism = intAt(object, ['spec', 'parallelism'], 1);
  const completions = intAt(object, ['spec', 'completions'], parallelism);
  const [active, succeeded, failed] = ['active', 'succeeded', 'failed'].map((name) =>
    intAt(object, ['status', name], 0),
  );
  for (const { type, status } of conditionsOf(object)) {
    if (status !== 'True') continue;
    if (type === 'Complete')
      return { status: 'Current', message: `Job Completed. succeeded: ${succeeded}/${completions}` };
    if (type === 'Failed') return { status: 'Failed', message: `Job Failed. failed: ${failed}/${completions}` };
  }
  if (stringAt(object, 'status', 'startTime') === '') {
    return { status: 'InProgress', message: `Job not started. active: 0/${parallelism}` };
  }
  return {
    status: 'InProgress',
    message: `Job in progress. success:${succeeded}, active: ${active}, failed: ${failed}`,
  };
}
