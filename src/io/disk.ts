/**
 * Folders on disk as `FileTree`s. Every path is confined: a link that leads out of the root is as good as absent, so
 * that an opened repository cannot make the engine read the user's other files. A file that did not change (same inode,
 * size and modification time) is the same `SourceFile` object, which is what the engine's caches key on.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import type { DirectoryEntry, FileTree, SourceFile } from '../engine/index.ts';

/** Files beyond this are not read at all (64 MiB): nothing that Flux reads as text is larger. */
const maxFileBytes = 64 * 1024 * 1024;

export interface DiskOptions {
  /** The name that origins carry for a path inside the tree; by default the path without its leading slash. */
  readonly name?: (path: string) => string;
}

/** The folder `root` (an absolute path of this machine). Every answer is read afresh; wrap it in `snapshot`. */
export function diskTree(root: string, options: DiskOptions = {}): FileTree {
  const name = options.name ?? ((path: string) => path.replace(/^\/+/, ''));
  const realRoot = attempt(() => realpathSync.native(root)) ?? root;
  const cache = new Map<string, { readonly stamp: string; readonly file: SourceFile }>();

  function realPath(path: string): string | undefined {
    const real = attempt(() => realpathSync.native(join(realRoot, path)));
    if (real === undefined) return undefined;
    const inside = relative(realRoot, real);
    if (inside === '..' || inside.startsWith(`..${sep}`)) return undefined;
    // On Windows a path on another drive stays absolute.
    if (inside !== '' && join(realRoot, inside) !== real) return undefined;
    return `/${inside.split(sep).join('/')}`;
  }

  function file(path: string): SourceFile | undefined {
    const real = realPath(path);
    if (real === undefined) return undefined;
    const onDisk = join(realRoot, real);
    const stat = attempt(() => statSync(onDisk, { bigint: true }));
    if (stat === undefined || !stat.isFile() || stat.size > maxFileBytes) return undefined;
    const stamp = `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
    const known = cache.get(path);
    if (known?.stamp === stamp) return known.file;
    const bytes = attempt(() => readFileSync(onDisk));
    if (bytes === undefined) return undefined;
    const read = sourceFile(name(path), new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    cache.set(path, { stamp, file: read });
    return read;
  }

  function directory(path: string): readonly DirectoryEntry[] | undefined {
    const real = realPath(path);
    const entries = real && attempt(() => readdirSync(join(realRoot, real), { withFileTypes: true }));
    if (!entries) return undefined;
    const out: DirectoryEntry[] = [];
    for (const entry of entries) {
      if (entry.isDirectory()) out.push({ name: entry.name, type: 'directory' });
      else if (entry.isFile()) out.push({ name: entry.name, type: 'file' });
      else if (entry.isSymbolicLink()) {
        const target = realPath(posix.join(path, entry.name));
        const stat = target === undefined ? undefined : attempt(() => statSync(join(realRoot, target)));
        if (stat?.isDirectory()) out.push({ name: entry.name, type: 'directory' });
        else if (stat?.isFile()) out.push({ name: entry.name, type: 'file' });
      }
    }
    return out.sort((a, b) => compareBytes(a.name, b.name));
  }

  return { file, directory, realPath };
}

/** `base` as it is now: each answer is kept, so that one render asks the disk for each path once. */
export function snapshot(base: FileTree): FileTree {
  const files = new Map<string, SourceFile | undefined>();
  const directories = new Map<string, readonly DirectoryEntry[] | undefined>();
  const reals = new Map<string, string | undefined>();
  return {
    file: (path) => remember(files, path, base.file),
    directory: (path) => remember(directories, path, base.directory),
    realPath: (path) => remember(reals, path, base.realPath),
  };
}

/**
 * `base` with files replaced: the unsaved editors. Keys are paths inside the tree; `undefined` takes a file away.
 * Pass the `SourceFile` (from `textFile`) again for an edit that did not change, so that caches hold.
 */
export function overlayTree(base: FileTree, edits: ReadonlyMap<string, string | SourceFile | undefined>): FileTree {
  const files = new Map<string, SourceFile | undefined>();
  const added = new Map<string, Map<string, 'file' | 'directory'>>();
  for (const [path, edit] of edits) {
    // An editor may have opened a file through a link: what it shows is the file that the link leads to.
    const real = base.realPath(path) ?? path;
    const old = base.file(path);
    const file =
      edit === undefined ? undefined : typeof edit === 'string' ? textFile(path.replace(/^\/+/, ''), edit) : edit;
    files.set(real, file !== undefined && old?.text === file.text ? old : file);
    if (file !== undefined && old === undefined) announce(real);
  }

  function announce(path: string): void {
    let type: 'file' | 'directory' = 'file';
    for (let at = path; at !== '/'; at = posix.dirname(at)) {
      const parent = posix.dirname(at);
      const names = added.get(parent) ?? new Map();
      names.set(posix.basename(at), type);
      added.set(parent, names);
      type = 'directory';
    }
  }

  function realPath(path: string): string | undefined {
    return base.realPath(path) ?? (files.get(path) !== undefined || added.has(path) ? path : undefined);
  }

  return {
    realPath(path) {
      const real = realPath(path);
      return real !== undefined && files.has(real) && files.get(real) === undefined ? undefined : real;
    },
    file(path) {
      const real = realPath(path);
      return real !== undefined && files.has(real) ? files.get(real) : base.file(path);
    },
    directory(path) {
      const real = realPath(path);
      if (real === undefined) return undefined;
      const names = new Map(base.directory(path)?.map((entry) => [entry.name, entry.type]));
      if (names.size === 0 && !added.has(real)) return base.directory(path);
      for (const [name, type] of added.get(real) ?? []) if (!names.has(name)) names.set(name, type);
      for (const [name] of names) {
        const child = posix.join(real, name);
        if (files.has(child) && files.get(child) === undefined) names.delete(name);
      }
      return [...names].map(([name, type]) => ({ name, type })).sort((a, b) => compareBytes(a.name, b.name));
    },
  };
}

/** A file that exists only as text, such as an unsaved editor. */
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

/** A file from its bytes; the text is decoded on first use and keeps a byte-order mark. */
export function sourceFile(name: string, bytes: Uint8Array): SourceFile {
  let text: string | undefined;
  return {
    name,
    bytes,
    get text() {
      text ??= new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      return text;
    },
  };
}

/** Go's order of strings: by bytes, which for UTF-8 is by code point. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function remember<T>(known: Map<string, T>, path: string, ask: (path: string) => T): T {
  if (known.has(path)) return known.get(path) as T;
  const answer = ask(path);
  known.set(path, answer);
  return answer;
}

/** The value, or undefined when the system says no: a file that vanished, a broken link, a loop, no permission. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
