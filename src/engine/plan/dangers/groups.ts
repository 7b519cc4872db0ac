/** The dangers that only a group, or a plan, as a whole has: very many changes, everything pruned, a suspended owner. */
import { keyOf, titleOf } from '../../objects/object.ts';
import type { Origin } from '../../yaml/node.ts';
import { releaseOf } from '../payload.ts';
import { type Danger, type Plan, type PlanEntry, type PlanGroup, writes } from '../plan.ts';
import { majorBump, releaseBump } from './major-bump.ts';

/** How many written objects of one owner make a plan unusually large. */
const many = 50;

function groupDangers(group: PlanGroup): readonly Danger[] {
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

/** With the releases whose chart itself goes to a new major version, where no field of the HelmRelease says so already. */
export function withReleaseBumps(groups: readonly PlanGroup[]): readonly PlanGroup[] {
  const said = new Set(
    groups.flatMap(({ entries }) =>
      entries
        .filter(({ dangers = [] }) => dangers.some(({ rule }) => rule === majorBump.name))
        .map(({ id }) => keyOf(id)),
    ),
  );
  return groups.map((group) => {
    const { owner, spec, state, dangers = [] } = group;
    const content = releaseOf(spec);
    if (content === undefined || content.standing === true || said.has(keyOf(owner.id))) return group;
    const finding = releaseBump(titleOf(owner.id), state?.release?.chart ?? '', content.chart.metadata);
    return finding === undefined
      ? group
      : { ...group, dangers: [...dangers, { rule: majorBump.name, ...finding, at: owner.at }] };
  });
}

/** How many written objects make a whole plan unusually large, though none of its groups is. */
const manyInAll = 100;

export function planDangers({ groups }: Pick<Plan, 'groups'>): readonly Danger[] {
  const written = groups.map(({ entries }) => entries.filter(writes).length);
  const total = written.reduce((sum, count) => sum + count, 0);
  if (total < manyInAll || written.some((count) => count >= many)) return [];
  const owners = written.filter((count) => count > 0).length;
  const message = `the plan is unusually large: ${total} objects of ${owners} owners would be written`;
  return [{ rule: 'large-plan', severity: 'warning', message }];
}

/** The group with its dangers in it. */
export function withGroupDangers(group: PlanGroup): PlanGroup {
  const dangers = groupDangers(group);
  const placed = { ...group, entries: withPlaces(group.entries, group.owner.at) };
  return dangers.length === 0 ? placed : { ...placed, dangers };
}

/** The dangers of what no line declares any more are at the line of the owner that drops it. */
export function withPlaces(entries: readonly PlanEntry[], at: Origin): readonly PlanEntry[] {
  if (at.file === '') return entries;
  return entries.map((entry) =>
    entry.at !== undefined || entry.dangers === undefined
      ? entry
      : { ...entry, dangers: entry.dangers.map((danger) => ({ at, ...danger })) },
  );
}
