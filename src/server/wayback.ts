/**
 * The way back of an apply: what a push would commit, the push itself, and following a commit. The person agrees to a list of files and a branch; anything else by the time of the push refuses it.
 */
import { relative, sep } from 'node:path';
import {
  type Cluster,
  type FollowEvent,
  followCommit,
  type LiveObject,
  sameRepository,
  type Timer,
} from '../engine/index.ts';
import { findRepository, headOf, type Repository, remotesOf } from '../io/git.ts';
import { commitOf, isAncestor, type PushPlan, preparePush, push } from '../io/push.ts';
import { GitError } from '../io/rungit.ts';
import type { ObjectName, Outcome, PushView } from '../protocol/index.ts';
import { textAt, titleOfName } from './live.ts';
import type { PlannerDoors } from './planner.ts';
import type { Session } from './session.ts';

export interface FollowRequest {
  readonly signal: AbortSignal;
  readonly timer: Timer;
  progress(message: string): void;
}

/** Milliseconds that a commit gets to become ready; the person can stop sooner. */
const patience = 15 * 60_000;

export async function pushPlan(
  session: Session,
  doors: PlannerDoors,
  signal: AbortSignal,
): Promise<PushView | { readonly message: string }> {
  const plan = await prepared(session, doors, signal);
  return 'message' in plan ? plan : viewOf(plan);
}

export async function pushShown(
  session: Session,
  doors: PlannerDoors,
  {
    shown,
    text,
    confirmed,
    ...request
  }: FollowRequest & { shown: PushView; text: string; confirmed?: string | undefined },
): Promise<Outcome> {
  const linked = await session.link.linked();
  if (linked === undefined) return { ok: false, message: session.link.state().message };
  const others = (await session.left.all()).suspended.flatMap(({ object }) => object.cluster ?? []);
  const writesTo = [...new Set(others)];
  const barred = session.link.barred(confirmed, writesTo);
  if (barred !== undefined) return { ok: false, message: barred };
  if (text.trim() === '') return { ok: false, message: 'A commit needs a message.' };
  const plan = await prepared(session, doors, request.signal);
  if ('message' in plan) return { ok: false, message: plan.message };
  if (JSON.stringify(viewOf(plan)) !== JSON.stringify(viewOf(shown)))
    return { ok: false, message: 'Nothing was committed: other files changed, or the branch moved. Look again.' };
  try {
    const { commit } = await push(plan, text, request.signal);
    request.progress(`Pushed ${commit.slice(0, 8)} to ${plan.branch} of ${plan.remote}`);
    const { cluster } = linked;
    return await followed(cluster, plan.repository, {
      ...request,
      commit,
      branch: plan.to,
      how: 'hand-back',
      writesTo,
    });
  } catch (error) {
    if (error instanceof GitError) return { ok: false, message: error.message };
    throw error;
  } finally {
    await session.left.lookElsewhere();
  }
}

export async function follow(
  session: Session,
  { commit: wanted, ...request }: FollowRequest & { commit?: string | undefined },
): Promise<Outcome> {
  const linked = await session.link.linked();
  if (linked === undefined) return { ok: false, message: session.link.state().message };
  const repository = repositoryOf(session);
  if (repository === undefined) return { ok: false, message: 'No open folder is in a Git repository.' };
  const commit = await commitOf(repository, wanted ?? 'HEAD', request.signal);
  if (commit === undefined) return { ok: false, message: `There is no commit ${wanted ?? 'HEAD'} here.` };
  const { branch } = headOf(repository);
  return followed(linked.cluster, repository, {
    ...request,
    commit,
    how: 'watch',
    ...(branch === undefined || wanted !== undefined ? {} : { branch }),
  });
}

/** The folder of the plan that was applied; without a plan, the first open one. */
function folderOf(session: Session) {
  return session.planner.current()?.folder ?? session.files.folders()[0];
}

function repositoryOf(session: Session): Repository | undefined {
  const folder = folderOf(session);
  return folder === undefined ? undefined : findRepository(folder.path);
}

/** What to push: of the changed files those that the plan's build reads now, or read in HEAD. */
async function prepared(
  session: Session,
  doors: PlannerDoors,
  signal: AbortSignal,
): Promise<PushPlan | { readonly message: string }> {
  if (!session.link.trusted()) return { message: 'Trust this workspace to push: until then no Git command runs.' };
  const current = session.planner.current();
  if (current === undefined) return { message: 'There is no plan whose files could be pushed: show the plan first.' };
  const { folder, root } = current;
  // Git looks at the disk itself: a new file counts although the editor has not told of it yet.
  session.files.changedOnDisk([folder.uri]);
  try {
    const now = await doors.render(session.workspace(folder), root, signal);
    const before = await doors.renderCommit(folder, 'HEAD', root.folder, signal);
    const top = findRepository(folder.path)?.root ?? folder.path;
    const below = relative(top, folder.path).split(sep).join('/');
    const prefix = below === '' ? '' : `${below}/`;
    const reads = [...now, ...before].flatMap((set) => [...set.reads].map((path) => prefix + path.replace(/^\//, '')));
    const known = new Set(reads);
    return await preparePush(folder.path, (path) => known.has(path), signal);
  } catch (error) {
    if (error instanceof GitError) return { message: error.message };
    throw error;
  }
}

/** A plan and what a person was shown of it, in one order of keys. */
function viewOf({ remote, url, files, ahead, ...rest }: PushPlan | PushView): PushView {
  return { remote, url, branch: 'to' in rest ? rest.to : rest.branch, files, ahead };
}

interface Followed extends FollowRequest {
  readonly commit: string;
  readonly branch?: string;
  readonly how: 'watch' | 'hand-back';
  readonly writesTo?: readonly string[];
}

async function followed(cluster: Cluster, repository: Repository, request: Followed): Promise<Outcome> {
  const { commit, branch, how, writesTo = [], timer, signal, progress } = request;
  const urls = remotesOf(repository);
  const isSource = (source: LiveObject): boolean => {
    const wanted = textAt(source, 'spec', 'ref', 'branch');
    const mine = urls.some((url) => sameRepository(url, textAt(source, 'spec', 'url')));
    return mine && (branch === undefined || wanted === '' || wanted === branch);
  };
  const isIn = (other: string) => isAncestor(repository, commit, other, signal);
  const options = {
    commit,
    how,
    writesTo,
    isSource,
    isIn,
    until: 'workloads' as const,
    timer,
    timeout: patience,
    signal,
  };
  for await (const event of followCommit(cluster, options)) {
    if (event.type === 'end') return outcomeOf(event);
    const message = messageOf(event);
    if (message !== undefined) progress(message);
  }
  return { ok: false, message: 'Following the commit ended without a word.' };
}

function messageOf(event: FollowEvent): string | undefined {
  if (event.type === 'step' || event.type === 'end') return undefined;
  const title = titleIn(event.object, event);
  if (event.type === 'resumed') return `${title} is resumed`;
  return `${title}: ${event.message}`;
}

function titleIn(object: ObjectName, { cluster }: { readonly cluster?: string }): string {
  return cluster === undefined ? titleOfName(object) : `${titleOfName(object)} in ${cluster}`;
}

function outcomeOf(event: Extract<FollowEvent, { readonly type: 'end' }>): Outcome {
  const { outcome, step, object, message } = event;
  if (outcome === 'ready') return { ok: true, message: `Commit ${message}, and everything is ready.` };
  const where = [step, object === undefined ? undefined : titleIn(object, event)].filter((text) => text !== undefined);
  const words = { failed: 'It failed', timeout: 'It was not ready in time', canceled: 'No longer followed' }[outcome];
  return {
    ok: false,
    ...(outcome === 'canceled' ? { canceled: true } : {}),
    message: `${words} at ${where.join(': ')}: ${message}`,
  };
}
