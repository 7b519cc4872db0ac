/** What an apply tells at its end; while it runs, `sluice/progress` tells. */
import type { ObjectName } from './tree.ts';

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
