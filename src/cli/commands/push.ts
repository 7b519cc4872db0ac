/**
 * `sluice push`: the way back of an apply. Commits and pushes the changed files that the plan was made from, has Flux
 * fetch them, resumes what Sluice had suspended, and follows the commit until it is ready.
 */

import { relative, sep } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { openWaysBack, type WayBack } from '../../engine/index.ts';
import { findRepository } from '../../io/git.ts';
import { type PushPlan, preparePush, push as pushTo } from '../../io/push.ts';
import { GitError } from '../../io/rungit.ts';
import { type Command, type Invocation, UsageError } from '../command.ts';
import { clusterOf, contextOption, isRefusal } from '../context.ts';
import { clusterOption, type Fleet, openFleet } from '../fleet.ts';
import { confirmOption, refusal, remoteRefusal } from '../guard.ts';
import { followHere, followOptions, followRequest } from '../live/follow.ts';
import { titleOfRef } from '../live/reconcile.ts';
import { printable } from '../paint.ts';

export const push: Command = {
  name: 'push',
  usage: '[PATH] [--cluster DIR] --context NAME -m MESSAGE [--yes] [--until STEP] [--timeout SECONDS] [--confirm NAME]',
  summary: 'the way back of an apply: commits and pushes what it was made from, resumes Flux, follows the commit',
  options: {
    ...clusterOption,
    ...contextOption,
    ...confirmOption,
    ...followOptions,
    message: { type: 'string', short: 'm' },
    yes: { type: 'boolean', short: 'y' },
  },
  async run(invocation) {
    const { options, signal, out, err } = invocation;
    if (typeof options.context !== 'string') throw new UsageError('name the cluster with --context');
    const request = followRequest(invocation);
    const refuse = (message: string) => {
      err(`sluice push: ${message}\n`);
      return 2 as const;
    };
    const barred = refusal(invocation, options.context);
    if (barred !== undefined) return refuse(barred);
    const fleet = openFleet(invocation);
    if (isRefusal(fleet)) return refuse(fleet.message);
    const cluster = clusterOf(invocation, options.context);
    if (isRefusal(cluster)) return refuse(cluster.message);
    const open = await openWaysBack(cluster, signal);
    if (!open.ok) return refuse(open.failure.message);
    const others = [...new Set(open.value.flatMap(({ away }) => away?.remote.server ?? []))];
    const elsewhere = remoteRefusal(invocation, others);
    if (elsewhere !== undefined) return refuse(elsewhere);
    try {
      const plan = await preparePush(fleet.folder, await changedByPlan(fleet, signal), signal);
      if ('message' in plan) return refuse(plan.message);
      if (plan.files.length > 0 && typeof options.message !== 'string')
        return refuse('say with -m MESSAGE what is committed');
      out(`${planLines(plan).map(printable).join('\n')}\n`);
      for (const way of open.value) out(`${printable(wayBackLine(way))}\n`);
      const agreed = await agree(invocation, plan, others);
      if (agreed !== true) return refuse(agreed);
      const { commit } = await pushTo(plan, String(options.message ?? ''), signal);
      out(`pushed ${commit} to ${plan.to} of ${printable(plan.remote)}\n`);
      return followHere(invocation, cluster, plan.repository, {
        ...request,
        commit,
        how: 'hand-back',
        writesTo: others,
        branch: plan.to,
      });
    } catch (error) {
      if (error instanceof GitError) return refuse(error.message);
      throw error;
    }
  },
};

/** The files that the build reads, now or in HEAD (of which a removed one was), by their path in the repository. */
async function changedByPlan(fleet: Fleet, signal: AbortSignal): Promise<(path: string) => boolean> {
  const now = await Promise.all(fleet.roots.map((root) => fleet.render(root, signal)));
  const before = await fleet.renderAt('HEAD', fleet.roots, signal);
  const root = findRepository(fleet.folder)?.root ?? fleet.folder;
  const below = relative(root, fleet.folder).split(sep).join('/');
  const prefix = below === '' ? '' : `${below}/`;
  const reads = [...now, ...before].flat().flatMap((set) => [...set.reads].map((path) => `${prefix}${path}`));
  const known = new Set(reads.map((path) => path.replace(/^\//, '')));
  return (path) => known.has(path);
}

function planLines({ branch, remote, url, to, files, ahead }: PushPlan): readonly string[] {
  const along = ahead === 0 ? '' : `, with ${ahead} earlier ${ahead === 1 ? 'commit' : 'commits'} of ${branch}`;
  return [
    `to ${to} of ${remote} (${url})${along}:`,
    ...(files.length === 0 ? ['  nothing to commit'] : files.map((file) => `  ${file}`)),
  ];
}

function wayBackLine({ owner, suspension, source, away }: WayBack): string {
  const where = away === undefined ? '' : ` in ${away.remote.server}`;
  const line = `${titleOfRef(owner)}${where} is suspended by Sluice: ${suspension.who}, ${suspension.when}`;
  if (owner.kind !== 'Kustomization' || source === undefined || source.kind === 'GitRepository') return line;
  return `${line}; no push reaches its ${titleOfRef(source)}, so it stays suspended until sluice resume`;
}

async function agree({ options }: Invocation, plan: PushPlan, others: readonly string[]): Promise<true | string> {
  if (options.yes === true) return true;
  const clusters = [String(options.context), ...others].join(' and ');
  const what = `commit and push to ${plan.to} of ${plan.remote} (${plan.url}), and resume Flux in ${clusters}`;
  if (process.stdin.isTTY !== true) return `this would ${what}: say so with --yes, as nobody can be asked here`;
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asked.question(`${printable(what)}? Type yes: `);
    return answer.trim() === 'yes' ? true : 'not confirmed, nothing was committed';
  } finally {
    asked.close();
  }
}
