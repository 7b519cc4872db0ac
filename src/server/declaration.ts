/** From an object of the cluster to the line of the workspace that declares it. */
import { type DesiredSet, keyOf } from '../engine/index.ts';
import type { ObjectName, Place } from '../protocol/index.ts';
import type { Folder } from './files.ts';
import { keyOfName, titleOfName } from './live.ts';
import type { Planner, PlannerDoors } from './planner.ts';
import { chooseRoot, type Rooms } from './planner.ts';

export interface Declaration {
  readonly place?: Place;
  readonly message?: string;
}

/**
 * What the fleet renders for this cluster knows best, for two clusters often declare objects of the same name; without
 * that, any declaration of the name is better than none.
 */
export async function declarationOf(
  rooms: Rooms & { readonly planner: Planner },
  doors: PlannerDoors,
  object: ObjectName,
  signal: AbortSignal,
): Promise<Declaration> {
  const rendered = await renderedFor(rooms, doors, signal);
  const place = rendered && placeIn(rooms, rendered.folder, rendered.sets, object);
  if (place !== undefined) return { place };
  for (const folder of rooms.files.folders()) {
    const [found] = rooms.workspace(folder).find({ ...object });
    const at = found && rooms.place(folder, found.node.at);
    if (at !== undefined) return { place: at };
  }
  return { message: `No file of the workspace declares ${titleOfName(object)}.` };
}

async function renderedFor(
  rooms: Rooms & { readonly planner: Planner },
  doors: PlannerDoors,
  signal: AbortSignal,
): Promise<{ readonly folder: Folder; readonly sets: readonly DesiredSet[] } | undefined> {
  const current = rooms.planner.current();
  if (current !== undefined) return { folder: current.folder, sets: current.wanted };
  const target = await chooseRoot(rooms, { against: { kind: 'cluster' }, progress: () => undefined });
  if ('message' in target) return undefined;
  const sets = await doors.render(rooms.workspace(target.folder), target.root, signal);
  return { folder: target.folder, sets };
}

function placeIn(rooms: Rooms, folder: Folder, sets: readonly DesiredSet[], object: ObjectName): Place | undefined {
  const key = keyOfName(object);
  for (const { objects, owner } of sets) {
    const found = objects.find(({ id }) => keyOf(id) === key || keyOf({ ...id, namespace: object.namespace }) === key);
    const at = found?.node.at ?? (keyOf(owner.id) === key ? owner.at : undefined);
    const place = at && rooms.place(folder, at);
    if (place !== undefined) return place;
  }
  return undefined;
}
