/** Problems as a compiler prints them: `file:line:column: severity: message [code]`, on standard error. */
import type { Origin, Problem } from '../engine/index.ts';
import type { Invocation } from './command.ts';

/** The text of the file that origins call `name`; undefined when it is not at hand (then only the file is named). */
export type TextOf = (name: string) => string | undefined;

export function printProblems(invocation: Invocation, problems: readonly Problem[], textOf: TextOf): void {
  for (const problem of problems) invocation.err(`${formatProblem(problem, textOf)}\n`);
}

export function formatProblem(problem: Problem, textOf: TextOf): string {
  const where = problem.at === undefined ? '' : `${formatPlace(problem.at, textOf)}: `;
  const related = problem.related?.map(({ message, at }) => `\n  ${formatPlace(at, textOf)}: ${message}`) ?? [];
  return `${where}${problem.severity}: ${printable(problem.message)} [${problem.code}]${related.join('')}`;
}

/** `file:line:column`, both from 1. */
export function formatPlace(at: Origin, textOf: TextOf): string {
  const text = textOf(at.file);
  if (text === undefined) return at.file;
  const before = text.slice(0, at.start);
  const line = before.split('\n').length;
  return `${at.file}:${line}:${at.start - (before.lastIndexOf('\n') + 1) + 1}`;
}

/** Without control characters, which a terminal would act on. */
function printable(message: string): string {
  return message.replace(/[\p{Cc}]/gu, (c) => (c === '\n' || c === '\t' ? c : '\uFFFD'));
}
