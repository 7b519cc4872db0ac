/**
 * What Go's decoder takes for a struct, and what it says of what does not fit. sigs.k8s.io/yaml makes text of numbers and
 * booleans where text is wanted; null is as good as absent; a field is known in any spelling of its name.
 */
import type { Entry, Mapping, Node, Origin } from '../yaml/node.ts';
import { keyText, resolve } from '../yaml/resolve.ts';

export type GoType = 'string' | 'bool' | 'any' | 'time' | GoList | GoMap | GoStruct;

interface GoList {
  readonly list: GoType;
  /** As Go writes the type. */
  readonly name: string;
}

interface GoMap {
  readonly values: GoType;
  readonly name: string;
}

export interface GoStruct {
  readonly fields: Readonly<Record<string, GoType>>;
  readonly name: string;
  /** What stands before the path of a field in its errors; nothing for a type without a name. */
  readonly short: string;
}

export interface Misfit {
  readonly message: string;
  readonly at: Origin;
}

/** The first thing in a document that does not fit, in Go's words. */
export function misfit(node: Node, type: GoStruct): Misfit | undefined {
  return find(node, type, '', '');
}

function find(node: Node, type: GoType, owner: string, path: string): Misfit | undefined {
  if (type === 'any' || isNull(node)) return undefined;
  const wrong = (what: string): Misfit => ({
    message: `error unmarshaling JSON: while decoding JSON: ${what}`,
    at: node.at,
  });
  if (type === 'time') {
    const value = node.kind === 'scalar' ? resolve(node, 'sigs') : undefined;
    if (typeof value !== 'string') return wrong('Time.UnmarshalJSON: input is not a JSON string');
    return isTime(value) ? undefined : wrong(`parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00"`);
  }
  const cannot = () => wrong(`json: cannot unmarshal ${jsonType(node)} into Go ${target(type, owner, path)}`);
  if (type === 'string') return node.kind === 'scalar' ? undefined : cannot();
  if (type === 'bool') return typeof scalarValue(node) === 'boolean' ? undefined : cannot();
  if ('list' in type) {
    if (node.kind !== 'sequence') return cannot();
    return first(node.items, (item) => find(item, type.list, owner, path));
  }
  if (node.kind !== 'mapping') return cannot();
  const entries = [...node.entries].sort((a, b) => (keyText(a.key, 'sigs') < keyText(b.key, 'sigs') ? -1 : 1));
  if ('values' in type) return first(entries, ({ value }) => find(value, type.values, owner, path));
  return first(entries, ({ key, value }) => {
    const name = nameOf(keyText(key, 'sigs'), type);
    if (name === undefined) return undefined;
    return find(value, type.fields[name]!, type.short, path === '' ? name : `${path}.${name}`);
  });
}

/** The mapping under the names of Go's fields; the one that is written as it should be wins. */
export function underGoNames(node: Mapping, type: GoStruct): Mapping {
  const entries = new Map<string, Entry>();
  for (const entry of node.entries) {
    const own = keyText(entry.key, 'sigs');
    const name = nameOf(own, type) ?? own;
    if (name === own || !entries.has(name))
      entries.set(name, name === own ? entry : { ...entry, key: { ...entry.key, text: name } });
  }
  return { ...node, entries: [...entries.values()] };
}

/** The field of a struct that a key means. */
export function nameOf(key: string, type: GoStruct): string | undefined {
  if (Object.hasOwn(type.fields, key)) return key;
  return Object.keys(type.fields).find((name) => name.toLowerCase() === key.toLowerCase());
}

function first<T>(items: readonly T[], check: (item: T) => Misfit | undefined): Misfit | undefined {
  for (const item of items) {
    const found = check(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function target(type: GoType, owner: string, path: string): string {
  const name = typeof type === 'string' ? type : type.name;
  return path === '' ? `value of type ${name}` : `struct field ${owner}.${path} of type ${name}`;
}

function jsonType(node: Node): string {
  if (node.kind !== 'scalar') return node.kind === 'mapping' ? 'object' : 'array';
  const value = resolve(node, 'sigs');
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'number';
}

function scalarValue(node: Node): unknown {
  return node.kind === 'scalar' ? resolve(node, 'sigs') : undefined;
}

function isNull(node: Node): boolean {
  return node.kind === 'scalar' && resolve(node, 'sigs') === null;
}

/** RFC 3339 as Go's time reads it from JSON. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}
