/** Which owner wants each object: an object that leaves one and is wanted by another moves, and is not deleted. */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { DesiredSet } from '../render/desired.ts';

/** The owner of each wanted object, by the object's key; the last one where several want it, as the last applied wins. */
export function movesOf(wanted: readonly DesiredSet[]): ReadonlyMap<string, ObjectId> {
  const owners = new Map<string, ObjectId>();
  for (const set of wanted) for (const object of set.objects) owners.set(keyOf(object.id), set.owner.id);
  return owners;
}
