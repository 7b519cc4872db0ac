/** The list of danger rules: one line each. */
import type { Danger } from '../plan.ts';
import { originOfChange } from './at.ts';
import { deletesState } from './deletes-state.ts';
import { immutableField } from './immutable-field.ts';
import { majorBump } from './major-bump.ts';
import { movesOwner } from './moves-owner.ts';
import { noReplicas } from './no-replicas.ts';
import { orphans } from './orphans.ts';
import { privileged } from './privileged.ts';
import { removesNetworkPolicy } from './removes-network-policy.ts';
import type { Change, DangerRule } from './rule.ts';
import { shrinksClaim } from './shrinks-claim.ts';
import { suspendFlips } from './suspend-flips.ts';
import { widensRbac } from './widens-rbac.ts';

export const dangerRules: readonly DangerRule[] = [
  deletesState,
  removesNetworkPolicy,
  immutableField,
  shrinksClaim,
  noReplicas,
  privileged,
  widensRbac,
  majorBump,
  orphans,
  movesOwner,
  suspendFlips,
];

/** Every danger of one change, each with the line that causes it where that is known. */
export function entryDangers(change: Change): readonly Danger[] {
  return dangerRules.flatMap((rule) =>
    rule.check(change).map((finding): Danger => {
      const at = originOfChange(change.entry, finding.path);
      return { rule: rule.name, ...finding, ...(at === undefined ? {} : { at }) };
    }),
  );
}
