/**
 * Literal and folded block scalars: the header with its hints, the content lines, and what chomping leaves of the
 * line breaks at the end.
 */
import { type Cursor, codeAt, column, fail, isBlank, isBreak, passBreak, SPACE, TAB } from './cursor.ts';

/** Reads a literal or folded block scalar: header, content lines, chomping. */
export function blockScalar(cursor: Cursor, style: 'literal' | 'folded'): string {
  const start = cursor.pos++;
  const { chomping, increment } = header(cursor, start);
  const lines = contentLines(cursor, start, increment === 0 ? 0 : Math.max(cursor.indent, 0) + increment);
  const body = style === 'literal' ? literalText(lines.content) : foldedText(lines.content);
  const tail = chomping === 'strip' ? '' : chomping === 'clip' ? lines.lastBreak : lines.lastBreak + lines.trailing;
  cursor.scalarEnd = lines.end;
  return body + tail;
}

function header(
  cursor: Cursor,
  start: number,
): { readonly chomping: 'strip' | 'clip' | 'keep'; readonly increment: number } {
  let chomping: 'strip' | 'clip' | 'keep' = 'clip';
  let increment = 0;
  for (let i = 0; i < 2; i++) {
    const code = codeAt(cursor, cursor.pos);
    if ((code === 0x2b || code === 0x2d) && chomping === 'clip') {
      chomping = code === 0x2b ? 'keep' : 'strip';
      cursor.pos++;
    } else if (code >= 0x30 && code <= 0x39 && increment === 0) {
      if (code === 0x30) fail('found an indentation indicator equal to 0', cursor.pos);
      increment = code - 0x30;
      cursor.pos++;
    }
  }
  while (isBlank(codeAt(cursor, cursor.pos))) cursor.pos++;
  if (codeAt(cursor, cursor.pos) === 0x23) {
    const from = cursor.pos;
    while (cursor.pos < cursor.end && !isBreak(cursor.text.charCodeAt(cursor.pos))) cursor.pos++;
    cursor.comments.push({ start: from, end: cursor.pos, text: cursor.text.slice(from, cursor.pos) });
  }
  const code = codeAt(cursor, cursor.pos);
  if (code >= 0 && !isBreak(code))
    fail('did not find expected comment or line break after a block scalar indicator', start);
  if (isBreak(code)) passBreak(cursor);
  return { chomping, increment };
}

interface BlockLine {
  readonly text: string;
  /** The break behind the previous content line, and the empty lines before this one. */
  readonly before: string;
  readonly empty: string;
}

interface BlockLines {
  readonly content: readonly BlockLine[];
  readonly lastBreak: string;
  readonly trailing: string;
  readonly end: number;
}

function contentLines(cursor: Cursor, start: number, given: number): BlockLines {
  const { text } = cursor;
  const content: BlockLine[] = [];
  const first = emptyLines(cursor, given);
  const indent = first.indent;
  let empty = first.breaks;
  let before = '';
  let end = start + 1;
  while (cursor.pos < cursor.end && column(cursor) === indent) {
    const from = cursor.pos;
    let to = text.indexOf('\n', from);
    if (to < 0 || to > cursor.end) to = cursor.end;
    if (!cursor.feedsOnly) {
      for (let at = from; at < to; at++) if (isBreak(text.charCodeAt(at))) to = at;
    }
    content.push({ text: text.slice(from, to), before, empty });
    end = to;
    cursor.pos = to;
    before = breakText(cursor);
    empty = emptyLines(cursor, indent).breaks;
  }
  return { content, lastBreak: before, trailing: empty, end };
}

/** Passes the break under the cursor and answers what it counts as. */
function breakText(cursor: Cursor): string {
  const code = codeAt(cursor, cursor.pos);
  if (!isBreak(code)) return '';
  passBreak(cursor);
  return code === 0x2028 || code === 0x2029 ? String.fromCharCode(code) : '\n';
}

/** Passes empty lines and the indentation of the next line; with no indentation given, finds it. */
function emptyLines(cursor: Cursor, given: number): { readonly breaks: string; readonly indent: number } {
  let breaks = '';
  let widest = 0;
  for (;;) {
    while ((given === 0 || column(cursor) < given) && codeAt(cursor, cursor.pos) === SPACE) cursor.pos++;
    widest = Math.max(widest, column(cursor));
    const code = codeAt(cursor, cursor.pos);
    if (code === TAB && (given === 0 || column(cursor) < given)) {
      fail('found a tab character where an indentation space is expected in a block scalar', cursor.pos);
    }
    if (!isBreak(code)) break;
    breaks += breakText(cursor);
  }
  return { breaks, indent: given === 0 ? Math.max(widest, cursor.indent + 1, 1) : given };
}

/** What the content of a folded scalar, its lines unindented, is read as. */
export function foldedLines(written: string, chomping: 'strip' | 'clip' | 'keep'): string {
  const content: BlockLine[] = [];
  const tokens = written.match(/[^\n\r\x85\u2028\u2029]+|[\n\r\x85\u2028\u2029]/g) ?? [];
  let before = '';
  let empty = '';
  for (const token of tokens) {
    if (!isBreak(token.charCodeAt(0))) {
      content.push({ text: token, before, empty });
      before = '';
      empty = '';
    } else if (before === '' && content.length > 0) before = token;
    else empty += token;
  }
  const tail = chomping === 'strip' ? '' : chomping === 'clip' ? before : before + empty;
  return foldedText(content) + tail;
}

function literalText(lines: readonly BlockLine[]): string {
  let out = '';
  for (const line of lines) out += line.before + line.empty + line.text;
  return out;
}

/** Folds breaks between lines that do not start with a blank. */
function foldedText(lines: readonly BlockLine[]): string {
  let out = '';
  let indented = false;
  for (const line of lines) {
    const blank = isBlank(line.text.charCodeAt(0));
    if (line.before === '\n' && !indented && !blank) out += line.empty === '' ? ' ' : '';
    else out += line.before;
    out += line.empty + line.text;
    indented = blank;
  }
  return out;
}
