/** How long the templates of one chart may take: far above any real chart, well below anyone's patience. */
import { performance } from 'node:perf_hooks';
import type { RendererOptions } from '../engine/index.ts';

export const chartSeconds = 10;

/** A limit by a clock that nobody sets back. */
export function chartLimit(seconds: number = chartSeconds): NonNullable<RendererOptions['limit']> {
  return { seconds, clock: { now: () => performance.now() } };
}
