/** A claim can grow, never shrink: the server refuses it, or the data no longer fits after a recreation. */
import { titleOf } from '../../objects/object.ts';
import { listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { quantity } from './quantity.ts';
import type { DangerRule } from './rule.ts';

export const shrinksClaim: DangerRule = {
  name: 'shrinks-claim',
  check({ entry, before, after }) {
    if (before === undefined || after === undefined) return [];
    const is = new Map(claims(after));
    return claims(before).flatMap(([name, was]) => {
      const now = is.get(name);
      const [a, b] = [quantity(was), quantity(now ?? '')];
      if (now === undefined || a === undefined || b === undefined || b >= a) return [];
      const what = name === '' ? titleOf(entry.id) : `the claim ${name} of ${titleOf(entry.id)}`;
      const message = `shrinks ${what} from ${was} to ${now}, which storage does not allow`;
      const path = name === '' ? { path: ['spec', 'resources'] } : { path: ['spec', 'volumeClaimTemplates'] };
      return [{ severity: 'danger' as const, message, ...path }];
    });
  },
};

/** The storage that an object asks for, by the name of the claim template; the empty name for a claim itself. */
function claims(object: Json): readonly (readonly [string, string])[] {
  const asked = (claim: Json) => stringAt(claim, 'spec', 'resources', 'requests', 'storage');
  if (stringAt(object, 'kind') === 'PersistentVolumeClaim') return [['', asked(object)]];
  return listAt(object, 'spec', 'volumeClaimTemplates').map((claim) => [
    stringAt(claim, 'metadata', 'name'),
    asked(claim),
  ]);
}
