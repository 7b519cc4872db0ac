/**
 * Plain and quoted scalars: from the cursor at their first character to just behind their last.
 *
 * Line folding is YAML 1.1's: one break becomes a space, more become one less; blanks around breaks are dropped.
 */
import {
  atMarker,
  type Cursor,
  codeAt,
  column,
  fail,
  isBlank,
  isBlankOrEnd,
  isBreak,
  passBreak,
  SPACE,
  TAB,
} from './cursor.ts';

export interface ScalarText {
  readonly text: string;
  /** Just behind the last character; the cursor may already stand behind white space that follows. */
  readonly end: number;
}

/** Reads a plain scalar. Its first character was found fit to start one. */
export function plainScalar(cursor: Cursor): ScalarText {
  const { text } = cursor;
  const start = cursor.pos;
  const end = plainRun(cursor);
  cursor.pos = end;
  if (!continues(cursor)) return { text: text.slice(start, end), end };
  return plainLines(cursor, text.slice(start, end), end);
}

/** The offset behind the part of a plain scalar on this line, without trailing blanks. */
function plainRun(cursor: Cursor): number {
  const { text, end } = cursor;
  const flow = cursor.flowDepth > 0;
  let at = cursor.pos;
  let last = at;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code === SPACE || code === TAB) {
      at++;
      // A number sign after white space starts a comment.
      if (text.charCodeAt(at) === 0x23 && at < end) break;
      continue;
    }
    if (code === 0x3a) {
      if (isBlankOrEnd(codeAt(cursor, at + 1))) break;
    } else if (code < SPACE || code === 0x85 || code === 0x2028 || code === 0x2029) {
      if (isBreak(code)) break;
    } else if (flow && isFlowIndicator(code)) break;
    last = ++at;
  }
  return last;
}

/** In brackets, go-yaml ends a plain scalar at each of these, a question mark included. */
function isFlowIndicator(code: number): boolean {
  return code === 0x2c || code === 0x3f || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d;
}

/** Whether a plain scalar may go on behind the cursor: only blanks, then a break, stand between. */
function continues(cursor: Cursor): boolean {
  let at = cursor.pos;
  while (isBlank(codeAt(cursor, at))) at++;
  return isBreak(codeAt(cursor, at));
}

/** The further lines of a plain scalar whose first line has been read. */
function plainLines(cursor: Cursor, first: string, firstEnd: number): ScalarText {
  const { text } = cursor;
  const parts = [first];
  const start = cursor.pos;
  let end = firstEnd;
  for (;;) {
    const gap = foldedGap(cursor, (at) => {
      if (at - cursor.lineStart <= cursor.indent) fail('found a tab character that violates indentation', at);
    });
    if (gap === undefined) break;
    cursor.simpleKey = true;
    if (cursor.flowDepth === 0 && column(cursor) <= cursor.indent) break;
    if (cursor.pos >= cursor.end || atMarker(cursor) || codeAt(cursor, cursor.pos) === 0x23) break;
    const from = cursor.pos;
    const to = plainRun(cursor);
    if (to === from) break;
    parts.push(gap, text.slice(from, to));
    end = to;
    cursor.pos = to;
    cursor.simpleKey = false;
    if (cursor.pos < start) break;
  }
  return { text: parts.length === 1 ? first : parts.join(''), end };
}

/**
 * Passes blanks and breaks and answers what they fold to; undefined (and only blanks passed) when no break was among
 * them. `onTab` looks at each tab behind the first break.
 */
function foldedGap(cursor: Cursor, onTab?: (at: number) => void): string | undefined {
  let breaks = '';
  let count = 0;
  for (;;) {
    const code = codeAt(cursor, cursor.pos);
    if (code === TAB && count > 0) onTab?.(cursor.pos);
    if (isBlank(code)) cursor.pos++;
    else if (isBreak(code)) {
      // The separators keep their identity; everything else is a line feed.
      const kept = code === 0x2028 || code === 0x2029 ? String.fromCharCode(code) : '\n';
      if (count > 0 || kept !== '\n') breaks += kept;
      count++;
      passBreak(cursor);
    } else break;
  }
  if (count === 0) return undefined;
  return breaks === '' ? ' ' : breaks;
}

/** Reads a single-quoted scalar: a doubled quote is a quote. */
export function singleQuoted(cursor: Cursor): ScalarText {
  const start = cursor.pos++;
  const run = (at: number) => {
    const { text, end } = cursor;
    let to = at;
    while (to < end) {
      const code = text.charCodeAt(to);
      if (code === 0x27) {
        if (codeAt(cursor, to + 1) !== 0x27) break;
        to += 2;
      } else if (isBreak(code)) break;
      else to++;
    }
    return to;
  };
  return quotedLines(cursor, start, 0x27, run, (raw) => (raw.includes("'") ? raw.replaceAll("''", "'") : raw));
}

/** Reads a double-quoted scalar with its escapes. */
export function doubleQuoted(cursor: Cursor): ScalarText {
  const start = cursor.pos++;
  const run = (at: number) => {
    const { text, end } = cursor;
    let to = at;
    while (to < end) {
      const code = text.charCodeAt(to);
      if (code === 0x22 || isBreak(code)) break;
      if (code === 0x5c) {
        // An escaped break ends the line; the caller joins.
        if (isBreak(codeAt(cursor, to + 1))) break;
        to += 2;
      } else to++;
    }
    return Math.min(to, end);
  };
  return quotedLines(cursor, start, 0x22, run, (raw, from) => (raw.includes('\\') ? unescaped(raw, from, start) : raw));
}

/** The lines of a quoted scalar: `run` finds the end of one line's part, `value` undoes the quoting of a part. */
function quotedLines(
  cursor: Cursor,
  start: number,
  quote: number,
  run: (at: number) => number,
  value: (raw: string, from: number) => string,
): ScalarText {
  const parts: string[] = [];
  for (;;) {
    if (cursor.pos >= cursor.end) fail('found unexpected end of stream: a quoted scalar is not closed', start);
    if (atMarker(cursor)) fail('found unexpected document indicator: a quoted scalar is not closed', start);
    const from = cursor.pos;
    const to = run(from);
    const code = codeAt(cursor, to);
    if (code === quote) {
      parts.push(value(cursor.text.slice(from, to), from));
      cursor.pos = to + 1;
      return { text: parts.length === 1 ? parts[0]! : parts.join(''), end: to + 1 };
    }
    if (code === 0x5c) {
      // A backslash before the break: neither it nor the break counts, and the blanks before it stay.
      parts.push(value(cursor.text.slice(from, to), from));
      cursor.pos = to + 1;
      passBreak(cursor);
      const gap = foldedGap(cursor);
      // The escaped break takes the place of the first one, so every further break is a line feed.
      if (gap !== undefined) parts.push(gap === ' ' ? '\n' : `\n${gap}`);
      continue;
    }
    const raw = cursor.text.slice(from, to);
    // The end of the line: blanks before a break are dropped, unless they are escaped.
    let keep = raw.length;
    while (keep > 0 && isBlank(raw.charCodeAt(keep - 1)) && !isEscaped(raw, keep - 1, quote)) keep--;
    parts.push(value(raw.slice(0, keep), from));
    cursor.pos = to;
    parts.push(foldedGap(cursor) ?? '');
  }
}

/** Whether the character at `at` stands behind an odd number of backslashes. */
function isEscaped(raw: string, at: number, quote: number): boolean {
  if (quote !== 0x22) return false;
  let count = 0;
  while (at - count - 1 >= 0 && raw.charCodeAt(at - count - 1) === 0x5c) count++;
  return count % 2 === 1;
}

function unescaped(raw: string, from: number, start: number): string {
  let out = '';
  let done = 0;
  for (let at = raw.indexOf('\\'); at >= 0; at = raw.indexOf('\\', done)) {
    out += raw.slice(done, at);
    const letter = raw[at + 1] ?? '';
    const simple = simpleEscapes.get(letter);
    if (simple !== undefined) {
      out += simple;
      done = at + 2;
      continue;
    }
    const digits = hexLengths.get(letter);
    if (digits === undefined)
      fail(`found unknown escape character "\\${letter}" in a double-quoted scalar`, from + at, from + at + 2);
    const hex = raw.slice(at + 2, at + 2 + digits);
    if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex))
      fail('did not find expected hexadecimal number', from + at, from + at + 2);
    const code = Number.parseInt(hex, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      fail('found invalid Unicode character escape code', from + at, Math.max(from + at + 2 + digits, start));
    }
    out += String.fromCodePoint(code);
    done = at + 2 + digits;
  }
  return out + raw.slice(done);
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['a', '\x07'],
  ['b', '\b'],
  ['t', '\t'],
  ['\t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\x1b'],
  [' ', ' '],
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['N', '\x85'],
  ['_', '\xa0'],
  ['L', '\u2028'],
  ['P', '\u2029'],
]);

const hexLengths: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);
