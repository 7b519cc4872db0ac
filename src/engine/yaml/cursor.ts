/**
 * A place in a YAML text, and the moves that every part of the reader makes.
 *
 * The reader is one pass over the text without a list of tokens: a block or flow construct reads its parts where they
 * stand, and whether a scalar is a key is known when a colon follows it. What decides the meaning of the next
 * character is kept here: the indentation of the open block collection, the depth of open brackets, and whether a key
 * may begin (`simpleKey`: at the start of a line or after `-`, `?` and the flow separators).
 */
import type { ProblemCode } from '../problem.ts';

export interface Cursor {
  readonly text: string;
  readonly file: string;
  /** Where the document's part of the text ends. */
  readonly end: number;
  pos: number;
  /** Where the current line starts: `pos - lineStart` is the column. */
  lineStart: number;
  /** The column of the open block collection, -1 at the document's root. */
  indent: number;
  flowDepth: number;
  simpleKey: boolean;
  /** Whether only line feeds break lines here: true for nearly every file, and a quicker way. */
  readonly feedsOnly: boolean;
  /** Just behind the scalar that was read last; the cursor may already stand behind white space that follows it. */
  scalarEnd: number;
  readonly comments: Comment[];
}

/** A comment from its `#` to the end of its line, as offsets into the file's text. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  /** The text with its `#`. */
  readonly text: string;
}

/** Unwinds the reader to the document's edge, where it becomes a problem; it never leaves the room. */
export class Unreadable extends Error {
  readonly code: ProblemCode;
  readonly start: number;
  readonly end: number;

  constructor(code: ProblemCode, message: string, start: number, end = start + 1) {
    super(message);
    this.code = code;
    this.start = start;
    this.end = end;
  }
}

export function fail(message: string, start: number, end = start + 1): never {
  throw new Unreadable('yaml-syntax', message, start, end);
}

export const LF = 0x0a;
export const CR = 0x0d;
export const TAB = 0x09;
export const SPACE = 0x20;

/** Line feed, carriage return, NEL, and the line and paragraph separators: YAML 1.1's breaks. */
export function isBreak(code: number): boolean {
  return code === LF || code === CR || code === 0x85 || code === 0x2028 || code === 0x2029;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** A blank, a break or the end of the document (-1). */
export function isBlankOrEnd(code: number): boolean {
  return code === SPACE || code === LF || code === TAB || code < 0 || isBreak(code);
}

/** The character at an offset; -1 from the document's end on. */
export function codeAt(cursor: Cursor, at: number): number {
  return at < cursor.end ? cursor.text.charCodeAt(at) : -1;
}

export function column(cursor: Cursor): number {
  return cursor.pos - cursor.lineStart;
}

/** Passes one line break (CR LF counts as one). */
export function passBreak(cursor: Cursor): void {
  cursor.pos += cursor.text.charCodeAt(cursor.pos) === CR && codeAt(cursor, cursor.pos + 1) === LF ? 2 : 1;
  cursor.lineStart = cursor.pos;
}

/** Passes white space, comments and line breaks up to the next token or the end. */
export function toToken(cursor: Cursor): void {
  const { text, end } = cursor;
  for (;;) {
    let pos = cursor.pos;
    let code = pos < end ? text.charCodeAt(pos) : -1;
    const tabs = cursor.flowDepth > 0 || !cursor.simpleKey;
    while (code === SPACE || (code === TAB && tabs)) code = ++pos < end ? text.charCodeAt(pos) : -1;
    cursor.pos = pos;
    if (code === 0x23) {
      passComment(cursor);
      code = codeAt(cursor, cursor.pos);
    }
    if (!isBreak(code)) return;
    passBreak(cursor);
    if (cursor.flowDepth === 0) cursor.simpleKey = true;
  }
}

/** Passes a comment up to the end of its line. */
export function passComment(cursor: Cursor): void {
  const start = cursor.pos;
  let pos = start + 1;
  while (pos < cursor.end && !isBreak(cursor.text.charCodeAt(pos))) pos++;
  cursor.pos = pos;
  cursor.comments.push({ start, end: pos, text: cursor.text.slice(start, pos) });
}

/** Whether `---` or `...` stands at the start of this line. */
export function atMarker(cursor: Cursor): boolean {
  const { pos } = cursor;
  if (pos !== cursor.lineStart) return false;
  const code = codeAt(cursor, pos);
  if (code !== 0x2d && code !== 0x2e) return false;
  return codeAt(cursor, pos + 1) === code && codeAt(cursor, pos + 2) === code && isBlankOrEnd(codeAt(cursor, pos + 3));
}

/** Whether the document's content ends here: the end of the text, a marker, or a directive. */
export function atEnd(cursor: Cursor): boolean {
  if (cursor.pos >= cursor.end) return true;
  return cursor.pos === cursor.lineStart && (atMarker(cursor) || cursor.text.charCodeAt(cursor.pos) === 0x25);
}
