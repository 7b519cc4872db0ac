/**
 * Where the cursor is in a text that is still being written. Completion cannot ask the parser, because what is half
 * written does not parse; indentation alone says enough: which keys and list entries the line stands below.
 */
import type { Path } from '../engine/index.ts';

export interface Cursor {
  /** The mapping or list that the cursor's line belongs to. */
  readonly path: Path;
  /** Set when the cursor is behind `key:`, on the value. */
  readonly key?: string;
  /** Whether the line begins with a dash, so that the text may be a list entry of its own. */
  readonly inEntry: boolean;
  /** What a completion replaces: the key or value as far as it is written. */
  readonly start: number;
  readonly end: number;
  /** That text up to the cursor, without an opening quote. */
  readonly prefix: string;
  /** The column of keys on this level. */
  readonly column: number;
  /** The keys beside this one, with their text. */
  readonly siblings: ReadonlyMap<string, string>;
  /** The document: its bounds and what it says it is. */
  readonly document: { readonly start: number; readonly end: number };
  readonly apiVersion?: string;
  readonly kind?: string;
  /** Whether the document has no keys yet. */
  readonly isEmpty: boolean;
}

interface Opener {
  readonly column: number;
  /** Undefined for a dash. */
  readonly key?: string;
  readonly value: string;
}

const keyForm =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s:#,[\]{}&*!|>'"%@`-][^:#]*?|-[^\s:#]+?))\s*:(?:\s+(.*)|)$/;

/** Undefined in comments, block scalars and flow collections. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  const document = documentAt(text, offset);
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = endOfLine(text, offset);
  const before = text.slice(lineStart, offset);
  if (/(^|\s)#/.test(before) || /^(---|\.\.\.)/.test(before)) return undefined;
  const [, indent, dashes, typed] = /^(\s*)((?:-(?:\s+|$))*)(.*)$/.exec(before)!;
  const column = indent!.length + dashes!.length;
  const behind = keyForm.exec(typed!);
  const value = behind === null ? undefined : (behind[4] ?? '');
  const partial = value ?? typed!;
  if (/^[[{]/.test(partial) || /^[|>]/.test(partial)) return undefined;
  if (value === undefined && /:$/.test(typed!) === false && /[{[]/.test(typed!)) return undefined;
  const start = offset - partial.length;
  const above = linesAbove(text, document.start, lineStart);
  const found = climb([...above, ...openersOf(`${indent}${dashes}`)], column);
  if (found === undefined) return undefined;
  const siblings = new Map([...found.siblings, ...below(text, lineEnd, document.end, column)]);
  const body = text.slice(document.start, document.end);
  const apiVersion = /^apiVersion:[ \t]*["']?([^\s"'#]+)/m.exec(body)?.[1];
  const kind = /^kind:[ \t]*["']?([^\s"'#]+)/m.exec(body)?.[1];
  return {
    path: found.path,
    ...(behind === null ? {} : { key: behind[1] ?? behind[2] ?? behind[3]! }),
    inEntry: dashes !== '',
    start,
    end: behind === null ? endOfKey(text, offset, lineEnd) : endOfValue(text, offset, lineEnd),
    prefix: partial.replace(/^["']/, ''),
    column,
    siblings,
    document,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    isEmpty: !/^[^\s#].*:/m.test(body.replace(/^---.*$/gm, '')),
  };
}

function documentAt(text: string, offset: number): { readonly start: number; readonly end: number } {
  let start = 0;
  let end = text.length;
  for (const match of text.matchAll(/^---(?:[ \t].*)?$/gm)) {
    const after = match.index + match[0].length;
    if (after <= offset) start = Math.min(after + 1, text.length);
    else {
      end = match.index;
      break;
    }
  }
  return { start: Math.min(start, offset), end };
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

function endOfKey(text: string, offset: number, lineEnd: number): number {
  return offset + /^[^\s:#]*/.exec(text.slice(offset, lineEnd))![0].length;
}

function endOfValue(text: string, offset: number, lineEnd: number): number {
  return (
    offset +
    text
      .slice(offset, lineEnd)
      .replace(/(^|\s+)#.*$/, '')
      .trimEnd().length
  );
}

/** How far up a level is looked for: enough for any manifest written by hand. */
const mostLines = 5_000;

function linesAbove(text: string, from: number, to: number): readonly Opener[] {
  const lines = text.slice(from, to).split('\n').slice(0, -1).slice(-mostLines);
  return lines.flatMap(openersOf);
}

/** What a line opens: its dashes, then its key. */
function openersOf(line: string): readonly Opener[] {
  const openers: Opener[] = [];
  let column = 0;
  let rest = line.replace(/\r$/, '');
  for (;;) {
    const space = /^\s*/.exec(rest)![0].length;
    column += space;
    rest = rest.slice(space);
    const dash = /^-(?=\s|$)/.test(rest);
    if (!dash) break;
    openers.push({ column, value: '' });
    column += 1;
    rest = rest.slice(1);
  }
  if (rest === '' || rest.startsWith('#')) return openers;
  const key = keyForm.exec(rest.replace(/\s+#.*$/, ''));
  if (key !== null) openers.push({ column, key: key[1] ?? key[2] ?? key[3]!, value: key[4] ?? '' });
  return openers;
}

/** From the last line up to the root: the way to the level whose keys stand at `column`. */
function climb(
  openers: readonly Opener[],
  column: number,
): { readonly path: Path; readonly siblings: ReadonlyMap<string, string> } | undefined {
  const path: (string | number)[] = [];
  const siblings = new Map<string, string>();
  let level = column;
  let index: number | undefined;
  for (const opener of openers.toReversed()) {
    const inList = index !== undefined;
    if (opener.key === undefined) {
      if (inList && opener.column === level) index = index! + 1;
      else if (opener.column < level) {
        if (inList) path.unshift(index!);
        level = opener.column;
        index = 0;
      }
    } else if (opener.column < level || (inList && opener.column === level)) {
      if (/^[|>]/.test(opener.value)) return undefined;
      if (inList) path.unshift(index!);
      path.unshift(opener.key);
      level = opener.column;
      index = undefined;
    } else if (opener.column === level && path.length === 0 && !inList) {
      siblings.set(opener.key, unquoted(opener.value));
    }
    if (level === 0 && index === undefined && path.length > 0) break;
  }
  if (index !== undefined) path.unshift(index);
  return { path, siblings };
}

/** The keys of the same level further down. */
function below(text: string, from: number, to: number, column: number): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (const line of text
    .slice(from + 1, to)
    .split('\n')
    .slice(0, mostLines)) {
    for (const opener of openersOf(line)) {
      if (opener.column < column) return found;
      if (opener.column === column && opener.key === undefined) return found;
      if (opener.column === column && opener.key !== undefined) found.push([opener.key, unquoted(opener.value)]);
    }
  }
  return found;
}

function unquoted(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, '$2');
}
