/** Where clusters begin: the folders whose objects Flux syncs first. */
import { kustomization } from '../flux/index.ts';
import { isWithin, joinPath, parentOf } from '../sources/index.ts';
import type { Origin } from '../yaml/node.ts';
import { contentsOf } from './contents.ts';
import type { WorkspaceObject } from './files.ts';
import type { LocalSources, SourceQuery, Sync } from './sources.ts';

/** A cluster directory. */
export interface ClusterRoot {
  /** The folder as a path inside the tree, such as `/clusters/production`. */
  readonly folder: string;
  /** Why it is one: a bootstrap file, a FluxInstance, or Kustomizations that nothing else contains. */
  readonly reason: string;
  readonly at: Origin;
  readonly sync?: Sync;
}

export interface ClusterQuestion {
  readonly syncs: readonly Sync[];
  readonly objects: readonly WorkspaceObject[];
  readonly sources: LocalSources;
  declaration(query: SourceQuery): WorkspaceObject | undefined;
}

/**
 * The cluster directories, in the order of their paths. Bootstrapped ones decide; only where there is none, the folders of
 * Kustomizations that no other Kustomization contains count (otherwise those are orphans: written, but nothing applies them).
 */
export function findClusters(question: ClusterQuestion): readonly ClusterRoot[] {
  const roots = question.syncs.map((sync): ClusterRoot => {
    const by = sync.instance === undefined ? 'bootstrap' : 'a FluxInstance';
    return { folder: sync.folder, reason: `${by} syncs it (${sync.path})`, at: sync.at, sync };
  });
  const found = roots.length > 0 ? roots : uncontained(question);
  const byFolder = new Map(found.map((root) => [root.folder, root]));
  return [...byFolder.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

function uncontained(question: ClusterQuestion): readonly ClusterRoot[] {
  const all = question.objects.filter((object) => object.flux === kustomization);
  const contained = new Set<string>();
  for (const object of all) {
    for (const path of filesOf(object, question)) if (path !== object.path) contained.add(path);
  }
  const roots = all
    .filter((object) => !contained.has(object.path))
    .map((object): ClusterRoot => {
      const folder = parentOf(object.path);
      const reason = `no Kustomization contains ${object.path}`;
      return { folder, reason, at: object.node.at };
    });
  return roots.filter((root) => !roots.some((o) => o.folder !== root.folder && isWithin(root.folder, o.folder)));
}

/** The workspace files that a Flux Kustomization takes in; none when its source is not open here. */
export function filesOf(
  object: WorkspaceObject,
  { sources, declaration }: Pick<ClusterQuestion, 'sources' | 'declaration'>,
): ReadonlySet<string> {
  const view = kustomization.view(object.node);
  if (view.sourceRef === undefined) return new Set();
  const { kind, name } = view.sourceRef;
  const query = { kind, name, namespace: view.sourceRef.namespace ?? object.id.namespace };
  const declared = declaration(query);
  const folder = sources.folderOf(declared === undefined ? query : { ...query, object: declared.node });
  if (typeof folder === 'string') return new Set();
  const components = view.components.map((component) => component.value);
  const files = contentsOf(folder.tree, joinPath(folder.root, view.path?.value ?? '/'), components);
  const { mount } = folder;
  return mount === undefined ? files : new Set([...files].map((path) => path.slice(mount.length)));
}
