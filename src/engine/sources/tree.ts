/** Trees of files made from other trees, or from text. */
import type { DirectoryEntry, FileTree, SourceFile } from '../ports.ts';

/** `path` below `root`, cleaned of `.` and `..`; what would climb out stays at the root, as Go's securejoin does. */
export function joinPath(root: string, path: string): string {
  const parts = root.split('/').filter((part) => part !== '');
  const floor = parts.length;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > floor) parts.pop();
  }
  return `/${parts.join('/')}`;
}

/** Whether `path` is `folder` or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder `root` of a tree as a tree of its own. Names in origins stay those of the outer tree. */
export function subTree(tree: FileTree, root: string): FileTree {
  if (root === '/') return tree;
  const outer = (path: string) => (path === '/' ? root : root + path);
  return {
    file: (path) => tree.file(outer(path)),
    directory: (path) => tree.directory(outer(path)),
    realPath(path) {
      const real = tree.realPath(outer(path));
      if (real === undefined || !isWithin(real, root)) return undefined;
      return real === root ? '/' : real.slice(root.length);
    },
  };
}

/** A tree that stands at the folder `at` of an otherwise empty one: a folder opened from inside its repository. */
export function mountTree(tree: FileTree, at: string): FileTree {
  if (at === '/') return tree;
  const inner = (path: string) => (path === at ? '/' : isWithin(path, at) ? path.slice(at.length) : undefined);
  return {
    file(path) {
      const inside = inner(path);
      return inside === undefined ? undefined : tree.file(inside);
    },
    directory(path) {
      const inside = inner(path);
      if (inside !== undefined) return tree.directory(inside);
      if (!isWithin(at, path)) return undefined;
      const name = at.slice(path === '/' ? 1 : path.length + 1).split('/')[0]!;
      return [{ name, type: 'directory' }];
    },
    realPath(path) {
      const inside = inner(path);
      if (inside === undefined) return isWithin(at, path) ? path : undefined;
      const real = tree.realPath(inside);
      return real === undefined ? undefined : real === '/' ? at : at + real;
    },
  };
}

/** Several trees as one: what an earlier one has hides the later ones'. */
export function unionTree(trees: readonly FileTree[]): FileTree {
  const first = <T>(ask: (tree: FileTree) => T | undefined): T | undefined => {
    for (const tree of trees) {
      const answer = ask(tree);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
  return {
    file: (path) => first((tree) => tree.file(path)),
    realPath: (path) => first((tree) => tree.realPath(path)),
    directory(path) {
      const listings = trees.flatMap((tree) => tree.directory(path) ?? []);
      if (listings.length === 0) return first((tree) => tree.directory(path));
      const names = new Map<string, DirectoryEntry>();
      for (const entry of listings) if (!names.has(entry.name)) names.set(entry.name, entry);
      return [...names.values()].sort(byName);
    },
  };
}

/** A tree of the files given by path. */
export function memoryTree(files: ReadonlyMap<string, SourceFile>): FileTree {
  const folders = new Map<string, Map<string, 'file' | 'directory'>>([['/', new Map()]]);
  for (const path of files.keys()) {
    let type: 'file' | 'directory' = 'file';
    for (let at = path; at !== '/'; at = parentOf(at)) {
      const parent = parentOf(at);
      const names = folders.get(parent) ?? new Map();
      names.set(baseName(at), type);
      folders.set(parent, names);
      type = 'directory';
    }
  }
  const listings = new Map<string, readonly DirectoryEntry[]>();
  for (const [path, names] of folders) {
    const entries = [...names].map(([name, type]) => ({ name, type }));
    listings.set(path, entries.sort(byName));
  }
  return {
    file: (path) => files.get(path),
    directory: (path) => listings.get(path),
    realPath: (path) => (files.has(path) || listings.has(path) ? path : undefined),
  };
}

/** A file that is only text. */
export function textFile(name: string, text: string): SourceFile {
  let bytes: Uint8Array | undefined;
  return {
    name,
    text,
    get bytes() {
      bytes ??= new TextEncoder().encode(text);
      return bytes;
    },
  };
}

/** Go's order of strings: by code point (which is the order of UTF-8 bytes), not by UTF-16 unit. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const high = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    return high(x) === high(y) ? x - y : high(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function byName(a: DirectoryEntry, b: DirectoryEntry): number {
  return compareBytes(a.name, b.name);
}
