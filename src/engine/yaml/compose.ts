/**
 * Documents to nodes: block and flow collections, properties, aliases and merge keys, as go-yaml reads them.
 *
 * Aliases share their anchor's node, since nodes never change; what an alias stands for is counted, and a document
 * whose aliases would unfold beyond go-yaml's budget is refused. Merge keys are expanded here, as kustomize does when
 * it loads a resource: own entries first, then what is merged.
 */
import { type Anchors, anchorsOf, closeAnchor, openAnchor, resolveAlias } from './anchors.ts';
import { blockScalar } from './block.ts';
import {
  atEnd,
  atMarker,
  type Cursor,
  codeAt,
  column,
  fail,
  isBlank,
  isBlankOrEnd,
  toToken,
  Unreadable,
} from './cursor.ts';
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

/** Reads the one node of a document; undefined when it has none. The cursor stands behind the document's marker. */
export function composeRoot(c: Composer): Node | undefined {
  toToken(c.cursor);
  if (atEnd(c.cursor)) return undefined;
  const root = blockNode(c);
  toToken(c.cursor);
  if (c.cursor.pos < c.cursor.end && !atMarker(c.cursor)) unexpected(c, root);
  return root;
}

/** What stands behind a complete root node. */
function unexpected(c: Composer, root: Node): never {
  const { cursor } = c;
  const code = codeAt(cursor, cursor.pos);
  if (root.kind === 'scalar' && code === 0x3a && isBlankOrEnd(codeAt(cursor, cursor.pos + 1))) misplacedValue(c);
  return fail('did not find expected <document start>: the document has already ended here', cursor.pos);
}

function misplacedValue(c: Composer): never {
  return fail('mapping values are not allowed in this context', c.cursor.pos);
}

/** The tag and anchor in front of a node. */
interface Properties {
  readonly start: number;
  readonly lineStart: number;
  readonly key: boolean;
  readonly tag?: string;
  readonly anchor?: string;
}

/** A node in a block context; the cursor stands at a token that belongs to it (never at the end). */
function blockNode(c: Composer): Node {
  const { cursor } = c;
  if (++c.depth > maxDepth) tooDeep(cursor.pos);
  const code = cursor.text.charCodeAt(cursor.pos);
  let node: Node;
  if (code === 0x26 || code === 0x21) node = nodeWithProperties(c);
  else node = blockContent(c, code, undefined);
  c.depth--;
  return node;
}

function tooDeep(at: number): never {
  throw new Unreadable('yaml-limit', `nested more than ${maxDepth} levels deep`, at);
}

function nodeWithProperties(c: Composer): Node {
  const { cursor } = c;
  const outer = properties(c);
  // A second set on a later line belongs to the first key of the mapping that the first set describes.
  const at = cursor.pos;
  const deeper = !atEnd(cursor) && column(cursor) > cursor.indent;
  const indentless =
    !deeper && !atEnd(cursor) && column(cursor) === cursor.indent && isDash(cursor) && cursor.simpleKey;
  if (!deeper && !indentless) return bare(c, outer);
  openAnchor(c.anchors, outer.anchor);
  const node = blockContent(c, cursor.text.charCodeAt(at), outer);
  return node;
}

/** A node that is nothing but its properties: an empty scalar. */
function bare(c: Composer, given: Properties): Node {
  const end = given.start;
  return closeAnchor(c.anchors, given.anchor, emptyScalar(c, end, given.tag));
}

/** The content of a block node after its properties, if it had any. */
function blockContent(c: Composer, code: number, given: Properties | undefined): Node {
  const { cursor } = c;
  if (code === 0x2d && isBlankOrEnd(codeAt(cursor, cursor.pos + 1))) {
    if (!cursor.simpleKey) fail('block sequence entries are not allowed in this context', cursor.pos);
    return closeAnchor(c.anchors, given?.anchor, blockSequence(c, column(cursor)));
  }
  if (code === 0x3f && isBlankOrEnd(codeAt(cursor, cursor.pos + 1))) {
    if (!cursor.simpleKey) fail('mapping keys are not allowed in this context', cursor.pos);
    return closeAnchor(c.anchors, given?.anchor, blockMapping(c, column(cursor), undefined));
  }
  const ownLine = given?.key === true && given.lineStart === cursor.lineStart;
  if (code === 0x3a && isBlankOrEnd(codeAt(cursor, cursor.pos + 1)) && !ownLine) {
    if (!cursor.simpleKey) misplacedValue(c);
    fail('did not find expected key', cursor.pos);
  }
  if (code === 0x7c || code === 0x3e) {
    return closeAnchor(c.anchors, given?.anchor, blockText(c, code === 0x7c ? 'literal' : 'folded', given?.tag));
  }
  return contentOrMapping(c, given);
}

/** A scalar, alias or flow collection: either the node itself or the first key of a block mapping. */
function contentOrMapping(c: Composer, given: Properties | undefined): Node {
  const { cursor } = c;
  // Properties on this line belong to the key, when it turns out to be one.
  const sameLine = given !== undefined && given.lineStart === cursor.lineStart;
  const keyMayStart = sameLine ? given.key : cursor.simpleKey;
  const keyStart = sameLine ? given.start : cursor.pos;
  const keyLine = cursor.lineStart;
  const keyColumn = keyStart - keyLine;
  const own = sameLine || given === undefined ? given : ownProperties(c);
  const contentStart = cursor.pos;
  const content = inlineNode(c, own);
  if (!keyMayStart || !colonFollows(cursor, keyStart, keyLine)) {
    if (sameLine || given === undefined) return closeAnchor(c.anchors, given?.anchor, content);
    if (own !== undefined || isAliasAt(cursor, contentStart)) return misreadProperties(c);
    return closeAnchor(c.anchors, given.anchor, tagged(content, given.tag));
  }
  const key = closeAnchor(c.anchors, own?.anchor, content);
  const mapping = blockMapping(c, keyColumn, { key: keyScalar(key, keyStart), start: keyStart });
  return sameLine ? mapping : closeAnchor(c.anchors, given?.anchor, mapping);
}

/** Properties that stand on the line of a key, behind properties of the mapping on an earlier line. */
function ownProperties(c: Composer): Properties | undefined {
  const code = c.cursor.text.charCodeAt(c.cursor.pos);
  if (code !== 0x26 && code !== 0x21) return undefined;
  const own = properties(c);
  openAnchor(c.anchors, own.anchor);
  return own;
}

function isAliasAt(cursor: Cursor, at: number): boolean {
  return cursor.text.charCodeAt(at) === 0x2a;
}

/** A scalar whose tag stands on an earlier line. Tags of collections say nothing to JSON. */
function tagged(node: Node, tag: string | undefined): Node {
  return node.kind === 'scalar' && tag !== undefined ? { ...node, tag } : node;
}

function misreadProperties(c: Composer): never {
  return fail('did not find expected node content: two sets of properties for one node', c.cursor.pos);
}

function properties(c: Composer): Properties {
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
function colonFollows(cursor: Cursor, start: number, lineStart: number): boolean {
  // Blanks only: a comment or a break ends the line, and with it the key.
  let at = cursor.pos;
  while (isBlank(codeAt(cursor, at))) at++;
  if (codeAt(cursor, at) !== 0x3a || cursor.lineStart !== lineStart || at - start > 1024) return false;
  if (cursor.flowDepth === 0 && !isBlankOrEnd(codeAt(cursor, at + 1))) return false;
  cursor.pos = at;
  return true;
}

function keyScalar(node: Node, at: number): Scalar {
  if (node.kind !== 'scalar') fail('invalid map key: a key must be a scalar, not a collection', at, node.at.end);
  return node;
}

/** A scalar, alias or flow collection under the cursor. */
function inlineNode(c: Composer, given: Properties | undefined): Node {
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

function scalar(c: Composer, text: string, style: ScalarStyle, start: number, end: number, tag?: string): Scalar {
  c.anchors.count++;
  const at = { file: c.cursor.file, start, end };
  return tag === undefined ? { kind: 'scalar', text, style, at } : { kind: 'scalar', text, style, tag, at };
}

function emptyScalar(c: Composer, at: number, tag?: string): Scalar {
  return scalar(c, '', 'plain', at, at, tag);
}

function blockText(c: Composer, style: 'literal' | 'folded', tag: string | undefined): Node {
  const start = c.cursor.pos;
  const text = blockScalar(c.cursor, style);
  c.cursor.simpleKey = true;
  return scalar(c, text, style, start, c.cursor.scalarEnd, tag);
}

/** A colon that separates key and value: in brackets every one at the start of a token does. */
function isColon(cursor: Cursor): boolean {
  if (codeAt(cursor, cursor.pos) !== 0x3a) return false;
  return cursor.flowDepth > 0 || isBlankOrEnd(codeAt(cursor, cursor.pos + 1));
}

function isDash(cursor: Cursor): boolean {
  return codeAt(cursor, cursor.pos) === 0x2d && isBlankOrEnd(codeAt(cursor, cursor.pos + 1));
}

/** A block sequence whose dashes stand at `at`; inside a mapping that may be the mapping's own column. */
function blockSequence(c: Composer, at: number): Node {
  const { cursor } = c;
  const outer = cursor.indent;
  const start = cursor.pos;
  cursor.indent = at;
  c.anchors.count++;
  const items: Node[] = [];
  let end = start;
  while (!atEnd(cursor) && column(cursor) === at && isDash(cursor)) {
    cursor.pos++;
    const dash = cursor.pos;
    cursor.simpleKey = true;
    toToken(cursor);
    const item = hasContent(cursor, at) ? blockNode(c) : emptyScalar(c, dash);
    items.push(item);
    end = Math.max(dash, item.at.file === cursor.file && item.at.end > dash ? item.at.end : dash);
    toToken(cursor);
  }
  cursor.indent = outer;
  // In a mapping's own column, anything but a dash is the mapping's next key; elsewhere it is a mistake.
  if (!atEnd(cursor) && (column(cursor) > at || (column(cursor) === at && outer < at))) notInSequence(c);
  return { kind: 'sequence', items, at: { file: cursor.file, start, end } };
}

/** Whether an item's or a value's content follows: deeper than its collection, or a block scalar in its column. */
function hasContent(cursor: Cursor, at: number): boolean {
  return !atEnd(cursor) && (column(cursor) > at || (column(cursor) === at && isBlockText(cursor)));
}

function isBlockText(cursor: Cursor): boolean {
  const code = codeAt(cursor, cursor.pos);
  return code === 0x7c || code === 0x3e;
}

function notInSequence(c: Composer): never {
  const { cursor } = c;
  const code = codeAt(cursor, cursor.pos);
  if (code === 0x3a && isBlankOrEnd(codeAt(cursor, cursor.pos + 1)) && !cursor.simpleKey) misplacedValue(c);
  return fail("did not find expected '-' indicator", cursor.pos);
}

/** A block mapping whose keys stand at `at`. With a first key given, the cursor stands at its colon. */
function blockMapping(
  c: Composer,
  at: number,
  first: { readonly key: Scalar; readonly start: number } | undefined,
): Node {
  const { cursor } = c;
  const outer = cursor.indent;
  const start = first?.start ?? cursor.pos;
  cursor.indent = at;
  c.anchors.count++;
  const entries: Entry[] = [];
  if (first !== undefined) entries.push({ key: first.key, value: implicitValue(c) });
  let last = toNextKey(c, at);
  while (last) {
    entries.push(blockEntry(c));
    last = toNextKey(c, at);
  }
  cursor.indent = outer;
  const end = entries.length === 0 ? start : endOf(entries[entries.length - 1]!, start, cursor.pos);
  return finishMapping(c, entries, { file: cursor.file, start, end });
}

/** Where an entry ends: an alias lends its value from elsewhere, so the text counts, not the node's origin. */
function endOf(entry: Entry, start: number, pos: number): number {
  const { end } = entry.value.at;
  return end > entry.key.at.start && end <= pos ? end : Math.max(entry.key.at.end, start);
}

/** Moves to the mapping's next key; false when the mapping ends. */
function toNextKey(c: Composer, at: number): boolean {
  const { cursor } = c;
  toToken(cursor);
  if (atEnd(cursor) || column(cursor) < at) return false;
  if (column(cursor) > at) {
    const code = codeAt(cursor, cursor.pos);
    if (code === 0x3a && isBlankOrEnd(codeAt(cursor, cursor.pos + 1)) && !cursor.simpleKey) misplacedValue(c);
    if (code === 0x09) fail('found character that cannot start any token: a tab cannot indent', cursor.pos);
    fail('did not find expected key', cursor.pos);
  }
  return true;
}

function blockEntry(c: Composer): Entry {
  const { cursor } = c;
  const start = cursor.pos;
  const code = cursor.text.charCodeAt(start);
  if (code === 0x3f && isBlankOrEnd(codeAt(cursor, start + 1))) return explicitEntry(c);
  if (isDash(cursor) || (code === 0x3a && isBlankOrEnd(codeAt(cursor, start + 1)))) {
    fail('did not find expected key', start);
  }
  const { lineStart } = cursor;
  let own: Properties | undefined;
  if (code === 0x26 || code === 0x21) {
    own = properties(c);
    if (cursor.lineStart !== lineStart || atEnd(cursor)) fail("could not find expected ':'", start);
    openAnchor(c.anchors, own.anchor);
  }
  if (code === 0x7c || code === 0x3e) fail('did not find expected key', start);
  const key = closeAnchor(c.anchors, own?.anchor, inlineNode(c, own));
  if (!colonFollows(cursor, start, lineStart)) fail("could not find expected ':'", start, key.at.end);
  return { key: keyScalar(key, start), value: implicitValue(c) };
}

/** The value behind the colon of a key on the same line. */
function implicitValue(c: Composer): Node {
  const { cursor } = c;
  cursor.pos++;
  const colon = cursor.pos;
  cursor.simpleKey = false;
  toToken(cursor);
  return valueAt(c, colon);
}

/** A mapping's value: a deeper node, a sequence in the mapping's own column, or nothing. */
function valueAt(c: Composer, colon: number): Node {
  const { cursor } = c;
  if (hasContent(cursor, cursor.indent)) return blockNode(c);
  const at = column(cursor);
  if (!atEnd(cursor) && at === cursor.indent && isDash(cursor)) {
    if (++c.depth > maxDepth) tooDeep(cursor.pos);
    const node = blockSequence(c, at);
    c.depth--;
    return node;
  }
  return emptyScalar(c, colon);
}

/** `? key` and, on a line of its own, `: value`. */
function explicitEntry(c: Composer): Entry {
  const { cursor } = c;
  const at = column(cursor);
  const start = ++cursor.pos;
  cursor.simpleKey = true;
  toToken(cursor);
  const key = keyScalar(valueAt(c, start), start);
  toToken(cursor);
  const hasValue =
    !atEnd(cursor) &&
    column(cursor) === at &&
    codeAt(cursor, cursor.pos) === 0x3a &&
    isBlankOrEnd(codeAt(cursor, cursor.pos + 1));
  if (!hasValue) return { key, value: emptyScalar(c, key.at.end) };
  cursor.pos++;
  const colon = cursor.pos;
  cursor.simpleKey = true;
  toToken(cursor);
  return { key, value: valueAt(c, colon) };
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
