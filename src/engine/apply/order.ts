/** In which order the Flux objects of a plan take their turns: who creates another comes first, and who is depended on. */
import { keyOf } from '../objects/object.ts';
import type { PlanGroup } from '../plan/plan.ts';

/** The groups, each after its parent (whose objects hold it) and after what it depends on; cycles in the given order. */
export function inTurn(groups: readonly PlanGroup[]): readonly PlanGroup[] {
  const byKey = new Map(groups.map((group) => [keyOf(group.owner.id), group]));
  const before = new Map(groups.map((group) => [group, new Set<PlanGroup>()]));
  for (const group of groups) {
    for (const entry of group.entries) {
      const child = entry.action === 'delete' || entry.action === 'keep' ? undefined : byKey.get(keyOf(entry.id));
      if (child !== undefined && child !== group) before.get(child)!.add(group);
    }
    for (const dependency of dependenciesOf(group)) {
      const other = byKey.get(dependency);
      if (other !== undefined && other !== group) before.get(group)!.add(other);
    }
  }
  const out: PlanGroup[] = [];
  const state = new Map<PlanGroup, 'open' | 'done'>();
  for (const group of groups) visit(group);
  return out;

  function visit(group: PlanGroup): void {
    if (state.has(group)) return;
    state.set(group, 'open');
    for (const earlier of before.get(group)!) visit(earlier);
    state.set(group, 'done');
    out.push(group);
  }
}

/** Keys of the owners that a group's owner depends on. */
export function dependenciesOf(group: PlanGroup): readonly string[] {
  return (group.spec?.dependsOn ?? []).map((other) => keyOf({ ...group.owner.id, ...other }));
}
