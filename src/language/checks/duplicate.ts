/** The same object twice in one build: kustomize refuses it ("may not add resource with an already registered id"). */
import { keyOf, titleOf, type WorkspaceObject } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import type { Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const duplicate: Check = function* (subject) {
  if (subject.isPatch || subject.isData || subject.kustomization !== undefined) return;
  const others = siblings(subject);
  const seen = new Map<string, WorkspaceObject>();
  for (const object of subject.file.objects) {
    if (object.id.name === '' || object.id.name.includes('$')) continue;
    const key = `${keyOf({ ...object.id, namespace: object.id.namespace || 'default' })}`;
    const first = seen.get(key) ?? others.get(key);
    if (first === undefined) seen.set(key, object);
    else yield twice(object, first);
  }
};

function twice(object: WorkspaceObject, first: WorkspaceObject): Diagnostic {
  const at = nameOf(object);
  return {
    code: 'kustomize-build',
    severity: 'error',
    message: `${titleOf(object.id)} is declared twice in one build.`,
    at,
    related: [{ message: 'The other one', at: nameOf(first) }],
  };
}

function nameOf({ node }: WorkspaceObject) {
  const metadata = node.entries.find((entry) => entry.key.text === 'metadata')?.value;
  const name = metadata?.kind === 'mapping' ? metadata.entries.find((entry) => entry.key.text === 'name') : undefined;
  return name?.value.at ?? node.at;
}

/** The objects of the files that some kustomization names beside this one. */
function siblings({ file, roles, workspace }: Subject): ReadonlyMap<string, WorkspaceObject> {
  const found = new Map<string, WorkspaceObject>();
  for (const { by, as } of roles.namedBy(file.path)) {
    if (as.use !== 'resource') continue;
    for (const other of by.paths) {
      if (other.use !== 'resource' || other.target === undefined || other.target === file.path) continue;
      for (const object of workspace.file(other.target)?.objects ?? []) {
        found.set(keyOf({ ...object.id, namespace: object.id.namespace || 'default' }), object);
      }
    }
  }
  return found;
}
