/** `sluice apply`: carries out the plan of a cluster directory, after a question that names the context and the counts. */

import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import {
  type ApplyEvent,
  applyPlan,
  changesAnything,
  inputsOf,
  otherClustersOf,
  type Plan,
  titleOf,
  unfinished,
  unfinishedLines,
  unfinishedTitle,
} from '../../engine/index.ts';
import { type Journal, journalFor } from '../../io/journal.ts';
import { type Command, type ExitCode, type Invocation, UsageError } from '../command.ts';
import { clusterOf, contextOption, isRefusal } from '../context.ts';
import { clusterOption, openFleet } from '../fleet.ts';
import { confirmOption, protectionHere, refusal, remoteRefusal } from '../guard.ts';
import { paintFor, printable } from '../paint.ts';
import { type Made, planFor, rootFor } from '../plan/make.ts';
import { onlyFor, onlyOption } from '../plan/only.ts';
import { countsText, planText } from '../plan/text.ts';
import { printProblems } from '../problems.ts';
import { timer } from '../timer.ts';

export const apply: Command = {
  name: 'apply',
  usage:
    '[PATH] [--cluster DIR] [--age-key-file FILE]… --context NAME [--only KIND/NS/NAME|FILE]… [--yes] [--wait] [--prune] [--confirm NAME]',
  summary:
    'carries out the plan: creates and changes; deletes with --prune (what a release drops goes with its upgrade in any case); waits until ready with --wait',
  options: {
    ...clusterOption,
    ...contextOption,
    ...onlyOption,
    yes: { type: 'boolean', short: 'y' },
    wait: { type: 'boolean' },
    prune: { type: 'boolean' },
    ...confirmOption,
  },
  async run(invocation) {
    const { options, signal } = invocation;
    if (typeof options.context !== 'string') throw new UsageError('name the cluster with --context');
    const refuse = (message: string): ExitCode => {
      invocation.err(`sluice apply: ${message}\n`);
      return 2;
    };
    if (protectionHere(invocation, options.context) === 'read-only')
      return refuse(refusal(invocation, options.context)!);
    const fleet = openFleet(invocation);
    if (isRefusal(fleet)) return refuse(fleet.message);
    const cluster = clusterOf(invocation, options.context);
    if (isRefusal(cluster)) return refuse(cluster.message);
    const root = await rootFor(fleet, cluster, signal);
    if (typeof root === 'string') return refuse(root);
    const made = await planFor(fleet, root, cluster, { signal, part: onlyFor(invocation, fleet) });
    const { plan } = made;
    printProblems(invocation, plan.problems, fleet.textOf);
    if (plan.target.kind === 'cluster' && plan.target.identity === '') return refuse('nothing was sent');
    const journal = journalFor(plan.target.kind === 'cluster' ? plan.target.identity : '', invocation.env);
    const left = unfinished(journal.left());
    if (left !== undefined) {
      invocation.err(`${unfinishedTitle(left)}:\n`);
      for (const line of unfinishedLines(left)) invocation.err(`  ${printable(line)}\n`);
    }
    invocation.out(planText(plan, fleet.textOf, paintFor(invocation.env)));
    if (!changesAnything(plan)) return plan.problems.some(({ severity }) => severity === 'error') ? 1 : 0;
    const agreed = await agree(invocation, plan);
    if (agreed !== true) return refuse(agreed);
    return carryOut(invocation, made, cluster, journal);
  },
};

/** true, or why not. Without a terminal nobody can be asked, and then `--yes` has to say it. */
async function agree(invocation: Invocation, plan: Plan): Promise<true | string> {
  const { options } = invocation;
  const context = options.context as string;
  const others = otherClustersOf(plan);
  const elsewhere = remoteRefusal(
    invocation,
    others.map(({ server }) => server),
  );
  if (elsewhere?.includes('read-only')) return elsewhere;
  const barred = refusal(invocation, context) ?? elsewhere;
  const remotes = others.map(({ server, context: by }) => `${server} (${by})`);
  if (options.yes === true) {
    // Nobody is asked, so the clusters that were not named on the command line are named here.
    if (barred === undefined)
      for (const remote of remotes) invocation.out(`${printable(`writes also to ${remote}`)}\n`);
    return barred ?? true;
  }
  const here = plan.target.kind === 'cluster' ? `${plan.target.context} (${plan.target.server})` : '';
  const target = printable([here, ...remotes].join(' and '));
  if (process.stdin.isTTY !== true)
    return `this would change ${target}: say so with --yes, as nobody can be asked here`;
  const stays = ' (what is to be deleted stays, without --prune; what a release drops goes with its upgrade)';
  const deletes = options.prune === true ? '' : stays;
  // A protected context wants its own name typed.
  const word = barred === undefined ? 'yes' : context;
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asked.question(`Apply to ${target}: ${countsText(plan)}${deletes}? Type ${word}: `);
    return answer.trim() === word ? true : 'not confirmed, nothing was sent';
  } finally {
    asked.close();
  }
}

async function carryOut(
  invocation: Invocation,
  { plan, root, live }: Made,
  cluster: Parameters<typeof applyPlan>[0],
  journal: Journal,
): Promise<ExitCode> {
  const { options, signal } = invocation;
  // The files as they are now: somebody may have saved one while the question stood.
  const now = openFleet(invocation);
  if (isRefusal(now)) {
    invocation.err(`sluice apply: ${now.message}\n`);
    return 2;
  }
  const events = applyPlan(cluster, plan, {
    timer,
    signal,
    prune: options.prune === true ? 'all' : 'none',
    wait: options.wait === true ? 'all' : 'dependencies',
    inputs: inputsOf(await now.render(root, signal, live)),
    by: userInfo().username,
  });
  journal.begin();
  let code: ExitCode = 0;
  for await (const event of events) {
    journal.write(event);
    for (const line of lines(event)) invocation.out(`${printable(line)}\n`);
    code = worse(code, event);
  }
  journal.close();
  return code;
}

function worse(code: ExitCode, event: ApplyEvent): ExitCode {
  if (event.type === 'refused') return 2;
  if (event.type === 'not-ready' || event.type === 'trouble') return 1;
  if (event.type !== 'done') return code;
  return event.counts.failed + event.counts.unknown + event.counts['not-sent'] > 0 ? 1 : code;
}

function lines(event: ApplyEvent): readonly string[] {
  switch (event.type) {
    case 'refused':
      return ['the plan is stale, nothing was sent; make a new one:', ...event.reasons.map((reason) => `  ${reason}`)];
    case 'suspended':
      return [`${titleOf(event.owner)} is suspended. The way back: ${event.wayBack}`];
    case 'object':
      return [
        `${event.outcome} ${titleOf(event.id)}${event.cluster === undefined ? '' : ` in ${event.cluster}`}: ${event.message}`,
      ];
    case 'waiting':
      return [`waiting for ${event.message}`];
    case 'ready':
      return [`${titleOf(event.owner)} is ready`];
    case 'not-ready':
    case 'trouble':
      return [`${titleOf(event.owner)}: ${event.message}`];
    case 'done':
      return [done(event)];
    default:
      return [];
  }
}

function done({ counts, canceled }: Extract<ApplyEvent, { type: 'done' }>): string {
  const parts = Object.entries(counts).flatMap(([outcome, count]) => (count === 0 ? [] : [`${count} ${outcome}`]));
  return `${canceled ? 'canceled' : 'done'}: ${parts.join(', ') || 'nothing to do'}`;
}
