/**
 * Reconcile, suspend and resume: the same annotation and field that `flux` sets, and then the wait for the controller's
 * answer, told by the watch. It says what happened: done, failed with the object's words, suspended, or still running.
 */
import type { Cluster, ClusterFailure, LiveObject, ObjectRef } from '../engine/index.ts';
import { healthOf } from '../engine/index.ts';
import type { FluxAction, ObjectName, Outcome } from '../protocol/index.ts';
import type { Linked } from './link.ts';
import { at, byHandAnnotation, groupOf, keyOfName, listAt, suspendedAnnotation, textAt, titleOfName } from './live.ts';

const requestedAt = 'reconcile.fluxcd.io/requestedAt';
/** Who asks, as the API server's managed fields will say. */
const manager = 'sluice';

export interface ActOptions {
  /** RFC 3339, different for each request: the controller repeats it when it has handled it. */
  readonly now: () => string;
  /** Who acts, for the annotation on what is suspended. */
  readonly by: string;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

/** A cluster and what its watches see. */
export type ActOn = Pick<Linked, 'cluster' | 'store'>;

export async function act(
  linked: ActOn,
  action: FluxAction,
  object: ObjectName,
  options: ActOptions,
): Promise<Outcome> {
  const { cluster } = linked;
  if (action === 'suspend' || action === 'resume') return await suspend(linked, action, object, options);
  const live = await cluster.get(object, options.signal);
  if (!live.ok) return failed(live.failure);
  if (at(live.value, 'spec', 'suspend') === true) {
    const message = `${titleOfName(object)} is suspended, so Flux would ignore the request. Resume it to reconcile it.`;
    return { ok: false, warning: true, message };
  }
  if (action === 'reconcile-with-source') {
    const source = sourceOf(live.value);
    if (source === undefined) return { ok: false, message: `${titleOfName(object)} names no source` };
    const outcome = await reconcile(linked, source, options);
    if (!outcome.ok) return { ...outcome, message: `The source was not reconciled. ${outcome.message}` };
  }
  return await reconcile(linked, object, options);
}

async function reconcile(linked: ActOn, object: ObjectName, options: ActOptions): Promise<Outcome> {
  const { cluster } = linked;
  const title = titleOfName(object);
  const before = await cluster.get(object, options.signal);
  if (!before.ok) return failed(before.failure);
  if (at(before.value, 'spec', 'suspend') === true) {
    return { ok: false, warning: true, message: `${title} is suspended, so Flux would ignore the request.` };
  }
  const token = options.now();
  options.progress(`Reconciling ${title}`);
  const asked = await patch(cluster, object, { metadata: { annotations: { [requestedAt]: token } } }, options.signal);
  if (!asked.ok) return failed(asked.failure);
  return await waitFor(linked, object, options, (live) => textAt(live, 'status', 'lastHandledReconcileAt') === token);
}

async function suspend(
  linked: ActOn,
  action: 'suspend' | 'resume',
  object: ObjectName,
  options: ActOptions,
): Promise<Outcome> {
  const title = titleOfName(object);
  if (action === 'resume') {
    const refused = await fetchFirst(linked, object, options);
    if (refused !== undefined) return refused;
  }
  const set = await patch(
    linked.cluster,
    object,
    action === 'suspend'
      ? {
          metadata: { annotations: { [byHandAnnotation]: `${options.now()} by ${options.by}` } },
          spec: { suspend: true },
        }
      : {
          metadata: { annotations: { [suspendedAnnotation]: null, [byHandAnnotation]: null } },
          spec: { suspend: null },
        },
    options.signal,
  );
  if (!set.ok) return failed(set.failure);
  if (action === 'suspend') return { ok: true, message: `${title} is suspended: Flux leaves it alone until resumed.` };
  options.progress(`Resuming ${title}`);
  const generation = at(set.value, 'metadata', 'generation');
  return await waitFor(
    linked,
    object,
    options,
    (live) => Number(at(live, 'status', 'observedGeneration')) >= Number(generation),
  );
}

/**
 * What an apply suspended is handed back with its source fetched anew: resumed at the old revision, Flux would undo the
 * apply until it sees the commit.
 */
async function fetchFirst({ cluster, ...linked }: ActOn, object: ObjectName, options: ActOptions) {
  const live = await cluster.get(object, options.signal);
  if (!live.ok) return failed(live.failure);
  const source = sourceOf(live.value);
  if (source === undefined || textAt(live.value, 'metadata', 'annotations', suspendedAnnotation) === '')
    return undefined;
  const outcome = await reconcile({ cluster, ...linked }, source, options);
  return outcome.ok
    ? undefined
    : { ...outcome, message: `Not resumed, for its source was not fetched. ${outcome.message}` };
}

/** Waits until the controller has handled the request and the object is no longer in progress. */
async function waitFor(
  linked: ActOn,
  object: ObjectName,
  options: ActOptions,
  handled: (live: LiveObject) => boolean,
): Promise<Outcome> {
  const title = titleOfName(object);
  const kind = { group: groupOf(object.apiVersion), kind: object.kind };
  let said = '';
  const outcome = await linked.store.until<Outcome>(
    kind,
    (seen) => {
      if (seen.state === 'failed') return failed(seen.failure);
      if (!('objects' in seen)) return undefined;
      const live = seen.objects.get(keyOfName(object));
      if (live === undefined) return seen.state === 'live' ? { ok: false, message: `${title} is gone` } : undefined;
      if (!handled(live)) return undefined;
      const health = healthOf(live);
      if (health.message !== said && health.message !== '') options.progress(`${title}: ${health.message}`);
      said = health.message;
      if (health.status === 'ready') return { ok: true, message: `${title} is ready. ${health.message}` };
      if (health.status === 'failed') return { ok: false, message: `${title} failed. ${health.message}` };
      if (health.status === 'suspended') return { ok: false, warning: true, message: `${title} was suspended.` };
      return hasNoStatus(live) ? { ok: true, message: `${title} is handled.` } : undefined;
    },
    options.signal,
  );
  return outcome ?? { ok: true, message: `${title}: asked, and no longer waited for.` };
}

/** Kinds without conditions (Provider and Alert in v1beta3) have no controller that answers. */
function hasNoStatus(live: LiveObject): boolean {
  return (
    listAt(live, 'status', 'conditions').length === 0 && at(live, 'status', 'lastHandledReconcileAt') !== undefined
  );
}

/** The object that this one takes its content from; the namespace defaults to its own. */
export function sourceOf(live: LiveObject): ObjectName | undefined {
  const spec = at(live, 'spec');
  const paths = [['sourceRef'], ['chartRef'], ['chart', 'spec', 'sourceRef'], ['imageRepositoryRef']] as const;
  const path = paths.find((keys) => at(spec, ...keys) !== undefined);
  if (path === undefined) return undefined;
  const ref = at(spec, ...path);
  const kind = path[0] === 'imageRepositoryRef' ? 'ImageRepository' : textAt(ref, 'kind');
  const group = kind === 'ImageRepository' ? 'image.toolkit.fluxcd.io' : 'source.toolkit.fluxcd.io';
  const namespace = textAt(ref, 'namespace') || textAt(live, 'metadata', 'namespace');
  return { apiVersion: `${group}/v1`, kind, namespace, name: textAt(ref, 'name') };
}

async function patch(cluster: Cluster, object: ObjectRef, value: LiveObject, signal: AbortSignal) {
  return await cluster.patch(object, value, { manager }, signal);
}

function failed(failure: ClusterFailure): Outcome {
  return { ok: false, message: failure.message };
}
