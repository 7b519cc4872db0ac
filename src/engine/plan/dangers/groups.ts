/** The dangers that only a group as a whole has: very many changes, everything pruned, a suspended owner. */
import { titleOf } from '../../objects/object.ts';
import { type Danger, type PlanGroup, writes } from '../plan.ts';

/** How many written objects of one owner make a plan unusually large. */
const many = 50;

export function groupDangers(group: PlanGroup): readonly Danger[] {
  const { owner, entries, state } = group;
  const written = entries.filter(writes);
  const deleted = entries.filter((entry) => entry.action === 'delete');
  const left = entries.filter((entry) => !['delete', 'keep'].includes(entry.action));
  const out: Danger[] = [];
  const title = titleOf(owner.id);
  const at = owner.at.file === '' ? {} : { at: owner.at };
  if (written.length >= many) {
    out.push({
      rule: 'large-plan',
      severity: 'warning',
      message: `${title}: ${written.length} objects would be written at once`,
      ...at,
    });
  }
  if (deleted.length > 0 && left.length === 0 && state !== undefined) {
    out.push({
      rule: 'deletes-everything',
      severity: 'danger',
      message: `${title}: everything that it applied is deleted (${deleted.length})`,
      ...at,
    });
  }
  if (state?.suspended === true && written.length > 0) {
    out.push({
      rule: 'suspended-owner',
      severity: 'warning',
      message: `${title} is suspended in the cluster: pushed, this does not roll out until it is resumed`,
      ...at,
    });
  }
  return out;
}
