/**
 * The open folders as programs, each made once for each state of the files. A folder sees the others, and those that the
 * settings map, as the sources that they stand for; their files go by absolute names, which no file of its own has.
 */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import {
  type FileTree,
  type Neighbour,
  openWorkspace,
  type SourceFile,
  type Workspace,
  type WorkspaceOptions,
} from '../engine/index.ts';
import { diskTree, snapshot, sourceFile } from '../io/disk.ts';
import { findRepository, headOf, remotesOf } from '../io/git.ts';
import { createHistory, type History } from '../io/history.ts';
import { uriOf } from './convert.ts';
import type { Files, Folder } from './files.ts';

export interface Workspaces extends Surroundings {
  workspace(folder: Folder): Workspace;
  /** The text of a file by the name that origins carry. */
  textOf(folder: Folder, name: string): string | undefined;
}

export interface Surroundings {
  /** What stands for sources beside a folder: mapped folders, and the other open ones. */
  around(folder: Folder): Pick<WorkspaceOptions, 'mappings' | 'neighbours'>;
  /** Other revisions of the repository that a workspace was opened from. */
  history(workspace: Workspace): History | undefined;
}

interface Known {
  readonly parts: readonly unknown[];
  readonly workspace: Workspace;
}

export interface WorkspacesOptions {
  /** Without it no other folder is read than the open ones, and no git is started. */
  trusted(): boolean;
  /** Sources and the folders that stand for them, as the settings map them. */
  sources(): Readonly<Record<string, string>>;
}

export function createWorkspaces(files: Files, options: WorkspacesOptions): Workspaces {
  const sources = () => (options.trusted() ? options.sources() : {});
  const known = new Map<string, Known>();
  const histories = new Map<string, History>();
  const folders = new WeakMap<Workspace, string>();
  const elsewhere = createElsewhere();

  const othersOf = (folder: Folder) => files.folders().filter((other) => other.uri !== folder.uri);
  const around = (folder: Folder) => ({
    mappings: Object.entries(sources()).map(([source, path]) => ({ source, tree: elsewhere.mapped(folder, path) })),
    neighbours: othersOf(folder).map(
      (other): Neighbour => ({
        name: other.path,
        tree: elsewhere.named(other.path, files.tree(other)),
        ...gitFacts(other.path),
      }),
    ),
  });

  return {
    around,
    workspace(folder) {
      const mapped = sources();
      const others = othersOf(folder);
      const parts = [files.tree(folder), ...others.map((other) => files.tree(other)), JSON.stringify(mapped)];
      const found = known.get(folder.uri);
      if (found !== undefined && sameParts(found.parts, parts)) return found.workspace;
      const workspace = openWorkspace(files.tree(folder), { ...gitFacts(folder.path), ...around(folder) });
      known.set(folder.uri, { parts, workspace });
      folders.set(workspace, folder.path);
      return workspace;
    },
    history(workspace) {
      const path = folders.get(workspace);
      if (path === undefined || !options.trusted()) return undefined;
      const made = histories.get(path) ?? createHistory(path);
      histories.set(path, made);
      return made;
    },
    textOf(folder, name) {
      if (!isAbsolute(name)) return files.tree(folder).file(`/${name}`)?.text;
      const at = files.locate(uriOf(name));
      return at === undefined ? elsewhere.textOf(name) : files.tree(at.folder).file(at.path)?.text;
    },
  };
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

/** What Git knows of a folder without starting it: the remotes, what is checked out, where in the repository it is. */
function gitFacts(path: string) {
  const repository = findRepository(path);
  if (repository === undefined) return { remotes: [], below: '' };
  const below = relative(repository.root, path).split(sep).join('/');
  return { remotes: remotesOf(repository), below, head: headOf(repository) };
}

/** Trees of other folders, with absolute names. Files keep their identity as long as they do not change. */
function createElsewhere() {
  const disks = new Map<string, FileTree>();
  const renamed = new WeakMap<SourceFile, SourceFile>();
  const read = new Map<string, SourceFile>();
  return {
    mapped(folder: Folder, path: string): FileTree {
      const at = resolve(folder.path, path);
      const disk = disks.get(at) ?? diskTree(at);
      disks.set(at, disk);
      return this.named(at, snapshot(disk));
    },
    named(root: string, tree: FileTree): FileTree {
      return {
        realPath: (path) => tree.realPath(path),
        directory: (path) => tree.directory(path),
        file(path) {
          const found = tree.file(path);
          if (found === undefined) return undefined;
          const name = root.split(sep).join('/') + path;
          const file = renamed.get(found) ?? sourceFile(name, found.bytes);
          renamed.set(found, file);
          read.set(name, file);
          return file;
        },
      };
    },
    textOf: (name: string) => read.get(name)?.text,
  };
}
