/**
 * Values while they are being put together: a mutable copy of the value tree, every scalar, list and table with its
 * origin, so that merged values still say which file set them. `toTable` copies in, `toMapping` copies out; nothing
 * here ever touches a node that somebody else holds.
 */
import { type Mapping, mapping, type Node, type Origin, type Scalar, sequence, str } from '../yaml/node.ts';
import { keyText, resolve } from '../yaml/resolve.ts';

export interface Table {
  readonly kind: 'table';
  readonly slots: Map<string, Slot>;
  readonly at: Origin;
}

export interface Slot {
  readonly keyAt: Origin;
  readonly value: Value;
}

export interface List {
  readonly kind: 'list';
  readonly items: Value[];
  readonly at: Origin;
}

export type Value = Scalar | Table | List;

/** Marks a scalar that a command line typed as int64, where every number of a file is a float64. */
export const int64Tag = '!int64';

export function table(at: Origin): Table {
  return { kind: 'table', slots: new Map(), at };
}

export function nothing(at: Origin): Scalar {
  return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at };
}

export function isNull(value: Value | undefined): boolean {
  return value?.kind === 'scalar' && value.tag !== int64Tag && resolve(value, 'sigs') === null;
}

export function toTable(node: Mapping): Table {
  const out = table(node.at);
  for (const { key, value } of node.entries)
    out.slots.set(keyText(key, 'sigs'), { keyAt: key.at, value: toValue(value) });
  return out;
}

export function toValue(node: Node): Value {
  if (node.kind === 'mapping') return toTable(node);
  if (node.kind === 'sequence') return { kind: 'list', items: node.items.map(toValue), at: node.at };
  return node;
}

export function toMapping(value: Table): Mapping {
  const entries = [...value.slots].map(([key, slot]) => ({ key: str(key, slot.keyAt), value: toNode(slot.value) }));
  return mapping(entries, value.at);
}

export function toNode(value: Value): Node {
  if (value.kind === 'table') return toMapping(value);
  if (value.kind === 'list') return sequence(value.items.map(toNode), value.at);
  return value.tag === int64Tag ? { ...value, tag: '!!int' } : value;
}

export function copy<T extends Value>(value: T): T {
  if (value.kind === 'scalar') return value;
  if (value.kind === 'list') return { ...value, items: value.items.map(copy) };
  const slots = new Map<string, Slot>();
  for (const [key, slot] of value.slots) slots.set(key, { keyAt: slot.keyAt, value: copy(slot.value) });
  return { ...value, slots };
}

/** The value at a dotted path (Helm's PathValue and Table); undefined when a step is missing or is no table. */
export function atPath(root: Table, path: string): Value | undefined {
  let at: Value | undefined = root;
  for (const step of path.split('.')) {
    if (at?.kind !== 'table') return undefined;
    at = at.slots.get(step)?.value;
  }
  return at;
}

/** `over` on top of `base`, tables merged, everything else replaced, nulls kept: Helm's MergeMaps. Both stay as they are. */
export function mergeMaps(base: Table, over: Table): Table {
  const out: Table = { ...base, slots: new Map(base.slots) };
  for (const [key, slot] of over.slots) {
    const old = out.slots.get(key)?.value;
    const merged = old?.kind === 'table' && slot.value.kind === 'table' ? mergeMaps(old, slot.value) : slot.value;
    out.slots.set(key, { keyAt: slot.keyAt, value: merged });
  }
  return out;
}
