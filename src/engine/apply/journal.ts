/** After a crash: what an apply that never came to its end had applied, what is unknown, what it had not sent. */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { ApplyEvent, ObjectOutcome, PlacedId } from './events.ts';

export interface Unfinished {
  readonly done: readonly { readonly id: PlacedId; readonly outcome: ObjectOutcome }[];
  /** Sent, and nobody heard the answer. */
  readonly unknown: readonly PlacedId[];
  readonly notSent: readonly PlacedId[];
  /** Owners that were suspended, and nobody resumed. */
  readonly suspended: readonly PlacedId[];
}

/** undefined when the apply ended by itself, or never began. */
export function unfinished(events: readonly ApplyEvent[]): Unfinished | undefined {
  const started = events.find((event) => event.type === 'started');
  if (started?.type !== 'started' || events.some((event) => event.type === 'done')) return undefined;
  const outcomes = new Map<string, ObjectOutcome>();
  const sent = new Set<string>();
  const suspended: PlacedId[] = [];
  for (const event of events) {
    if (event.type === 'sending') sent.add(placeOf(event));
    if (event.type === 'object') outcomes.set(placeOf(event), event.outcome);
    if (event.type === 'suspended') suspended.push(placedIn(event.owner, event));
  }
  const done = started.all.flatMap((id) => {
    const outcome = outcomes.get(placed(id));
    return outcome === undefined ? [] : [{ id, outcome }];
  });
  const open = started.all.filter((id) => !outcomes.has(placed(id)));
  return {
    done,
    unknown: open.filter((id) => sent.has(placed(id))),
    notSent: open.filter((id) => !sent.has(placed(id))),
    suspended,
  };
}

function placed(id: PlacedId): string {
  return placeOf({ id, ...(id.cluster === undefined ? {} : { cluster: id.cluster }) });
}

function placedIn(id: ObjectId, { cluster }: { readonly cluster?: string }): PlacedId {
  return cluster === undefined ? id : { ...id, cluster };
}

/** The same object may be in two clusters. */
function placeOf({ id, cluster = '' }: { readonly id: ObjectId; readonly cluster?: string }): string {
  return `${cluster} ${keyOf(id)}`;
}

function titleIn(id: PlacedId): string {
  return id.cluster === undefined ? titleOf(id) : `${titleOf(id)} in ${id.cluster}`;
}

/** Whether every object was sent and taken, so that only the waiting was cut off. */
export function sentEverything({ done, unknown, notSent }: Unfinished): boolean {
  const failed = done.some(({ outcome }) => outcome === 'failed' || outcome === 'unknown' || outcome === 'not-sent');
  return unknown.length === 0 && notSent.length === 0 && !failed;
}

/** What there is to say of it before its objects: with every answer heard, only the waiting was cut off. */
export function unfinishedTitle(left: Unfinished): string {
  return sentEverything(left)
    ? 'the last apply to this cluster sent everything, and was cut off while it waited'
    : 'the last apply to this cluster did not come to its end';
}

/** The same for a person, an object a line. */
export function unfinishedLines({ done, unknown, notSent, suspended }: Unfinished): readonly string[] {
  return [
    ...done.map(({ id, outcome }) => `${outcome} ${titleIn(id)}`),
    ...unknown.map((id) => `unknown ${titleIn(id)}: sent, its answer was not heard`),
    ...notSent.map((id) => `not sent ${titleIn(id)}`),
    ...suspended.map((id) => `${titleIn(id)} was suspended by it`),
  ];
}
