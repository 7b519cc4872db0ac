/** The list of danger rules: one line each. */

import type { Danger } from '../plan.ts';
import { originOfChange } from './at.ts';
import { deletesState } from './deletes-state.ts';
import type { Change, DangerRule } from './rule.ts';

export const dangerRules: readonly DangerRule[] = [deletesState];

/** Every danger of one change, each with the line that causes it where that is known. */
export function entryDangers(change: Change): readonly Danger[] {
  return dangerRules.flatMap((rule) =>
    rule.check(change).map(({ path, ...finding }): Danger => {
      const at = originOfChange(change.entry, path);
      return { rule: rule.name, ...finding, ...(at === undefined ? {} : { at }) };
    }),
  );
}
