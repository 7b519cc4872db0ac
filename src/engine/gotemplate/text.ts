/**
 * Strings that know where their characters came from.
 *
 * A mark covers a range of a string and names the source lines of its characters, and the template position that
 * printed them when they went through an included template. Marks are worked out only when somebody asks: an operation
 * hands over the new text, made by the fastest native call there is, and a recipe for its marks. A render that nobody
 * asks about its origins pays for closures and nothing else.
 */
import type { Origin } from '../yaml/node.ts';
import type { From, Origins, StringValue, Value } from './value.ts';

export interface Mark {
  /** UTF-16 offsets into the string, `end` exclusive. Marks are in order and do not overlap. */
  readonly start: number;
  readonly end: number;
  readonly values: Origins;
  /** The innermost template position that printed these characters; absent: the action that prints the string. */
  readonly template?: Origin | undefined;
}

/** The marks, or the recipe for them. */
export type Marks = { list?: readonly Mark[]; recipe?: (() => readonly Mark[]) | undefined };

export const noOrigins: Origins = [];
const noMarks: readonly Mark[] = [];

/** A string whose marks `recipe` finds. */
export function marked(text: string, recipe: () => readonly Mark[]): StringValue {
  return { kind: 'string', text, marks: { recipe } };
}

/** Whether anything is known of where the string came from. */
export function isSourced(value: Value): boolean {
  return value.from !== undefined || (value.kind === 'string' && value.marks !== undefined);
}

export function marksOf(value: StringValue): readonly Mark[] {
  const { marks } = value;
  if (marks !== undefined) {
    if (marks.list === undefined) {
      marks.list = marks.recipe?.() ?? noMarks;
      marks.recipe = undefined;
    }
    return marks.list;
  }
  const values = resolveFrom(value.from);
  return values.length === 0 || value.text === '' ? noMarks : [{ start: 0, end: value.text.length, values }];
}

export function resolveFrom(from: From | undefined): Origins {
  return from === undefined ? noOrigins : typeof from === 'function' ? from() : from;
}

/** Every source line of a value, each once: its own, and for a string those of all its ranges. */
export function originsOf(value: Value): Origins {
  if (value.kind !== 'string' || value.marks === undefined) return resolveFrom(value.from);
  return union(marksOf(value).map((mark) => mark.values));
}

/** The sources of a value made of others: their union, worked out on demand; undefined when none is known. */
export function fromAll(values: readonly Value[]): From | undefined {
  const known = values.filter(isSourced);
  if (known.length === 0) return undefined;
  if (known.length === 1 && known[0]!.kind !== 'string') return known[0]!.from;
  let found: Origins | undefined;
  return () => {
    found ??= union(known.map(originsOf));
    return found;
  };
}

/** At most this many lines are named for one value: more says nothing, and costs. */
const maxOrigins = 16;

export function union(lists: readonly Origins[]): Origins {
  const filled = lists.filter((l) => l.length > 0);
  if (filled.length < 2) return filled[0] ?? noOrigins;
  const out: Origin[] = [];
  for (const origins of filled) {
    for (const at of origins) {
      if (out.length === maxOrigins) return out;
      if (!out.some((o) => o === at || (o.start === at.start && o.end === at.end && o.file === at.file))) out.push(at);
    }
  }
  return out;
}

/** A stretch of a new string that was copied from `source` at `start`. */
export interface Piece {
  readonly source: StringValue;
  readonly start: number;
  readonly end: number;
  /** Where it stands in the new string. */
  readonly at: number;
}

/** A string put together from pieces of others; `pieces` is asked only when the marks are. */
export function assembled(text: string, sources: readonly Value[], pieces: () => Iterable<Piece>): StringValue {
  if (!sources.some(isSourced)) return { kind: 'string', text };
  return marked(text, () => {
    const out: Mark[] = [];
    for (const piece of pieces()) copyMarks(out, piece);
    return out;
  });
}

function copyMarks(out: Mark[], { source, start, end, at }: Piece): void {
  const marks = marksOf(source);
  for (let i = firstEndingAfter(marks, start); i < marks.length; i++) {
    const mark = marks[i]!;
    if (mark.start >= end) return;
    const from = Math.max(mark.start, start) - start + at;
    const to = Math.min(mark.end, end) - start + at;
    out.push({ start: from, end: to, values: mark.values, template: mark.template });
  }
}

function firstEndingAfter(marks: readonly Mark[], offset: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle]!.end <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The marks that touch a range, found by bisection. */
export function marksWithin(marks: readonly Mark[], start: number, end: number): readonly Mark[] {
  const out: Mark[] = [];
  for (let i = firstEndingAfter(marks, start); i < marks.length && marks[i]!.start < end; i++) out.push(marks[i]!);
  return out;
}

export function substring(source: StringValue, start: number, end: number): StringValue {
  if (start === 0 && end === source.text.length) return source;
  return assembled(source.text.slice(start, end), [source], () => [{ source, start, end, at: 0 }]);
}

export function joined(parts: readonly StringValue[], separator = ''): StringValue {
  const text = parts.map((part) => part.text).join(separator);
  return assembled(text, parts, function* () {
    let at = 0;
    for (const source of parts) {
      yield { source, start: 0, end: source.text.length, at };
      at += source.text.length + separator.length;
    }
  });
}

/** `source` with every line moved right: `pad` before each line, and `lead` before the whole. */
export function indented(source: StringValue, pad: string, lead: string): StringValue {
  const text = lead + pad + source.text.replaceAll('\n', `\n${pad}`);
  return assembled(text, [source], function* () {
    let start = 0;
    let at = lead.length + pad.length;
    for (;;) {
      const newline = source.text.indexOf('\n', start);
      const end = newline < 0 ? source.text.length : newline + 1;
      yield { source, start, end, at };
      if (newline < 0) return;
      at += end - start + pad.length;
      start = end;
    }
  });
}

/** `source` with each occurrence of `old` replaced; Go's rule for an empty `old`: before every character. */
export function replaced(source: StringValue, old: string, next: StringValue): StringValue {
  if (old !== '' && !source.text.includes(old)) return source;
  const cuts: number[] = [];
  if (old === '') {
    let at = 0;
    for (const char of source.text) {
      cuts.push(at);
      at += char.length;
    }
    cuts.push(at);
  } else for (let at = source.text.indexOf(old); at >= 0; at = source.text.indexOf(old, at + old.length)) cuts.push(at);
  const parts: string[] = [];
  let from = 0;
  for (const cut of cuts) {
    parts.push(source.text.slice(from, cut), next.text);
    from = cut + old.length;
  }
  parts.push(source.text.slice(from));
  return assembled(parts.join(''), [source, next], function* () {
    let start = 0;
    let at = 0;
    for (const cut of cuts) {
      yield { source, start, end: cut, at };
      at += cut - start;
      yield { source: next, start: 0, end: next.text.length, at };
      at += next.text.length;
      start = cut + old.length;
    }
    yield { source, start, end: source.text.length, at };
  });
}
