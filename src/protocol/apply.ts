/** What an apply tells at its end; while it runs, `sluice/progress` tells. */
import type { ObjectName } from './tree.ts';

/** How far one object of an apply is; an entry of the plan is named by its id. */
export interface ApplyStep {
  readonly entry: string;
  readonly state: 'waiting' | 'sending' | 'done' | 'failed' | 'unknown' | 'not-sent';
  readonly message: string;
}

/** A Flux object that an apply suspended and nobody has resumed. */
export interface Suspension {
  readonly object: PlacedName;
  /** When, by whom and why. */
  readonly note: string;
  /** Of the other cluster that it is in: the settings keep it from being written to. */
  readonly protection?: 'protected' | 'read-only';
}

/** An apply that never came to its end: its process ended first. */
export interface Unfinished {
  /** Every object was sent and taken: only the waiting was cut off. */
  readonly sent: boolean;
  readonly done: readonly { readonly object: PlacedName; readonly outcome: string }[];
  /** Sent, and nobody heard the answer. */
  readonly unknown: readonly PlacedName[];
  readonly notSent: readonly PlacedName[];
}

/** An object and, where it is not the cluster that the plan was made for, the server that it is in. */
export type PlacedName = ObjectName & { readonly cluster?: string };

/** What applies have left behind in this cluster: found in the cluster and in the journal, so it survives a restart. */
export interface Left {
  readonly suspended: readonly Suspension[];
  readonly unfinished?: Unfinished;
}

export interface ApplyFailure {
  readonly object: ObjectName;
  readonly message: string;
}

export interface ApplyOutcome {
  readonly ok: boolean;
  /** The plan no longer holds (a file or a live object changed): nothing was sent, and a new plan is needed. */
  readonly stale?: boolean;
  readonly canceled?: boolean;
  readonly message: string;
  readonly failures: readonly ApplyFailure[];
  /** Flux objects that were suspended, so that Flux does not undo what was applied, and still are. */
  readonly suspended: readonly ObjectName[];
}

/** What a push would do: shown to the person, and sent back as what they agreed to. */
export interface PushView {
  /** The remote, its URL without credentials, and the branch there. */
  readonly remote: string;
  readonly url: string;
  readonly branch: string;
  /** Paths from the repository's root; empty when everything is committed already. */
  readonly files: readonly string[];
  /** Commits that are here and not there: they are pushed along. */
  readonly ahead: number;
}
