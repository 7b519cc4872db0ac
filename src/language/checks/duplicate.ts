/** The same object twice in one build: kustomize refuses it ("may not add resource with an already registered id"). */
import { keyOf, titleOf, type Workspace, type WorkspaceObject } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import type { KustomizationFile } from '../roles.ts';
import type { Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const duplicate: Check = function* (subject) {
  if (subject.isPatch || subject.isData || subject.kustomization !== undefined) return;
  const seen = new Map<string, WorkspaceObject>();
  for (const object of subject.file.objects) {
    if (object.id.name === '' || object.id.name.includes('$')) continue;
    const key = keyIn(object);
    const first = seen.get(key) ?? others(subject, key);
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

/** The objects that the kustomizations naming this file take in from other files. */
function others({ file, roles, workspace }: Subject, key: string): WorkspaceObject | undefined {
  for (const { by, as } of roles.namedBy(file.path)) {
    if (as.use !== 'resource') continue;
    const other = objectsOf(workspace, by)
      .get(key)
      ?.find((object) => object.path !== file.path);
    if (other !== undefined) return other;
  }
  return undefined;
}

type Objects = ReadonlyMap<string, readonly WorkspaceObject[]>;
const cache = new WeakMap<Workspace, Map<KustomizationFile, Objects>>();

/** The objects in the files that a kustomization names, by what must be unique; found once for each workspace. */
function objectsOf(workspace: Workspace, kustomization: KustomizationFile): Objects {
  const known = cache.get(workspace) ?? new Map<KustomizationFile, Objects>();
  cache.set(workspace, known);
  let objects = known.get(kustomization);
  if (objects === undefined) {
    const found = new Map<string, WorkspaceObject[]>();
    for (const { use, target } of kustomization.paths) {
      for (const object of (use === 'resource' && target && workspace.file(target)?.objects) || []) {
        const key = keyIn(object);
        found.set(key, [...(found.get(key) ?? []), object]);
      }
    }
    objects = found;
    known.set(kustomization, objects);
  }
  return objects;
}

function keyIn({ id }: WorkspaceObject): string {
  return keyOf({ ...id, namespace: id.namespace || 'default' });
}
