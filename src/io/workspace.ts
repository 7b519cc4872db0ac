/** A folder on disk as the engine's workspace: its files, its unsaved edits, what Git knows of it. For the command line and the server. */
import { join, relative, resolve, sep } from 'node:path';
import {
  type FileTree,
  openWorkspace,
  type SourceFile,
  type SourceMapping,
  type Workspace,
  type WorkspaceOptions,
} from '../engine/index.ts';
import { diskTree, overlayTree, snapshot } from './disk.ts';
import { commitTree, findRepository, type Head, headOf, type Repository, remotesOf } from './git.ts';

export interface FolderOptions {
  /** An untrusted folder starts no process: commits of it cannot be read. */
  readonly trusted: boolean;
  /** Sources that other folders stand for: `Kind/namespace/name` or a URL, and a folder of this machine. */
  readonly mappings?: readonly { readonly source: string; readonly folder: string }[];
  /** What else stands for sources, where the caller has the trees already. */
  readonly around?: Pick<WorkspaceOptions, 'mappings' | 'neighbours'>;
}

export interface OpenedFolder {
  /** The folder as an absolute path of this machine. */
  readonly path: string;
  readonly repository?: Repository;
  readonly head?: Head;
  /** The workspace as it is now: files on disk with `edits` on top. What did not change is not read again. */
  workspace(edits?: ReadonlyMap<string, string | SourceFile | undefined>): Workspace;
  /** The workspace as it was in a commit. Throws GitError. */
  commit(revision: string, signal: AbortSignal): Promise<Workspace>;
}

export function openFolder(folder: string, options: FolderOptions): OpenedFolder {
  const path = resolve(folder);
  const tree = diskTree(path);
  const repository = findRepository(path);
  const mapped = (options.mappings ?? []).map(({ source, folder: other }) => ({
    source,
    tree: mappedTree(path, resolve(path, other)),
  }));
  const open = (files: FileTree): Workspace =>
    openWorkspace(files, {
      remotes: repository === undefined ? [] : remotesOf(repository),
      below: repository === undefined ? '' : relative(repository.root, path).split(sep).join('/'),
      ...(repository && { head: headOf(repository) }),
      ...options.around,
      mappings: [
        ...(options.around?.mappings ?? []),
        ...mapped.map((mapping): SourceMapping => ({ ...mapping, tree: snapshot(mapping.tree) })),
      ],
    });
  return {
    path,
    ...(repository === undefined ? {} : { repository, head: headOf(repository) }),
    workspace(edits) {
      const now = snapshot(tree);
      return open(edits === undefined || edits.size === 0 ? now : snapshot(overlayTree(now, edits)));
    },
    async commit(revision, signal) {
      if (!options.trusted) throw new Error('reading a commit runs git, which an untrusted folder may not');
      return open(await commitTree(path, revision, signal));
    },
  };
}

/** Another folder's files; origins name them by their absolute path, so that the two cannot be taken for each other. */
function mappedTree(opened: string, folder: string): FileTree {
  const inside = relative(opened, folder);
  const isInside = inside !== '..' && !inside.startsWith(`..${sep}`) && join(opened, inside) === folder;
  const prefix = isInside ? inside.split(sep).join('/') : folder.split(sep).join('/');
  return diskTree(folder, { name: (path) => (prefix === '' ? path.slice(1) : prefix + path) });
}
