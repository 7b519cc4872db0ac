/**
 * Kustomizations and HelmReleases that wait for each other in a circle: none of them ever becomes ready. A circle is told
 * once, where its first member enters it, as a render of the cluster does; the other members are related places.
 */
import { keyOf, titleOf, type Workspace, type WorkspaceObject } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import { inSameCluster } from '../names.ts';
import type { Check } from './check.ts';

export const cycle: Check = function* ({ file, workspace }) {
  for (const object of file.objects) {
    for (const link of workspace.linksFrom(object)) {
      if (link.reference.role !== 'depends-on') continue;
      for (const target of inSameCluster(workspace, link)) {
        const way = wayBack(target, object, workspace);
        if (way === undefined || !isFirst(object, way)) continue;
        yield circle([object, ...way], link.reference.node.at);
        break;
      }
    }
  }
};

/** By identity, then by file: names repeat across clusters. */
function isFirst(object: WorkspaceObject, way: readonly WorkspaceObject[]): boolean {
  const rank = ({ id, path }: WorkspaceObject) => `${keyOf(id)}\0${path}`;
  return way.every((other) => rank(object) <= rank(other));
}

function circle(way: readonly WorkspaceObject[], at: Diagnostic['at'] & object): Diagnostic {
  const names = way.map((object) => titleOf(object.id));
  const message =
    way.length === 2
      ? `${names[0]} waits for itself.`
      : `These wait for each other and never start: ${names.join(' → ')}.`;
  const related = way.slice(1, -1).map((object) => ({ message: titleOf(object.id), at: object.node.at }));
  return { code: 'flux-reference', severity: 'error', message, at, ...(related.length > 0 ? { related } : {}) };
}

/** From `start` along dependsOn to `goal`, breadth first, so that the shortest circle is told. */
function wayBack(
  start: WorkspaceObject,
  goal: WorkspaceObject,
  workspace: Workspace,
): readonly WorkspaceObject[] | undefined {
  const from = new Map<WorkspaceObject, WorkspaceObject | undefined>([[start, undefined]]);
  for (const at of from.keys()) {
    if (at === goal) {
      const way: WorkspaceObject[] = [];
      for (let step: WorkspaceObject | undefined = at; step !== undefined; step = from.get(step)) way.unshift(step);
      return way;
    }
    for (const link of workspace.linksFrom(at)) {
      if (link.reference.role !== 'depends-on') continue;
      for (const next of inSameCluster(workspace, link)) if (!from.has(next)) from.set(next, at);
    }
  }
  return undefined;
}
