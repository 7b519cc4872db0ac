/**
 * What stands on a line or in brackets: properties, scalars, aliases and flow collections.
 *
 * Aliases share their anchor's node, since nodes never change; what an alias stands for is counted, and a document
 * whose aliases would unfold beyond go-yaml's budget is refused.
 */
import { type Anchors, anchorsOf, closeAnchor, openAnchor, resolveAlias } from './anchors.ts';
import { atEnd, atMarker, type Cursor, codeAt, fail, isBlank, isBlankOrEnd, toToken, Unreadable } from './cursor.ts';
import { type DuplicateKey, finishMapping } from './mapping.ts';
import type { Entry, Node, Scalar, ScalarStyle } from './node.ts';
import { doubleQuoted, plainScalar, singleQuoted } from './scalars.ts';
import { passAnchorName, passTag, type TagHandles } from './tags.ts';

/** Deeper nesting is refused: go-yaml stops at 10,000, and nothing that people write comes near this. */
export const maxDepth = 400;

export interface Composer {
  readonly cursor: Cursor;
  readonly handles: TagHandles;
  readonly anchors: Anchors;
  readonly duplicates: DuplicateKey[];
  /** How yaml.v2 (`sigs`) merges differs: at its place, over what stands before it. */
  readonly merge: 'kyaml' | 'sigs';
  depth: number;
}

export function composer(cursor: Cursor, handles: TagHandles, merge: 'kyaml' | 'sigs'): Composer {
  return { cursor, handles, anchors: anchorsOf(), duplicates: [], merge, depth: 0 };
}

export function misplacedValue(c: Composer): never {
  return fail('mapping values are not allowed in this context', c.cursor.pos);
}

/** The tag and anchor in front of a node. */
export interface Properties {
  readonly start: number;
  readonly lineStart: number;
  readonly key: boolean;
  readonly tag?: string;
  readonly anchor?: string;
}

export function tooDeep(at: number): never {
  throw new Unreadable('yaml-limit', `nested more than ${maxDepth} levels deep`, at);
}

/** A node that is nothing but its properties: an empty scalar. */
export function bare(c: Composer, given: Properties): Node {
  const end = given.start;
  return closeAnchor(c.anchors, given.anchor, emptyScalar(c, end, given.tag));
}

export function properties(c: Composer): Properties {
  const { cursor } = c;
  const start = cursor.pos;
  const lineStart = cursor.lineStart;
  const key = cursor.simpleKey;
  let tag: string | undefined;
  let anchor: string | undefined;
  for (;;) {
    const code = codeAt(cursor, cursor.pos);
    // A property on a new line may be the start of a key: it is looked at again there.
    if (code === 0x26 && anchor === undefined && cursor.lineStart === lineStart) anchor = passAnchorName(cursor);
    else if (code === 0x21 && tag === undefined && cursor.lineStart === lineStart) tag = passTag(cursor, c.handles);
    else break;
    cursor.simpleKey = false;
    toToken(cursor);
  }
  return {
    start,
    lineStart,
    key,
    ...(tag === undefined ? {} : { tag }),
    ...(anchor === undefined ? {} : { anchor }),
  };
}

/** Whether a colon makes what was read since `start` a key: on its line and within 1,024 characters. */
export function colonFollows(cursor: Cursor, start: number, lineStart: number): boolean {
  // Blanks only: a comment or a break ends the line, and with it the key.
  let at = cursor.pos;
  while (isBlank(codeAt(cursor, at))) at++;
  if (codeAt(cursor, at) !== 0x3a || cursor.lineStart !== lineStart || at - start > 1024) return false;
  if (cursor.flowDepth === 0 && !isBlankOrEnd(codeAt(cursor, at + 1))) return false;
  cursor.pos = at;
  return true;
}

export function keyScalar(node: Node, at: number): Scalar {
  if (node.kind !== 'scalar') fail('invalid map key: a key must be a scalar, not a collection', at, node.at.end);
  return node;
}

/** A scalar, alias or flow collection under the cursor. */
export function inlineNode(c: Composer, given: Properties | undefined): Node {
  const { cursor } = c;
  const start = cursor.pos;
  const code = codeAt(cursor, start);
  switch (code) {
    case 0x22:
    case 0x27: {
      cursor.simpleKey = false;
      const style = code === 0x22 ? 'double' : 'single';
      const text = code === 0x22 ? doubleQuoted(cursor) : singleQuoted(cursor);
      return scalar(c, text, style, start, cursor.scalarEnd, given?.tag);
    }
    case 0x5b:
      return flowCollection(c, start, flowSequence);
    case 0x7b:
      return flowCollection(c, start, flowMapping);
    case 0x2a: {
      if (given !== undefined) fail('did not find expected node content: an alias has no properties', start);
      cursor.simpleKey = false;
      const name = passAnchorName(cursor);
      return resolveAlias(c.anchors, name, start, cursor.pos);
    }
    default: {
      // `&name: value`: the anchor's name ends at the colon, and what it names is an empty key.
      if (given !== undefined && isColon(cursor)) return emptyScalar(c, start, given.tag);
      if (!startsPlain(cursor, code)) return notAToken(c, given);
      cursor.simpleKey = false;
      const text = plainScalar(cursor);
      return scalar(c, text, 'plain', start, cursor.scalarEnd, given?.tag);
    }
  }
}

function flowCollection(c: Composer, start: number, read: (c: Composer, start: number) => Node): Node {
  if (++c.depth > maxDepth) tooDeep(start);
  c.cursor.flowDepth++;
  const node = read(c, start);
  c.depth--;
  return node;
}

/** Characters that cannot start a plain scalar unless what follows makes them harmless. */
function startsPlain(cursor: Cursor, code: number): boolean {
  if (
    code > 0x7f ||
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a)
  ) {
    return true;
  }
  if (code === 0x2d) return !isBlank(codeAt(cursor, cursor.pos + 1));
  if (code === 0x3f || code === 0x3a) return cursor.flowDepth === 0 && !isBlankOrEnd(codeAt(cursor, cursor.pos + 1));
  return code > 0x20 && !',[]{}#&*!|>\'"%@`'.includes(String.fromCharCode(code));
}

function notAToken(c: Composer, given: Properties | undefined): Node {
  const { cursor } = c;
  const code = codeAt(cursor, cursor.pos);
  if (code === 0x09) fail('found character that cannot start any token: a tab cannot indent', cursor.pos);
  const structural = cursor.flowDepth > 0 && ',]}:?'.includes(String.fromCharCode(code));
  if (structural || code === 0x5d || code === 0x7d || code === 0x2c) {
    if (structural && given !== undefined) return bare(c, given);
    fail('did not find expected node content', cursor.pos);
  }
  return fail('found character that cannot start any token', cursor.pos);
}

export function scalar(
  c: Composer,
  text: string,
  style: ScalarStyle,
  start: number,
  end: number,
  tag?: string,
): Scalar {
  c.anchors.count++;
  const at = { file: c.cursor.file, start, end };
  return tag === undefined ? { kind: 'scalar', text, style, at } : { kind: 'scalar', text, style, tag, at };
}

export function emptyScalar(c: Composer, at: number, tag?: string): Scalar {
  return scalar(c, '', 'plain', at, at, tag);
}

/** A colon that separates key and value: in brackets every one at the start of a token does. */
export function isColon(cursor: Cursor): boolean {
  if (codeAt(cursor, cursor.pos) !== 0x3a) return false;
  return cursor.flowDepth > 0 || isBlankOrEnd(codeAt(cursor, cursor.pos + 1));
}

/** Where a flow collection goes on; a missing end is told at its start. */
function flowToken(c: Composer, open: number): number {
  const { cursor } = c;
  toToken(cursor);
  if (atEnd(cursor) && (cursor.pos >= cursor.end || atMarker(cursor) || cursor.pos === cursor.lineStart)) {
    const closing = cursor.text[open] === '[' ? ']' : '}';
    fail(`did not find expected ',' or '${closing}': the bracket is not closed`, open);
  }
  return cursor.text.charCodeAt(cursor.pos);
}

function flowSequence(c: Composer, open: number): Node {
  const { cursor } = c;
  cursor.pos++;
  c.anchors.count++;
  const items: Node[] = [];
  for (;;) {
    cursor.simpleKey = true;
    let code = flowToken(c, open);
    if (code === 0x5d) break;
    items.push(flowItem(c, code));
    code = flowToken(c, open);
    if (code === 0x2c) cursor.pos++;
    else if (code !== 0x5d) fail("did not find expected ',' or ']'", cursor.pos);
    else break;
  }
  return closeFlow(c, { kind: 'sequence', items, at: { file: cursor.file, start: open, end: cursor.pos + 1 } });
}

/** An item of `[…]`: a node, or a mapping of one pair without braces. */
function flowItem(c: Composer, code: number): Node {
  const { cursor } = c;
  const start = cursor.pos;
  if (code === 0x3f) {
    const entry = flowExplicit(c);
    if (entry.key.at.start === entry.key.at.end) fail("did not find expected ',' or ']'", start);
    return finishMapping(c, [entry], { file: cursor.file, start, end: cursor.pos });
  }
  const { lineStart } = cursor;
  const key = flowNode(c);
  if (!colonFollows(cursor, start, lineStart)) return key;
  c.anchors.count++;
  const value = flowValue(c);
  const entry = { key: keyScalar(key, start), value };
  return finishMapping(c, [entry], { file: cursor.file, start, end: Math.max(value.at.end, start) });
}

function flowMapping(c: Composer, open: number): Node {
  const { cursor } = c;
  cursor.pos++;
  c.anchors.count++;
  const entries: Entry[] = [];
  for (;;) {
    cursor.simpleKey = true;
    let code = flowToken(c, open);
    if (code === 0x7d) break;
    entries.push(flowEntry(c, code));
    code = flowToken(c, open);
    if (code === 0x2c) cursor.pos++;
    else if (code !== 0x7d) fail("did not find expected ',' or '}'", cursor.pos);
    else break;
  }
  const at = { file: cursor.file, start: open, end: cursor.pos + 1 };
  return closeFlow(c, finishMapping(c, entries, at));
}

function flowEntry(c: Composer, code: number): Entry {
  const { cursor } = c;
  if (code === 0x3f) return flowExplicit(c);
  const start = cursor.pos;
  const { lineStart } = cursor;
  const key = keyScalar(flowNode(c), start);
  if (!colonFollows(cursor, start, lineStart)) return { key, value: emptyScalar(c, key.at.end) };
  return { key, value: flowValue(c) };
}

/** `? key : value` inside brackets. */
function flowExplicit(c: Composer): Entry {
  const { cursor } = c;
  const start = ++cursor.pos;
  cursor.simpleKey = false;
  toToken(cursor);
  const key = endsFlowNode(cursor) ? emptyScalar(c, start) : keyScalar(flowNode(c), start);
  toToken(cursor);
  if (codeAt(cursor, cursor.pos) !== 0x3a) return { key, value: emptyScalar(c, key.at.end) };
  return { key, value: flowValue(c) };
}

/** The value behind a colon inside brackets; the cursor stands at the colon. */
function flowValue(c: Composer): Node {
  const { cursor } = c;
  const colon = ++cursor.pos;
  cursor.simpleKey = false;
  toToken(cursor);
  const code = codeAt(cursor, cursor.pos);
  if (code === 0x2c || code === 0x5d || code === 0x7d) return emptyScalar(c, colon);
  return flowNode(c);
}

function endsFlowNode(cursor: Cursor): boolean {
  const code = codeAt(cursor, cursor.pos);
  return code === 0x3a || code === 0x2c || code === 0x5d || code === 0x7d;
}

function flowNode(c: Composer): Node {
  const { cursor } = c;
  const code = codeAt(cursor, cursor.pos);
  if (code !== 0x26 && code !== 0x21) return inlineNode(c, undefined);
  let given = properties(c);
  // Inside brackets a line break means nothing: a second property may follow it.
  const next = codeAt(cursor, cursor.pos);
  if ((next === 0x26 && given.anchor === undefined) || (next === 0x21 && given.tag === undefined)) {
    given = { ...properties(c), ...given };
  }
  openAnchor(c.anchors, given.anchor);
  return closeAnchor(c.anchors, given.anchor, inlineNode(c, given));
}

/** Passes the closing bracket. */
function closeFlow(c: Composer, node: Node): Node {
  c.cursor.pos++;
  c.cursor.flowDepth--;
  c.cursor.simpleKey = false;
  return node;
}
