/** The text of a template and how its offsets lead to a line, a column and an origin. */
import { byteLength } from '../go/utf8.ts';
import type { Origin } from '../yaml/node.ts';
import { marksOf, marksWithin, noOrigins, union } from './text.ts';
import type { Origins, StringValue } from './value.ts';

/** Where a template's text stands: a file, or a string value that `tpl` was given. */
export interface Source {
  readonly text: string;
  /** The name that error messages carry. */
  readonly name: string;
  /** The file whose text it is; absent for a template made from a value. */
  readonly file?: string;
  /** The value whose text it is: its marks say where the text came from. */
  readonly value?: StringValue;
}

/** `name:line:column` as Go counts: lines from 1, columns in bytes from 0. */
export function locationOf(source: Source, pos: number): string {
  const before = source.text.slice(0, pos);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  return `${source.name}:${line}:${byteLength(before.slice(lineStart))}`;
}

/** The origin of a range of the template's text. */
export function originAt(source: Source, start: number, end: number): Origin {
  if (source.file !== undefined) return { file: source.file, start, end };
  return valuesAt(source, start, end)[0] ?? { file: source.name, start, end };
}

/** For a template made from a value: the lines that the range of its text came from. */
export function valuesAt(source: Source, start: number, end: number): Origins {
  if (source.value === undefined) return noOrigins;
  return union(marksWithin(marksOf(source.value), start, Math.max(end, start + 1)).map((mark) => mark.values));
}
