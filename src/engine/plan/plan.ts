/** What applying would do, object by object, each with its reason and the lines that cause it. */
import type { ObjectId } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import type { Owner } from '../render/desired.ts';
import type { Origin } from '../yaml/node.ts';
import type { Json } from '../yaml/resolve.ts';

/**
 * create: not there yet · configure: there and different · unchanged · recreate: an immutable field differs and force is
 * on · delete: in the owner's inventory and no longer wanted · keep: no longer wanted but not pruned (an orphan) ·
 * skip: Flux would not touch it (an annotation says so) · unknown: could not be asked (its kind is created by this plan,
 * or the cluster refused); the reason says why.
 */
export type Action = 'create' | 'configure' | 'unchanged' | 'recreate' | 'delete' | 'keep' | 'skip' | 'unknown';

export interface FieldChange {
  /** Mapping keys and sequence indexes, from the object's root. */
  readonly path: readonly (string | number)[];
  readonly before?: Json;
  readonly after?: Json;
  /** The workspace line that caused it; absent for a removal whose line is gone. */
  readonly at?: Origin;
  /** The field manager that owns the live value. */
  readonly manager?: string;
}

export interface PlanEntry {
  readonly id: ObjectId;
  readonly action: Action;
  /** One sentence: why this action. */
  readonly reason: string;
  /** What the cluster (or the baseline commit) has, secrets masked; absent when there is nothing. */
  readonly before?: Json;
  /** What it would have after the apply, secrets masked; absent for deletions. */
  readonly after?: Json;
  readonly changes: readonly FieldChange[];
  /** The line that declares the object; absent when nothing declares it any more. */
  readonly at?: Origin;
  /** uid and resourceVersion that the plan saw: the apply refuses when they changed. */
  readonly seen?: { readonly uid: string; readonly resourceVersion: string };
}

/** The entries of one Flux object. */
export interface PlanGroup {
  readonly owner: Owner;
  readonly entries: readonly PlanEntry[];
  /** Why the group is empty or partial. */
  readonly note?: string;
}

export interface Plan {
  /** What it is against: a context with its server and cluster identity, or a Git commit. */
  readonly target:
    | { readonly kind: 'cluster'; readonly context: string; readonly server: string; readonly identity: string }
    | { readonly kind: 'commit'; readonly revision: string };
  readonly groups: readonly PlanGroup[];
  readonly problems: readonly Problem[];
  /** Hash of every file that was read: the apply refuses when it changed. */
  readonly inputs: string;
}
