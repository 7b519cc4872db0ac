/**
 * The open folders as file trees, unsaved edits on top. The disk is read once and again only when the editor says that a
 * file changed, so that a keystroke costs no file system calls; a tree never changes once it has been handed out.
 */
import { isAbsolute, relative, sep } from 'node:path';
import type { FileTree, SourceFile } from '../engine/index.ts';
import { diskTree, overlayTree, snapshot, textFile } from '../io/disk.ts';
import { pathOf, uriOf } from './convert.ts';

export interface Folder {
  readonly uri: string;
  /** The folder's path on this machine. */
  readonly path: string;
}

export interface Located {
  readonly folder: Folder;
  /** The path inside the folder's tree: `/apps/api/kustomization.yaml`. */
  readonly path: string;
}

export interface Files {
  folders(): readonly Folder[];
  setFolders(uris: readonly string[]): void;
  /** The folder as it is now; the same object until something in it changes. */
  tree(folder: Folder): FileTree;
  /** The folder that a file is in; undefined for a file outside of all and for what is no file. */
  locate(uri: string): Located | undefined;
  /** The URI of a file, from the name that its origins carry. */
  uriOf(folder: Folder, name: string): string;
  edit(uri: string, text: string): void;
  close(uri: string): void;
  changedOnDisk(uris: readonly string[]): void;
  /** Counts up with every change: what was made from an older one is stale. */
  version(): number;
  onChange(listener: () => void): void;
}

interface Held extends Folder {
  readonly disk: FileTree;
  snapshot?: FileTree;
  tree?: FileTree;
  readonly edits: Map<string, SourceFile>;
}

export function createFiles(): Files {
  let held: readonly Held[] = [];
  let version = 0;
  const open = new Map<string, string>();
  const listeners: (() => void)[] = [];

  function changed(): void {
    version++;
    for (const listener of listeners) listener();
  }

  function hold(uri: string): Held {
    const path = pathOf(uri);
    return { uri, path, disk: diskTree(path), edits: new Map() };
  }

  function locate(uri: string): { folder: Held; path: string } | undefined {
    if (!uri.startsWith('file:')) return undefined;
    const path = pathOf(uri);
    // The innermost folder wins where one contains another.
    const [folder] = held
      .filter((one) => inside(one.path, path) !== undefined)
      .sort((a, b) => b.path.length - a.path.length);
    return folder && { folder, path: `/${inside(folder.path, path)}` };
  }

  return {
    folders: () => held,
    setFolders(uris) {
      held = uris.filter((uri) => uri.startsWith('file:')).map(hold);
      for (const [uri, text] of open) place(uri, text);
      changed();
    },
    tree(folder) {
      const one = held.find((candidate) => candidate.uri === folder.uri);
      if (one === undefined) throw new Error(`no such folder: ${folder.uri}`);
      one.snapshot ??= snapshot(one.disk);
      one.tree ??= one.edits.size === 0 ? one.snapshot : overlayTree(one.snapshot, one.edits);
      return one.tree;
    },
    locate,
    // Files of other folders go by their absolute path.
    uriOf: (folder, name) => uriOf(isAbsolute(name) ? name : `${folder.path}/${name}`),
    edit(uri, text) {
      open.set(uri, text);
      if (place(uri, text)) changed();
    },
    close(uri) {
      open.delete(uri);
      const at = locate(uri);
      if (at === undefined || !at.folder.edits.delete(at.path)) return;
      delete at.folder.tree;
      changed();
    },
    changedOnDisk(uris) {
      const touched = new Set(uris.map((uri) => locate(uri)?.folder));
      for (const folder of touched) {
        delete folder?.snapshot;
        delete folder?.tree;
      }
      // An open editor may differ from the disk now, or no longer.
      for (const [uri, text] of open) place(uri, text);
      if (touched.size > 0) changed();
    },
    version: () => version,
    onChange: (listener) => void listeners.push(listener),
  };

  /** Whether the text of an open editor makes a difference to what its folder holds. */
  function place(uri: string, text: string): boolean {
    const at = locate(uri);
    if (at === undefined) return false;
    const { folder, path } = at;
    if (folder.edits.get(path)?.text === text) return false;
    folder.snapshot ??= snapshot(folder.disk);
    const saved = folder.snapshot.file(path)?.text === text;
    if (saved && !folder.edits.has(path)) return false;
    if (saved) folder.edits.delete(path);
    else folder.edits.set(path, textFile(path.slice(1), text));
    delete folder.tree;
    return true;
  }
}

/** `path` from `root`, with forward slashes; undefined when it is not inside. */
function inside(root: string, path: string): string | undefined {
  const way = relative(root, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way.split(sep).join('/');
}
