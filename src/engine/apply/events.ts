/** What an apply tells as it goes: each event is true when it is told, so that a journal of them survives a crash. */
import type { ObjectId } from '../objects/object.ts';
import type { Stage } from '../plan/order.ts';

/**
 * applied: written · unchanged: sent, and the server changed nothing · deleted · gone: was not there any more · kept: not
 * pruned, though planned, because it changed hands · failed: the cluster refused · unknown: the answer was lost and the
 * object could not be settled by reading it · not-sent: canceled, or something that had to come first failed.
 */
export type ObjectOutcome = 'applied' | 'unchanged' | 'deleted' | 'gone' | 'kept' | 'failed' | 'unknown' | 'not-sent';

/** An object and, where it is not the cluster that the plan was made for, the server that it is in. */
export type PlacedId = ObjectId & { readonly cluster?: string };

export type ApplyEvent =
  /** The plan no longer holds; nothing was sent. */
  | { readonly type: 'refused'; readonly reasons: readonly string[] }
  | {
      readonly type: 'started';
      readonly objects: number;
      readonly owners: readonly ObjectId[];
      /** Every object that is to be sent or deleted. */
      readonly all: readonly PlacedId[];
    }
  /** A running owner was suspended first; `wayBack` is said until it is taken. */
  | { readonly type: 'suspended'; readonly owner: ObjectId; readonly wayBack: string; readonly cluster?: string }
  | { readonly type: 'stage'; readonly owner: ObjectId; readonly stage: Stage | 'prune' }
  /** Told just before a request goes out: after a crash, an object with this and no outcome is unknown. */
  | { readonly type: 'sending'; readonly owner: ObjectId; readonly id: ObjectId; readonly cluster?: string }
  | {
      readonly type: 'object';
      readonly owner: ObjectId;
      readonly id: ObjectId;
      readonly outcome: ObjectOutcome;
      readonly message: string;
      /** The server of another cluster than the one that the plan was made for (`spec.kubeConfig`). */
      readonly cluster?: string;
    }
  | {
      readonly type: 'waiting';
      readonly owner: ObjectId;
      readonly objects: readonly ObjectId[];
      readonly message: string;
    }
  | { readonly type: 'ready'; readonly owner: ObjectId }
  | { readonly type: 'not-ready'; readonly owner: ObjectId; readonly message: string }
  /** Something beside the objects went wrong: the inventory, a suspension. */
  | { readonly type: 'trouble'; readonly owner: ObjectId; readonly message: string }
  | {
      readonly type: 'done';
      readonly counts: Readonly<Record<ObjectOutcome, number>>;
      readonly canceled: boolean;
      /** Owners that were suspended and still are. */
      readonly suspended: readonly PlacedId[];
    };
