/**
 * How the inside of this room says that a build cannot go on: kustomize stops at its first error, and so does a build
 * here. A refusal is thrown deep inside, caught once at the door (`index.ts`) and answered as a problem; it never leaves
 * the room.
 */
import { error, type Problem, type ProblemCode } from '../problem.ts';
import type { Origin } from '../yaml/node.ts';

export class Refusal extends Error {
  readonly code: ProblemCode;
  readonly at: Origin | undefined;

  constructor(message: string, at?: Origin, code: ProblemCode = 'kustomize-build') {
    super(message);
    this.at = at;
    this.code = code;
  }

  /** The same refusal with where it happened said before it, and `at` when it has no place of its own. */
  within(prefix: string, at?: Origin): Refusal {
    return new Refusal(`${prefix}: ${this.message}`, this.at ?? at, this.code);
  }

  toProblem(): Problem {
    return error(this.code, this.message, this.at);
  }
}

/** Runs `body`; a refusal leaves it with `prefix` before its message. */
export function within<T>(prefix: string, at: Origin | undefined, body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw thrown instanceof Refusal ? thrown.within(prefix, at) : thrown;
  }
}
