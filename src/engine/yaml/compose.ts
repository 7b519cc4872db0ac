/**
 * A document's root and its block collections, whose structure is their indentation.
 *
 * A scalar turns out to be a mapping's first key when a colon follows it, so every block node is read as far as its
 * line goes before it is known what it is.
 */
import { closeAnchor, openAnchor } from './anchors.ts';
import { blockScalar } from './block.ts';
import { atEnd, atMarker, type Cursor, codeAt, column, fail, isBlankOrEnd, toToken } from './cursor.ts';
import {
  bare,
  type Composer,
  colonFollows,
  emptyScalar,
  inlineNode,
  keyScalar,
  maxDepth,
  misplacedValue,
  type Properties,
  properties,
  scalar,
  tooDeep,
} from './inline.ts';
import { finishMapping } from './mapping.ts';
import type { Entry, Node, Scalar } from './node.ts';

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

/** Where a block sequence may stand: a mapping's value may have its dashes in the mapping's own column. */
type Dashes = 'only deeper' | 'in the same column';

/** A node in a block context; the cursor stands at a token that belongs to it (never at the end). */
function blockNode(c: Composer, dashes: Dashes = 'only deeper'): Node {
  const { cursor } = c;
  if (++c.depth > maxDepth) tooDeep(cursor.pos);
  const code = cursor.text.charCodeAt(cursor.pos);
  let node: Node;
  if (code === 0x26 || code === 0x21) node = nodeWithProperties(c, dashes);
  else node = blockContent(c, code, undefined);
  c.depth--;
  return node;
}

function nodeWithProperties(c: Composer, dashes: Dashes): Node {
  const { cursor } = c;
  const outer = properties(c);
  if (!continues(cursor, dashes)) return bare(c, outer);
  openAnchor(c.anchors, outer.anchor);
  if (!isProperty(cursor)) return blockContent(c, cursor.text.charCodeAt(cursor.pos), outer);
  // A second set, on a later line: of the mapping's first key when one stands there, else of the same node.
  const inner = properties(c);
  openAnchor(c.anchors, inner.anchor);
  const sameLine = inner.lineStart === cursor.lineStart && !atEnd(cursor);
  if (sameLine && inner.key && !isBlockText(cursor)) return keyOrNode(c, outer, inner);
  const both = united(c, outer, inner);
  if (!continues(cursor, dashes)) return bare(c, both);
  return blockContent(c, cursor.text.charCodeAt(cursor.pos), both);
}

/** Whether the node goes on behind its properties: deeper than its parent, or dashes in the column of a mapping. */
function continues(cursor: Cursor, dashes: Dashes): boolean {
  if (atEnd(cursor)) return false;
  const at = column(cursor) - cursor.indent;
  return at > 0 || (at === 0 && dashes === 'in the same column' && isDash(cursor) && cursor.simpleKey);
}

function isProperty(cursor: Cursor): boolean {
  const code = cursor.text.charCodeAt(cursor.pos);
  return code === 0x26 || code === 0x21;
}

function keyOrNode(c: Composer, outer: Properties, inner: Properties): Node {
  const { cursor } = c;
  const line = cursor.lineStart;
  const content = inlineNode(c, inner);
  if (colonFollows(cursor, inner.start, line)) {
    const key = keyScalar(closeAnchor(c.anchors, inner.anchor, content), inner.start);
    const mapping = blockMapping(c, inner.start - line, { key, start: inner.start });
    return closeAnchor(c.anchors, outer.anchor, mapping);
  }
  const { tag, anchor } = united(c, outer, inner);
  return closeAnchor(c.anchors, anchor, tagged(content, tag));
}

/** Both sets as one: one tag and one anchor at most. */
function united(c: Composer, outer: Properties, inner: Properties): Properties {
  const twice = (name: 'tag' | 'anchor') => outer[name] !== undefined && inner[name] !== undefined;
  if (twice('tag') || twice('anchor')) {
    fail('did not find expected node content: two sets of properties for one node', c.cursor.pos);
  }
  return { ...outer, ...inner };
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
  const own = given !== undefined && given.lineStart === cursor.lineStart ? given : undefined;
  const keyMayStart = own?.key ?? cursor.simpleKey;
  const start = own?.start ?? cursor.pos;
  const line = cursor.lineStart;
  const alias = cursor.text.charCodeAt(cursor.pos) === 0x2a;
  const content = inlineNode(c, own);
  if (!keyMayStart || !colonFollows(cursor, start, line)) {
    if (alias && given !== undefined) fail('did not find expected node content: an alias has no properties', start);
    return closeAnchor(c.anchors, given?.anchor, tagged(content, given?.tag));
  }
  const key = keyScalar(closeAnchor(c.anchors, own?.anchor, content), start);
  const mapping = blockMapping(c, start - line, { key, start });
  return own === undefined ? closeAnchor(c.anchors, given?.anchor, mapping) : mapping;
}

/** A scalar whose tag stands on an earlier line. Tags of collections say nothing to JSON. */
function tagged(node: Node, tag: string | undefined): Node {
  return node.kind === 'scalar' && tag !== undefined ? { ...node, tag } : node;
}

function blockText(c: Composer, style: 'literal' | 'folded', tag: string | undefined): Node {
  const start = c.cursor.pos;
  const text = blockScalar(c.cursor, style);
  c.cursor.simpleKey = true;
  return scalar(c, text, style, start, c.cursor.scalarEnd, tag);
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
  if (hasContent(cursor, cursor.indent)) return blockNode(c, 'in the same column');
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
