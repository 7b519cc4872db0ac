/** Waiting until objects are ready, by the kstatus rules and a Kustomization's health check expressions. */
import { type ObjectId, titleOf } from '../objects/object.ts';
import { slots } from '../plan/requests.ts';
import type { Cluster, ObjectRef, Timer } from '../ports.ts';
import { at, stringAt } from '../status/fields.ts';
import { type KResult, waitStatusOf } from '../status/index.ts';
import type { Json } from '../yaml/resolve.ts';

export interface Awaited {
  readonly id: ObjectId;
  readonly ref: ObjectRef;
  /** A job that its own time to live removes after its end: that it is gone means that it is done. */
  readonly goesAway: boolean;
}

export interface WaitOptions {
  readonly timer: Timer;
  /** Milliseconds until the wait is given up. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Called when what is being waited for changes. */
  readonly onWaiting?: (pending: readonly ObjectId[], message: string) => void;
  /** Reads the status of an object in place of the kstatus rules; undefined where it has no say. */
  readonly custom?: (object: Json) => KResult | undefined;
}

/** undefined when all are ready; else why not, in Flux's words. */
export async function waitFor(
  cluster: Cluster,
  objects: readonly Awaited[],
  options: WaitOptions,
): Promise<string | undefined> {
  const { timer, timeout, signal } = options;
  const left = deadline(timer, timeout);
  let pause = 250;
  let told = '';
  for (;;) {
    if (signal?.aborted) return 'canceled';
    const results = await readAll(cluster, objects, options);
    const open = objects.filter((_, index) => results[index]!.status !== 'Current');
    if (open.length === 0) return undefined;
    const terminal = results.every(({ status }) => status === 'Current' || status === 'Failed');
    const late = left() <= 0;
    if (terminal || late) return verdict(objects, results, late && !terminal);
    const message = objects
      .flatMap((one, index) => (open.includes(one) ? [`${titleOf(one.id)}: ${results[index]!.message}`] : []))
      .join('; ');
    if (message !== told)
      options.onWaiting?.(
        open.map((one) => one.id),
        message,
      );
    told = message;
    await timer.sleep(Math.min(pause, Math.max(0, left())), signal);
    pause = Math.min(pause * 1.6, 5000);
  }
}

/** Milliseconds that are left of so many, however the clock is set meanwhile: a step back gives no more of them. */
export function deadline(timer: Timer, milliseconds: number): () => number {
  let last = timer.now();
  let until = last + milliseconds;
  return () => {
    const now = timer.now();
    if (now < last) until -= last - now;
    last = now;
    return until - now;
  };
}

function verdict(objects: readonly Awaited[], results: readonly KResult[], late: boolean): string {
  const bad = objects.flatMap(({ id }, index) => {
    const { status, message } = results[index]!;
    return status === 'Current' ? [] : [`${titleOf(id)} status: '${status}': ${message}`];
  });
  return `${late ? 'timeout waiting for' : 'failed early due to stalled resources'}: [${bad.join(', ')}]`;
}

function readAll(cluster: Cluster, objects: readonly Awaited[], options: WaitOptions): Promise<readonly KResult[]> {
  const slot = slots(16);
  return Promise.all(
    objects.map((one) =>
      slot(async (): Promise<KResult> => {
        const answer = await cluster.get(one.ref, options.signal);
        if (answer.ok) return options.custom?.(answer.value) ?? waitStatusOf(answer.value, options.timer.now());
        if (answer.failure.reason !== 'not-found') return { status: 'Unknown', message: answer.failure.message };
        return one.goesAway
          ? { status: 'Current', message: 'the job ended and was removed' }
          : { status: 'InProgress', message: 'not found' };
      }),
    ),
  );
}

export function jobGoesAway(object: Json): boolean {
  return stringAt(object, 'kind') === 'Job' && at(object, 'spec', 'ttlSecondsAfterFinished') !== undefined;
}
