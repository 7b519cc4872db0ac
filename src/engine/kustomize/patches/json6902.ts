/**
 * JSON patches (RFC 6902) on value trees, with the refusals and liberties of the Go library that kustomize uses. What a
 * patch brings in points to its own line; what it copies or moves keeps its origin.
 */

import { formatFloat } from '../../go/strconv.ts';
import { jsonFault } from '../../yaml/fault.ts';
import type { Mapping, Node, Scalar } from '../../yaml/node.ts';
import { type Json, resolve, toJson } from '../../yaml/resolve.ts';
import { Refusal } from '../refusal.ts';
import { entryOf, isNull, withEntry } from '../tree.ts';

type Resolved = ReturnType<typeof resolve>;

type Op = 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';

export interface Operation {
  readonly op: string;
  readonly path: Scalar;
  readonly from: Scalar | undefined;
  readonly value: Node | undefined;
  readonly node: Mapping;
}

/** The operations that a parsed patch lists; undefined when it is no JSON patch. */
export function readOperations(root: Node | undefined): readonly Operation[] | undefined {
  if (root?.kind !== 'sequence') return undefined;
  const out: Operation[] = [];
  for (const item of root.items) {
    if (item.kind !== 'mapping') return undefined;
    const scalar = (key: string): Scalar | undefined => {
      const value = entryOf(item, key)?.value;
      return value?.kind === 'scalar' ? value : undefined;
    };
    const missing: Scalar = { kind: 'scalar', text: '', style: 'plain', tag: '!!null', at: item.at };
    out.push({
      op: scalar('op')?.text ?? '',
      path: scalar('path') ?? missing,
      from: scalar('from'),
      value: readValue(entryOf(item, 'value')?.value),
      node: item,
    });
  }
  return out;
}

/** `target` with every operation applied. */
export function applyJsonPatch(target: Mapping, operations: readonly Operation[]): Mapping {
  const fault = jsonFault(target);
  if (fault !== undefined) throw new Refusal(fault.message, fault.at);
  let root: Node = normalize(target);
  for (const operation of operations) root = apply(root, operation);
  if (root.kind !== 'mapping') throw new Refusal('a JSON patch must leave an object', operations[0]?.node.at);
  return root;
}

function apply(root: Node, operation: Operation): Node {
  const { op, path, node } = operation;
  if (isNull(path)) throw new Refusal(`${op || 'unknown'} operation failed to decode path: missing field`, node.at);
  switch (op as Op) {
    case 'add':
      return change(root, operation, 'add', valueIn(operation));
    case 'replace':
      return change(root, operation, 'replace', valueIn(operation));
    case 'remove':
      return change(root, operation, 'remove', undefined);
    case 'copy':
    case 'move': {
      const from = operation.from;
      if (from === undefined) throw new Refusal(`${op} operation failed to decode from: missing field`, node.at);
      const value = readSource(root, from, operation);
      const rest = op === 'move' ? change(root, { ...operation, path: from }, 'remove', undefined) : root;
      return change(rest, operation, 'add', value);
    }
    case 'test':
      return test(root, operation);
    default:
      throw new Refusal(`Unexpected kind: ${op || 'unknown'}`, entryOf(node, 'op')?.value.at ?? node.at);
  }
}

function valueIn({ value, node }: Operation): Node {
  if (value !== undefined) return normalize(value);
  return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at: node.at };
}

function missingPath(op: string, path: Scalar): Refusal {
  return new Refusal(`${op} operation does not apply: doc is missing path: "${path.text}": missing value`, path.at);
}

function parsePointer(path: Scalar): readonly string[] {
  if (path.text === '') return [];
  // What stands before the first slash is passed over, whatever it is.
  const slash = path.text.indexOf('/');
  if (slash < 0) throw new Refusal(`doc is missing path: "${path.text}": missing value`, path.at);
  return path.text
    .slice(slash + 1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(root: Node, parts: readonly string[], path: Scalar): Node | undefined {
  let here: Node | undefined = root;
  for (const part of parts) {
    if (here?.kind === 'mapping') here = entryOf(here, part)?.value;
    else if (here?.kind === 'sequence') here = here.items[indexOf(part, here.items.length, path)];
    else return undefined;
  }
  return here;
}

/** What a copy or move takes; a key that is not there copies as null, and cannot be moved. */
function readSource(root: Node, from: Scalar, { op, node }: Operation): Node {
  const parts = parsePointer(from);
  const parent = read(root, parts.slice(0, -1), from);
  if (parts.length === 0 || parent === undefined || parent.kind === 'scalar') throw missingPath(op, from);
  return read(root, parts, from) ?? { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at: node.at };
}

/** An index of a list; negative ones count from the end, as the library allows. */
function indexOf(part: string, length: number, path: Scalar): number {
  if (!/^[-+]?\d+$/.test(part)) {
    throw new Refusal(`strconv.Atoi: parsing "${part}": invalid syntax (in path "${path.text}")`, path.at);
  }
  const index = Number(part);
  if (index >= length || index < -length) {
    throw new Refusal(
      `Unable to access invalid index: ${index}: invalid index referenced (in path "${path.text}")`,
      path.at,
    );
  }
  return index < 0 ? index + length : index;
}

function change(root: Node, operation: Operation, op: 'add' | 'remove' | 'replace', value: Node | undefined): Node {
  const { path } = operation;
  const parts = parsePointer(path);
  if (parts.length === 0) {
    if (op !== 'replace' || value === undefined || value.kind === 'scalar') throw missingPath(operation.op, path);
    return value;
  }
  const visit = (node: Node, depth: number): Node => {
    const part = parts[depth]!;
    if (depth === parts.length - 1) return edit(node, part, operation, op, value);
    if (node.kind === 'mapping') {
      const child = entryOf(node, part)?.value;
      if (child === undefined || child.kind === 'scalar') throw missingPath(operation.op, path);
      return withEntry(node, part, visit(child, depth + 1));
    }
    if (node.kind !== 'sequence') throw missingPath(operation.op, path);
    const index = indexOf(part, node.items.length, path);
    const child = node.items[index]!;
    if (child.kind === 'scalar') throw missingPath(operation.op, path);
    return { ...node, items: node.items.with(index, visit(child, depth + 1)) };
  };
  return visit(root, 0);
}

function edit(
  node: Node,
  part: string,
  operation: Operation,
  op: 'add' | 'remove' | 'replace',
  value: Node | undefined,
): Node {
  const { path } = operation;
  if (node.kind === 'mapping') {
    // Replacing a key that is not there adds it: the library only asks that the map is.
    if (op === 'remove' && entryOf(node, part) === undefined) {
      throw new Refusal(`Unable to remove nonexistent key: ${part}: missing value (in path "${path.text}")`, path.at);
    }
    return withEntry(node, part, value, path.at);
  }
  if (node.kind !== 'sequence') throw missingPath(operation.op, path);
  const items = [...node.items];
  if (op === 'add') {
    if (part === '-') items.push(value!);
    else items.splice(insertionIndex(part, items.length, path), 0, value!);
  } else {
    const index = indexOf(part, items.length, path);
    if (op === 'remove') items.splice(index, 1);
    else items[index] = value!;
  }
  return { ...node, items };
}

function insertionIndex(part: string, length: number, path: Scalar): number {
  if (!/^[-+]?\d+$/.test(part)) {
    throw new Refusal(`value was not a proper array index: '${part}' (in path "${path.text}")`, path.at);
  }
  const index = Number(part);
  if (index > length || index < -(length + 1)) {
    throw new Refusal(
      `Unable to access invalid index: ${index}: invalid index referenced (in path "${path.text}")`,
      path.at,
    );
  }
  return index < 0 ? index + length + 1 : index;
}

function test(root: Node, operation: Operation): Node {
  const { path, value } = operation;
  const found = read(root, parsePointer(path), path);
  const wanted = value === undefined || isNull(value) ? undefined : value;
  const has = found === undefined || isNull(found) ? undefined : found;
  const isEqual =
    wanted === undefined || has === undefined ? wanted === has : equal(toJson(has, 'kyaml'), toJson(wanted, 'kyaml'));
  if (!isEqual) throw new Refusal(`testing value ${path.text} failed: test failed`, value?.at ?? path.at);
  return root;
}

function equal(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, i) => equal(each, b[i]!));
  }
  const left = a as { readonly [key: string]: Json };
  const right = b as { readonly [key: string]: Json };
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length && keys.every((key) => key in right && equal(left[key]!, right[key]!))
  );
}

/**
 * The tree as it is after Go wrote it as JSON and read it again: plain where a text reads as itself, quoted where it
 * would read as something else. Later patches take over these styles.
 */
function normalize(node: Node): Node {
  if (node.kind === 'scalar') return normalizeScalar(node);
  if (node.kind === 'sequence') return { ...node, items: node.items.map(normalize) };
  return { ...node, entries: node.entries.map(({ key, value }) => ({ key, value: normalize(value) })) };
}

function normalizeScalar(node: Scalar): Scalar {
  return scalarOf(node, resolve(node, 'kyaml'));
}

/** A value of a patch: the patch's text is read by the other dialect, in which `y` is a boolean. */
function readValue(node: Node | undefined): Node | undefined {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return scalarOf(node, resolve(node, 'sigs'));
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => readValue(item)!) };
  const entries = node.entries.map(({ key, value }) => {
    const text = String(resolve(key, 'sigs'));
    return { key: text === key.text ? key : { ...key, text, tag: '!!str' }, value: readValue(value)! };
  });
  return { ...node, entries };
}

function scalarOf(node: Scalar, value: Resolved): Scalar {
  const { tag: _, ...rest } = node;
  if (value === null) return { ...rest, text: 'null', style: 'plain', tag: '!!null' };
  if (typeof value === 'boolean') return { ...rest, text: String(value), style: 'plain' };
  // Numbers pass through a float of 64 bits, which yaml.v3 writes as Go's %g.
  if (typeof value !== 'string') return { ...rest, text: formatFloat(Number(value), 'g', -1), style: 'plain' };
  if (value.includes('\n')) return { ...rest, text: value, style: 'literal', tag: '!!str' };
  const plain: Scalar = { ...rest, text: value, style: 'plain' };
  const readsAsItself = resolve(plain, 'kyaml') === value && resolve(plain, 'sigs') === value;
  return { ...plain, style: readsAsItself ? 'plain' : 'double', tag: '!!str' };
}
