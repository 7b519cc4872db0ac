/**
 * How the kinds read their fields: a value together with the node that it was read from, so that whoever uses the value
 * can point at its line. A field of the wrong type reads as absent; saying so is the schema's work. Types are those of
 * kustomize, which every object of a fleet goes through before the API server sees it.
 */
import { get, type Mapping, type Node, type Scalar } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';

export interface Field<T> {
  readonly value: T;
  readonly node: Node;
}

export function node(from: Node | undefined, ...path: readonly string[]): Node | undefined {
  let at = from;
  for (const key of path) at = get(at, key);
  return at;
}

/** A non-empty string. Numbers and booleans written without quotes are not strings to the API server either. */
export function string(from: Node | undefined, ...path: readonly string[]): Field<string> | undefined {
  const at = node(from, ...path);
  if (at?.kind !== 'scalar') return undefined;
  const value = resolve(at, 'kyaml');
  return typeof value === 'string' && value !== '' ? { value, node: at } : undefined;
}

export function boolean(from: Node | undefined, ...path: readonly string[]): Field<boolean> | undefined {
  const at = node(from, ...path);
  if (at?.kind !== 'scalar') return undefined;
  const value = resolve(at, 'kyaml');
  return typeof value === 'boolean' ? { value, node: at } : undefined;
}

export function mapping(from: Node | undefined, ...path: readonly string[]): Mapping | undefined {
  const at = node(from, ...path);
  return at?.kind === 'mapping' ? at : undefined;
}

export function items(from: Node | undefined, ...path: readonly string[]): readonly Node[] {
  const at = node(from, ...path);
  return at?.kind === 'sequence' ? at.items : [];
}

export function strings(from: Node | undefined, ...path: readonly string[]): readonly Field<string>[] {
  return items(from, ...path).flatMap((item) => string(item) ?? []);
}

/** A map of strings to strings, such as labels, in the order of the file. */
export interface StringEntry {
  readonly key: Scalar;
  readonly value: Field<string>;
}

export function stringMap(from: Node | undefined, ...path: readonly string[]): readonly StringEntry[] {
  return (mapping(from, ...path)?.entries ?? []).flatMap(({ key, value }) =>
    value.kind === 'scalar' ? [{ key, value: { value: value.text, node: value } }] : [],
  );
}
