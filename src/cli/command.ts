/** The shape of a command: one file in `commands/`, one line in `commands/index.ts`. */
import type { ParseArgsConfig } from 'node:util';

/** 0: nothing to do, or done · 1: differences or problems found · 2: could not be done (standard error says why). */
export type ExitCode = 0 | 1 | 2;

export interface Invocation {
  /** The words that are no options. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  /** The directory that relative paths are taken from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The result, and only the result. */
  out(text: string): void;
  /** Everything said beside the result: problems, progress, questions. */
  err(text: string): void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  /** The words and options after the name, as in the help. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  run(invocation: Invocation): Promise<ExitCode>;
}

/** Thrown by a command for words or options that make no sense: exit code 2, the message and the usage. */
export class UsageError extends Error {}
