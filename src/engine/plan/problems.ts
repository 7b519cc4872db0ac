/** The problems of renders: one that hits several sets alike is told once. */
import type { Problem } from '../problem.ts';
import type { DesiredSet } from '../render/desired.ts';

export function problemsOf(sets: readonly DesiredSet[]): readonly Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of sets.flatMap((set) => [...set.problems])) {
    const { at, code, message } = problem;
    const key = JSON.stringify([code, message, at?.file, at?.start]);
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()];
}
