/**
 * Whether a server-side apply would leave a live object as it is, told from the live object alone.
 *
 * The server merges what is sent into the live object, then takes away what the manager owned and no longer sends
 * (structured-merge-diff). So nothing changes when the manager owns exactly the fields that are sent (`fieldsV1` in
 * `managedFields`, in the same version), and each of them has the value that is sent. A field set says how the server
 * merges, too: a node with children is merged by them (`f:` fields, `k:` items by key, `v:` items of a set), and a node
 * without is taken as a whole. For what is sent as nothing the server fills in its default (`zeros.ts`). Whatever is not
 * plainly so counts as a change: then the server is asked.
 */
import type { LiveObject } from '../../ports.ts';
import { at, isObject, type JsonObject, listAt, stringAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { same } from '../changes.ts';
import { cleanupPatch } from '../cleanup.ts';
import type { Payload } from '../payload.ts';
import { isFilledIn, type Place } from './zeros.ts';

export function isNoop(payload: Payload, live: LiveObject): boolean {
  const { object, manager } = payload;
  if (at(live, 'metadata', 'deletionTimestamp') !== undefined) return false;
  if (cleanupPatch(object, live, manager).length > 0) return false;
  const [sent, owned] = [fieldsOf(object), ownedBy(payload, live)];
  return (
    sent !== undefined &&
    owned !== undefined &&
    named(object) === named(live) &&
    holds(sent, live, owned, placeOf(object))
  );
}

/** When the manager last changed the object, as the server noted it; empty where it did not. */
export function appliedAt({ manager }: Payload, live: LiveObject): string {
  return stringAt(entriesOf(live, manager)[0], 'time');
}

/** What the manager owns of the live object; undefined where another version wrote to it, which the server would convert. */
function ownedBy({ object, manager }: Payload, live: LiveObject): JsonObject | undefined {
  const version = stringAt(object, 'apiVersion');
  const writers = listAt(live, 'metadata', 'managedFields').filter((entry) => stringAt(entry, 'subresource') === '');
  if (!writers.every((entry) => stringAt(entry, 'apiVersion') === version)) return undefined;
  const ours = entriesOf(live, manager);
  const fields = ours.length === 1 ? at(ours[0], 'fieldsV1') : undefined;
  return isObject(fields) ? fields : undefined;
}

function entriesOf(live: LiveObject, manager: string): readonly Json[] {
  return listAt(live, 'metadata', 'managedFields').filter(
    (entry) =>
      stringAt(entry, 'manager') === manager &&
      stringAt(entry, 'operation') === 'Apply' &&
      stringAt(entry, 'subresource') === '',
  );
}

function named(object: LiveObject): string {
  const paths = [['apiVersion'], ['kind'], ['metadata', 'namespace'], ['metadata', 'name']];
  return paths.map((path) => stringAt(object, ...path)).join(' ');
}

function placeOf(object: LiveObject): Place {
  return { kind: `${stringAt(object, 'apiVersion')}/${stringAt(object, 'kind')}`, path: '' };
}

/** What is sent, less what names the object: no field set holds that. Undefined for metadata that the server has a say in. */
function fieldsOf(object: LiveObject): JsonObject | undefined {
  const { apiVersion: _version, kind: _kind, metadata, status, ...rest } = object;
  if (!isObject(metadata) || status !== undefined) return undefined;
  const { name: _name, namespace: _namespace, ...kept } = metadata;
  const names = Object.keys(kept);
  if (!names.every((name) => name === 'labels' || name === 'annotations')) return undefined;
  return names.length === 0 ? rest : { ...rest, metadata: kept };
}

/** Whether what is wanted is what is owned, and has the value that is live. */
function holds(wanted: Json, live: Json | undefined, owned: Json | undefined, place: Place): boolean {
  if (live === undefined || !isObject(owned)) return false;
  const names = Object.keys(owned).filter((name) => name !== '.');
  if (names.length === 0) return same(wanted, live);
  if (Array.isArray(wanted)) return Array.isArray(live) && holdsItems(wanted, live, owned, place);
  if (!isObject(wanted) || !isObject(live)) return false;
  const keys = Object.keys(wanted);
  if (keys.length !== names.length) return false;
  return keys.every((key) => {
    const mine = at(owned, `f:${key}`);
    const inside = { ...place, path: `${place.path}/${key}` };
    return holds(wanted[key]!, at(live, key), mine, inside) || (isLeaf(mine) && isFilledIn(place, key, wanted, live));
  });
}

function isLeaf(owned: Json | undefined): boolean {
  return isObject(owned) && Object.keys(owned).length === 0;
}

/** Each item is owned once and live once, and the live ones stand in the order of the wanted ones. */
function holdsItems(wanted: readonly Json[], live: readonly Json[], owned: JsonObject, place: Place): boolean {
  const left = new Map(
    Object.keys(owned)
      .filter((name) => name !== '.')
      .map((name) => [name, itemKey(name)]),
  );
  if (wanted.length !== left.size) return false;
  let last = -1;
  return wanted.every((item) => {
    const [name, key] = [...left].find(([, one]) => isItem(one, item)) ?? [];
    if (name === undefined || key === undefined || !left.delete(name)) return false;
    const places = live.flatMap((other, index) => (isItem(key, other) ? [index] : []));
    const [index] = places;
    if (index === undefined || places.length > 1 || index <= last) return false;
    last = index;
    return 'value' in key || holds(item, live[index], owned[name], place);
  });
}

type ItemKey = { readonly fields: JsonObject } | { readonly value: Json };

/** What `k:{"name":"x"}` and `v:"x"` name. Positions (`i:0`) name nothing that stays what it is. */
function itemKey(name: string): ItemKey | undefined {
  try {
    const value = JSON.parse(name.slice(2)) as Json;
    if (name.startsWith('v:')) return { value };
    return name.startsWith('k:') && isObject(value) ? { fields: value } : undefined;
  } catch {
    return undefined;
  }
}

function isItem(key: ItemKey | undefined, item: Json): boolean {
  if (key === undefined) return false;
  if ('value' in key) return same(key.value, item);
  return Object.entries(key.fields).every(([field, value]) => {
    const found = at(item, field);
    return found !== undefined && same(found, value);
  });
}
