/** From a changed field of a live object to the line of the rendered one that caused it. */

import { isObject } from '../status/fields.ts';
import { getPath, type Mapping, type Node, type Origin } from '../yaml/node.ts';
import { type Json, toJson } from '../yaml/resolve.ts';
import { keyText, type Path } from './changes.ts';

/**
 * The origin of the rendered node at `path`. Indexes in the path count in `after`, whose lists may have items that
 * nobody rendered, so an item is found again by what identifies it. Without a node there, the nearest one around it
 * that is inside a list or below the first two levels; undefined when only the object as a whole is left.
 */
export function originOf(node: Mapping, after: Json | undefined, path: Path): Origin | undefined {
  // A Secret's plain text is sent, and comes back, as data.
  const plain = path[0] === 'data' ? getPath(node, ['stringData', path[1] ?? '']) : undefined;
  if (plain !== undefined) return plain.at;
  let here: Node | undefined = node;
  let value = after;
  for (const [depth, step] of path.entries()) {
    const next: Node | undefined = typeof step === 'number' ? item(here, value, step) : getPath(here, [step]);
    value = child(value, step);
    if (next === undefined) return depth >= 2 ? here?.at : undefined;
    here = next;
  }
  return here?.at;
}

function child(value: Json | undefined, step: string | number): Json | undefined {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
  return isObject(value) ? value[step] : undefined;
}

const identifying: readonly (readonly string[])[] = [
  ['name'],
  ['containerPort', 'protocol'],
  ['port'],
  ['mountPath'],
  ['key'],
  ['type'],
  ['ip'],
];

function item(sequence: Node | undefined, list: Json | undefined, index: number): Node | undefined {
  if (sequence?.kind !== 'sequence') return undefined;
  const wanted = child(list, index);
  for (const keys of identifying) {
    const key = wanted === undefined ? undefined : keyText(wanted, keys);
    if (key === undefined) continue;
    const found = sequence.items.find((candidate) => matches(candidate, wanted!, keys));
    if (found !== undefined) return found;
  }
  return sequence.items[index];
}

function matches(candidate: Node, wanted: Json, keys: readonly string[]): boolean {
  if (candidate.kind !== 'mapping' || !isObject(wanted)) return false;
  const rendered = toJson(candidate, 'sigs');
  return keys.every((key, position) => {
    const value = isObject(rendered) ? rendered[key] : undefined;
    return value === wanted[key] || (position > 0 && value === undefined);
  });
}
