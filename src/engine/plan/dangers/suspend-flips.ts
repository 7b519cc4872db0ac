/** Suspending or resuming by Git: a resumed object applies all at once what waited. */
import { titleOf } from '../../objects/object.ts';
import { at } from '../../status/fields.ts';
import { isFlux } from '../../status/health.ts';
import type { DangerRule } from './rule.ts';

export const suspendFlips: DangerRule = {
  name: 'suspend-flips',
  check({ entry, before, after }) {
    if (before === undefined || after === undefined || !isFlux(after)) return [];
    const [was, is] = [before, after].map((object) => at(object, 'spec', 'suspend') === true);
    if (was === is) return [];
    const message = is
      ? `${titleOf(entry.id)} is suspended: later changes of what it applies do not reach the cluster`
      : `${titleOf(entry.id)} is resumed: everything that changed since it was suspended is applied at once`;
    return [{ severity: 'warning', message, path: ['spec', 'suspend'] }];
  },
};
