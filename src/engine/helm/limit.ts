/**
 * How long the work for one chart may take. Templates look at a clock themselves and say the exact line; what never comes
 * to look (one long call of a function, a schema, the reading of its files, the output's YAML) is ended from outside by the
 * caller's `within`.
 */
import { distrustPatterns } from '../go/regexp.ts';
import type { Clock } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import type { Origin } from '../yaml/node.ts';
import type { Chart } from './chart.ts';

export interface RenderLimit {
  readonly seconds: number;
  readonly clock: Clock;
  /** Runs work and ends it, whatever it is stuck in, a little after the seconds are over: its `finally` is not run. */
  readonly within?: <T>(work: () => T) => { readonly value: T } | { readonly expired: true };
}

/** What the work is for, as a problem names it: `chart web`, told at `at` where nothing more exact is known. */
export interface LimitedWork {
  readonly title: string;
  readonly at: Origin;
}

/** What is being done, told by the work while it goes on. */
export interface Progress {
  doing: string;
  /** The file that is at work. */
  at?: Origin | undefined;
  /** Tells a problem at the template line that is at work. */
  template?: ((message: string) => Problem) | undefined;
}

/** What an ended work answers: one problem that names the chart, what was at work, and the limit. */
export interface Ended {
  readonly value?: never;
  readonly problems: readonly Problem[];
}

/** A chart as what work is for. */
export function chartWork({ metadata, chartYaml }: Chart): LimitedWork {
  return { title: `chart ${metadata.name}`, at: chartYaml.at };
}

export function withinLimit<T>(
  limit: RenderLimit | undefined,
  { title, at }: LimitedWork,
  progress: Progress,
  work: () => T,
): T | Ended {
  if (limit?.within === undefined) return work();
  const done = limit.within(work);
  if ('value' in done) return done.value;
  distrustPatterns();
  const message = `stopped: ${title} takes longer than its limit of ${limit.seconds} s`;
  const problem =
    progress.template?.(message) ?? error('helm-limit', `${message}: ${progress.doing} did not end`, progress.at ?? at);
  return { problems: [{ ...problem, code: 'helm-limit' }] };
}
