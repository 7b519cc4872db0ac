/**
 * A release's values as its templates see them, kept from one rendering to the next.
 *
 * A value that is still the same is still the same object, which is how the calls of templates that read it are known to
 * stand (gotemplate/tracked.ts). Yet an edit moves everything behind it in its file. So a kept value does not hold its
 * origin but a ticket, and each rendering has its own list of the origins that the tickets stood for.
 */
import {
  bool,
  float,
  type Value as GoValue,
  int64,
  type Journal,
  list,
  type MapValue,
  map,
  nil,
  type Origins,
  type Segment,
  type StringValue,
  segmentsOf,
  string,
  TrackedMap,
} from '../gotemplate/index.ts';
import type { Problem } from '../problem.ts';
import type { Origin, Scalar } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { int64Tag, type Table, type Value } from './values.ts';

/** What the tickets of one rendering stand for. */
export type Places = readonly Origin[];

/** No file has this name. */
const ticketFile = '\0value';

/** The origin that a ticket stands for; any other is what it is. */
function placeOf(at: Origin, places: Places): Origin {
  return at.file === ticketFile ? places[at.start]! : at;
}

/** The same for a list of origins, each named once. */
function placesOf(all: Origins, places: Places): Origins {
  if (!all.some(({ file }) => file === ticketFile)) return all;
  const out: Origin[] = [];
  for (const each of all) {
    const at = placeOf(each, places);
    if (!out.some((known) => isSame(known, at))) out.push(at);
  }
  return out;
}

/** The segments of a rendering with the places of that rendering, and the tickets in them. */
interface Located {
  readonly raw: readonly Segment[];
  readonly tickets: readonly number[];
  readonly places: Places;
  readonly segments: readonly Segment[];
}

const located = new WeakMap<StringValue, Located>();

/** The segments of a rendered file, with the origins that its values have in this rendering: the same list for the same. */
export function segmentsAt(output: StringValue, places: Places): readonly Segment[] {
  const before = located.get(output);
  if (before?.tickets.every((ticket) => isSame(places[ticket]!, before.places[ticket]!))) return before.segments;
  const raw = before?.raw ?? segmentsOf(output);
  const tickets = before?.tickets ?? ticketsOf(raw);
  const segments = raw.map((segment) => {
    const values = placesOf(segment.values, places);
    const template = placeOf(segment.template, places);
    return values === segment.values && template === segment.template ? segment : { ...segment, values, template };
  });
  located.set(output, { raw, tickets, places, segments });
  return segments;
}

function ticketsOf(segments: readonly Segment[]): readonly number[] {
  const out = new Set<number>();
  for (const { values, template } of segments)
    for (const { file, start } of [...values, template]) if (file === ticketFile) out.add(start);
  return [...out];
}

function isSame(a: Origin, b: Origin): boolean {
  if (a === b) return true;
  if (a.start !== b.start || a.end !== b.end || a.file !== b.file) return false;
  return a.via === undefined || b.via === undefined ? a.via === b.via : isSame(a.via, b.via);
}

export function placed(problem: Problem, places: Places): Problem {
  const { at, related } = problem;
  return {
    ...problem,
    ...(at && { at: placeOf(at, places) }),
    ...(related && { related: related.map((each) => ({ ...each, at: placeOf(each.at, places) })) }),
  };
}

/** A value of the release with the one that templates see, and the parts of both. */
interface Kept {
  readonly ticket: number;
  readonly seen: GoValue;
  source: Value;
  readonly entries: Map<string, Kept>;
  readonly items: readonly Kept[];
}

export interface ValuesKeeper {
  readonly root: MapValue;
  /** Brings the values up to date, and tells where each comes from now. */
  readonly update: (values: Table) => Places;
  /** How many tickets were given out, those of values that are gone included. */
  readonly tickets: () => number;
}

export function keepValues(values: Table, journal: Journal): ValuesKeeper {
  let places: Origin[] = [];
  const root = plant(values) as Kept & { readonly seen: MapValue };
  return {
    root: root.seen,
    update(now) {
      places = places.slice();
      move(root, now);
      return places;
    },
    tickets: () => places.length,
  };

  function plant(source: Value): Kept {
    const ticket = places.push(source.at) - 1;
    const from = [{ file: ticketFile, start: ticket, end: ticket }];
    if (source.kind === 'table') {
      const entries = new TrackedMap(journal);
      const kept = { ticket, source, seen: map(entries, from), entries: new Map<string, Kept>(), items: [] };
      for (const [key, slot] of source.slots) fill(kept, entries, key, plant(slot.value));
      return kept;
    }
    if (source.kind === 'list') {
      const items = source.items.map(plant);
      const seen = list(
        items.map((item) => item.seen),
        from,
      );
      return { ticket, source, seen, entries: new Map(), items };
    }
    return { ticket, source, seen: scalarValue(source, from), entries: new Map(), items: [] };
  }

  function fill(kept: Kept, entries: TrackedMap, key: string, child: Kept): void {
    kept.entries.set(key, child);
    entries.put(key, child.seen);
  }

  /** A value that fits another, that other in its place. */
  function move(kept: Kept, now: Value): void {
    if (kept.source === now && now.kind === 'scalar') return;
    places[kept.ticket] = now.at;
    if (now.kind === 'table') moveTable(kept, now);
    else if (now.kind === 'list') for (const [i, item] of kept.items.entries()) move(item, now.items[i]!);
    kept.source = now;
  }

  function moveTable(kept: Kept, now: Table): void {
    const entries = (kept.seen as MapValue).entries as TrackedMap;
    for (const [key, { value }] of now.slots) {
      const child = kept.entries.get(key);
      if (child === undefined || !fits(child, value)) fill(kept, entries, key, plant(value));
      else move(child, value);
    }
    for (const key of kept.entries.keys()) {
      if (now.slots.has(key)) continue;
      kept.entries.delete(key);
      entries.take(key);
    }
  }
}

/** Whether a value can stand where another stood: a table always, as its entries change one by one; others as data. */
function fits({ source, entries, items }: Kept, now: Value, inList = false): boolean {
  if (source === now && now.kind === 'scalar') return true;
  if (now.kind === 'scalar') return source.kind === 'scalar' && sameScalar(source, now);
  if (now.kind === 'list') {
    return (
      source.kind === 'list' &&
      items.length === now.items.length &&
      items.every((item, i) => fits(item, now.items[i]!, true))
    );
  }
  if (source.kind !== 'table' || !inList) return source.kind === 'table';
  if (entries.size !== now.slots.size) return false;
  return [...entries].every(([key, child]) => now.slots.has(key) && fits(child, now.slots.get(key)!.value, true));
}

function sameScalar(a: Scalar, b: Scalar): boolean {
  return a.text === b.text && a.style === b.style && a.tag === b.tag;
}

function scalarValue(scalar: Scalar, from: readonly Origin[]): GoValue {
  if (scalar.tag === int64Tag) return int64(BigInt(scalar.text), from);
  const value = resolve(scalar, 'sigs');
  if (value === null) return { ...nil, from };
  if (typeof value === 'boolean') return bool(value, from);
  return typeof value === 'string' ? string(value, from) : float(Number(value), from);
}
