/**
 * Reading and changing values as kyaml does. kustomize changes nodes in place and keeps a scalar's style when it changes
 * its text; whether `"8080"` stays a string afterwards hangs on that, so the rules are kept here, in functions that
 * answer a changed copy.
 */
import type { Entry, Mapping, Node, Origin, Scalar, Sequence } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { resolve } from '../yaml/resolve.ts';
import { Refusal } from './refusal.ts';

export type Kind = Node['kind'];

const untyped = new WeakSet<Node>();

/** A scalar whose type follows from its text, as one that kustomize makes without a tag. */
export function bare(text: string, at: Origin): Scalar {
  return withoutType({ kind: 'scalar', text, style: 'plain', at });
}

/** Marks a scalar that has no tag, not even the one that a reader gives every plain scalar. */
export function withoutType(node: Scalar): Scalar {
  untyped.add(node);
  return node;
}

/** Whether a scalar has no tag: then it counts as a string until it is printed. */
export function isUntyped(node: Node): boolean {
  return untyped.has(node);
}

export function isNull(node: Node | undefined): boolean {
  if (node === undefined || node.kind !== 'scalar' || untyped.has(node)) return false;
  if (node.tag !== undefined) return node.tag === '!!null';
  return node.style === 'plain' && resolve(node, 'kyaml') === null;
}

/** Absent or null: kyaml treats both alike nearly everywhere. */
export function isMissing(node: Node | undefined): node is undefined {
  return node === undefined || isNull(node);
}

/** Absent, null, or a collection with nothing in it. */
export function isEmpty(node: Node | undefined): boolean {
  if (node === undefined || isNull(node)) return true;
  return node.kind === 'mapping' ? node.entries.length === 0 : node.kind === 'sequence' && node.items.length === 0;
}

/** Whether a scalar is a string to kyaml. */
export function isString(node: Node | undefined): node is Scalar {
  if (node?.kind !== 'scalar') return false;
  if (node.tag !== undefined) return node.tag === '!!str';
  // A plain date reads as a text, too, but as another one than it is written as.
  return node.style !== 'plain' || resolve(node, 'kyaml') === node.text;
}

const kindNames: Record<Kind, string> = { mapping: 'MappingNode', sequence: 'SequenceNode', scalar: 'ScalarNode' };

/** Refuses a node of another kind; null passes, as in kyaml. */
export function demand(node: Node | undefined, kind: Kind): void {
  if (node === undefined || node.kind === kind || isNull(node)) return;
  throw new Refusal(`wrong node kind: expected ${kindNames[kind]} but got ${kindNames[node.kind]}`, node.at);
}

/** `value` in the place of `old`: the old style stays, and a quoted place makes whatever comes into it a string. */
export function inPlaceOf(old: Node, value: Node): Node {
  if (value.kind !== 'scalar') return value;
  const style = old.kind === 'scalar' ? old.style : 'plain';
  const text: boolean = isString(value) || style !== 'plain';
  return text ? { ...value, style, tag: '!!str' } : { ...value, style };
}

/** A scalar with another text and the same style; quoted, it stays a string, plain, its type follows from the text. */
export function withText(old: Scalar, text: string, at: Origin): Scalar {
  const { tag: _, ...rest } = old;
  return old.style === 'plain' ? withoutType({ ...rest, text, at }) : { ...rest, text, at, tag: '!!str' };
}

/** What may be no string to YAML 1.1, roughly: only such a text is looked at closely. */
const mayMislead = /^[-+.\d~{[?<=]|:(\s|$)|^(y|n|yes|no|on|off|true|false|null)$/i;
/** What may be a mapping or a list. */
const mayBeCollection = /^[-{[?]|:(\s|$)/;

/**
 * A string as kyaml puts it into a mapping: in quotes where YAML 1.1 would read its text as something else. The quotes
 * stay, and make a string of whatever takes its place later.
 */
export function settle<T extends Node>(node: T): T {
  if (node.kind !== 'scalar' || node.style !== 'plain' || node.text === '' || node.text.includes('\n')) return node;
  if (!mayMislead.test(node.text) || !(isString(node) || untyped.has(node)) || !misleads(node)) return node;
  return { ...node, style: 'double', tag: '!!str' };
}

function misleads({ text, at }: Scalar): boolean {
  if (typeof resolve({ kind: 'scalar', text, style: 'plain', at }, 'sigs') !== 'string') return true;
  if (!mayBeCollection.test(text)) return false;
  const { documents, problems } = parse(text, at.file, 'sigs');
  const root = documents[0]?.root;
  if (problems.length > 0) return false;
  return root?.kind !== 'scalar' || typeof resolve(root, 'sigs') !== 'string';
}

export function entryOf(node: Mapping, key: string): Entry | undefined {
  for (const entry of node.entries) if (entry.key.text === key) return entry;
  return undefined;
}

/** Sets, changes or (with undefined) removes one entry of a mapping, keeping its place; a new one goes to the end. */
export function withEntry(node: Mapping, key: string, value: Node | undefined, keyAt?: Origin): Mapping {
  const index = node.entries.findIndex((entry) => entry.key.text === key);
  if (value === undefined) {
    return index < 0 ? node : { ...node, entries: node.entries.filter((_, i) => i !== index) };
  }
  const old = node.entries[index];
  if (old?.value === value) return node;
  const entries = node.entries.slice();
  if (old !== undefined) entries[index] = { key: old.key, value };
  else entries.push({ key: { kind: 'scalar', text: key, style: 'plain', tag: '!!str', at: keyAt ?? value.at }, value });
  return { ...node, entries };
}

/** kyaml's FieldSetter with a name: null removes, an existing value lends its style, a new one goes to the end. */
export function setField(node: Mapping, key: string, value: Node | undefined, keyAt?: Origin): Mapping {
  if (value === undefined || isNull(value)) return withEntry(node, key, undefined);
  const old = entryOf(node, key);
  return withEntry(node, key, old === undefined ? settle(value) : inPlaceOf(old.value, value), keyAt);
}

/** kyaml's FieldSetter with a text that has no tag. */
export function setText(node: Mapping, key: string, text: string, at: Origin): Mapping {
  const old = entryOf(node, key)?.value;
  if (old === undefined)
    return withEntry(node, key, settle({ kind: 'scalar', text, style: 'plain', tag: '!!str', at }));
  if (old.kind === 'scalar') return withEntry(node, key, withText(old, text, at));
  return withEntry(node, key, bare(text, at));
}

/** Changes the value at a path of mapping keys, making mappings where there is nothing. */
export function updateAt(
  node: Mapping,
  path: readonly string[],
  at: Origin,
  change: (old: Node | undefined) => Node | undefined,
): Mapping {
  const [key, ...rest] = path;
  if (key === undefined) return node;
  const old = entryOf(node, key)?.value;
  if (rest.length === 0) return withEntry(node, key, change(old), at);
  if (old !== undefined && !isNull(old)) demand(old, 'mapping');
  const inner: Mapping = old?.kind === 'mapping' ? old : { kind: 'mapping', entries: [], at };
  return withEntry(node, key, updateAt(inner, rest, at, change), at);
}

/** A list with every item changed; the list itself when none did. */
export function mapItems(node: Sequence, change: (item: Node, index: number) => Node): Sequence {
  let items: Node[] | undefined;
  for (const [index, item] of node.items.entries()) {
    const changed = change(item, index);
    if (changed === item) continue;
    items ??= node.items.slice();
    items[index] = changed;
  }
  return items === undefined ? node : { ...node, items };
}

/** Splits a path at a delimiter that a backslash may escape; a leading delimiter is dropped. */
export function splitPath(path: string, delimiter: string): string[] {
  let parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === '') parts = parts.slice(1);
  const out = [parts[0]!];
  for (const part of parts.slice(1)) {
    const last = out[out.length - 1]!;
    if (last.endsWith('\\')) out[out.length - 1] = last.slice(0, -1) + delimiter + part;
    else out.push(part);
  }
  return out;
}

/** `splitPath`, with `[…]` kept in one piece: `[name=a.b]` is a condition, `[a.b]` is the key `a.b`. */
export function splitFieldPath(path: string): string[] {
  const parts = splitPath(path, '.');
  const out: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (!part.startsWith('[') || part.endsWith(']')) {
      out.push(part);
      continue;
    }
    const bracketed = [part];
    while (i < parts.length - 1) {
      bracketed.push(parts[++i]!);
      if (parts[i]!.endsWith(']')) break;
    }
    const joined = bracketed.join('.');
    out.push(joined.includes('=') ? joined : joined.replace(/^[[\]]+|[[\]]+$/g, ''));
  }
  return out;
}

export function isCondition(part: string): boolean {
  return part.startsWith('[') && part.endsWith(']');
}

export function splitCondition(part: string, at?: Origin): { readonly field: string; readonly value: string } {
  const inner = part.replace(/\]$/, '').replace(/^\[/, '');
  const equals = inner.indexOf('=');
  if (equals < 0) {
    throw new Refusal('list path element must contain fieldName=fieldValue for element to match', at);
  }
  return { field: inner.slice(0, equals), value: inner.slice(equals + 1) };
}

export function isIndex(part: string): boolean {
  return /^\+?\d+$/.test(part);
}

/** kyaml's Lookup: field names, indexes, `-` for the last item, `[field=value]`; undefined when nothing is there. */
export function lookup(node: Node | undefined, path: readonly string[]): Node | undefined {
  let here = node;
  for (const raw of path) {
    const part = raw.trim();
    if (part === '') continue;
    if (here === undefined) return undefined;
    here = step(here, part);
  }
  return here;
}

function step(node: Node, part: string): Node | undefined {
  if (isIndex(part) || part === '-') {
    demand(node, 'sequence');
    const items = node.kind === 'sequence' ? node.items : [];
    return part === '-' ? items[items.length - 1] : items[Number(part)];
  }
  if (part === '*') throw new Refusal('wildcard is not supported in PathGetter', node.at);
  if (!isCondition(part)) {
    if (isNull(node)) return undefined;
    demand(node, 'mapping');
    return node.kind === 'mapping' ? entryOf(node, part)?.value : undefined;
  }
  const { field, value } = splitCondition(part, node.at);
  demand(node, 'sequence');
  return node.kind === 'sequence' ? node.items.find((item) => matches(item, field, value)) : undefined;
}

function matches(item: Node, field: string, value: string): boolean {
  if (field === '') return (item.kind === 'scalar' ? item.text : '') === value;
  const found = item.kind === 'mapping' ? entryOf(item, field)?.value : undefined;
  return found !== undefined && (found.kind === 'scalar' ? found.text : '') === value;
}
