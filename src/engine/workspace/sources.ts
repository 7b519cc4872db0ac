/**
 * Which sources the open folder stands for. A source is the folder's own when its URL is one of the folder's remotes,
 * when it is mapped by hand, or when the folder itself proves it: `flux bootstrap` writes `<path>/flux-system/gotk-sync.yaml`
 * into the very repository that the sync points at, at the path that it names.
 */
import { gitRepository, kustomization, ociRepository, string } from '../flux/index.ts';
import type { ObjectId } from '../objects/object.ts';
import type { FileTree } from '../ports.ts';
import {
  type IgnorePattern,
  isWithin,
  joinPath,
  mountTree,
  normalizeUrl,
  parentOf,
  parsePatterns,
} from '../sources/index.ts';
import type { Mapping } from '../yaml/node.ts';
import type { IgnoreFile, WorkspaceObject } from './files.ts';
import {
  type Checkout,
  followed,
  isElsewhere,
  type Revision,
  type Revisions,
  revisionOf,
  titleOfRevision,
} from './revisions.ts';
import type { Sync } from './syncs.ts';

/** Files that stand for a source: the folder `root` of a tree. */
export interface SourceFolder {
  readonly tree: FileTree;
  readonly root: string;
  /** The folder of the source that the tree begins at, where the opened folder lies inside its repository. */
  readonly mount?: string;
  /** What the `.sourceignore` files of the folder say; absent: not read yet. */
  readonly patterns?: readonly IgnorePattern[];
  /** One sentence: why this folder stands for the source. */
  readonly reason: string;
}

/** By hand: `source` is `Kind/namespace/name` or a URL; the folder is another tree or a folder of the workspace. */
export interface SourceMapping {
  readonly source: string;
  readonly tree: FileTree;
  readonly root?: string;
}

/** Another open folder: it stands for the sources whose URL is a remote of its own repository. */
export interface Neighbour {
  /** What a person calls it. */
  readonly name: string;
  readonly tree: FileTree;
  readonly remotes: readonly string[];
  /** The folder's own path inside its repository, where it is not the top. */
  readonly below?: string;
  readonly head?: Checkout;
}

/** What is known of a source object when it is looked up: its identity, and its node when it is declared somewhere. */
export interface SourceQuery {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly object?: Mapping;
}

export interface LocalSources {
  /** The folder that stands for the source; a sentence when none does. */
  folderOf(query: SourceQuery): SourceFolder | string;
}

export interface LocalOptions {
  readonly tree: FileTree;
  readonly remotes: readonly string[];
  readonly below: string;
  readonly mappings: readonly SourceMapping[];
  readonly head: Checkout;
  readonly neighbours: readonly Neighbour[];
  readonly syncs: readonly Sync[];
  /** Every source object that some file declares. */
  readonly declared: readonly WorkspaceObject[];
  readonly objects: readonly WorkspaceObject[];
  /** Every `.sourceignore` of the tree. */
  readonly ignoreFiles: readonly IgnoreFile[];
}

export function localSources(options: LocalOptions): LocalSources {
  const { tree } = options;
  const mount = joinPath('/', options.below);
  const mounted = mountTree(tree, mount);
  /** The ignore files below `root`, as they speak about a source that begins there (or, for the whole, at the mount). */
  const patternsOf = (root: string): readonly IgnorePattern[] =>
    options.ignoreFiles
      .filter(({ path }) => isWithin(path, root))
      .flatMap(({ path, source }) => {
        const folder = parentOf(path);
        const below = root === '/' ? folder : folder.slice(root.length) || '/';
        return parsePatterns(source.text, root === '/' ? joinPath(mount, below) : below);
      });
  const wholePatterns = patternsOf('/');
  const own = (root: string) =>
    root === '/' && mount === '/'
      ? { tree, root, patterns: wholePatterns }
      : { tree, root, patterns: patternsOf(root) };
  const whole = { tree: mounted, root: '/', patterns: wholePatterns, ...(mount === '/' ? {} : { mount }) };
  const remotes = new Set(options.remotes.map(normalizeUrl));
  const declared = new Set(options.declared.map(({ id }) => `${id.kind}/${id.name}`));
  const revisions: Revisions = {
    head: options.head,
    syncs: options.syncs.map(({ url, revision }) => ({ url, revision })),
    declared: options.declared.map((source) => ({ url: urlOf(source.node), revision: followed(source) })),
    assumed: options.objects.some(({ flux, node }) => {
      if (flux !== kustomization) return false;
      const { sourceRef } = kustomization.view(node);
      return sourceRef?.kind === 'GitRepository' && !declared.has(`${sourceRef.kind}/${sourceRef.name}`);
    }),
  };
  // A sync whose synced folder is really there, with the file that declares it inside or beside it.
  const proven = options.syncs.filter((sync) => tree.directory(sync.folder) !== undefined);
  return {
    folderOf({ kind, namespace, name, object }) {
      const key = `${kind}/${namespace}/${name}`;
      const url = object === undefined ? undefined : urlOf(object);
      const mapped = options.mappings.find(
        ({ source }) =>
          source === key || (url !== undefined && /[:/]/.test(source) && normalizeUrl(source) === normalizeUrl(url)),
      );
      if (mapped) return { tree: mapped.tree, root: mapped.root ?? '/', reason: `${mapped.source} is mapped to it` };
      if (kind !== 'GitRepository' && kind !== 'OCIRepository' && kind !== 'Bucket')
        return `${kind} ${namespace}/${name} is not a folder of the workspace`;
      const root = proven.some((sync) => sync.source === key);
      const revision = kind === 'GitRepository' && object !== undefined && !root ? revisionOf(object) : undefined;
      const elsewhere = revision !== undefined && url !== undefined && isElsewhere(revision, url, revisions);
      if (elsewhere) {
        const other = neighbourOf(options.neighbours, url, revision);
        const title = `${kind} ${namespace}/${name} follows ${titleOfRevision(revision)} of this repository`;
        return other ?? `${title}, which is not what is open here`;
      }
      if (url !== undefined && remotes.has(normalizeUrl(url)))
        return { ...whole, reason: `${withoutUser(url)} is a remote of this folder` };
      const sync =
        proven.find((s) => s.source === key && (url === undefined || s.url === undefined || same(s.url, url))) ??
        proven.find((s) => url !== undefined && s.url !== undefined && same(s.url, url));
      if (sync) return { ...own(sync.root), reason: `${sync.path} says that this folder is ${sync.source}` };
      if (url !== undefined)
        return (
          neighbourOf(options.neighbours, url) ??
          `${kind} ${namespace}/${name} is ${withoutUser(url)}, which is not open here`
        );
      if (kind === 'Bucket' && object !== undefined) return `Bucket ${namespace}/${name} is not open here`;
      if (declared.has(`${kind}/${name}`)) return `${kind} ${namespace}/${name} has no URL`;
      return { ...own('/'), reason: `no file declares ${kind} ${namespace}/${name}; the open folder is assumed` };
    },
  };
}

/** A URL as it may be shown: a password may stand before the host. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

/** The other open folder that stands for a repository: the one with that branch checked out, or without one any. */
function neighbourOf(neighbours: readonly Neighbour[], url: string, revision?: Revision): SourceFolder | undefined {
  const theirs = neighbours.filter(({ remotes }) => remotes.some((remote) => same(remote, url)));
  const isCheckedOut = ({ head }: Neighbour) =>
    (revision?.kind === 'branch' && revision.value === head?.branch) ||
    (revision?.kind === 'commit' && revision.value === head?.commit);
  const found = revision === undefined ? theirs[0] : theirs.find(isCheckedOut);
  if (found === undefined) return undefined;
  const mount = joinPath('/', found.below ?? '');
  const tree = mount === '/' ? found.tree : mountTree(found.tree, mount);
  return { tree, root: '/', reason: `${url} is a remote of the open folder ${found.name}` };
}

const same = (a: string, b: string) => normalizeUrl(a) === normalizeUrl(b);

function urlOf(object: Mapping): string | undefined {
  return string(object, 'spec', 'url')?.value;
}

/** Whether an object can be what `sourceRef` points at. */
export function isSource(id: ObjectId): boolean {
  return id.group === gitRepository.group || id.group === ociRepository.group;
}
