/** `sluice reconcile`: asks the controller, waits, and says how it went. */
import type { Command, ExitCode, Invocation } from '../command.ts';
import { isRefusal } from '../context.ts';
import { confirmOption, refusal } from '../guard.ts';
import { findFlux, objectOptions, read } from '../live/object.ts';
import { type FollowOptions, type Outcome, reconcile as request, sourceOf } from '../live/reconcile.ts';
import { seconds } from '../live/seconds.ts';

export const reconcile: Command = {
  name: 'reconcile',
  usage: 'KIND/NAME [-n NAMESPACE] --context NAME [--with-source] [--timeout SECONDS]',
  summary: 'asks Flux to reconcile an object now, and waits for the outcome',
  options: { ...objectOptions, ...confirmOption, 'with-source': { type: 'boolean' }, timeout: { type: 'string' } },
  async run(invocation) {
    const { options, signal } = invocation;
    const follow: FollowOptions = {
      timeout: seconds(options.timeout, 300),
      signal,
      progress: (message) => invocation.err(`${message}\n`),
    };
    const barred = refusal(invocation, String(invocation.options.context));
    if (barred !== undefined) {
      invocation.err(`sluice reconcile: ${barred}\n`);
      return 2;
    }
    const found = await findFlux(invocation);
    if (isRefusal(found)) return told(invocation, { ok: false, message: found.message }, 2);
    const { cluster, ref, live } = found;
    if (options['with-source'] === true) {
      const wanted = sourceOf(live);
      if (wanted === undefined) return told(invocation, { ok: false, message: `${ref.kind} has no source` }, 2);
      const source = await read(cluster, wanted, signal);
      if (isRefusal(source)) return told(invocation, { ok: false, message: source.message }, 2);
      const outcome = await request(cluster, source.ref, follow);
      told(invocation, outcome, 1);
      if (!outcome.ok) return 1;
    }
    return told(invocation, await request(cluster, ref, follow), 1);
  },
};

function told(invocation: Invocation, { ok, message }: Outcome, bad: ExitCode): ExitCode {
  if (ok) invocation.out(`${message}\n`);
  else invocation.err(`sluice reconcile: ${message}\n`);
  return ok ? 0 : bad;
}
