/** `sluice diff`: what the workspace would change, against a live cluster or against a commit. */
import { changesAnything, countsOf, type Plan } from '../../engine/index.ts';
import { GitError } from '../../io/rungit.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { clusterOf, contextOption, isRefusal } from '../context.ts';
import { clusterOption, type Fleet, openFleet } from '../fleet.ts';
import { paintFor } from '../paint.ts';
import { planJson } from '../plan/json.ts';
import { type Made, planFor, plansAgainst, rootFor } from '../plan/make.ts';
import { commentLimit, planMarkdown } from '../plan/markdown.ts';
import { onlyFor, onlyOption } from '../plan/only.ts';
import { planText } from '../plan/text.ts';
import { printProblems } from '../problems.ts';

const formats = ['text', 'json', 'markdown'] as const;
type Format = (typeof formats)[number];

export const diff: Command = {
  name: 'diff',
  usage:
    '[PATH] [--cluster DIR] [--only KIND/NS/NAME|FILE]… [--fetch] [--source SOURCE=DIR]… [--age-key-file FILE]… [--context NAME | --against GITREF] [-o text|json|markdown]',
  summary: 'what the workspace would change, against a cluster or against a commit (HEAD)',
  options: {
    ...clusterOption,
    ...contextOption,
    ...onlyOption,
    against: { type: 'string' },
    output: { type: 'string', short: 'o' },
  },
  async run(invocation) {
    const { options } = invocation;
    const format = (options.output ?? 'text') as Format;
    if (!formats.includes(format)) throw new UsageError(`-o is text, json or markdown, not ${format}`);
    if (options.context !== undefined && options.against !== undefined) {
      throw new UsageError('give --context or --against, not both');
    }
    const fleet = openFleet(invocation);
    if (isRefusal(fleet)) return refused(invocation, fleet.message);
    const made = await plans(invocation, fleet);
    if (typeof made === 'string') return refused(invocation, made);
    return report(invocation, fleet, made, format);
  },
};

function refused({ err }: Invocation, message: string): ExitCode {
  err(`sluice diff: ${message}\n`);
  return 2;
}

async function plans(invocation: Invocation, fleet: Fleet): Promise<readonly Made[] | string> {
  const { options, signal } = invocation;
  const asked = { signal, part: onlyFor(invocation, fleet) };
  if (options.context === undefined) {
    try {
      return await plansAgainst(fleet, (options.against as string | undefined) ?? 'HEAD', asked);
    } catch (error) {
      if (error instanceof GitError) return error.message;
      throw error;
    }
  }
  const cluster = clusterOf(invocation, options.context as string);
  if (isRefusal(cluster)) return cluster.message;
  const root = await rootFor(fleet, cluster, signal);
  return typeof root === 'string' ? root : [await planFor(fleet, root, cluster, asked)];
}

function report(invocation: Invocation, fleet: Fleet, made: readonly Made[], format: Format): ExitCode {
  const { out } = invocation;
  const plansMade = made.map(({ plan }) => plan);
  for (const plan of plansMade) printProblems(invocation, plan.problems, fleet.textOf);
  if (format === 'json') out(planJson(plansMade, fleet.textOf));
  // All of them together are one comment.
  const limit = Math.floor(commentLimit / Math.max(1, made.length));
  for (const { root, plan } of made) {
    if (format === 'markdown') out(planMarkdown(plan, { title: root.folder.slice(1), textOf: fleet.textOf, limit }));
    if (format !== 'text') continue;
    if (made.length > 1) out(`${root.folder.slice(1)}\n${'='.repeat(root.folder.length - 1)}\n`);
    out(planText(plan, fleet.textOf, paintFor(invocation.env)));
  }
  return codeOf(plansMade);
}

/** 2 when the cluster could not be asked at all; 1 for differences and for anything that could not be rendered or asked. */
export function codeOf(plans: readonly Plan[]): ExitCode {
  if (plans.some(({ target }) => target.kind === 'cluster' && target.identity === '')) return 2;
  const wrong = plans.some(({ problems }) => problems.some(({ severity }) => severity === 'error'));
  // What could not be asked may differ: saying "no differences" would be a guess.
  const unknown = plans.some((plan) => countsOf(plan).unknown > 0);
  return wrong || unknown || plans.some(changesAnything) ? 1 : 0;
}
