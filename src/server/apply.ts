/** Carries out the current plan and tells how it goes; refused when the plan is not the one that a person saw. */
import { type ApplyEvent, applyPlan, inputsOf, type ObjectOutcome, type Timer, titleOf } from '../engine/index.ts';
import type { ApplyFailure, ApplyOutcome } from '../protocol/index.ts';
import type { Linked } from './link.ts';
import { nameOfId } from './plan-view.ts';
import type { Current, PlannerDoors } from './planner.ts';
import type { Session } from './session.ts';

export interface ApplyRequest {
  /** The plan that the person saw and agreed to. */
  readonly plan: string;
  readonly signal: AbortSignal;
  readonly timer: Timer;
  /** Who applies, for the annotation on suspended owners. */
  readonly by: string;
  progress(message: string, done: number, total: number): void;
}

export async function applyCurrent(
  session: Session,
  doors: PlannerDoors,
  { plan, ...request }: ApplyRequest,
): Promise<ApplyOutcome> {
  const current = session.planner.current();
  const linked = await session.link.linked();
  if (linked === undefined) return refused(session.link.state().message);
  if (current?.id !== plan) return stale(['the plan was made anew in the meantime']);
  // What the files render to now: an edit since the plan makes another hash, and the apply refuses.
  const wanted = await doors.render(session.workspace(current.folder), current.root, request.signal);
  const outcome = await carryOut(linked, current, inputsOf(wanted), request);
  linked.planning.forget();
  void session.planner.renew();
  return outcome;
}

async function carryOut(
  { cluster }: Linked,
  { plan }: Current,
  inputs: string,
  { timer, by, signal, progress }: Omit<ApplyRequest, 'plan'>,
): Promise<ApplyOutcome> {
  const failures: ApplyFailure[] = [];
  let outcome: ApplyOutcome = refused('The apply ended without a word.');
  let total = 0;
  let done = 0;
  for await (const event of applyPlan(cluster, plan, { timer, by, signal, inputs, prune: 'all', wait: 'all' })) {
    if (event.type === 'refused') return stale(event.reasons);
    if (event.type === 'started') total = event.objects;
    if (event.type === 'object') done++;
    failures.push(...failureOf(event));
    const message = messageOf(event);
    if (message !== undefined) progress(message, done, total);
    if (event.type === 'done') outcome = ended(event, failures);
  }
  return outcome;
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
      return `${titleOf(event.id)}: ${event.outcome}${event.message === '' ? '' : ` (${event.message})`}`;
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
