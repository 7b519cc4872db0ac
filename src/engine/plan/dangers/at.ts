/** The line of a danger: that of the field it is about, else of the object. */
import type { Origin } from '../../yaml/node.ts';
import type { PlanEntry } from '../plan.ts';

export function originOfChange(entry: PlanEntry, path?: readonly (string | number)[]): Origin | undefined {
  if (path !== undefined) {
    const inside = entry.changes.find((change) => change.at !== undefined && startsWith(change.path, path));
    if (inside !== undefined) return inside.at;
  }
  return entry.at;
}

function startsWith(path: readonly (string | number)[], prefix: readonly (string | number)[]): boolean {
  return prefix.every((step, index) => path[index] === step);
}
