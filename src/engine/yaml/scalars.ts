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

/** Reads a plain scalar. Its first character was found fit to start one. */
export function plainScalar(cursor: Cursor): string {
  const start = cursor.pos;
  const end = plainRun(cursor);
  cursor.pos = end;
  cursor.scalarEnd = end;
  const first = cursor.text.slice(start, end);
  return continues(cursor) ? plainLines(cursor, first) : first;
}

/** The offset behind the part of a plain scalar on this line, without trailing blanks. */
function plainRun(cursor: Cursor): number {
  const { text, end } = cursor;
  const flow = cursor.flowDepth > 0;
  let at = cursor.pos;
  let last = at;
  while (at < end) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? kinds[code]! : code === 0x85 || code === 0x2028 || code === 0x2029 ? breaks : content;
    if (kind === content) last = ++at;
    else if (kind === blank) {
      at++;
      // A number sign after white space starts a comment.
      if (at < end && text.charCodeAt(at) === 0x23) break;
    } else if (kind === breaks) break;
    else if (kind === colon ? isBlankOrEnd(codeAt(cursor, at + 1)) : flow) break;
    else last = ++at;
  }
  return last;
}

const content = 0;
const blank = 1;
const breaks = 2;
const colon = 3;
/** In brackets, go-yaml ends a plain scalar at each of these, a question mark included. */
const flowIndicator = 4;

/** What each ASCII character does to a plain scalar. */
const kinds: Uint8Array = (() => {
  const table = new Uint8Array(128);
  table[SPACE] = blank;
  table[TAB] = blank;
  table[0x0a] = breaks;
  table[0x0d] = breaks;
  table[0x3a] = colon;
  for (const indicator of ',?[]{}') table[indicator.charCodeAt(0)] = flowIndicator;
  return table;
})();

/** Whether a plain scalar may go on behind the cursor: only blanks, then a break, stand between. */
function continues(cursor: Cursor): boolean {
  let at = cursor.pos;
  while (isBlank(codeAt(cursor, at))) at++;
  return isBreak(codeAt(cursor, at));
}

/** The further lines of a plain scalar whose first line has been read. */
function plainLines(cursor: Cursor, first: string): string {
  const { text } = cursor;
  const parts = [first];
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
    cursor.scalarEnd = to;
    cursor.pos = to;
    cursor.simpleKey = false;
  }
  return parts.length === 1 ? first : parts.join('');
}

/**
 * Passes blanks and breaks and answers what they fold to; undefined (and only blanks passed) when no break was among
 * them. `onTab` looks at each tab behind the first break.
 */
function foldedGap(cursor: Cursor, onTab?: (at: number) => void): string | undefined {
  let kept = '';
  let count = 0;
  for (;;) {
    const code = codeAt(cursor, cursor.pos);
    if (code === TAB && count > 0) onTab?.(cursor.pos);
    if (isBlank(code)) cursor.pos++;
    else if (isBreak(code)) {
      // The separators keep their identity; everything else is a line feed.
      const feed = code === 0x2028 || code === 0x2029 ? String.fromCharCode(code) : '\n';
      if (count > 0 || feed !== '\n') kept += feed;
      count++;
      passBreak(cursor);
    } else break;
  }
  if (count === 0) return undefined;
  return kept === '' ? ' ' : kept;
}

/** Reads a single-quoted scalar: a doubled quote is a quote. */
export function singleQuoted(cursor: Cursor): string {
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
export function doubleQuoted(cursor: Cursor): string {
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
): string {
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
      cursor.scalarEnd = to + 1;
      return parts.length === 1 ? parts[0]! : parts.join('');
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
