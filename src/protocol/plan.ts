/** The plan as the editor shows it: counts and names; the two sides of each entry are virtual documents. */
import type { Place } from './messages.ts';
import type { ObjectName } from './tree.ts';

export type PlanAgainst = { readonly kind: 'cluster' } | { readonly kind: 'commit'; readonly revision: string };

/**
 * A part of the fleet: one object (with all that it applies), a file, a selection in it (lines from 0, both included), or
 * a folder with all below it.
 */
export type PlanScope =
  | { readonly kind: 'object'; readonly object: ObjectName }
  | { readonly kind: 'file'; readonly uri: string; readonly lines?: { readonly first: number; readonly last: number } };

/** The values that an entry's documents mask, told once because a person asked; nobody keeps them. */
export interface Revealed {
  /** By the path of the field; one side is absent where there is no such field. */
  readonly values: readonly { readonly path: string; readonly before?: string; readonly after?: string }[];
  /** Why there is nothing to tell. */
  readonly message?: string;
}

/** Something to look at twice before applying it. */
export interface PlanDanger {
  /** Names the rule that found it. */
  readonly rule: string;
  readonly severity: 'warning' | 'danger';
  /** A sentence: what would happen. */
  readonly message: string;
  /** The line of the workspace that causes it. */
  readonly place?: Place;
}

export type PlanAction = 'create' | 'configure' | 'unchanged' | 'recreate' | 'delete' | 'keep' | 'skip' | 'unknown';

export interface PlanItem {
  readonly id: string;
  readonly object: ObjectName;
  readonly action: PlanAction;
  readonly reason: string;
  /** The changed fields, at most a few, as `spec.replicas: 2 → 3`. */
  readonly changes: readonly string[];
  /** The same in few characters, as `replicas: 2 → 3`; empty where the action says it all. */
  readonly summary: string;
  readonly dangers?: readonly PlanDanger[];
  /** Deleting it takes more with it than itself (a namespace, a definition, a volume): it is confirmed on its own. */
  readonly grave?: true;
  /** Whether an apply would do anything to it. */
  readonly acts: boolean;
  /** It has masked values, which can be asked for. */
  readonly masked?: true;
  /** The virtual documents to compare: live (or the commit) on the left, the workspace on the right. */
  readonly before: string;
  readonly after: string;
  /** Whether a line of the workspace declares it. */
  readonly declared: boolean;
}

export interface PlanGroupView {
  readonly id: string;
  readonly owner: ObjectName;
  readonly note?: string;
  /** It does not build just now, and is shown as it was before; nothing of it can be applied. */
  readonly held?: true;
  /** Its note says what *Fetch Charts* would mend. */
  readonly fetchable?: true;
  /** The other cluster that its objects go to, for a person: its server and what holds its kubeconfig. */
  readonly cluster?: string;
  /** Where that one is protected. */
  readonly protection?: 'protected' | 'read-only';
  readonly items: readonly PlanItem[];
  /** Dangers of the group as a whole. */
  readonly dangers?: readonly PlanDanger[];
}

export interface PlanProblem {
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly message: string;
  readonly uri?: string;
  readonly line?: number;
}

export interface PlanView {
  /** Names this very plan: an apply sends it back, and is refused when another one has taken its place. */
  readonly id: string;
  readonly against: PlanAgainst;
  /** The part that was asked for; absent when it is the whole. */
  readonly scope?: PlanScope;
  /** What it is against, for a person: `context kind-dev (https://…)`, `commit HEAD (1a2b3c4)`. */
  readonly target: string;
  /** The same in one word or two, for a title. */
  readonly label: string;
  readonly groups: readonly PlanGroupView[];
  readonly counts: Readonly<Record<PlanAction, number>>;
  readonly problems: readonly PlanProblem[];
  /** Dangers of the plan as a whole. */
  readonly dangers?: readonly PlanDanger[];
  /** Why it could not be made anew as the files or the cluster are now: what is shown is the one before. */
  readonly behind?: string;
  /** Why there is no plan, or why it is empty. */
  readonly message?: string;
  /** Several cluster directories could be meant: the person chooses one, and the request is made again with its `cluster`. */
  readonly choices?: readonly PlanChoice[];
  /** Whether it may be applied: against a cluster, with something to do. */
  readonly applicable: boolean;
}

/** A cluster directory; two folders of a window may have one of the same path. */
export interface PlanChoice {
  readonly cluster: string;
  readonly label: string;
  /** The folder that it is in, where there are several. */
  readonly description?: string;
}
