/** Carries out the current plan and tells how it goes; refused when the plan is not the one that a person saw. */
import {
  type ApplyEvent,
  applyPlan,
  inputsOf,
  keyOf,
  type ObjectOutcome,
  otherClustersOf,
  type PlanEntry,
  type PlanGroup,
  type Timer,
  titleOf,
} from '../engine/index.ts';
import type { Journal } from '../io/journal.ts';
import type { ApplyFailure, ApplyOutcome, ApplyStep } from '../protocol/index.ts';
import type { Linked } from './link.ts';
import { entryId, nameOfId } from './plan-view.ts';
import type { Current, PlannerDoors } from './planner.ts';
import type { Session } from './session.ts';

export interface ApplyRequest {
  /** The plan that the person saw and agreed to. */
  readonly plan: string;
  /** The entries of it that they agreed to. */
  readonly entries: readonly string[];
  /** The context's name as they typed it, where it is protected. */
  readonly confirmed?: string;
  readonly signal: AbortSignal;
  readonly timer: Timer;
  /** Who applies, for the annotation on suspended owners. */
  readonly by: string;
  progress(message: string, done: number, total: number): void;
  step(step: ApplyStep): void;
}

export async function applyCurrent(
  session: Session,
  doors: PlannerDoors,
  { plan, confirmed, ...request }: ApplyRequest,
): Promise<ApplyOutcome> {
  const current = session.planner.current();
  const linked = await session.link.linked();
  if (linked === undefined) return refused(session.link.state().message);
  if (current?.id !== plan) {
    const barred = session.link.barred(confirmed);
    return barred === undefined ? stale(['the plan was made anew in the meantime']) : refused(barred);
  }
  const barred = session.link.barred(confirmed, otherServers(current, request.entries));
  if (barred !== undefined) return refused(barred);
  // What the files render to now: an edit since the plan makes another hash, and the apply refuses.
  const wanted = await doors.render(session.workspace(current.folder), current.root, request.signal);
  const { target } = current.plan;
  const journal = session.left.journal(target.kind === 'cluster' ? target.identity : '');
  const outcome = await carryOut(linked, current, inputsOf(wanted), journal, request);
  linked.planning.forget();
  await linked.learn();
  void session.planner.renew();
  return outcome;
}

/** The servers beside the plan's own that the chosen entries go to. */
function otherServers({ plan }: Current, entries: readonly string[]): readonly string[] {
  const chosen = new Set(entries);
  const groups = plan.groups.filter((group) =>
    group.entries.some((entry) => chosen.has(entryId(keyOf(group.owner.id), entry))),
  );
  return otherClustersOf({ ...plan, groups }).map(({ server }) => server);
}

async function carryOut(
  { cluster }: Linked,
  { plan }: Current,
  inputs: string,
  journal: Journal,
  { timer, by, signal, progress, step, entries }: Omit<ApplyRequest, 'plan' | 'confirmed'>,
): Promise<ApplyOutcome> {
  const failures: ApplyFailure[] = [];
  let outcome: ApplyOutcome = refused('The apply ended without a word.');
  let total = 0;
  let done = 0;
  const chosen = new Set(entries);
  const selection = (entry: PlanEntry, group: PlanGroup): boolean => chosen.has(entryId(keyOf(group.owner.id), entry));
  const events = applyPlan(cluster, plan, { timer, by, signal, inputs, selection, prune: 'all', wait: 'all' });
  // Only what sends something is written down; a crash in between leaves it, and the next start tells of it.
  let begun = false;
  try {
    for await (const event of events) {
      if (event.type === 'refused') return stale(event.reasons);
      if (event.type === 'started') {
        total = event.objects;
        journal.begin();
        begun = true;
      }
      journal.write(event);
      if (event.type === 'object') done++;
      const reached = stepOf(event);
      if (reached !== undefined) step(reached);
      failures.push(...failureOf(event));
      const message = messageOf(event);
      if (message !== undefined) progress(message, done, total);
      if (event.type === 'done') outcome = ended(event, failures);
    }
  } finally {
    if (begun) journal.close();
  }
  return outcome;
}

const states: Readonly<Record<ObjectOutcome, ApplyStep['state']>> = {
  applied: 'done',
  unchanged: 'done',
  deleted: 'done',
  gone: 'done',
  kept: 'done',
  failed: 'failed',
  unknown: 'unknown',
  'not-sent': 'not-sent',
};

/** How far an event brings one entry of the plan. */
function stepOf(event: ApplyEvent): ApplyStep | undefined {
  if (event.type !== 'sending' && event.type !== 'object') return undefined;
  const entry = `${keyOf(event.owner)}|${keyOf(event.id)}`;
  if (event.type === 'sending') return { entry, state: 'sending', message: '' };
  return { entry, state: states[event.outcome], message: event.message };
}

function refused(message: string): ApplyOutcome {
  return { ok: false, message, failures: [], suspended: [] };
}

function stale(reasons: readonly string[]): ApplyOutcome {
  const message = `Nothing was sent, for the plan no longer holds: ${reasons.join('; ')}. Look at the new plan and apply that.`;
  return { ...refused(message), stale: true };
}

const bad: ReadonlySet<ObjectOutcome> = new Set(['failed', 'unknown']);

function failureOf(event: ApplyEvent): readonly ApplyFailure[] {
  if (event.type === 'object' && bad.has(event.outcome))
    return [{ object: nameOfId(event.id), message: event.message }];
  if (event.type === 'not-ready' || event.type === 'trouble') {
    return [{ object: nameOfId(event.owner), message: event.message }];
  }
  return [];
}

function messageOf(event: ApplyEvent): string | undefined {
  switch (event.type) {
    case 'suspended':
      return `${titleOf(event.owner)} is suspended. ${event.wayBack}`;
    case 'object':
      return `${titleOf(event.id)}${event.cluster === undefined ? '' : ` in ${event.cluster}`}: ${event.outcome}${event.message === '' ? '' : ` (${event.message})`}`;
    case 'waiting':
      return `Waiting for ${titleOf(event.owner)}: ${event.message}`;
    case 'ready':
      return `${titleOf(event.owner)} is ready`;
    case 'not-ready':
    case 'trouble':
      return `${titleOf(event.owner)}: ${event.message}`;
    default:
      return undefined;
  }
}

function ended(event: Extract<ApplyEvent, { readonly type: 'done' }>, failures: readonly ApplyFailure[]): ApplyOutcome {
  const { counts, canceled, suspended } = event;
  const words: readonly (readonly [number, string])[] = [
    [counts.applied, 'applied'],
    [counts.deleted, 'deleted'],
    [counts.unchanged, 'unchanged'],
    [counts.gone, 'already gone'],
    [counts.kept, 'kept'],
    [counts.failed, 'failed'],
    [counts.unknown, 'of unknown outcome'],
    [counts['not-sent'], 'not sent'],
  ];
  const said = words.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const done = said.join(', ') || 'nothing to do';
  const message = canceled
    ? `Stopped: ${done}.`
    : failures.length > 0
      ? `Not all went well: ${done}.`
      : `Done: ${done}.`;
  return {
    ok: failures.length === 0 && !canceled,
    ...(canceled ? { canceled } : {}),
    message,
    failures,
    suspended: suspended.map(nameOfId),
  };
}
