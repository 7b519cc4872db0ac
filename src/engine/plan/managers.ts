/** What `metadata.managedFields` tells: the merge keys of lists, and who owns a live value. */
import { at, isObject, type JsonObject, listAt, stringAt } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Json } from '../yaml/resolve.ts';
import type { KeysAt, Path } from './changes.ts';

interface Managed {
  readonly manager: string;
  readonly operation: string;
  readonly subresource: string;
  readonly fields: JsonObject;
}

export function managedFields(object: Json | undefined): readonly Managed[] {
  return listAt(object, 'metadata', 'managedFields').flatMap((entry) => {
    const fields = at(entry, 'fieldsV1');
    if (!isObject(fields)) return [];
    const [manager, operation] = [stringAt(entry, 'manager'), stringAt(entry, 'operation')];
    return [{ manager, operation, subresource: stringAt(entry, 'subresource'), fields }];
  });
}

/** Merge keys as the server knows them: an item `k:{"name":"x"}` says `name`, an item `v:…` says that it is a set. */
export function keysFrom(object: Json | undefined): KeysAt {
  const roots = managedFields(object).map((managed) => managed.fields);
  return (path) => {
    let nodes: readonly JsonObject[] = roots;
    for (const step of path) nodes = nodes.flatMap((node) => [node, ...items(node)]).flatMap((n) => inside(n, step));
    for (const name of nodes.flatMap((node) => Object.keys(node))) {
      if (name.startsWith('v:')) return [];
      const key = name.startsWith('k:') ? parseKey(name) : undefined;
      if (key !== undefined) return Object.keys(key);
    }
    return undefined;
  };
}

function inside(node: JsonObject, step: string): readonly JsonObject[] {
  const child = node[`f:${step}`];
  return isObject(child) ? [child] : [];
}

function items(node: JsonObject): readonly JsonObject[] {
  return Object.entries(node).flatMap(([name, child]) => (name.startsWith('k:') && isObject(child) ? [child] : []));
}

function parseKey(name: string): JsonObject | undefined {
  try {
    const key = JSON.parse(name.slice(2)) as Json;
    return isObject(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The managers that own the live value at `path` (indexes count in `object`); more than one joined by a comma. */
export function managerOf(object: Json, path: Path): string | undefined {
  const owners = managedFields(object)
    .filter((managed) => owns(managed.fields, object, path))
    .map((managed) => managed.manager);
  return owners.length === 0 ? undefined : [...new Set(owners)].sort().join(', ');
}

/** Whether a field set holds `path`; a set that ends above it (an atomic value) holds all below. */
export function owns(fields: JsonObject, object: Json, path: Path): boolean {
  let node = fields;
  let value: Json | undefined = object;
  for (const step of path) {
    const next: Json | undefined = typeof step === 'number' ? listItem(node, value, step) : node[`f:${step}`];
    value = typeof step === 'number' ? (Array.isArray(value) ? value[step] : undefined) : at(value, step);
    if (!isObject(next)) return node !== fields && Object.keys(node).every((name) => name === '.');
    node = next;
  }
  return true;
}

function listItem(node: JsonObject, list: Json | undefined, index: number): Json | undefined {
  const item = Array.isArray(list) ? list[index] : undefined;
  for (const [name, child] of Object.entries(node)) {
    if (name.startsWith('v:') && item !== undefined && name.slice(2) === canonical(item)) return child;
    const key = name.startsWith('k:') ? parseKey(name) : undefined;
    if (key === undefined || !isObject(item)) continue;
    if (Object.entries(key).every(([field, value]) => canonical(item[field] ?? null) === canonical(value)))
      return child;
  }
  return undefined;
}
