/** A template's errors in Helm's own words: short for what `fail` and `required` say, a trace of its calls for others. */
import type { Problem } from '../problem.ts';

/** Helm words a parse error as `parse error at (file:line): what`. */
export function parseProblem(problem: Problem): Problem {
  const parts = problem.message.split(': ');
  if (parts.length < 3) return problem;
  return { ...problem, message: `parse error at (${parts[1]}): ${parts.at(-1)}` };
}

/** Go's message of an execution, as Helm shows it. */
export function executionProblem(problem: Problem, helm: 3 | 4): Problem {
  const code = problem.message.includes('stopped: the rendering takes longer than its limit')
    ? 'helm-limit'
    : problem.code;
  return { ...problem, code, message: reword(problem.message, helm) };
}

function reword(message: string, helm: 3 | 4): string {
  const location = /^template: ([^ ]+): /.exec(message)?.[1];
  const said = /HELM_ERR_START([\s\S]*)HELM_ERR_END/.exec(message)?.[1];
  if (said !== undefined) return `execution error at (${location ?? ''}): ${said}`;
  // A template that is not there stands below the trace, in Go's words.
  const [, trace, missing = ''] = /^([\s\S]*?)(?: (template: no template [\s\S]*))?$/.exec(message)!;
  const levels = trace!.split(/ ?(?=template: [^ ]+: executing ")/).map(readLevel);
  const last = levels.at(-1);
  // Helm gives up on the trace when a function's own error stands at its end, and shows Go's text.
  if (
    helm === 3 ||
    last === undefined ||
    levels.includes(undefined) ||
    (missing === '' && last.message.startsWith('error calling '))
  ) {
    return message;
  }
  return levels
    .map((level) => `${level!.location}\n  ${level!.executing}\n    ${level!.message}\n`)
    .concat(missing)
    .join('')
    .trim();
}

interface Level {
  readonly location: string;
  readonly executing: string;
  readonly message: string;
}

function readLevel(text: string): Level | undefined {
  const match = /^template: ([^ ]+): (executing "[^"]*" at <[\s\S]*?>:) ([\s\S]*)$/.exec(text);
  return match === null ? undefined : { location: match[1]!, executing: match[2]!, message: match[3]! };
}
