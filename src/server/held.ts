/**
 * What the plan shows while a person is in the middle of an edit: a Flux object that does not build just then keeps the
 * look that it had last, marked as held. What is applied goes by the true plan, in which nothing of it is sent.
 */
import { type DesiredSet, keyOf, type Plan, type PlanGroup } from '../engine/index.ts';

/** The groups and sets that are shown, and of which owners they are the last good ones. */
export interface Shown {
  readonly plan: Plan;
  readonly wanted: readonly DesiredSet[];
  readonly held: ReadonlySet<string>;
}

/** The true plan with what an error took from it put back from the `last` one. */
export function shownBeside(last: Shown | undefined, plan: Plan, wanted: readonly DesiredSet[]): Shown {
  const broken = new Set(wanted.filter(isBroken).map(ownerKey));
  const truth: Shown = { plan, wanted, held: new Set() };
  if (last === undefined || broken.size === 0) return truth;
  const rendered = new Set(wanted.map(ownerKey));
  // What a broken parent would declare is missing, and not gone.
  const isHeld = (key: string): boolean => broken.has(key) || !rendered.has(key);
  const good = last.wanted.filter((set) => isHeld(ownerKey(set)) && (!isBroken(set) || last.held.has(ownerKey(set))));
  const held = new Set(good.map(ownerKey));
  if (held.size === 0) return truth;
  return {
    plan: { ...plan, groups: merged(plan.groups, last.plan.groups, held) },
    wanted: merged(wanted, last.wanted, held),
    held,
  };
}

/** The new ones in their order, the held ones of before in their places, those without a place at the end. */
function merged<T extends DesiredSet | PlanGroup>(now: readonly T[], before: readonly T[], held: ReadonlySet<string>) {
  const old = new Map(before.filter((one) => held.has(ownerKey(one))).map((one) => [ownerKey(one), one]));
  const known = new Set(now.map(ownerKey));
  const added = [...old].filter(([key]) => !known.has(key)).map(([, one]) => one);
  return [...now.map((one) => old.get(ownerKey(one)) ?? one), ...added];
}

function ownerKey({ owner }: DesiredSet | PlanGroup): string {
  return keyOf(owner.id);
}

function isBroken({ complete, problems }: DesiredSet): boolean {
  return !complete && problems.some(({ severity }) => severity === 'error');
}
