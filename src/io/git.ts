/**
 * What Git knows about a folder. Remotes, branch and commit are read from `.git` by hand: opening a folder starts no
 * process, because Git runs commands that the opened repository's own configuration names (`core.fsmonitor`, hooks).
 * Only `commitTree`, which reads a commit's content, starts `git`; callers ask for it in trusted folders alone.
 */
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { DirectoryEntry, FileTree, SourceFile } from '../engine/index.ts';
import { compareBytes, sourceFile } from './disk.ts';
import { GitError, runGit } from './rungit.ts';

export interface Repository {
  /** The working tree's top folder: an absolute path of this machine. */
  readonly root: string;
  /** The folder that holds `HEAD` (for a linked worktree its own one), and the one that holds refs and config. */
  readonly gitDir: string;
  readonly commonDir: string;
}

/** The repository that `folder` lies in; undefined when there is none. */
export function findRepository(folder: string): Repository | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const gitDir = gitDirOf(at);
    if (gitDir !== undefined) {
      const common = readText(join(gitDir, 'commondir'))?.trim();
      return { root: at, gitDir, commonDir: common === undefined ? gitDir : resolve(gitDir, common) };
    }
    if (dirname(at) === at) return undefined;
  }
}

function gitDirOf(folder: string): string | undefined {
  const path = join(folder, '.git');
  try {
    if (statSync(path).isDirectory()) return readText(join(path, 'HEAD')) === undefined ? undefined : path;
  } catch {
    return undefined;
  }
  const target = /^gitdir: (.+)$/m.exec(readText(path) ?? '')?.[1]?.trim();
  return target === undefined ? undefined : isAbsolute(target) ? target : resolve(folder, target);
}

/** URLs of every remote, fetch and push, `insteadOf` applied, in the order of the configuration. */
export function remotesOf(repository: Repository): readonly string[] {
  const urls: string[] = [];
  const instead: { readonly prefix: string; readonly base: string }[] = [];
  for (const { section, name, key, value } of readConfig(readText(join(repository.commonDir, 'config')) ?? '')) {
    if (section === 'remote' && (key === 'url' || key === 'pushurl')) urls.push(value);
    if (section === 'url' && key === 'insteadof') instead.push({ prefix: value, base: name });
  }
  const all = urls.flatMap((url) => {
    const rule = instead
      .filter(({ prefix }) => url.startsWith(prefix))
      .sort((a, b) => b.prefix.length - a.prefix.length)[0];
    return rule === undefined ? [url] : [rule.base + url.slice(rule.prefix.length), url];
  });
  return [...new Set(all)];
}

interface ConfigLine {
  readonly section: string;
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

/** Git's configuration file: sections, subsections, quoted values, comments, line continuations. Includes are not followed. */
export function* readConfig(text: string): Generator<ConfigLine> {
  let section = '';
  let name = '';
  for (const line of text.replace(/\\\r?\n/g, '').split(/\r?\n/)) {
    const head = /^\s*\[\s*([^\s"\]]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\](.*)$/.exec(line);
    if (head) {
      section = head[1]!.toLowerCase();
      name = (head[2] ?? '').replace(/\\(.)/g, '$1');
    }
    const pair = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/.exec(head ? head[3]! : line);
    if (pair) yield { section, name, key: pair[1]!.toLowerCase(), value: configValue(pair[2]!) };
  }
}

/** A value without comment, surrounding blanks and quotes; escapes undone. */
function configValue(raw: string): string {
  let out = '';
  let kept = 0;
  let quoted = false;
  for (let i = 0; i < raw.length; i++) {
    const c = raw[i]!;
    if (c === '\\') out += { n: '\n', t: '\t', b: '\b' }[raw[++i] ?? ''] ?? raw[i] ?? '';
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === '#' || c === ';')) break;
    else out += c;
    if (quoted || !/\s/.test(c)) kept = out.length;
  }
  return out.slice(0, kept);
}

export interface Head {
  /** Absent on a detached HEAD. */
  readonly branch?: string;
  /** Absent before the first commit, and where refs are stored in a form that only Git reads (reftable). */
  readonly commit?: string;
  /** The branch that the remote calls its own, as it was last seen. */
  readonly trunk?: string;
}

/** The checked-out branch and commit. */
export function headOf(repository: Repository): Head {
  const trunk = trunkOf(repository);
  return { ...checkedOut(repository), ...(trunk === undefined ? {} : { trunk }) };
}

function trunkOf({ commonDir }: Repository): string | undefined {
  const remotes = join(commonDir, 'refs', 'remotes');
  for (const name of ['origin', ...readFolder(remotes).map((entry) => entry.name)]) {
    const branch = /^ref: refs\/remotes\/[^/]+\/(\S+)/.exec(readText(join(remotes, name, 'HEAD')) ?? '')?.[1];
    if (branch !== undefined) return branch;
  }
  return undefined;
}

function checkedOut(repository: Repository): Head {
  const head = readText(join(repository.gitDir, 'HEAD'))?.trim() ?? '';
  if (!head.startsWith('ref: ')) return commitId.test(head) ? { commit: head } : {};
  const ref = head.slice('ref: '.length).trim();
  const commit = readRef(repository, ref);
  const branch = ref.replace(/^refs\/heads\//, '');
  return commit === undefined ? { branch } : { branch, commit };
}

const commitId = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

function readRef(repository: Repository, ref: string): string | undefined {
  if (!/^refs\/[^\\]+$/.test(ref) || ref.split('/').includes('..')) return undefined;
  const loose = (readText(join(repository.gitDir, ref)) ?? readText(join(repository.commonDir, ref)))?.trim();
  if (loose !== undefined) return commitId.test(loose) ? loose : undefined;
  for (const line of (readText(join(repository.commonDir, 'packed-refs')) ?? '').split('\n')) {
    if (line.endsWith(` ${ref}`)) return line.slice(0, line.indexOf(' '));
  }
  return undefined;
}

/** Every reference by its full name, with the id that it holds: loose ones before packed ones. Starts no process. */
export function refsOf({ commonDir }: Repository): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  for (const line of (readText(join(commonDir, 'packed-refs')) ?? '').split('\n')) {
    const [id, name] = line.split(' ');
    if (id !== undefined && name !== undefined && commitId.test(id)) refs.set(name, id);
  }
  const walk = (name: string, depth: number) => {
    for (const entry of readFolder(join(commonDir, name))) {
      const child = `${name}/${entry.name}`;
      if (entry.isDirectory() && depth < 32) walk(child, depth + 1);
      const id = entry.isFile() ? readText(join(commonDir, child))?.trim() : undefined;
      if (id !== undefined && commitId.test(id)) refs.set(child, id);
    }
  };
  walk('refs', 0);
  return new Map([...refs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readFolder(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * The files of `folder` as they are in a commit, all read now. `revision` is what Git takes for one: a branch, a tag, a
 * hash, `HEAD~2`. Names in origins are paths inside the folder, as in the working tree. Throws GitError with one
 * sentence: no repository, no such revision, canceled.
 */
export async function commitTree(folder: string, revision: string, signal: AbortSignal): Promise<FileTree> {
  const repository = findRepository(folder);
  if (repository === undefined) throw new GitError(`${folder} is not in a Git repository`);
  if (revision === '' || revision.startsWith('-')) throw new GitError(`"${revision}" is not a revision`);
  const below = relative(repository.root, resolve(folder)).split(sep).join('/');
  const commit = (
    await git(repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], '', signal)
  )
    .toString()
    .trim();
  if (!commitId.test(commit)) throw new GitError(`there is no revision "${revision}" in ${repository.root}`);
  const listing = await git(repository, ['ls-tree', '-r', '-z', '--full-tree', commit], '', signal);
  const prefix = below === '' ? '' : `${below}/`;
  const blobs = listing
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, mode, id, path] = /^(\d+) blob ([0-9a-f]+)\t([\s\S]*)$/.exec(line) ?? [];
      return mode && id && path?.startsWith(prefix) ? [{ mode, id, path: `/${path.slice(prefix.length)}` }] : [];
    });
  const ids = [...new Set(blobs.map((blob) => blob.id))];
  const contents = await readBlobs(repository, ids, signal);
  return treeOf(blobs.map((blob) => ({ ...blob, bytes: contents.get(blob.id) ?? new Uint8Array() })));
}

async function readBlobs(repository: Repository, ids: readonly string[], signal: AbortSignal) {
  const out = await git(repository, ['cat-file', '--batch'], `${ids.join('\n')}\n`, signal);
  const contents = new Map<string, Uint8Array>();
  for (let at = 0; at < out.length; ) {
    const newline = out.indexOf(10, at);
    const [id, type, size] = out.subarray(at, newline).toString().split(' ');
    at = newline + 1;
    if (type !== 'blob') continue;
    contents.set(id!, new Uint8Array(out.subarray(at, at + Number(size))));
    at += Number(size) + 1;
  }
  return contents;
}

interface CommitFile {
  readonly path: string;
  readonly mode: string;
  readonly bytes: Uint8Array;
}

/** Files and links of a commit as a tree. A link that leads outside, or round in a circle, is as good as absent. */
function treeOf(entries: readonly CommitFile[]): FileTree {
  const files = new Map<string, SourceFile>();
  const links = new Map<string, string>();
  const folders = new Map<string, Set<string>>([['/', new Set()]]);
  for (const { path, mode, bytes } of entries) {
    if (mode === '120000') links.set(path, new TextDecoder().decode(bytes));
    else files.set(path, sourceFile(path.slice(1), bytes));
    for (let at = path; at !== '/'; ) {
      const parent = at.slice(0, at.lastIndexOf('/')) || '/';
      const names = folders.get(parent) ?? new Set();
      names.add(at.slice(at.lastIndexOf('/') + 1));
      folders.set(parent, names);
      at = parent;
    }
  }

  function realPath(path: string): string | undefined {
    let rest = path.split('/').filter((part) => part !== '' && part !== '.');
    let at = '';
    for (let hops = 0; rest.length > 0; ) {
      const [part, ...others] = rest;
      rest = others;
      if (part === '..') {
        if (at === '') return undefined;
        at = at.slice(0, at.lastIndexOf('/'));
        continue;
      }
      const target = links.get(`${at}/${part}`);
      if (target === undefined) at = `${at}/${part}`;
      else if (target.startsWith('/') || ++hops > 40) return undefined;
      else rest = [...target.split('/').filter((p) => p !== '' && p !== '.'), ...rest];
    }
    const real = at === '' ? '/' : at;
    return files.has(real) || folders.has(real) ? real : undefined;
  }

  return {
    realPath,
    file: (path) => files.get(realPath(path) ?? ''),
    directory(path) {
      const real = realPath(path);
      const names = real === undefined ? undefined : folders.get(real);
      if (names === undefined) return undefined;
      const out: DirectoryEntry[] = [];
      for (const name of names) {
        const child = realPath(`${real === '/' ? '' : real}/${name}`);
        if (child !== undefined) out.push({ name, type: files.has(child) ? 'file' : 'directory' });
      }
      return out.sort((a, b) => compareBytes(a.name, b.name));
    },
  };
}

/** Longer than any local read of objects takes; a lazy clone that waits for its remote is given up. */
const timeoutMs = 60_000;

/** Runs one reading git command and answers its output; a non-zero exit is a GitError with git's first line. */
async function git(
  repository: Repository,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const { code, out, err } = await runGit(['--git-dir', repository.gitDir, ...hardening, ...args], {
    cwd: repository.root,
    env: environment(),
    signal,
    timeout: timeoutMs,
    input,
    purpose: 'reading a commit',
  });
  if (code === 0 || args[0] === 'rev-parse') return out;
  throw new GitError(`git ${args[0]} failed: ${err.split('\n')[0]}`);
}

/** Nothing that the repository's configuration names may run. */
const hardening = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.allow=never'];

/** Only what git needs to start: no variable of the user's can redirect it to another repository or program. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, SystemRoot, USERPROFILE, TMPDIR } = process.env;
  const kept = Object.fromEntries(
    Object.entries({ PATH, HOME, SystemRoot, USERPROFILE, TMPDIR }).filter(([, value]) => value !== undefined),
  );
  return { ...kept, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' };
}
