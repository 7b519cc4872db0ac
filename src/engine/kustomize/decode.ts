/**
 * Reads a YAML node into a typed value as Go's JSON decoder reads a kustomization or a plugin's configuration: keys match
 * whatever their case, null is nothing, a value of another type is refused, and an unknown field is refused where
 * kustomize is strict. Every text keeps its scalar, so that what is made from it can point to its line.
 */
import type { Mapping, Node, Origin, Scalar } from '../yaml/node.ts';
import { type Dialect, resolve } from '../yaml/resolve.ts';
import { Refusal } from './refusal.ts';

export interface Reading {
  readonly dialect: Dialect;
  /** Whether a field that nobody knows is refused. */
  readonly strict: boolean;
  /** Whether a number or boolean where a text is wanted is refused, or written as a text. */
  readonly texts: 'refused' | 'converted';
}

/** Reads one value; undefined for null. `where` names it for messages: `Kustomization.images`. */
export type Decoder<T> = (node: Node, reading: Reading, where: string) => T | undefined;

type Decoded<D> = D extends Decoder<infer T> ? T : never;

type Fields = Readonly<Record<string, Decoder<unknown>>>;

/** A struct: each field absent or decoded, and where the whole stood. */
export type Struct<F extends Fields> = { readonly [K in keyof F]?: Decoded<F[K]> } & { readonly at: Origin };

/** One entry of a `map[string]string`. */
export interface Pair {
  readonly key: Scalar;
  readonly value: Scalar;
}

function mismatch(node: Node, reading: Reading, where: string, wanted: string): never {
  const value = node.kind === 'scalar' ? resolve(node, reading.dialect) : undefined;
  const kinds = { mapping: 'object', sequence: 'array', scalar: jsonType(value) };
  throw new Refusal(
    `json: cannot unmarshal ${kinds[node.kind]} into Go struct field ${where} of type ${wanted}`,
    node.at,
  );
}

function jsonType(value: unknown): string {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' || typeof value === 'bigint' ? 'number' : 'string';
}

function isNullIn(node: Node, reading: Reading): boolean {
  return node.kind === 'scalar' && resolve(node, reading.dialect) === null;
}

export const string: Decoder<Scalar> = (node, reading, where) => {
  if (node.kind !== 'scalar') return mismatch(node, reading, where, 'string');
  const value = resolve(node, reading.dialect);
  if (value === null) return undefined;
  if (typeof value !== 'string') {
    if (reading.texts === 'refused') return mismatch(node, reading, where, 'string');
    return { ...node, text: String(value), style: 'plain', tag: '!!str' };
  }
  return value === node.text ? node : { ...node, text: value, tag: '!!str' };
};

export const boolean: Decoder<boolean> = (node, reading, where) => {
  const value = node.kind === 'scalar' ? resolve(node, reading.dialect) : undefined;
  if (value === null) return undefined;
  return typeof value === 'boolean' ? value : mismatch(node, reading, where, 'bool');
};

/** A whole number with the scalar it was read from. */
export const integer: Decoder<{ readonly value: number; readonly at: Origin }> = (node, reading, where) => {
  const value = node.kind === 'scalar' ? resolve(node, reading.dialect) : undefined;
  if (value === null) return undefined;
  if (typeof value === 'bigint') return { value: Number(value), at: node.at };
  if (typeof value !== 'number' || !Number.isInteger(value)) return mismatch(node, reading, where, 'int');
  return { value, at: node.at };
};

/** Anything at all, as it stands. */
export const any: Decoder<Node> = (node, reading) => (isNullIn(node, reading) ? undefined : node);

/** A list; a null item becomes what `empty` answers, or is left out. */
export function list<T>(item: Decoder<T>, empty?: (at: Origin) => T): Decoder<readonly T[]> {
  return (node, reading, where) => {
    if (isNullIn(node, reading)) return undefined;
    if (node.kind !== 'sequence') return mismatch(node, reading, where, item === string ? '[]string' : '[]struct');
    const out: T[] = [];
    for (const each of node.items) {
      const value = item(each, reading, where) ?? empty?.(each.at);
      if (value !== undefined) out.push(value);
    }
    return out;
  };
}

const emptyText = (at: Origin): Scalar => ({ kind: 'scalar', text: '', style: 'plain', tag: '!!str', at });

/** A list of strings; a null item is an empty one. */
export const strings: Decoder<readonly Scalar[]> = list(string, emptyText);

/** A `map[string]string`, sorted by key. */
export const pairs: Decoder<readonly Pair[]> = (node, reading, where) => {
  if (isNullIn(node, reading)) return undefined;
  if (node.kind !== 'mapping') return mismatch(node, reading, where, 'map[string]string');
  const found = new Map<string, Pair>();
  for (const { key, value } of node.entries) {
    found.set(key.text, { key, value: string(value, reading, where) ?? emptyText(value.at) });
  }
  return [...found.values()].sort((a, b) => compareText(a.key.text, b.key.text));
};

/** Byte order, as Go compares strings. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // Surrogates stand for code points above every other UTF-16 unit.
    if (x !== y) return (x >= 0xd800 && x < 0xe000 ? x + 0x10000 : x) - (y >= 0xd800 && y < 0xe000 ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

/** A struct with these JSON fields. `name` is its Go type's name, for messages. */
export function struct<F extends Fields>(name: string, fields: F): Decoder<Struct<F>> {
  const byFold = new Map(Object.keys(fields).map((field) => [field.toLowerCase(), field]));
  return (node, reading, where) => {
    if (isNullIn(node, reading)) return undefined;
    if (node.kind !== 'mapping') return mismatch(node, reading, where, name);
    const out: Record<string, unknown> = { at: node.at };
    for (const { key, value } of node.entries) {
      const field = Object.hasOwn(fields, key.text) ? key.text : byFold.get(key.text.toLowerCase());
      if (field === undefined) {
        if (reading.strict) throw new Refusal(`json: unknown field ${JSON.stringify(key.text)}`, key.at);
        continue;
      }
      const decoded = fields[field]!(value, reading, `${name}.${field}`);
      if (decoded !== undefined) out[field] = decoded;
    }
    return out as Struct<F>;
  };
}

/** A value that can only be a mapping at the top of a document. */
export function decodeMapping<T>(decoder: Decoder<T>, node: Mapping, reading: Reading): T {
  return decoder(node, reading, '')!;
}
