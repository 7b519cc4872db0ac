/** Tags, anchors' names and directives: the parts of YAML that manifests hardly use. */
import { type Cursor, codeAt, fail, isBlank, isBlankOrEnd, isBreak, passBreak, passComment } from './cursor.ts';

/** Tag handles (`!`, `!!`, `!e!`) and what they stand for in this document. */
export type TagHandles = ReadonlyMap<string, string>;

export const defaultHandles: TagHandles = new Map([
  ['!', '!'],
  ['!!', '!!'],
]);

function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x2d
  );
}

/** Passes `&name` or `*name` and answers the name. */
export function passAnchorName(cursor: Cursor): string {
  const start = cursor.pos;
  let at = start + 1;
  while (isWord(codeAt(cursor, at))) at++;
  const next = codeAt(cursor, at);
  if (at === start + 1 || !(isBlankOrEnd(next) || '?:,]}%@`'.includes(String.fromCharCode(next)))) {
    fail('did not find expected alphabetic or numeric character in the name of an anchor', start, at + 1);
  }
  cursor.pos = at;
  return cursor.text.slice(start + 1, at);
}

/** Passes a tag and answers it in short form: `!!str`, `!local`, or a full URI. */
export function passTag(cursor: Cursor, handles: TagHandles): string {
  const start = cursor.pos;
  const tag = codeAt(cursor, start + 1) === 0x3c ? verbatim(cursor, start) : shorthand(cursor, handles, start);
  if (!isBlankOrEnd(codeAt(cursor, cursor.pos))) {
    fail('did not find expected whitespace or line break after a tag', cursor.pos);
  }
  const long = 'tag:yaml.org,2002:';
  return tag.startsWith(long) ? `!!${tag.slice(long.length)}` : tag;
}

function verbatim(cursor: Cursor, start: number): string {
  cursor.pos = start + 2;
  const tag = passUri(cursor);
  if (tag === '') fail('did not find expected tag URI', start);
  if (codeAt(cursor, cursor.pos) !== 0x3e) fail("did not find the expected '>'", start);
  cursor.pos++;
  return tag;
}

function shorthand(cursor: Cursor, handles: TagHandles, start: number): string {
  let at = start + 1;
  while (isWord(codeAt(cursor, at))) at++;
  const named = codeAt(cursor, at) === 0x21;
  const handle = named ? cursor.text.slice(start, at + 1) : '!';
  cursor.pos = named ? at + 1 : start + 1;
  const suffix = passUri(cursor);
  if (named && suffix === '') fail('did not find expected tag URI', start);
  const prefix = handles.get(handle);
  if (prefix === undefined) return fail(`found undefined tag handle ${handle}`, start, cursor.pos);
  return prefix + suffix;
}

/** Passes the characters of a URI, undoing its percent escapes. */
function passUri(cursor: Cursor): string {
  const start = cursor.pos;
  let at = start;
  for (let code = codeAt(cursor, at); isWord(code) || ";/?:@&=+$,.!~*'()[]%".includes(letter(code)); ) {
    code = codeAt(cursor, ++at);
  }
  cursor.pos = at;
  const raw = cursor.text.slice(start, at);
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return fail('did not find URI escaped octet', start, at);
  }
}

/** A character to look up; nothing (the end) is in no list. */
function letter(code: number): string {
  return code >= 0 ? String.fromCharCode(code) : '\n';
}

/** Passes the directives in front of a document; the cursor stands at a `%` in the first column. */
export function passDirectives(cursor: Cursor): TagHandles {
  const handles = new Map(defaultHandles);
  let version = false;
  while (codeAt(cursor, cursor.pos) === 0x25 && cursor.pos === cursor.lineStart) {
    const start = cursor.pos;
    let end = start;
    while (end < cursor.end && !isBreak(cursor.text.charCodeAt(end))) end++;
    const [name, ...values] = directiveWords(cursor.text.slice(start + 1, end));
    if (name === 'YAML') {
      if (version) fail('found duplicate %YAML directive', start, end);
      version = true;
      if (values.length !== 1 || values[0] !== '1.1')
        fail('found incompatible YAML document: only %YAML 1.1 is read', start, end);
    } else if (name === 'TAG') tagDirective(values, handles, start, end);
    else fail('found unknown directive name', start, end);
    cursor.pos = end;
    passGap(cursor);
  }
  return handles;
}

function directiveWords(line: string): readonly string[] {
  return line
    .replace(/(^|[ \t])#.*$/, '')
    .trim()
    .split(/[ \t]+/);
}

function tagDirective(values: readonly string[], handles: Map<string, string>, start: number, end: number): void {
  const [handle, prefix] = values;
  if (values.length !== 2 || handle === undefined || prefix === undefined || !/^!(?:[0-9A-Za-z_-]*!)?$/.test(handle)) {
    fail('did not find expected tag handle and prefix', start, end);
  }
  if (handles.has(handle) && handle !== '!' && handle !== '!!') fail('found duplicate %TAG directive', start, end);
  handles.set(handle, prefix === 'tag:yaml.org,2002:' ? '!!' : prefix);
}

/** Passes blank and comment lines between directives. */
function passGap(cursor: Cursor): void {
  for (;;) {
    while (isBlank(codeAt(cursor, cursor.pos))) cursor.pos++;
    if (codeAt(cursor, cursor.pos) === 0x23) passComment(cursor);
    if (!isBreak(codeAt(cursor, cursor.pos))) return;
    passBreak(cursor);
  }
}
