/** `sluice suspend`: Flux leaves the object alone until it is resumed; who did it, when and why stands in an annotation. */
import { userInfo } from 'node:os';
import { byHandAnnotation, isSuspended } from '../../engine/index.ts';
import type { Command } from '../command.ts';
import { isRefusal } from '../context.ts';
import { confirmOption, refusal } from '../guard.ts';
import { findFlux, objectOptions } from '../live/object.ts';
import { manager, titleOfRef } from '../live/reconcile.ts';
import { timer } from '../timer.ts';

export const suspend: Command = {
  name: 'suspend',
  usage: 'KIND/NAME [-n NAMESPACE] --context NAME [--reason TEXT]',
  summary: 'keeps Flux from reconciling an object until it is resumed',
  options: { ...objectOptions, ...confirmOption, reason: { type: 'string' } },
  async run(invocation) {
    const barred = refusal(invocation, String(invocation.options.context));
    if (barred !== undefined) {
      invocation.err(`sluice suspend: ${barred}\n`);
      return 2;
    }
    const found = await findFlux(invocation);
    if (isRefusal(found)) {
      invocation.err(`sluice suspend: ${found.message}\n`);
      return 2;
    }
    const { cluster, ref, live } = found;
    if (isSuspended(live)) {
      invocation.out(`${titleOfRef(ref)} is suspended already\n`);
      return 0;
    }
    const why = invocation.options.reason === undefined ? '' : `: ${invocation.options.reason}`;
    const note = `${new Date(timer.now()).toISOString()} by ${userInfo().username}${why}`;
    const patch = { metadata: { annotations: { [byHandAnnotation]: note } }, spec: { suspend: true } };
    const answer = await cluster.patch(ref, patch, { manager }, invocation.signal);
    if (!answer.ok) {
      invocation.err(`sluice suspend: ${answer.failure.message}\n`);
      return 2;
    }
    invocation.out(`${titleOfRef(ref)} is suspended\n`);
    return 0;
  },
};
