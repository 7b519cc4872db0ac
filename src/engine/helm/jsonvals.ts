/** JSON values of `--set-json`: read from the beginning of a text as Go's decoder does, which stops where a value ends. */
import { type Origin, str } from '../yaml/node.ts';
import type { Json } from '../yaml/resolve.ts';
import { nothing, type Slot, type Value } from './values.ts';

const blank = /^[ \t\r\n]*/;
const scalar =
  /^(?:"(?:[^"\\]|\\.)*"|true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+|(?!\.))(?:[eE][-+]?[0-9]+|(?![eE])))/;

/** The value at the beginning of a text and how many characters it takes; undefined when there is none. */
export function jsonPrefix(text: string): { readonly value: Json; readonly length: number } | undefined {
  const start = blank.exec(text)![0].length;
  const end = start + (/^[[{]/.test(text.slice(start)) ? closing(text, start) - start : length(text.slice(start)));
  try {
    return { value: JSON.parse(text.slice(start, end)) as Json, length: end };
  } catch {
    return undefined;
  }
}

function length(text: string): number {
  return scalar.exec(text)?.[0].length ?? 0;
}

/** Where the bracket that opens at `start` closes. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text[at]!;
    if (c === '"') at += Math.max(0, length(text.slice(at)) - 1);
    else if (c === '[' || c === '{') depth++;
    else if (c === ']' || c === '}') depth--;
    if (depth === 0) return at + 1;
  }
  return start;
}

/** Plain JSON as values, all of it from one place; numbers are floats. */
export function fromJson(value: Json, at: Origin): Value {
  if (value === null) return nothing(at);
  if (typeof value === 'string') return str(value.toWellFormed(), at);
  if (typeof value !== 'object') return { kind: 'scalar', text: String(value), style: 'plain', at };
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item: Json) => fromJson(item, at)), at };
  const slots = Object.entries(value as { readonly [key: string]: Json }).map(([key, one]): [string, Slot] => [
    key.toWellFormed(),
    { keyAt: at, value: fromJson(one, at) },
  ]);
  return { kind: 'table', slots: new Map(slots), at };
}
