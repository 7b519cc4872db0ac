/** What an apply tells while it runs, and at its end. */
import type { ObjectName } from './tree.ts';

export type ApplyStep = 'applying' | 'applied' | 'waiting' | 'ready' | 'deleting' | 'deleted' | 'failed' | 'skipped';

export interface Applied {
  readonly object: ObjectName;
  readonly message?: string;
}

export interface ApplyOutcome {
  readonly ok: boolean;
  /** The plan no longer holds (a file or a live object changed): nothing was sent, and a new plan is needed. */
  readonly stale?: boolean;
  readonly canceled?: boolean;
  readonly message: string;
  readonly failures: readonly Applied[];
}
