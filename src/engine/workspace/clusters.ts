/** Where clusters begin: the folders whose objects Flux syncs first. */
import { kustomization } from '../flux/index.ts';
import type { FileTree } from '../ports.ts';
import { baseName, isWithin, joinPath, parentOf } from '../sources/index.ts';
import type { Origin } from '../yaml/node.ts';
import { contentsOf, fileNames, patchFilesOf } from './contents.ts';
import type { WorkspaceFile, WorkspaceObject } from './files.ts';
import { type Substitution, substitutionOf } from './fluxversion.ts';
import type { LocalSources, SourceQuery } from './sources.ts';
import type { Sync } from './syncs.ts';

/** A cluster directory. */
export interface ClusterRoot {
  /** The folder as a path inside the tree, such as `/clusters/production`. */
  readonly folder: string;
  /** Why it is one: a bootstrap file, a FluxInstance, or Kustomizations that nothing else contains. */
  readonly reason: string;
  readonly at: Origin;
  readonly sync?: Sync;
  /** What the Flux that the fleet installs there does with variables that nothing sets. */
  readonly substitution: Substitution;
}

type Found = Omit<ClusterRoot, 'substitution'>;

export interface ClusterQuestion {
  readonly tree: FileTree;
  readonly files: readonly WorkspaceFile[];
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
  const roots = question.syncs.map((sync): Found => {
    const by = sync.instance === undefined ? 'bootstrap' : 'a FluxInstance';
    return { folder: sync.folder, reason: `${by} syncs it (${sync.path})`, at: sync.at, sync };
  });
  const found = roots.length > 0 ? roots : uncontained(question);
  const byFolder = new Map(found.map((root) => [root.folder, root]));
  const sorted = [...byFolder.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
  return sorted.map((root) => ({ ...root, substitution: substitutionIn(root, question) }));
}

function substitutionIn({ folder, sync }: Found, { tree, files }: ClusterQuestion): Substitution {
  const taken = contentsOf(tree, folder);
  // The instance lies beside what it roots, in its own file or in the values of its chart.
  const own = files.filter(({ path }) => taken.has(path) || (sync?.instance !== undefined && path === sync.path));
  return substitutionOf(own, sync?.instance);
}

/** A Flux Kustomization with the folder that it builds and the files that it takes in. */
interface Reach {
  readonly object: WorkspaceObject;
  readonly isPatch?: boolean;
  readonly folder?: string;
  readonly files: ReadonlySet<string>;
}

function uncontained(question: ClusterQuestion): readonly Found[] {
  const patches = new Set(question.files.flatMap(patchesIn));
  const all = question.objects
    .filter((object) => object.flux === kustomization)
    .map((object) => (patches.has(object.path) ? reachOfPatch(object, question) : reachOf(object, question)));
  const contained = new Set<string>();
  for (const { object, files } of all) for (const path of files) if (path !== object.path) contained.add(path);
  const candidates = all.filter(({ object }) => !contained.has(object.path)).filter(isRoot);
  const applied = candidates.filter(({ object }) => !isOrphan(object, all));
  const roots = (applied.length > 0 ? applied : candidates).map(rootOf);
  return roots.filter((root) => !roots.some((o) => o.folder !== root.folder && isWithin(root.folder, o.folder)));
}

function patchesIn({ path, parsed }: WorkspaceFile): readonly string[] {
  const isKustomization = fileNames.includes(baseName(path));
  return isKustomization ? patchFilesOf(parentOf(path), parsed.documents[0]?.root) : [];
}

function reachOf(object: WorkspaceObject, question: ClusterQuestion): Reach {
  const { path } = kustomization.view(object.node);
  const folder = path === undefined ? {} : { folder: joinPath('/', path.value) };
  return { object, ...folder, files: filesOf(object, question) };
}

/** A patch for the Kustomization that `flux bootstrap` made roots a cluster, where that one would find it. */
function reachOfPatch(object: WorkspaceObject, { tree }: ClusterQuestion): Reach {
  const { path } = kustomization.view(object.node);
  const folder = joinPath('/', path?.value ?? '');
  const files = path === undefined || folder === '/' ? new Set<string>() : contentsOf(tree, folder);
  return { object, isPatch: true, folder, files: files.has(object.path) ? files : new Set() };
}

/** A patch is no root unless it applies itself; what lies in a hidden folder is put away. */
function isRoot({ object, isPatch, files }: Reach): boolean {
  return !/\/\./.test(object.path) && (!isPatch || files.has(object.path));
}

/** Whether a file lies in a folder that is built, and is not taken in: somebody left it out, and nothing applies it. */
function isOrphan({ path }: WorkspaceObject, all: readonly Reach[]): boolean {
  return all.some(
    ({ object, folder, files }) =>
      object.path !== path && folder !== undefined && folder !== '/' && files.size > 0 && isWithin(path, folder),
  );
}

/** What applies itself is rooted in the folder that it builds, as after a bootstrap; the others where they are written. */
function rootOf({ object, folder, files }: Reach): Found {
  const at = object.node.at;
  if (folder !== undefined && folder !== '/' && files.has(object.path))
    return { folder, reason: `${object.path} is in the folder that it applies`, at };
  return { folder: parentOf(object.path), reason: `no Kustomization contains ${object.path}`, at };
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
