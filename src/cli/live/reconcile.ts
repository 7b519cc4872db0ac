/** Asking a controller to reconcile and following it to the end: the same annotation that `flux reconcile` sets. */
import { type Cluster, healthOf, isSuspended, type LiveObject, type ObjectRef } from '../../engine/index.ts';
import { timer } from '../timer.ts';
import { textAt, valueAt } from './fields.ts';

export const manager = 'sluice';
const requestedAt = 'reconcile.fluxcd.io/requestedAt';

export interface Outcome {
  readonly ok: boolean;
  readonly message: string;
}

export interface FollowOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

export async function reconcile(cluster: Cluster, ref: ObjectRef, options: FollowOptions): Promise<Outcome> {
  const title = titleOfRef(ref);
  const before = await cluster.get(ref, options.signal);
  if (!before.ok) return { ok: false, message: before.failure.message };
  if (isSuspended(before.value)) {
    return { ok: false, message: `${title} is suspended, so Flux ignores the request: resume it first` };
  }
  const token = new Date(timer.now()).toISOString();
  const patch = { metadata: { annotations: { [requestedAt]: token } } };
  const asked = await cluster.patch(ref, patch, { manager }, options.signal);
  if (!asked.ok) return { ok: false, message: asked.failure.message };
  options.progress(`${title}: reconciliation requested`);
  return follow(cluster, ref, options, (live) => textAt(live, 'status', 'lastHandledReconcileAt') === token);
}

/** Waits until the controller has handled the request and the object is ready or has failed. */
export async function follow(
  cluster: Cluster,
  ref: ObjectRef,
  { timeout, signal, progress }: FollowOptions,
  handled: (live: LiveObject) => boolean,
): Promise<Outcome> {
  const title = titleOfRef(ref);
  const until = timer.now() + timeout;
  let told = '';
  for (let pause = 200; ; pause = Math.min(pause * 1.5, 2000)) {
    const answer = await cluster.get(ref, signal);
    if (signal.aborted) return { ok: false, message: 'canceled; the controller goes on' };
    if (!answer.ok) return { ok: false, message: answer.failure.message };
    const { status, message } = healthOf(answer.value);
    if (handled(answer.value)) {
      if (status === 'ready') return { ok: true, message: `${title} is ready: ${message}` };
      if (status === 'failed') return { ok: false, message: `${title} failed: ${message}` };
      if (status === 'suspended') return { ok: false, message: `${title} was suspended meanwhile` };
    }
    if (message !== told && message !== '') progress(`${title}: ${message}`);
    told = message;
    if (timer.now() >= until)
      return { ok: false, message: `${title} was not ready in ${timeout / 1000} s: ${message}` };
    await timer.sleep(pause, signal);
  }
}

/** Where an object takes its content from; undefined for kinds without a source. */
export function sourceOf(
  live: LiveObject,
): { group: string; kind: string; namespace: string; name: string } | undefined {
  const namespace = textAt(live, 'metadata', 'namespace');
  const places = [['sourceRef'], ['chartRef'], ['chart', 'spec', 'sourceRef'], ['imageRepositoryRef']] as const;
  for (const path of places) {
    const found = valueAt(live, 'spec', ...path);
    if (found === undefined) continue;
    const image = path[0] === 'imageRepositoryRef';
    return {
      group: image ? 'image.toolkit.fluxcd.io' : 'source.toolkit.fluxcd.io',
      kind: image ? 'ImageRepository' : textAt(found, 'kind'),
      namespace: textAt(found, 'namespace') || namespace,
      name: textAt(found, 'name'),
    };
  }
  return undefined;
}

export function titleOfRef({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
