/**
 * Text to documents. Every document is read by itself: a line that starts with `---` always separates documents, so a
 * broken one costs nothing but itself. Limits come first, and bad input is a positioned problem, never an exception.
 */
import { error, type Problem } from '../problem.ts';
import { composeRoot } from './compose.ts';
import {
  atMarker,
  type Comment,
  type Cursor,
  codeAt,
  fail,
  isBlank,
  isBreak,
  passBreak,
  toToken,
  Unreadable,
} from './cursor.ts';
import { composer } from './inline.ts';
import type { Node, Origin } from './node.ts';
import type { Dialect } from './resolve.ts';
import { defaultHandles, passDirectives } from './tags.ts';

export type { Comment } from './cursor.ts';

export interface Document {
  /** Absent for an empty document (only comments or nothing). */
  readonly root?: Node;
  readonly at: Origin;
}

export interface ParsedFile {
  readonly documents: readonly Document[];
  /** Syntax errors and exceeded limits; a document with a syntax error has no root. Duplicate keys leave it its root. */
  readonly problems: readonly Problem[];
  /** Every comment, in order. */
  readonly comments: readonly Comment[];
}

/** Files beyond this many UTF-16 units are refused. */
const maxLength = 32 * 1024 * 1024;

/** Reads every document of a YAML (or JSON) text. Never throws. `dialect` matters to merge keys (`<<`) alone. */
export function parse(text: string, file: string, dialect: Dialect = 'kyaml'): ParsedFile {
  const isPlain = !unusual.test(text);
  const refused = isPlain && text.length <= maxLength ? undefined : refuse(text, file);
  if (refused !== undefined) return { documents: [], problems: [refused], comments: [] };
  const documents: Document[] = [];
  const problems: Problem[] = [];
  const comments: Comment[] = [];
  const feedsOnly = isPlain || !/[\r\x85\u2028\u2029]/.test(text);
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start < text.length || documents.length === 0) {
    const end = nextSeparator(text, start);
    readPart({ text, file, end, feedsOnly, comments }, start, dialect, documents, problems);
    start = end;
    if (end >= text.length) break;
  }
  return { documents, problems, comments };
}

/** A file to read; a tree's SourceFile is one. */
export interface YamlFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly text: string;
}

const parsedFiles = new WeakMap<YamlFile, ParsedFile>();

/** `parse` of a file, remembered for as long as the file itself. */
export function parseFile(file: YamlFile): ParsedFile {
  const known = parsedFiles.get(file);
  if (known !== undefined) return known;
  const problem = encodingProblem(file);
  const parsed =
    problem === undefined ? parse(file.text, file.name) : { documents: [], problems: [problem], comments: [] };
  parsedFiles.set(file, parsed);
  return parsed;
}

/** Every comment of a YAML text: a number sign inside a scalar is none. */
export function comments(text: string): readonly Comment[] {
  return parse(text, '').comments;
}

/** Bytes that are no UTF-8: the decoded text only shows replacement characters, which may also be meant. */
function encodingProblem(file: YamlFile): Problem | undefined {
  const at = file.text.indexOf('\ufffd');
  if (at < 0) return undefined;
  const [first, second] = file.bytes;
  const origin = { file: file.name, start: at, end: at + 1 };
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return error('yaml-syntax', 'the file is encoded in UTF-16: save it as UTF-8', origin);
  }
  let meant = 0;
  for (let i = 0; i + 2 < file.bytes.length; i++) {
    if (file.bytes[i] === 0xef && file.bytes[i + 1] === 0xbf && file.bytes[i + 2] === 0xbd) meant++;
  }
  const shown = file.text.split('\ufffd').length - 1;
  return shown === meant ? undefined : error('yaml-syntax', 'invalid UTF-8: the file is not a UTF-8 text', origin);
}

/** What makes a text unreadable as a whole: its size, or a character that YAML forbids. */
function refuse(text: string, file: string): Problem | undefined {
  if (text.length > maxLength) {
    const message = `the file has more than ${maxLength / 1024 / 1024} Mi characters`;
    return error('yaml-limit', message, { file, start: 0, end: 0 });
  }
  const at = text.search(forbidden);
  if (at < 0) return undefined;
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  return error('yaml-syntax', `control characters are not allowed (U+${code})`, { file, start: at, end: at + 1 });
}

/** Most texts are lines of printable ASCII: one look for anything else spares the others. */
const unusual = /[^\t\n\x20-\x7e]/;

const forbidden =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The offset of the next line that starts a document behind `start`, or the text's end. */
function nextSeparator(text: string, start: number): number {
  for (let at = text.indexOf('\n---', start); at >= 0; at = text.indexOf('\n---', at + 1)) {
    const code = text.charCodeAt(at + 4);
    if (Number.isNaN(code) || isBlank(code) || isBreak(code)) return at + 1;
  }
  return text.length;
}

type Part = Pick<Cursor, 'text' | 'file' | 'end' | 'feedsOnly' | 'comments'>;

/** Reads one part: usually one document, in rare cases more (after `...`) or none (comments only). */
function readPart(part: Part, start: number, dialect: Dialect, documents: Document[], problems: Problem[]): void {
  const cursor: Cursor = {
    text: part.text,
    file: part.file,
    end: part.end,
    pos: start,
    lineStart: start,
    indent: -1,
    flowDepth: 0,
    simpleKey: true,
    feedsOnly: part.feedsOnly,
    scalarEnd: start,
    comments: part.comments,
  };
  try {
    readDocuments(cursor, start, dialect, documents, problems);
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    const from = Math.min(thrown.start, part.text.length);
    const to = Math.min(Math.max(thrown.end, from), part.text.length);
    problems.push(error(thrown.code, thrown.message, { file: part.file, start: from, end: to }));
    documents.push({ at: { file: part.file, start, end: part.end } });
  }
}

function readDocuments(
  cursor: Cursor,
  start: number,
  dialect: Dialect,
  documents: Document[],
  problems: Problem[],
): void {
  let from = start;
  let first = documents.length === 0;
  for (;;) {
    let handles = defaultHandles;
    cursor.simpleKey = true;
    toToken(cursor);
    if (codeAt(cursor, cursor.pos) === 0x25 && cursor.pos === cursor.lineStart) handles = passDirectives(cursor);
    const explicit = atMarker(cursor) && codeAt(cursor, cursor.pos) === 0x2d;
    if (explicit) {
      cursor.pos += 3;
      cursor.simpleKey = false;
    } else if (cursor.pos >= cursor.end) return;
    else if (!first && !atMarker(cursor)) fail('did not find expected <document start>', cursor.pos);
    first = false;
    if (explicit || !atMarker(cursor)) {
      const c = composer(cursor, handles, dialect);
      const root = composeRoot(c);
      // The part ends at the next `---`; only `...` lets another document follow inside it.
      const end = atMarker(cursor) ? cursor.pos : cursor.end;
      const at = { file: cursor.file, start: from, end };
      documents.push(root === undefined ? { at } : { root, at });
      for (const { key, first: other } of c.duplicates) problems.push(duplicate(key.text, key.at, other.at));
    }
    if (!atMarker(cursor)) return;
    passEndMarker(cursor);
    from = cursor.pos;
  }
}

/** Passes `...`; nothing but a comment may follow on its line. */
function passEndMarker(cursor: Cursor): void {
  cursor.pos += 3;
  while (isBlank(codeAt(cursor, cursor.pos))) cursor.pos++;
  const code = codeAt(cursor, cursor.pos);
  if (isBreak(code)) passBreak(cursor);
  else if (code >= 0 && code !== 0x23) fail('did not find expected <document start>', cursor.pos);
}

function duplicate(key: string, at: Origin, first: Origin): Problem {
  const message = `mapping key ${JSON.stringify(key)} already defined in this mapping`;
  return { ...error('yaml-duplicate-key', message, at), related: [{ message: 'first defined here', at: first }] };
}
