/**
 * Maps that know which calls of templates read what in them, so that a template whose reads have not changed need not
 * run again: within one rendering (`include "labels" .` a hundred times) and from one rendering to the next.
 *
 * A template is a function of its dot, and whatever can change behind one and the same dot is an entry of a map: an edit
 * of the values changes it from outside, `set`, `unset` and `merge` change it from inside. So a call writes down each
 * entry that it read, with the value that it found there, and its output stands while the same values are found. The
 * owner of the maps puts the same object for the same data; where it came from is not data (see helm/places.ts).
 *
 * Calls that depend on more, or do more than print, are never kept: those that changed a map, looked into the cluster,
 * threw dice, or read a container that a template put into a map (what is inside it is not written down).
 */
import type { Definition } from './set.ts';
import type { MapValue, StringValue, Value } from './value.ts';

/** One entry of a map, or the knowledge that there is none. */
interface Cell {
  value: Value | undefined;
  /** What was put there from outside: templates change `value` alone. */
  base: Value | undefined;
  /** The number of the call that wrote it down last: what one call reads often is written down once. */
  reader: number;
}

/** A call that is under way. */
export interface Call {
  readonly number: number;
  readonly outer: Call | undefined;
  readonly cells: Cell[];
  readonly found: (Value | undefined)[];
  readonly inner: Set<Run>;
  isKept: boolean;
}

/** What a call found, and what it printed. */
export interface Run {
  readonly output: StringValue;
  readonly cells: readonly Cell[];
  readonly found: readonly (Value | undefined)[];
  /** The calls inside it. */
  readonly inner: readonly Run[];
  /** The journal's state at the last check, and what came out. */
  checked: number;
  stands: boolean;
}

/** The history of a family of maps that refer to each other. */
export interface Journal {
  call: Call | undefined;
  calls: number;
  /** Another number whenever an entry of any map changes. */
  state: number;
  /** How deep the calls are nested, kept or not. */
  depth: number;
  readonly changed: Set<TrackedMap>;
}

export function newJournal(): Journal {
  return { call: undefined, calls: 0, state: 0, depth: 0, changed: new Set() };
}

/** Takes back what templates changed, and forgets calls that were cut off. */
export function rewind(journal: Journal): void {
  journal.call = undefined;
  journal.depth = 0;
  for (const map of journal.changed) map.restore();
  journal.changed.clear();
}

/** The call that is under way and every one around it must be made each time. */
export function neverKeep(journal: Journal | undefined): void {
  // Whatever is around a call that is not kept was told before.
  for (let call = journal?.call; call?.isKept === true; call = call.outer) call.isKept = false;
}

/**
 * Helm counts how deep an include nests in itself, up to a thousand. What is nested deeper than this is neither kept nor
 * used again, so that no kept call can hide that it would have been too deep.
 */
const maxKeptDepth = 400;

/** The output of an earlier call of that template with that dot, if it would be the same today. */
export function known(journal: Journal, definition: Definition, dot: Value): Run | undefined {
  const runs = runsOf(dot)?.get(definition);
  if (runs === undefined || journal.depth > maxKeptDepth) return undefined;
  const run = runs.find(({ type }) => type === (dot as MapValue).type)?.run;
  if (run === undefined || !stands(journal, run)) return undefined;
  journal.call?.inner.add(run);
  return run;
}

function stands(journal: Journal, run: Run): boolean {
  if (run.checked === journal.state) return run.stands;
  const { cells, found, inner } = run;
  let same = true;
  for (let i = 0; same && i < cells.length; i++) same = cells[i]!.value === found[i];
  for (let i = 0; same && i < inner.length; i++) same = stands(journal, inner[i]!);
  run.checked = journal.state;
  run.stands = same;
  return same;
}

/** Begins to write down what a call with that dot reads; undefined for a dot that is no such map. */
export function open(journal: Journal, dot: Value): Call | undefined {
  journal.depth++;
  if (journal.depth > maxKeptDepth) neverKeep(journal);
  if (runsOf(dot) === undefined) return undefined;
  const number = ++journal.calls;
  journal.call = { number, outer: journal.call, cells: [], found: [], inner: new Set(), isKept: true };
  return journal.call;
}

/** Ends a call, whether it came to its end or not. */
export function close(journal: Journal, call: Call | undefined): void {
  journal.depth--;
  if (call !== undefined) journal.call = call.outer;
}

/** Keeps what a call printed that came to its end. */
export function keep(journal: Journal, call: Call, definition: Definition, dot: Value, output: StringValue): void {
  if (!call.isKept) return;
  const { cells, found, inner } = call;
  const run: Run = { output, cells, found, inner: [...inner], checked: -1, stands: false };
  const { type } = dot as MapValue;
  const runs = runsOf(dot)!;
  const others = runs.get(definition)?.filter((each) => each.type !== type) ?? [];
  runs.set(definition, [...others, { type, run }]);
  journal.call?.inner.add(run);
}

function runsOf(dot: Value): TrackedMap['runs'] | undefined {
  return dot.kind === 'map' && dot.entries instanceof TrackedMap ? dot.entries.runs : undefined;
}

export class TrackedMap extends Map<string, Value> {
  readonly journal: Journal;
  /** The calls with this map as their dot, which may have more than one type. */
  readonly runs = new Map<Definition, readonly { readonly type: string | undefined; readonly run: Run }[]>();
  readonly #cells = new Map<string, Cell>();
  /** What whoever asks for all keys reads: another object for other keys. */
  readonly #keys: Cell = { value: newKeys(), base: undefined, reader: 0 };
  #size = 0;

  constructor(journal: Journal) {
    super();
    this.journal = journal;
    this.#keys.base = this.#keys.value;
  }

  /** Puts an entry from outside. */
  put(key: string, value: Value): void {
    this.#assign(key, value);
  }

  /** Takes an entry away from outside. */
  take(key: string): void {
    this.#assign(key, undefined);
  }

  #assign(key: string, value: Value | undefined): void {
    const cell = this.#cell(key);
    if (cell.base === value && cell.value === value) return;
    this.journal.state++;
    const before = this.#size;
    this.#change(cell, value);
    cell.base = value;
    if (this.#size !== before) this.#keys.base = this.#keys.value;
  }

  /** Takes back what templates changed. */
  restore(): void {
    this.journal.state++;
    for (const cell of this.#cells.values()) if (cell.value !== cell.base) this.#change(cell, cell.base);
    this.#keys.value = this.#keys.base;
  }

  #change(cell: Cell, value: Value | undefined): void {
    const change = (value === undefined ? 0 : 1) - (cell.value === undefined ? 0 : 1);
    cell.value = value;
    if (change === 0) return;
    this.#size += change;
    this.#keys.value = newKeys();
  }

  #write(key: string, value: Value | undefined): void {
    const { journal } = this;
    journal.changed.add(this);
    journal.state++;
    neverKeep(journal);
    this.#change(this.#cell(key), value);
  }

  #cell(key: string): Cell {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { value: undefined, base: undefined, reader: 0 };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  #read(cell: Cell): Value | undefined {
    const { call } = this.journal;
    const { value } = cell;
    if (call === undefined || !call.isKept) return value;
    if (value !== cell.base && value !== undefined && isContainer(value)) neverKeep(this.journal);
    else if (cell.reader !== call.number) {
      cell.reader = call.number;
      call.cells.push(cell);
      call.found.push(value);
    }
    return value;
  }

  override get(key: string): Value | undefined {
    return this.#read(this.#cell(key));
  }

  override has(key: string): boolean {
    return this.#read(this.#cell(key)) !== undefined;
  }

  override get size(): number {
    this.#read(this.#keys);
    return this.#size;
  }

  override set(key: string, value: Value): this {
    this.#write(key, value);
    return this;
  }

  override delete(key: string): boolean {
    const has = this.has(key);
    this.#write(key, undefined);
    return has;
  }

  override clear(): void {
    for (const key of [...this.keys()]) this.delete(key);
  }

  override *keys(): MapIterator<string> {
    this.#read(this.#keys);
    for (const [key, { value }] of this.#cells) if (value !== undefined) yield key;
  }

  override *entries(): MapIterator<[string, Value]> {
    this.#read(this.#keys);
    for (const [key, cell] of this.#cells) if (cell.value !== undefined) yield [key, this.#read(cell)!];
  }

  override *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  override forEach(call: (value: Value, key: string, map: Map<string, Value>) => void): void {
    for (const [key, value] of this.entries()) call(value, key, this);
  }

  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }
}

/** A value that stands for a set of keys. */
function newKeys(): Value {
  return { kind: 'nil', slot: false };
}

function isContainer({ kind }: Value): boolean {
  return kind === 'map' || kind === 'list' || kind === 'object' || kind === 'func';
}

/** The value with every map in it as a tracked one. */
export function tracked<T extends Value>(value: T, journal: Journal): T {
  if (value.kind === 'list') return { ...value, items: value.items.map((item) => tracked(item, journal)) };
  if (value.kind === 'object') {
    return { ...value, fields: new Map([...value.fields].map(([name, field]) => [name, tracked(field, journal)])) };
  }
  if (value.kind !== 'map' || value.entries instanceof TrackedMap) return value;
  const entries = new TrackedMap(journal);
  for (const [key, entry] of value.entries) entries.put(key, tracked(entry, journal));
  return { ...value, entries };
}
