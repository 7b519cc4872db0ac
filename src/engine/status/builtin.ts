/** The kstatus rules of the built-in kinds, one function each and a plain list; see `kstatus.ts`. */
import type { Json } from '../yaml/resolve.ts';
import { at, conditionsOf, intAt, listAt, stringAt } from './fields.ts';
import type { KResult } from './kstatus.ts';

type Rule = (object: Json, now?: number) => KResult;

const current = (message: string): KResult => ({ status: 'Current', message });
const inProgress = (message: string): KResult => ({ status: 'InProgress', message });
const failed = (message: string): KResult => ({ status: 'Failed', message });
const spec = (object: Json, ...path: string[]) => intAt(object, ['spec', ...path], 1);
const count = (object: Json, name: string) => intAt(object, ['status', name], 0);

const alwaysReady: Rule = () => current('Resource is always ready');

const statefulSet: Rule = (object) => {
  if (stringAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') {
    return current('StatefulSet is using the ondelete update strategy');
  }
  const wanted = spec(object, 'replicas');
  const replicas = count(object, 'replicas');
  const ready = count(object, 'readyReplicas');
  if (wanted > replicas) return inProgress(`Replicas: ${replicas}/${wanted}`);
  if (wanted > ready) return inProgress(`Ready: ${ready}/${wanted}`);
  if (replicas > wanted) return inProgress(`Pending termination: ${replicas - wanted}`);
  const partition = intAt(object, ['spec', 'updateStrategy', 'rollingUpdate', 'partition'], -1);
  const updated = count(object, 'updatedReplicas');
  if (partition !== -1) {
    if (updated < wanted - partition) return inProgress(`updated: ${updated}/${wanted - partition}`);
    return current(`Partition rollout complete. updated: ${updated}`);
  }
  const now = count(object, 'currentReplicas');
  if (wanted > now) return inProgress(`current: ${now}/${wanted}`);
  if (stringAt(object, 'status', 'currentRevision') !== stringAt(object, 'status', 'updateRevision')) {
    return inProgress('Waiting for updated revision to match current');
  }
  return current(`All replicas scheduled as expected. Replicas: ${replicas}`);
};

/** Without a progress deadline the controller sets no Progressing condition. */
const noDeadline = 2147483647;

const deployment: Rule = (object) => {
  let progressing = intAt(object, ['spec', 'progressDeadlineSeconds'], noDeadline) === noDeadline;
  let available = false;
  for (const { type, status, reason } of conditionsOf(object)) {
    if (type === 'Progressing') {
      if (reason === 'ProgressDeadlineExceeded') return failed('Progress deadline exceeded');
      if (status === 'True' && reason === 'NewReplicaSetAvailable') progressing = true;
    }
    if (type === 'Available' && status === 'True') available = true;
  }
  const wanted = spec(object, 'replicas');
  const replicas = count(object, 'replicas');
  const updated = count(object, 'updatedReplicas');
  const ready = count(object, 'readyReplicas');
  const availableReplicas = count(object, 'availableReplicas');
  if (wanted > replicas) return inProgress(`Replicas: ${replicas}/${wanted}`);
  if (wanted > updated) return inProgress(`Updated: ${updated}/${wanted}`);
  if (replicas > wanted) return inProgress(`Pending termination: ${replicas - wanted}`);
  if (updated > availableReplicas) return inProgress(`Available: ${availableReplicas}/${updated}`);
  if (wanted > ready) return inProgress(`Ready: ${ready}/${wanted}`);
  if (!progressing) return inProgress('ReplicaSet not Available');
  if (!available) return inProgress('Deployment not Available');
  return current(`Deployment is available. Replicas: ${replicas}`);
};

const replicaSet: Rule = (object) => {
  if (conditionsOf(object).some(({ type, status }) => type === 'ReplicaFailure' && status === 'True')) {
    return inProgress('Replica Failure condition. Check Pods');
  }
  const wanted = spec(object, 'replicas');
  const replicas = count(object, 'replicas');
  const labelled = count(object, 'fullyLabeledReplicas');
  const available = count(object, 'availableReplicas');
  const ready = count(object, 'readyReplicas');
  if (wanted > labelled) return inProgress(`Labelled: ${labelled}/${wanted}`);
  if (wanted > available) return inProgress(`Available: ${available}/${wanted}`);
  if (wanted > ready) return inProgress(`Ready: ${ready}/${wanted}`);
  if (replicas > wanted) return inProgress(`Pending termination: ${replicas - wanted}`);
  return current(`ReplicaSet is available. Replicas: ${replicas}`);
};

const daemonSet: Rule = (object) => {
  if (at(object, 'metadata', 'generation') === undefined) return inProgress('DaemonSet metadata.generation not found');
  if (at(object, 'status', 'observedGeneration') === undefined) {
    return inProgress('DaemonSet status.observedGeneration not found');
  }
  const wanted = intAt(object, ['status', 'desiredNumberScheduled'], -1);
  if (wanted === -1) return inProgress('Missing .status.desiredNumberScheduled');
  const steps: readonly [string, number][] = [
    ['Current', count(object, 'currentNumberScheduled')],
    ['Updated', count(object, 'updatedNumberScheduled')],
    ['Available', count(object, 'numberAvailable')],
    ['Ready', count(object, 'numberReady')],
  ];
  for (const [name, have] of steps) if (wanted > have) return inProgress(`${name}: ${have}/${wanted}`);
  return current(`All replicas scheduled as expected. Replicas: ${wanted}`);
};

const claim: Rule = (object) => {
  const phase = at(object, 'status', 'phase');
  if (phase !== 'Bound') {
    return inProgress(`PVC is not Bound. phase: ${typeof phase === 'string' ? phase : 'unknown'}`);
  }
  return current('PVC is Bound');
};

/** How long a pod may wait for a node before it counts as unschedulable, in milliseconds. */
const scheduleWindow = 15_000;

const pod: Rule = (object, now) => {
  const phase = stringAt(object, 'status', 'phase');
  const conditions = conditionsOf(object);
  if (phase === 'Succeeded') return current('Pod has completed successfully');
  if (phase === 'Failed') return current('Pod has completed, but not successfully');
  if (phase === 'Running') {
    if (conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return current('Pod is Ready');
    const looping = listAt(object, 'status', 'containerStatuses')
      .filter((status) => stringAt(status, 'state', 'waiting', 'reason') === 'CrashLoopBackOff')
      .map((status) => stringAt(status, 'name'));
    if (looping.length > 0) return failed(`Containers in CrashLoop state: ${looping.join(',')}`);
    return inProgress('Pod is running but is not Ready');
  }
  if (phase === 'Pending') {
    const scheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    if (scheduled?.reason !== 'Unschedulable') return inProgress('Pod is in the Pending phase');
    const created = Date.parse(stringAt(object, 'metadata', 'creationTimestamp'));
    if (now !== undefined && now - scheduleWindow < created) return inProgress('Pod has not been scheduled');
    return failed('Pod could not be scheduled');
  }
  if (phase === '') return inProgress('Pod phase not available');
  return { status: 'Unknown', message: `unknown phase ${phase}` };
};

const disruptionBudget: Rule = () => current('AllowedDisruptions has been computed.');

/** A running job is current: it has started, and its end is not waited for. */
const job: Rule = (object) => {
  const completions = intAt(object, ['spec', 'completions'], spec(object, 'parallelism'));
  const succeeded = count(object, 'succeeded');
  const failures = count(object, 'failed');
  for (const { type, status } of conditionsOf(object)) {
    if (status !== 'True') continue;
    if (type === 'Complete') return current(`Job Completed. succeeded: ${succeeded}/${completions}`);
    if (type === 'Failed') return failed(`Job Failed. failed: ${failures}/${completions}`);
  }
  if (stringAt(object, 'status', 'startTime') === '') return inProgress('Job not started');
  const active = count(object, 'active');
  return current(`Job in progress. success:${succeeded}, active: ${active}, failed: ${failures}`);
};

const service: Rule = (object) => {
  if (stringAt(object, 'spec', 'type') === 'LoadBalancer' && stringAt(object, 'spec', 'clusterIP') === '') {
    return inProgress('ClusterIP not set. Service type: LoadBalancer');
  }
  return current('Service is ready');
};

const customResourceDefinition: Rule = (object) => {
  for (const { type, status, reason, message } of conditionsOf(object)) {
    if (type === 'NamesAccepted' && status === 'False') return failed(message);
    if (type !== 'Established') continue;
    if (status === 'False' && reason !== 'Installing') return failed(message);
    if (status === 'True') return current('CRD is established');
  }
  return inProgress('Install in progress');
};

/** By `group/Kind`, the core group without a slash. */
export const builtinRules: Readonly<Record<string, Rule>> = {
  Service: service,
  Pod: pod,
  Secret: alwaysReady,
  ConfigMap: alwaysReady,
  PersistentVolumeClaim: claim,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'extensions/DaemonSet': daemonSet,
  'apps/Deployment': deployment,
  'extensions/Deployment': deployment,
  'apps/ReplicaSet': replicaSet,
  'extensions/ReplicaSet': replicaSet,
  'policy/PodDisruptionBudget': disruptionBudget,
  'batch/CronJob': alwaysReady,
  'batch/Job': job,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
};
