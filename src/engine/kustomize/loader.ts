/**
 * Where a build may read: paths relative to a kustomization's directory, the load restriction, and the chain of
 * directories that led here, by which cycles are found. Every path that is asked for is recorded, found or not.
 */
import type { FileTree, SourceFile } from '../ports.ts';
import type { Origin } from '../yaml/node.ts';
import { Refusal } from './refusal.ts';

export type LoadRestrictor = 'none' | 'rootonly';

/** What was at a path when the build looked: the very file, a directory, or nothing. */
export type Seen = SourceFile | 'directory' | undefined;

export interface Loader {
  readonly tree: FileTree;
  /** The directory of the kustomization, links resolved. */
  readonly root: string;
  readonly referrer: Loader | undefined;
  readonly restrictor: LoadRestrictor;
  readonly reads: Map<string, Seen>;
  /** Answers for URLs; absent: refused. */
  readonly remote: ((url: string) => FileTree | undefined) | undefined;
  /** Set below a remote base: nothing outside this directory of its tree may be read. */
  readonly confine?: string;
}

/** `path` taken from `base`, cleaned; undefined when it leaves the tree. */
export function joinPath(base: string, path: string): string | undefined {
  const out: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : `${base}/`}${path}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.pop() === undefined) return undefined;
  }
  return `/${out.join('/')}`;
}

/** Whether `path` is `directory` or below it. */
function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

export function isRemoteFile(path: string): boolean {
  return /^https?:/i.test(path);
}

/** Whether kustomize would take a resource path for a Git repository. */
function isRemoteBase(path: string): boolean {
  if (/^(git::|gh:|ssh:|git@|file:\/\/)/i.test(path) || /^[\w.-]+@[\w.-]+:/.test(path)) return true;
  if (/^(https?:\/\/)?(www\.)?(github\.com|gitlab\.com|bitbucket\.org)[/:]/i.test(path)) return true;
  if (isRemoteFile(path)) return true;
  return /^[^/.][^/]*\.[^/]+\/.*(\.git|_git)([/?]|$)/.test(path) || /^[^.][^?]*\?(ref|version)=/.test(path);
}

/** The file at `path`; a refusal says why it cannot be read. */
export function load(loader: Loader, path: string, at: Origin | undefined): SourceFile {
  if (isRemoteFile(path)) return loadRemote(loader, path, at);
  const target = joinPath(loader.root, path);
  if (target === undefined) throw outside(loader, path, at);
  const file = seeFile(loader, target);
  if (loader.restrictor === 'rootonly' || loader.confine !== undefined) {
    const real = loader.tree.realPath(target);
    if (real === undefined) throw missing(target, at);
    const bound = loader.restrictor === 'rootonly' ? loader.root : loader.confine!;
    if (file === undefined) throw new Refusal(`'${target}' must resolve to a file`, at, 'file-missing');
    if (!isWithin(real, bound)) {
      throw new Refusal(`security; file '${target}' is not in or below '${bound}'`, at, 'file-outside-root');
    }
  }
  if (file !== undefined) return file;
  if (see(loader, target) === 'directory') {
    throw new Refusal(`'${target}' must resolve to a file: it is a directory`, at, 'file-missing');
  }
  throw missing(target, at);
}

function missing(path: string, at: Origin | undefined): Refusal {
  return new Refusal(`evalsymlink failure on '${path}': no such file or directory`, at, 'file-missing');
}

function outside(loader: Loader, path: string, at: Origin | undefined): Refusal {
  return new Refusal(`security; '${path}' taken from '${loader.root}' leaves the source tree`, at, 'file-outside-root');
}

function seeFile(loader: Loader, path: string): SourceFile | undefined {
  const file = loader.tree.file(path);
  if (file !== undefined || !loader.reads.has(path)) loader.reads.set(path, file);
  return file;
}

/** What is at a path, recorded. */
export function see(loader: Loader, path: string): Seen {
  const file = loader.tree.file(path);
  const seen = file ?? (loader.tree.directory(path) === undefined ? undefined : 'directory');
  loader.reads.set(path, seen);
  return seen;
}

/** The loader of the directory that `path` names, for a base or component. */
export function enter(loader: Loader, path: string, at: Origin | undefined): Loader {
  if (path === '') throw new Refusal('new root cannot be empty', at);
  if (isRemoteBase(path)) return enterRemote(loader, path, at);
  if (path.startsWith('/')) throw new Refusal(`new root '${path}' cannot be absolute`, at);
  if (path.split('/').some((part) => part !== '..' && part.includes('..'))) {
    throw new Refusal(
      `path ${JSON.stringify(path)} is ambiguous: resolves to ${JSON.stringify(joinPath(loader.root, path) ?? path)} after normalization, ` +
        'which is likely not the intended target; check for YAML indentation errors in your kustomization file',
      at,
    );
  }
  const target = joinPath(loader.root, path);
  if (target === undefined) throw outside(loader, path, at);
  const root = confirmDirectory(loader, target, at);
  if (loader.confine !== undefined && !isWithin(root, loader.confine)) {
    throw new Refusal(
      `security; bases in kustomizations found in cloned git repos must be within the repo, but base '${root}' is outside '${loader.confine}'`,
      at,
      'file-outside-root',
    );
  }
  const cycle = cycleWith(loader, root);
  if (cycle !== undefined) {
    throw new Refusal(`cycle detected: candidate root '${root}' contains visited root '${cycle}'`, at);
  }
  return { ...loader, root, referrer: loader };
}

/** The visited directory that `root` is or contains, if any: entering it would come round again. */
export function cycleWith(loader: Loader, root: string): string | undefined {
  for (let here: Loader | undefined = loader; here !== undefined; here = here.referrer) {
    if (here.tree === loader.tree && isWithin(here.root, root)) return here.root;
  }
  return undefined;
}

/** The directory at `path` with links resolved. */
export function confirmDirectory(loader: Loader, path: string, at: Origin | undefined): string {
  const seen = see(loader, path);
  if (seen === undefined) {
    throw new Refusal(
      `must build at directory: not a valid directory: evalsymlink failure on '${path}': no such file or directory`,
      at,
      'file-missing',
    );
  }
  if (seen !== 'directory') {
    throw new Refusal(`must build at directory: '${path}': file is not directory`, at, 'file-missing');
  }
  return loader.tree.realPath(path) ?? path;
}

function remoteTree(loader: Loader, url: string, at: Origin | undefined): FileTree {
  const tree = loader.remote?.(url);
  if (tree !== undefined) return tree;
  const why = loader.remote === undefined ? 'remote resources are not fetched here' : 'it could not be fetched';
  throw new Refusal(`'${url}' is remote: ${why}`, at, 'kustomize-unsupported');
}

function loadRemote(loader: Loader, url: string, at: Origin | undefined): SourceFile {
  const tree = remoteTree(loader, url, at);
  const files = (tree.directory('/') ?? []).filter((entry) => entry.type === 'file');
  const file = files.length === 1 ? tree.file(`/${files[0]!.name}`) : undefined;
  if (file === undefined) throw new Refusal(`URL is a git repository: '${url}' is not a file`, at, 'file-missing');
  return file;
}

/** The part of a repository URL that names a directory inside it. */
function remotePath(url: string): string {
  const [bare = ''] = url.split('?');
  const afterScheme = bare.replace(/^[a-z+:]*:\/\//i, '');
  const marker = afterScheme.indexOf('//');
  if (marker >= 0) return `/${afterScheme.slice(marker + 2)}`;
  const git = /(\.git|_git\/[^/]+)\/(.*)$/.exec(afterScheme);
  if (git !== null) return `/${git[2]}`;
  return `/${afterScheme.replace(':', '/').split('/').slice(3).join('/')}`;
}

function enterRemote(loader: Loader, url: string, at: Origin | undefined): Loader {
  const tree = remoteTree(loader, url, at);
  for (let here: Loader | undefined = loader; here !== undefined; here = here.referrer) {
    if (here.tree === tree && here !== loader) throw new Refusal(`cycle detected: URI '${url}' was visited before`, at);
  }
  const inside: Loader = { ...loader, tree, root: '/', referrer: loader, restrictor: 'rootonly', confine: '/' };
  const path = joinPath('/', remotePath(url)) ?? '/';
  const isThere = tree.directory(path) !== undefined;
  if (!isThere) throw new Refusal(`'${path}' is not a directory of '${url}'`, at, 'file-missing');
  return { ...inside, root: path };
}
