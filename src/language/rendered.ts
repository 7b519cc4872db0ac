/**
 * What only a render of the whole fleet finds, beside what the files say by themselves: builds that fail, owners that hold
 * each other up. A failure is told once: where both say something about one place, the file's own sentence stays and takes
 * over what the failure blocks.
 */
import type { DesiredSet, Origin, Problem } from '../engine/index.ts';
import type { Diagnostic } from './answer.ts';

export function withRendered(found: readonly Diagnostic[], sets: readonly DesiredSet[]): readonly Diagnostic[] {
  const all = [...found];
  const known = new Map(found.map((diagnostic, i) => [placeOf(diagnostic.at), i]));
  for (const problem of sets.flatMap((set) => set.problems)) {
    if (problem.at === undefined || (problem.severity !== 'error' && problem.severity !== 'warning')) continue;
    const place = placeOf(problem.at);
    const twin = known.get(place);
    if (twin === undefined) {
      known.set(place, all.length);
      all.push(problem);
    } else all[twin] = withRelated(all[twin]!, problem.related ?? []);
  }
  return all;
}

function withRelated(diagnostic: Diagnostic, more: NonNullable<Problem['related']>): Diagnostic {
  const own = diagnostic.related ?? [];
  const news = more.filter(({ at }) => !own.some((one) => placeOf(one.at) === placeOf(at)));
  return news.length === 0 ? diagnostic : { ...diagnostic, related: [...own, ...news] };
}

function placeOf(at: Origin | undefined): string {
  return at === undefined ? '' : `${at.file}\0${at.start}`;
}
