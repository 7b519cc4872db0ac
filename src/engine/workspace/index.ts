/**
 * The open folder as one connected program: every YAML file read, every object indexed, every reference followed, and
 * the places where clusters begin. Opening again after an edit reads only what changed, because files are cached by
 * their content (`SourceFile` identity).
 */
import type { Reference } from '../flux/index.ts';
import type { ObjectId } from '../objects/object.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import type { Problem } from '../problem.ts';
import { type WatchedTrees, watchTrees } from '../sources/index.ts';
import { type ClusterRoot, filesOf, findClusters } from './clusters.ts';
import { readFiles, type WorkspaceFile, type WorkspaceObject } from './files.ts';
import type { Checkout } from './revisions.ts';
import {
  isSource,
  type LocalSources,
  localSources,
  type Neighbour,
  type SourceMapping,
  type SourceQuery,
} from './sources.ts';
import { findSyncs } from './syncs.ts';

export interface WorkspaceOptions {
  /** URLs of the remotes of the folder's repository. */
  readonly remotes: readonly string[];
  /** The folder's own path inside its repository, where it is not the top. */
  readonly below?: string;
  /** What is checked out, where the folder lies in a repository. */
  readonly head?: Checkout;
  readonly mappings?: readonly SourceMapping[];
  /** The other open folders. */
  readonly neighbours?: readonly Neighbour[];
}

/** One object pointing at another, with what it may mean. */
export interface Link {
  readonly from: WorkspaceObject;
  readonly reference: Reference;
  /** Every object that the name can stand for; empty when no file declares one. */
  readonly targets: readonly WorkspaceObject[];
}

export interface Workspace {
  readonly tree: FileTree;
  /** The folder's tree and the mapped ones, and what is read of them. */
  readonly watched: WatchedTrees;
  /** Every `.sourceignore` of the folder, as they decide what sources hold. */
  readonly ignoreFiles: readonly SourceFile[];
  readonly files: readonly WorkspaceFile[];
  readonly objects: readonly WorkspaceObject[];
  readonly clusters: readonly ClusterRoot[];
  readonly sources: LocalSources;
  /** Syntax errors of the files. */
  readonly problems: readonly Problem[];
  /** The text of a YAML file by the name that origins carry. */
  textOf(file: string): string | undefined;
  /** The file of that path inside the tree, if it is YAML. */
  file(path: string): WorkspaceFile | undefined;
  /** Objects of a kind and name; those without a namespace of their own count for any. */
  find(query: Pick<ObjectId, 'kind' | 'namespace' | 'name'> & { readonly group?: string }): readonly WorkspaceObject[];
  /** What an object refers to. */
  linksFrom(object: WorkspaceObject): readonly Link[];
  /** Who refers to an object. */
  linksTo(object: WorkspaceObject): readonly Link[];
  /** The files that a Flux Kustomization takes in, by path, found without building it. */
  contents(kustomization: WorkspaceObject): ReadonlySet<string>;
}

export function openWorkspace(folder: FileTree, options: WorkspaceOptions): Workspace {
  const mappings = options.mappings ?? [];
  const neighbours = options.neighbours ?? [];
  const watched = watchTrees([folder, ...[...mappings, ...neighbours].map((other) => other.tree)]);
  const tree = watched.trees[0]!;
  const { files, ignoreFiles } = readFiles(folder);
  const objects = files.flatMap((file) => file.objects);
  const byName = groupBy(objects, (object) => `${object.id.kind}/${object.id.name}`);
  const byKind = groupBy(objects, (object) => object.id.kind);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const bySourceName = new Map(files.map((file) => [file.source.name, file]));
  const syncs = findSyncs(files, tree);
  const sources = localSources({
    tree,
    remotes: options.remotes,
    below: options.below ?? '',
    mappings: mappings.map((mapping, i) => ({ ...mapping, tree: watched.trees[i + 1]! })),
    neighbours: neighbours.map((other, i) => ({ ...other, tree: watched.trees[i + 1 + mappings.length]! })),
    head: options.head ?? {},
    syncs,
    declared: objects.filter(({ id }) => isSource(id)),
    objects,
    ignoreFiles,
  });

  const find: Workspace['find'] = ({ group, kind, namespace, name }) => {
    const named = name === '*' ? byKind.get(kind) : byName.get(`${kind}/${name}`);
    const candidates = (named ?? []).filter((object) => group === undefined || object.id.group === group);
    const exact = candidates.filter((object) => object.id.namespace === namespace);
    if (exact.length > 0 && namespace !== '') return exact;
    return candidates.filter((object) => object.id.namespace === '' || namespace === '');
  };
  const linksFrom = (from: WorkspaceObject) =>
    from.references.map((reference): Link => {
      const namespace = reference.namespace ?? from.id.namespace;
      const { group, kind, name } = reference;
      const targets = find(group === undefined ? { kind, namespace, name } : { group, kind, namespace, name });
      return { from, reference, targets };
    });
  const declaration = (query: SourceQuery) => find(query)[0];

  let links: ReadonlyMap<WorkspaceObject, readonly Link[]> | undefined;
  let clusters: readonly ClusterRoot[] | undefined;
  return {
    tree,
    watched,
    ignoreFiles: ignoreFiles.map((file) => file.source),
    files,
    objects,
    sources,
    problems: files.flatMap((file) => file.problems),
    textOf: (file) => bySourceName.get(file)?.source.text,
    file: (path) => byPath.get(path),
    find,
    linksFrom,
    linksTo(object) {
      links ??= invert(objects.flatMap(linksFrom));
      return links.get(object) ?? [];
    },
    get clusters() {
      clusters ??= findClusters({ tree, files, syncs, objects, sources, declaration });
      return clusters;
    },
    contents: (object) => filesOf(object, { sources, declaration }),
  };
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}

function invert(links: readonly Link[]): ReadonlyMap<WorkspaceObject, readonly Link[]> {
  const inverse = new Map<WorkspaceObject, Link[]>();
  for (const link of links) {
    for (const target of link.targets) inverse.set(target, [...(inverse.get(target) ?? []), link]);
  }
  return inverse;
}

export type { ClusterRoot } from './clusters.ts';
export { contentsOf, fileNames, kustomizationFile } from './contents.ts';
export type { WorkspaceFile, WorkspaceObject } from './files.ts';
export { type Checkout, type Revision, revisionOf } from './revisions.ts';
export type { LocalSources, Neighbour, SourceFolder, SourceMapping, SourceQuery } from './sources.ts';
export type { Sync } from './syncs.ts';
export { whyUnread } from './unread.ts';
