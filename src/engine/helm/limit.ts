/**
 * How long the work for one chart may take. Templates look at a clock themselves and say the exact line; what never comes
 * to look (one long call of a function, a schema, the output's YAML) is ended from outside by the caller's `within`.
 */
import { distrustPatterns } from '../go/regexp.ts';
import type { Clock } from '../ports.ts';
import { error, type Problem, type Result } from '../problem.ts';
import type { Chart } from './chart.ts';

export interface RenderLimit {
  readonly seconds: number;
  readonly clock: Clock;
  /** Runs work and ends it, whatever it is stuck in, a little after the seconds are over: its `finally` is not run. */
  readonly within?: <T>(work: () => T) => { readonly value: T } | { readonly expired: true };
}

/** What is being done, told by the work while it goes on. */
export interface Progress {
  doing: string;
  /** Tells a problem at the template line that is at work. */
  template?: ((message: string) => Problem) | undefined;
}

/** The work's own answer, or one problem that names the chart, what was at work, and the limit. */
export function withinLimit<T>(
  limit: RenderLimit | undefined,
  chart: Chart,
  progress: Progress,
  work: () => Result<T>,
): Result<T> {
  if (limit?.within === undefined) return work();
  const done = limit.within(work);
  if ('value' in done) return done.value;
  distrustPatterns();
  const message = `stopped: chart ${chart.metadata.name} takes longer than its limit of ${limit.seconds} s`;
  const problem =
    progress.template?.(message) ??
    error('helm-template', `${message}: ${progress.doing} did not end`, chart.chartYaml.at);
  return { problems: [problem] };
}
