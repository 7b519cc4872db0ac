/** How long the work for one chart may take: far above any real chart, well below anyone's patience. */
import { performance } from 'node:perf_hooks';
import { createContext, Script } from 'node:vm';
import type { RendererOptions } from '../engine/index.ts';

type Limit = NonNullable<RendererOptions['limit']>;

export const chartSeconds = 10;

/** A limit by a clock that nobody sets back, and an end for what does not look at it. */
export function chartLimit(seconds: number = chartSeconds): Limit & Required<Pick<Limit, 'within'>> {
  // A little more than the seconds: whoever looks at the clock knows its line better.
  const timeout = Math.ceil(seconds * 1100) + 250;
  return { seconds, clock: { now: () => performance.now() }, within: (work) => endedAfter(timeout, work) };
}

const room: { work?: () => unknown } = createContext({});
const call = new Script('work()');

/**
 * V8 ends whatever JavaScript runs below a script of `vm` when its time is over, the functions of this program included;
 * no `catch` and no `finally` of theirs is run. Native calls (a `JSON.parse`, a search for bytes) run to their end: what they
 * are given is bounded by bytes. A call costs 0.04 ms in the middle of 2,000 and 0.15 in the worst hundredth, measured on two
 * busy cores with Node 20.
 */
function endedAfter<T>(timeout: number, work: () => T): { value: T } | { expired: true } {
  room.work = work;
  try {
    return { value: call.runInContext(room, { timeout, displayErrors: false }) as T };
  } catch (thrown) {
    if ((thrown as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { expired: true };
    throw thrown;
  } finally {
    delete room.work;
  }
}
