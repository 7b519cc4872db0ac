/** The line of a danger: that of the field it is about, else of the object. */
import type { Origin } from '../../yaml/node.ts';
import type { FieldChange, PlanEntry } from '../plan.ts';

export function originOfChange(entry: PlanEntry, path?: readonly (string | number)[]): Origin | undefined {
  if (path !== undefined) {
    // What a field stands in may have come as a whole.
    const about = (change: FieldChange) => startsWith(change.path, path) || startsWith(path, change.path);
    const inside = entry.changes.find((change) => change.at !== undefined && about(change));
    if (inside !== undefined) return inside.at;
  }
  return entry.at;
}

function startsWith(path: readonly (string | number)[], prefix: readonly (string | number)[]): boolean {
  return prefix.every((step, index) => path[index] === step);
}
