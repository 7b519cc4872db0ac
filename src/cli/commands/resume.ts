/** `sluice resume`: lets Flux go on, and waits for what it makes of the object. */
import { isSuspended, suspendedAnnotation } from '../../engine/index.ts';
import type { Command } from '../command.ts';
import { isRefusal } from '../context.ts';
import { valueAt } from '../live/fields.ts';
import { findFlux, objectOptions } from '../live/object.ts';
import { follow, manager, titleOfRef } from '../live/reconcile.ts';
import { seconds } from '../live/seconds.ts';

export const resume: Command = {
  name: 'resume',
  usage: 'KIND/NAME [-n NAMESPACE] --context NAME [--timeout SECONDS]',
  summary: 'lets Flux reconcile a suspended object again, and waits for the outcome',
  options: { ...objectOptions, timeout: { type: 'string' } },
  async run(invocation) {
    const { signal, err, out } = invocation;
    const timeout = seconds(invocation.options.timeout, 300);
    const found = await findFlux(invocation);
    if (isRefusal(found)) {
      err(`sluice resume: ${found.message}\n`);
      return 2;
    }
    const { cluster, ref, live } = found;
    if (!isSuspended(live)) {
      out(`${titleOfRef(ref)} is not suspended\n`);
      return 0;
    }
    const patch = { metadata: { annotations: { [suspendedAnnotation]: null } }, spec: { suspend: false } };
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
