/** `--only KIND/NS/NAME`: the part of a plan that is about some objects, or about all that a Flux object applies. */
import type { ObjectId, Plan, PlanGroup } from '../../engine/index.ts';
import { UsageError } from '../command.ts';

export const onlyOption = { only: { type: 'string', multiple: true } } as const;

/** The plan's part; the plan itself without the option. Entries stay the same objects: they know what to send. */
export function onlyOf(plan: Plan, option: unknown): Plan {
  if (!Array.isArray(option) || option.length === 0) return plan;
  const wanted = new Set(option.map((text) => parse(String(text))));
  const matches = ({ kind, namespace, name }: ObjectId) => wanted.has(`${kind}/${namespace}/${name}`.toLowerCase());
  const groups = plan.groups.flatMap((group): readonly PlanGroup[] => {
    if (matches(group.owner.id)) return [group];
    const entries = group.entries.filter((entry) => matches(entry.id));
    return entries.length === 0 ? [] : [{ ...group, entries }];
  });
  return { ...plan, groups };
}

function parse(text: string): string {
  if (text.split('/').length !== 3)
    throw new UsageError(`--only wants KIND/NS/NAME (KIND//NAME without a namespace), not ${text}`);
  return text.toLowerCase();
}
