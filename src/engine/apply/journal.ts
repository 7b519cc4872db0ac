/** After a crash: what an apply that never came to its end had applied, what is unknown, what it had not sent. */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { ApplyEvent, ObjectOutcome } from './events.ts';

export interface Unfinished {
  readonly done: readonly { readonly id: ObjectId; readonly outcome: ObjectOutcome }[];
  /** Sent, and nobody heard the answer. */
  readonly unknown: readonly ObjectId[];
  readonly notSent: readonly ObjectId[];
  /** Owners that were suspended, and nobody resumed. */
  readonly suspended: readonly ObjectId[];
}

/** undefined when the apply ended by itself, or never began. */
export function unfinished(events: readonly ApplyEvent[]): Unfinished | undefined {
  const started = events.find((event) => event.type === 'started');
  if (started?.type !== 'started' || events.some((event) => event.type === 'done')) return undefined;
  const outcomes = new Map<string, ObjectOutcome>();
  const sent = new Set<string>();
  const suspended: ObjectId[] = [];
  for (const event of events) {
    if (event.type === 'sending') sent.add(keyOf(event.id));
    if (event.type === 'object') outcomes.set(keyOf(event.id), event.outcome);
    if (event.type === 'suspended') suspended.push(event.owner);
  }
  const done = started.all.flatMap((id) => {
    const outcome = outcomes.get(keyOf(id));
    return outcome === undefined ? [] : [{ id, outcome }];
  });
  const open = started.all.filter((id) => !outcomes.has(keyOf(id)));
  return {
    done,
    unknown: open.filter((id) => sent.has(keyOf(id))),
    notSent: open.filter((id) => !sent.has(keyOf(id))),
    suspended,
  };
}

/** The same for a person, an object a line. */
export function unfinishedLines({ done, unknown, notSent, suspended }: Unfinished): readonly string[] {
  return [
    ...done.map(({ id, outcome }) => `${outcome} ${titleOf(id)}`),
    ...unknown.map((id) => `unknown ${titleOf(id)}: sent, its answer was not heard`),
    ...notSent.map((id) => `not sent ${titleOf(id)}`),
    ...suspended.map((id) => `${titleOf(id)} was suspended by it`),
  ];
}
