/**
 * Other revisions of the open repository, from its own history: a GitRepository of the same URL that follows another branch,
 * a tag or a commit needs no network where Git has it already. Reading a commit starts git, so an untrusted folder has none.
 */
import {
  type DirectoryEntry,
  type FetchedArtifact,
  type FileTree,
  flux,
  normalizeUrl,
  type Revision,
  revisionOf,
  type SourceFile,
  type SourceQuery,
} from '../engine/index.ts';
import { sourceFile } from './disk.ts';
import { chooseVersion } from './fetch/helm.ts';
import { commitTree, findRepository, refsOf, remotesOf } from './git.ts';
import { GitError } from './rungit.ts';

export interface History {
  /** For the renderer: the files of a revision; undefined where the repository's history does not hold it. */
  artifact(query: SourceQuery): FetchedArtifact | undefined;
  /** Reads what was asked for; true when another render says more. */
  fetchMissing(signal: AbortSignal): Promise<boolean>;
  /** The text of a file of another revision, by the name that its origins carry. */
  textOf?(name: string): string | undefined;
}

const pending: FetchedArtifact = { note: 'the revision is not read yet' };

export function createHistory(folder: string): History {
  const answers = new Map<string, FetchedArtifact>();
  const missing = new Map<string, Found>();
  const texts = new Map<string, SourceFile>();
  return {
    textOf: (name) => texts.get(name)?.text,
    artifact({ kind, object }) {
      const found = kind === 'GitRepository' && object !== undefined ? locate(folder, object) : undefined;
      if (found === undefined) return undefined;
      const known = answers.get(found.commit);
      if (known === undefined) missing.set(found.commit, found);
      return known ?? pending;
    },
    async fetchMissing(signal) {
      const wanted = [...missing.values()];
      missing.clear();
      for (const found of wanted) {
        if (!signal.aborted) answers.set(found.commit, await read(found, texts, signal));
      }
      return wanted.length > 0;
    },
  };
}

/** The answers of a history first, then those of a fetcher. */
export function withHistory(history: History, fetcher: History | undefined): History {
  return {
    textOf: (name) => history.textOf?.(name) ?? fetcher?.textOf?.(name),
    artifact: (query) => history.artifact(query) ?? fetcher?.artifact(query),
    async fetchMissing(signal) {
      const read = await history.fetchMissing(signal);
      return (await fetcher?.fetchMissing(signal)) === true || read;
    },
  };
}

interface Found {
  readonly root: string;
  readonly commit: string;
  /** `branch dev`, `tag v1.2.0`. */
  readonly label: string;
}

function locate(folder: string, object: NonNullable<SourceQuery['object']>): Found | undefined {
  const url = flux.gitRepository.view(object).url?.value;
  const revision = revisionOf(object);
  const repository = findRepository(folder);
  if (url === undefined || revision === undefined || repository === undefined) return undefined;
  if (!remotesOf(repository).some((remote) => normalizeUrl(remote) === normalizeUrl(url))) return undefined;
  const found = commitOf(refsOf(repository), revision);
  return found && { root: repository.root, ...found };
}

/** What a remote was last seen to have goes before a branch of one's own: the cluster follows the remote. */
function commitOf(refs: ReadonlyMap<string, string>, { kind, value }: Revision): Omit<Found, 'root'> | undefined {
  const tag = (name: string) => labelled(refs.get(`refs/tags/${name}`), `tag ${name}`);
  switch (kind) {
    case 'commit':
      return { commit: value, label: `commit ${value.slice(0, 12)}` };
    case 'tag':
      return tag(value);
    case 'name':
      return labelled(refs.get(value), value);
    case 'semver': {
      const tags = [...refs.keys()].flatMap((name) => /^refs\/tags\/(.+)$/.exec(name)?.[1] ?? []);
      const chosen = chooseVersion(tags, value);
      return chosen === undefined ? undefined : tag(chosen);
    }
    case 'branch': {
      const remote = [...refs.keys()].find((name) => name.replace(/^refs\/remotes\/[^/]+\//, '') === value);
      return labelled(refs.get(remote ?? `refs/heads/${value}`), `branch ${value}`);
    }
  }
}

function labelled(commit: string | undefined, label: string): Omit<Found, 'root'> | undefined {
  return commit === undefined ? undefined : { commit, label };
}

async function read(
  { root, commit, label }: Found,
  files: Map<string, SourceFile>,
  signal: AbortSignal,
): Promise<FetchedArtifact> {
  try {
    const tree = named(await commitTree(root, commit, signal), `@${label.replace(/^\S+ /, '')}`, files);
    return { tree, root: '/', reason: `${label} of this repository's history` };
  } catch (error) {
    if (error instanceof GitError) return { note: `${label} of this repository could not be read: ${error.message}` };
    throw error;
  }
}

/** The tree with other names: a file of another revision must not be taken for the one that is open. */
function named(tree: FileTree, suffix: string, files: Map<string, SourceFile>): FileTree {
  return {
    realPath: (path) => tree.realPath(path),
    directory: (path): readonly DirectoryEntry[] | undefined => tree.directory(path),
    file(path) {
      const found = tree.file(path);
      if (found === undefined) return undefined;
      const name = found.name + suffix;
      const known = files.get(name) ?? sourceFile(name, found.bytes);
      files.set(name, known);
      return known;
    },
  };
}
