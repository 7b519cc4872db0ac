/** Where things are declared, who refers to them, and the paths that an editor can open. */
import {
  get,
  kustomizationFile,
  type Origin,
  type Workspace,
  type WorkspaceFile,
  type WorkspaceObject,
} from '../../engine/index.ts';
import type { Knowledge } from '../answer.ts';
import { policiesOf } from '../markers.ts';
import { inSameCluster } from '../names.ts';
import { rolesOf } from '../roles.ts';
import { fluxPath, targetAt } from '../target.ts';
import { scopesOf } from '../variables.ts';

/** A place to go to, with the range that the question was about. */
export interface Definition {
  readonly from: Origin;
  readonly to: Origin;
}

/** Where what stands at the offset is declared: objects, files, variables, image policies. */
export function definitions(file: WorkspaceFile, offset: number, knowledge: Knowledge): readonly Definition[] {
  const { workspace } = knowledge;
  const found = targetAt(file, offset, knowledge);
  if (found === undefined) return [];
  const go = (to: readonly Origin[]): readonly Definition[] => to.map((each) => ({ from: found.at, to: each }));
  switch (found.what) {
    case 'reference':
      return go(found.objects.map(nameOf));
    case 'marker':
      return go(policiesOf(workspace, found.marker).map(nameOf));
    case 'variable':
      return go(
        scopesOf(workspace, file.path).flatMap(({ definitions }) => definitions.get(found.token.name)?.at ?? []),
      );
    case 'path': {
      const place = found.named.target === undefined ? undefined : fileAt(workspace, found.named.target);
      return place === undefined ? [] : go([place]);
    }
    case 'field':
      return go(patched(file, found.located.root.at, knowledge).map(nameOf));
  }
}

/** A patch leads to the objects that it changes: same kind and name, among what the naming kustomization takes in. */
function patched(file: WorkspaceFile, root: Origin, { workspace }: Knowledge): readonly WorkspaceObject[] {
  const roles = rolesOf(workspace);
  const object = file.objects.find(({ node }) => node.at === root);
  if (object === undefined || !roles.isPatch(file.path)) return [];
  return workspace
    .find({ ...object.id, namespace: '' })
    .filter((other) => other.path !== file.path && !roles.isPatch(other.path));
}

/** Where an object is referred to, and by what. */
export function references(file: WorkspaceFile, offset: number, knowledge: Knowledge): readonly Origin[] {
  const { workspace } = knowledge;
  const found = targetAt(file, offset, knowledge);
  const objects =
    found?.what === 'reference'
      ? found.objects
      : file.objects.filter(({ node }) => node.at.start <= offset && offset <= node.at.end);
  return objects.flatMap((object) =>
    workspace
      .linksTo(object)
      .filter((link) => inSameCluster(workspace, link).includes(object))
      .map(({ reference }) => reference.node.at),
  );
}

/** A path in a file and the file that it opens. */
export interface FileLink {
  readonly at: Origin;
  /** Inside the tree. */
  readonly path: string;
}

export function links(file: WorkspaceFile, knowledge: Knowledge): readonly FileLink[] {
  const { workspace } = knowledge;
  const named = (rolesOf(workspace).kustomization(file)?.paths ?? []).map(({ target, node }) => ({
    target,
    at: node.at,
  }));
  const flux = file.objects.flatMap((object) => {
    const path = fluxPath(object, knowledge);
    return path === undefined ? [] : [{ target: path.named.target, at: path.at }];
  });
  return [...named, ...flux].flatMap(({ target, at }) => {
    const place = target === undefined || at.file !== file.source.name ? undefined : fileAt(workspace, target);
    return place === undefined ? [] : [{ at, path: `/${place.file}` }];
  });
}

/** The file at a path, or the kustomization file of the folder there. */
function fileAt({ tree }: Workspace, path: string): Origin | undefined {
  const source = tree.file(path) ?? tree.file(kustomizationFile(tree, path) ?? '');
  return source === undefined ? undefined : { file: source.name, start: 0, end: 0 };
}

/** The name of an object, which is where to go for it. */
export function nameOf({ node }: WorkspaceObject): Origin {
  return get(get(node, 'metadata'), 'name')?.at ?? node.at;
}
