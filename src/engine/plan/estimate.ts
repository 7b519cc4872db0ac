/**
 * What an apply would make of a live object, without asking the server: the wanted fields laid over the live ones, less
 * those that the manager owned and no longer wants. Of lower fidelity than a dry run (no defaults, no admission), and
 * shown as an estimate: for people who may not patch, and for changes that the server refuses to dry-run.
 */
import type { LiveObject } from '../ports.ts';
import { isObject, type JsonObject } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { keyText } from './changes.ts';
import { keysFrom, managedFields } from './managers.ts';
import type { Payload } from './payload.ts';

export function estimate(live: LiveObject, payload: Payload): LiveObject {
  const keysAt = keysFrom(live);
  const ours = managedFields(live).filter((m) => m.manager === payload.manager && m.subresource === '');
  const others = managedFields(live).filter((m) => m.manager !== payload.manager);
  const pruned = ours.reduce<Json>((object, managed) => {
    const shared = others.map((other) => other.fields);
    return dropUnwanted(object, payload.object, managed.fields, shared);
  }, live);
  return overlay(pruned, payload.object, payload.rendered, []) as LiveObject;

  function overlay(under: Json | undefined, over: Json, stated: Json | undefined, path: readonly string[]): Json {
    if (isObject(over)) {
      if (!isObject(under)) return over;
      const out: Record<string, Json> = { ...under };
      for (const [key, value] of Object.entries(over)) {
        const said = isObject(stated) ? stated[key] : undefined;
        // The server gives a zero that nobody stated its default, which is most likely what stands there.
        if (said === undefined && isGoZero(value) && under[key] !== undefined) continue;
        out[key] = overlay(under[key], value, said, [...path, key]);
      }
      return out;
    }
    if (!Array.isArray(over) || !Array.isArray(under)) return over;
    const keys = keysAt(path);
    if (keys === undefined) return over;
    const find = (item: Json) => under.find((candidate) => keyText(candidate, keys) === keyText(item, keys));
    const merged = over.map((item, index) => {
      return overlay(find(item), item, Array.isArray(stated) ? stated[index] : undefined, path);
    });
    const wanted = new Set(over.map((item) => keyText(item, keys)));
    return [...merged, ...under.filter((item) => !wanted.has(keyText(item, keys)))];
  }
}

function isGoZero(value: Json): boolean {
  return value === null || value === 0 || value === '' || value === '0';
}

/** Removes what `fields` (ours alone) holds and `wanted` no longer has. */
function dropUnwanted(object: Json, wanted: Json | undefined, fields: JsonObject, others: readonly JsonObject[]): Json {
  if (Array.isArray(object)) return dropItems(object, wanted, fields, others);
  if (!isObject(object)) return object;
  const out: Record<string, Json> = { ...object };
  for (const [name, child] of Object.entries(fields)) {
    if (!name.startsWith('f:') || !isObject(child)) continue;
    const key = name.slice(2);
    const value = out[key];
    if (value === undefined) continue;
    const shared = others.flatMap((other) => (isObject(other[name]) ? [other[name] as JsonObject] : []));
    const still = isObject(wanted) ? wanted[key] : undefined;
    if (still === undefined && isZero(key, value, child)) continue;
    if (still === undefined && shared.length === 0) delete out[key];
    else out[key] = dropUnwanted(value, still, child, shared);
  }
  return out;
}

/**
 * Flux sends built-in kinds through Go's types, which write some fields that nobody wrote (`strategy: {}`, a port's
 * `targetPort: 0`). The server fills them in, and Flux then owns what it never wanted: such a field stays.
 */
function isZero(key: string, live: Json, fields: JsonObject): boolean {
  return key === 'targetPort' || (isObject(live) && Object.keys(fields).length === 0);
}

function dropItems(
  list: readonly Json[],
  wanted: Json | undefined,
  fields: JsonObject,
  others: readonly JsonObject[],
): Json {
  const wantedItems = Array.isArray(wanted) ? wanted : [];
  return list.flatMap((item): readonly Json[] => {
    const name = Object.keys(fields).find((field) => isItem(field, item));
    if (name === undefined) return [item];
    const shared = others.flatMap((other) => (isObject(other[name]) ? [other[name] as JsonObject] : []));
    const still = wantedItems.find((candidate) => isItem(name, candidate));
    if (still === undefined && shared.length === 0) return [];
    return [dropUnwanted(item, still, fields[name] as JsonObject, shared)];
  });
}

/** Whether a field-set name such as `k:{"name":"x"}` or `v:"x"` stands for an item. */
function isItem(name: string, item: Json): boolean {
  if (!name.startsWith('k:') && !name.startsWith('v:')) return false;
  try {
    const key = JSON.parse(name.slice(2)) as Json;
    if (name.startsWith('v:')) return key === item;
    return (
      isObject(key) &&
      isObject(item) &&
      Object.entries(key).every(([field, value]) => (item[field] ?? defaults[field]) === value)
    );
  } catch {
    return false;
  }
}

/** Parts of merge keys that the server fills in. */
const defaults: Readonly<Record<string, Json>> = { protocol: 'TCP' };
