/** Between YAML trees, plain JSON and template values, origins kept. */

import { encodeBase64 } from '../go/base64.ts';
import { formatFloat } from '../go/strconv.ts';
import type { Entry, Node, Origin } from '../yaml/node.ts';
import { type Dialect, type Json, keyText, resolve } from '../yaml/resolve.ts';
import { printValue } from './format.ts';
import { originsOf, resolveFrom } from './text.ts';
import { bool, float, int64, list, map, nil, type Origins, sortedKeys, string, type Value } from './value.ts';

export interface FromNodeOptions {
  /** The Go type of numbers: `float64` as Helm reads values files (the default), `int64` as `--set` makes integers. */
  readonly numbers?: 'float64' | 'int64';
}

/** A YAML tree as a value; every part knows its own place. */
export function fromNode(node: Node, dialect: Dialect, options: FromNodeOptions = {}): Value {
  const from: Origins = [node.at];
  switch (node.kind) {
    case 'scalar': {
      return fromScalar(resolve(node, dialect), from, options);
    }
    case 'sequence':
      return list(
        node.items.map((item) => fromNode(item, dialect, options)),
        from,
      );
    case 'mapping': {
      const entries = new Map<string, Value>();
      for (const { key, value } of node.entries) entries.set(keyText(key, dialect), fromNode(value, dialect, options));
      return map(entries, from);
    }
  }
}

function fromScalar(value: Json, from: Origins, options: FromNodeOptions): Value {
  if (value === null) return { ...nil, from };
  if (typeof value === 'boolean') return bool(value, from);
  if (typeof value === 'string') return string(value, from);
  if (options.numbers === 'int64' && (typeof value === 'bigint' || Number.isInteger(value)))
    return int64(value as number | bigint, from);
  return float(Number(value), from);
}

/** Plain JSON as a value, all of it from the same lines. */
export function fromJson(value: Json, from: Origins = [], options: FromNodeOptions = {}): Value {
  if (value === null || typeof value !== 'object') return fromScalar(value, from, options);
  if (Array.isArray(value)) {
    return list(
      value.map((item: Json) => fromJson(item, from, options)),
      from,
    );
  }
  return map(
    Object.entries(value as { readonly [key: string]: Json }).map(
      ([key, item]) => [key, fromJson(item, from, options)] as const,
    ),
    from,
  );
}

/** A value as plain JSON, as encoding/json sees it. */
export function toJson(value: Value): Json {
  switch (value.kind) {
    case 'nil':
      return null;
    case 'bool':
    case 'int':
    case 'float':
      return value.value;
    case 'string':
      return value.text;
    case 'bytes':
      return encodeBase64(value.bytes);
    case 'list':
      return value.isNil === true ? null : value.items.map(toJson);
    case 'map': {
      if (value.isNil === true) return null;
      const out: Record<string, Json> = Object.create(null);
      for (const key of sortedKeys(value)) out[key] = toJson(value.entries.get(key)!);
      return out;
    }
    case 'object': {
      if (value.json !== undefined) return toJson(value.json());
      const out: Record<string, Json> = Object.create(null);
      for (const [name, field] of value.fields) out[name] = toJson(field);
      return out;
    }
    default:
      return printValue(value);
  }
}

/** A place that stands for none: printers need one for every node. */
export const nowhere: Origin = { file: '', start: 0, end: 0 };

/**
 * A value as a YAML tree for printing. A node's origin is its first source, or `nowhere`; `sources`, when given,
 * receives every source of the nodes that have more than one.
 */
export function toNode(value: Value, sources?: Map<Origin, Origins>): Node {
  const at = placeOf(value, sources);
  switch (value.kind) {
    case 'nil':
      return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at };
    case 'bool':
      return { kind: 'scalar', text: String(value.value), style: 'plain', tag: '!!bool', at };
    case 'int':
      return { kind: 'scalar', text: String(value.value), style: 'plain', tag: '!!int', at };
    case 'float':
      return { kind: 'scalar', text: jsonFloat(value.value), style: 'plain', tag: '!!float', at };
    case 'string':
      return { kind: 'scalar', text: value.text, style: 'plain', tag: '!!str', at };
    case 'bytes':
      return { kind: 'scalar', text: encodeBase64(value.bytes), style: 'plain', tag: '!!str', at };
    case 'list':
      if (value.isNil === true) return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at };
      return { kind: 'sequence', items: value.items.map((item) => toNode(item, sources)), at };
    case 'map': {
      if (value.isNil === true) return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at };
      return {
        kind: 'mapping',
        entries: sortedKeys(value).map((key) => entry(key, value.entries.get(key)!, sources)),
        at,
      };
    }
    case 'object': {
      if (value.json !== undefined) return toNode(value.json(), sources);
      return { kind: 'mapping', entries: [...value.fields].map(([name, field]) => entry(name, field, sources)), at };
    }
    default:
      return { kind: 'scalar', text: printValue(value), style: 'plain', tag: '!!str', at };
  }
}

function entry(key: string, value: Value, sources: Map<Origin, Origins> | undefined): Entry {
  const node = toNode(value, sources);
  return { key: { kind: 'scalar', text: key, style: 'plain', tag: '!!str', at: node.at }, value: node };
}

function placeOf(value: Value, sources: Map<Origin, Origins> | undefined): Origin {
  const origins = value.kind === 'string' ? originsOf(value) : resolveFrom(value.from);
  const first = origins[0];
  if (first === undefined) return nowhere;
  if (origins.length === 1 || sources === undefined) return first;
  const at = { ...first };
  sources.set(at, origins);
  return at;
}

/** A float as encoding/json writes it: plain between 1e-6 and 1e21. */
export function jsonFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const size = Math.abs(value);
  if (size >= 1e-6 && size < 1e21) return formatFloat(value, 'f', -1);
  return formatFloat(value, 'e', -1).replace(/e-0(\d)$/, 'e-$1');
}
