/** `sluice resume`: lets Flux go on, and waits for what it makes of the object. */
import { byHandAnnotation, isSuspended, suspendedAnnotation } from '../../engine/index.ts';
import type { Command, Invocation } from '../command.ts';
import { isRefusal } from '../context.ts';
import { confirmOption, refusal, remoteRefusal } from '../guard.ts';
import { valueAt } from '../live/fields.ts';
import { type Found, findFlux, objectOptions, read, throughOption } from '../live/object.ts';
import { follow, manager, reconcile, sourceOf, titleOfRef } from '../live/reconcile.ts';
import { seconds } from '../live/seconds.ts';

export const resume: Command = {
  name: 'resume',
  usage: 'KIND/NAME [-n NAMESPACE] --context NAME [--through NAMESPACE/SECRET]… [--timeout SECONDS]',
  summary: 'lets Flux reconcile a suspended object again, and waits for the outcome',
  options: { ...objectOptions, ...throughOption, ...confirmOption, timeout: { type: 'string' } },
  async run(invocation) {
    const { signal, err, out } = invocation;
    const timeout = seconds(invocation.options.timeout, 300);
    const barred = refusal(invocation, String(invocation.options.context));
    if (barred !== undefined) {
      invocation.err(`sluice resume: ${barred}\n`);
      return 2;
    }
    const found = await findFlux(invocation);
    if (isRefusal(found)) {
      err(`sluice resume: ${found.message}\n`);
      return 2;
    }
    const { cluster, ref, live } = found;
    const elsewhere = remoteRefusal(invocation, [cluster.server]);
    if (elsewhere !== undefined) {
      err(`sluice resume: ${elsewhere}\n`);
      return 2;
    }
    if (!isSuspended(live)) {
      out(`${titleOfRef(ref)} is not suspended\n`);
      return 0;
    }
    // Flux goes on with what it fetched last: a commit that was pushed since has to be fetched first, or it is undone.
    await fetchSource(invocation, found, timeout);
    const annotations = { [suspendedAnnotation]: null, [byHandAnnotation]: null };
    const patch = { metadata: { annotations }, spec: { suspend: false } };
    const answer = await cluster.patch(ref, patch, { manager }, signal);
    if (!answer.ok) {
      err(`sluice resume: ${answer.failure.message}\n`);
      return 2;
    }
    const generation = valueAt(answer.value, 'metadata', 'generation');
    const options = { timeout, signal, progress: (message: string) => err(`${message}\n`) };
    const outcome = await follow(
      cluster,
      ref,
      options,
      (now) => valueAt(now, 'status', 'observedGeneration') === generation,
    );
    if (outcome.ok) out(`${outcome.message}\n`);
    else err(`sluice resume: ${outcome.message}\n`);
    return outcome.ok ? 0 : 1;
  },
};

async function fetchSource({ signal, err }: Invocation, { cluster, live }: Found, timeout: number): Promise<void> {
  const wanted = sourceOf(live);
  if (wanted === undefined) return;
  const source = await read(cluster, wanted, signal);
  if (isRefusal(source) || isSuspended(source.live)) return;
  const progress = (message: string) => err(`${message}\n`);
  const outcome = await reconcile(cluster, source.ref, { timeout, signal, progress });
  if (!outcome.ok) err(`warning: ${outcome.message}\n`);
}
