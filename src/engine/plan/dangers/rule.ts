/** The shape of a danger rule: one file in this folder, one line in `index.ts`. */
import type { Json } from '../../yaml/resolve.ts';
import type { Danger, PlanEntry } from '../plan.ts';

export interface Change {
  readonly entry: PlanEntry;
  /** The object before and after, unmasked; rules never quote a value of a Secret. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** What is dangerous in one change; `rule` and `at` are filled in by the list. */
export type Finding = Omit<Danger, 'rule' | 'at'>;

export interface DangerRule {
  readonly name: string;
  check(change: Change): readonly Finding[];
}
