/** Hashes that tell whether a plan still holds: of the rendered input, and of a live object's content. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { keyOf } from '../objects/object.ts';
import type { DesiredSet } from '../render/desired.ts';
import { isObject } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Mapping } from '../yaml/node.ts';
import { type Json, toJson } from '../yaml/resolve.ts';

export function hash(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** What a plan was made from: the names of all files that were read and every object that came out of them. */
export function inputsOf(wanted: readonly DesiredSet[]): string {
  const sets = wanted.map((set) => [
    keyOf(set.owner.id),
    set.complete,
    [...set.reads].sort(),
    set.objects.map((object) => hashOf(object.node)),
  ]);
  return hash(JSON.stringify(sets));
}

/** Hashes by node: a render keeps the nodes that an edit did not touch. */
const hashes = new WeakMap<Mapping, string>();

function hashOf(node: Mapping): string {
  const known = hashes.get(node);
  if (known !== undefined) return known;
  const made = hash(canonical(toJson(node, 'sigs')));
  hashes.set(node, made);
  return made;
}

/** A live object's content: all but its status and what the server keeps for itself. */
export function contentOf(live: Json): string {
  if (!isObject(live)) return hash(canonical(live));
  const { status: _status, metadata, ...rest } = live;
  const kept: Record<string, Json> = Object.create(null);
  if (isObject(metadata)) {
    for (const [key, value] of Object.entries(metadata)) if (!bookkeeping.has(key)) kept[key] = value;
  }
  return hash(canonical({ ...rest, metadata: kept }));
}

/** Metadata that the server writes on its own account. */
export const bookkeeping: ReadonlySet<string> = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'uid',
  'creationTimestamp',
  'selfLink',
]);
