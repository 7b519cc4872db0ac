/** The objects of a file, for the outline and for going to an object by its name. */
import { type Origin, titleOf, type WorkspaceFile } from '../engine/index.ts';
import { nameOf } from './links/index.ts';

export interface ObjectSymbol {
  readonly name: string;
  readonly detail: string;
  readonly at: Origin;
  readonly nameAt: Origin;
}

export function symbols(file: WorkspaceFile): readonly ObjectSymbol[] {
  return file.objects.map((object) => ({
    name: titleOf(object.id),
    detail: object.id.group === '' ? object.id.version : `${object.id.group}/${object.id.version}`,
    at: object.node.at,
    nameAt: nameOf(object),
  }));
}
