/** Following a commit on the command line: which sources are the repository's, and each step in a line. */
import {
  type Cluster,
  type FollowEvent,
  type FollowOptions,
  type FollowStep,
  followCommit,
  followSteps,
  type LiveObject,
  type ObjectRef,
  sameRepository,
} from '../../engine/index.ts';
import { type Repository, remotesOf } from '../../io/git.ts';
import { isAncestor } from '../../io/push.ts';
import { type ExitCode, type Invocation, UsageError } from '../command.ts';
import { printable } from '../paint.ts';
import { timer } from '../timer.ts';
import { textAt } from './fields.ts';
import { titleOfRef } from './reconcile.ts';
import { seconds } from './seconds.ts';

export const followOptions = { until: { type: 'string' }, timeout: { type: 'string' } } as const;

/** Wrong options are said before anything is written. */
export function followRequest({ options }: Invocation): { readonly until: FollowStep; readonly timeout: number } {
  const until = (options.until ?? 'workloads') as FollowStep;
  if (!followSteps.includes(until)) throw new UsageError(`--until wants one of ${followSteps.join(', ')}`);
  return { until, timeout: seconds(options.timeout, 600) };
}

export async function followHere(
  invocation: Invocation,
  cluster: Cluster,
  repository: Repository,
  follow: Pick<FollowOptions, 'commit' | 'how' | 'until' | 'timeout' | 'writesTo'> & { readonly branch?: string },
): Promise<ExitCode> {
  const { signal } = invocation;
  const { branch, ...rest } = follow;
  const urls = remotesOf(repository);
  const events = followCommit(cluster, {
    ...rest,
    timer,
    signal,
    isSource: (source) => isSource(source, urls, branch),
    isIn: (other) => isAncestor(repository, follow.commit, other, signal),
  });
  let code: ExitCode = 2;
  for await (const event of events) {
    const line = lineOf(event);
    if (line !== undefined) (event.type === 'waiting' ? invocation.err : invocation.out)(`${printable(line)}\n`);
    if (event.type === 'end') code = event.outcome === 'ready' ? 0 : 1;
  }
  return code;
}

/** A GitRepository of this repository; one that follows another branch never gets the commit. */
function isSource(source: LiveObject, urls: readonly string[], branch: string | undefined): boolean {
  if (!urls.some((url) => sameRepository(url, textAt(source, 'spec', 'url')))) return false;
  const followed = textAt(source, 'spec', 'ref', 'branch');
  return branch === undefined || followed === '' || followed === branch;
}

function lineOf(event: FollowEvent): string | undefined {
  switch (event.type) {
    case 'step':
      return undefined;
    case 'resumed':
      return `${titleIn(event.object, event)} is resumed`;
    case 'end': {
      const where = [event.step, event.object === undefined ? '' : titleIn(event.object, event)];
      const place = where.filter((text) => text !== undefined && text !== '').join(': ');
      return `${event.outcome}${place === '' ? '' : ` at ${place}`}: ${event.message}`;
    }
    default:
      return `${event.step}: ${titleIn(event.object, event)} ${words[event.type]}: ${event.message}`;
  }
}

function titleIn(object: ObjectRef, { cluster }: { readonly cluster?: string }): string {
  return cluster === undefined ? titleOfRef(object) : `${titleOfRef(object)} in ${cluster}`;
}

const words = { waiting: 'is waited for', reached: 'is there', 'left-out': 'is left out' } as const;
