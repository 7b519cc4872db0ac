/** Sets that are kept from one render to the next, each as long as everything it was made from is the same. */
import type { Memo } from './cluster.ts';

export function createMemo(): Memo {
  return {
    expand: (expander, { object, owner }, context, turn) => expander.expand(object, owner, context, turn),
  };
}
