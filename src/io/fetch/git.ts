/**
 * A commit of a GitRepository, fetched into a folder of the cache that is gone afterwards. Which commit is decided as
 * source-controller decides it: a commit goes before a name, a name before a tag, a tag before a range, and all before the branch.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileTree, getPath, text } from '../../engine/index.ts';
import { commitTree } from '../git.ts';
import { GitError } from '../rungit.ts';
import type { Access } from './access.ts';
import type { ArtifactRequest, FetchedFiles } from './artifact.ts';
import { packFiles, unpackFiles } from './files.ts';
import { githubCredentials } from './githubapp.ts';
import { checkedUrl, git, openRemote, type Remote } from './gitremote.ts';
import { chooseVersion } from './helm.ts';
import { FetchError, shown } from './http.ts';

const commitId = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
/** Submodules in submodules go no deeper than this, as in source-controller, and there are no more of them in all. */
const maxDepth = 10;
const maxSubmodules = 64;

export async function fromGit(request: ArtifactRequest): Promise<FetchedFiles> {
  const { field } = request;
  const access = await gitAccess(request);
  const url = checkedUrl(field('url') ?? '');
  return inWorkFolder(request, async (work) => {
    const remote = await openRemote({ url, work, signal: request.signal, access });
    const { ref, commit, label, within } = await resolveRef(remote, field);
    const recurse = field('recurseSubmodules') === 'true';
    const place = within === undefined ? '' : ` within ${within}`;
    const key = `git ${url} ${commit}${place}${recurse ? ' with submodules' : ''}`;
    const files = await request.cache.keep(key, async () => {
      const own = await download(remote, ref, commit);
      if (within !== undefined) await checkWithin(remote, commit, within);
      return packFiles(
        recurse
          ? await withSubmodules(
              own,
              { remote, commit, request, access, place: '', modules: '.git/modules', budget: { left: maxSubmodules } },
              1,
            )
          : own,
      );
    });
    const hash = `${commit.length === 40 ? 'sha1' : 'sha256'}:${commit}`;
    return {
      files: sparse(unpackFiles(files), request),
      revision: label === undefined ? hash : `${label}@${hash}`,
    };
  });
}

async function gitAccess({ field, access, signal }: ArtifactRequest): Promise<Access> {
  const isApp = 'githubAppID' in access.secret;
  if (field('provider') === 'github') {
    if (!isApp) throw new FetchError('provider github needs a Secret with the data of a GitHub App', 'provider');
    return { ...access, credentials: await githubCredentials(access, signal) };
  }
  if (isApp) throw new FetchError('its Secret has the data of a GitHub App: set spec.provider to github', 'secretRef');
  return access;
}

/** A folder for one clone, gone afterwards whatever happens; Git's own faults become faults of the fetch. */
async function inWorkFolder<T>({ folder }: ArtifactRequest, run: (work: string) => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(folder, 'clone-'));
  try {
    return await run(work);
  } catch (cause) {
    if (cause instanceof GitError) throw new FetchError(cause.message);
    throw cause;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Resolved {
  /** What is asked of the server: a ref's full name or a commit. */
  readonly ref: string;
  readonly commit: string;
  /** What the revision begins with; a bare commit has none. */
  readonly label?: string;
  /** The branches that have to hold a commit that is asked for by its id: source-controller clones no others. */
  readonly within?: string;
}

async function resolveRef(remote: Remote, field: ArtifactRequest['field']): Promise<Resolved> {
  const commit = field('ref', 'commit');
  if (commit !== undefined) {
    if (!commitId.test(commit)) throw new FetchError(`${commit} is no full commit id`, 'ref', 'commit');
    const label = field('ref', 'branch');
    return { ref: commit, commit, within: `refs/heads/${label ?? '*'}`, ...(label !== undefined && { label }) };
  }
  const refs = await listRefs(remote);
  const tag = field('ref', 'tag') ?? tagInRange(refs, field('ref', 'semver'));
  const branch = field('ref', 'branch') ?? 'master';
  const ref = field('ref', 'name') ?? (tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`);
  // An annotated tag is listed once more with the commit that it stands for.
  const found = refs.get(`${ref}^{}`) ?? refs.get(ref);
  const at = ['name', 'tag', 'semver', 'branch'].find((name) => field('ref', name) !== undefined);
  if (found === undefined || !ref.startsWith('refs/'))
    throw new FetchError(`there is no reference ${ref}`, 'ref', ...(at === undefined ? [] : [at]));
  return { ref: ref.replace(/\^\{\}$/, ''), commit: found, label: field('ref', 'name') ?? tag ?? branch };
}

function tagInRange(refs: ReadonlyMap<string, string>, range: string | undefined): string | undefined {
  if (range === undefined) return undefined;
  const prefix = 'refs/tags/';
  const tags = [...refs.keys()].filter((name) => name.startsWith(prefix) && !name.endsWith('^{}'));
  const tag = chooseVersion(
    tags.map((name) => name.slice(prefix.length)),
    range,
  );
  if (tag === undefined) throw new FetchError(`no tag matches ${range}`, 'ref', 'semver');
  return tag;
}

async function listRefs(remote: Remote): Promise<ReadonlyMap<string, string>> {
  const refs = new Map<string, string>();
  for (const line of (await git(remote, ['ls-remote', '--quiet', '--', remote.url])).split('\n')) {
    const [commit, name] = line.split('\t');
    if (commit !== undefined && name !== undefined && commitId.test(commit)) refs.set(name, commit);
  }
  return refs;
}

type Files = ReadonlyMap<string, Uint8Array>;

async function download(remote: Remote, ref: string, commit: string): Promise<Files> {
  await fetchCommit(remote, ref, commit);
  const files = new Map<string, Uint8Array>();
  const tree = await commitTree(remote.work, commit, remote.signal);
  const walk = (folder: string): void => {
    for (const { name, type } of tree.directory(folder) ?? []) {
      const path = `${folder === '/' ? '' : folder}/${name}`;
      // Links never get into an artifact.
      if (tree.realPath(path) !== path) continue;
      if (type === 'directory') walk(path);
      else files.set(path, bytesOf(tree, path));
    }
  };
  walk('/');
  return files;
}

/** One commit without its history; from a server that gives no commit by its id, every branch and tag with all of theirs. */
async function fetchCommit(remote: Remote, ref: string, commit: string): Promise<void> {
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
  try {
    await git(remote, ['fetch', ...options, '--depth=1', '--', remote.url, ref]);
    return;
  } catch (cause) {
    if (ref !== commit || remote.signal.aborted) throw cause;
  }
  const all = ['heads', 'tags'].map((kind) => `+refs/${kind}/*:refs/fetched/${kind}/*`);
  await git(remote, ['fetch', ...options, '--', remote.url, ...all]);
  await git(remote, ['cat-file', '-e', `${commit}^{commit}`]).catch(() => {
    throw new FetchError(`there is no commit ${commit} in ${shown(remote.url)}`, 'ref', 'commit');
  });
}

/** Of the branches, only what came after the commit is transferred. */
async function checkWithin(remote: Remote, commit: string, within: string): Promise<void> {
  const branch = within.replace('refs/heads/', '');
  if (branch !== '*' && !(await listRefs(remote)).has(within))
    throw new FetchError(`there is no reference ${within}`, 'ref', 'branch');
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
  await git(remote, ['fetch', ...options, '--', remote.url, `+${within}:refs/within/${branch}`]);
  const holding = await git(remote, ['for-each-ref', `--contains=${commit}`, '--format=%(refname)', 'refs/within']);
  if (holding.trim() !== '') return;
  const where = branch === '*' ? 'on no branch' : `not on branch ${branch}`;
  throw new FetchError(`unable to resolve commit object for '${commit}': it is ${where}`, 'ref', 'commit');
}

const bytesOf = (tree: FileTree, path: string) => tree.file(path)?.bytes ?? new Uint8Array();

interface Superproject {
  readonly remote: Remote;
  readonly commit: string;
  readonly request: ArtifactRequest;
  readonly access: Access;
  /** Where it lies below the outermost project, and where that one keeps its modules. */
  readonly place: string;
  readonly modules: string;
  /** How many more submodules may be fetched. */
  readonly budget: { left: number };
}

/** The files with those of the submodules that `.gitmodules` names, each at the commit that the tree holds. */
async function withSubmodules(own: Files, project: Superproject, depth: number): Promise<Files> {
  const { remote, commit } = project;
  const listing = await git(remote, ['ls-tree', '-r', '-z', '--full-tree', commit]);
  const links = listing.split('\0').flatMap((line) => {
    const [, id, path] = /^160000 commit ([0-9a-f]+)\t([\s\S]*)$/.exec(line) ?? [];
    return id !== undefined && path !== undefined ? [{ id, path }] : [];
  });
  if (links.length === 0 || depth > maxDepth) return own;
  const modules = await modulesOf(remote, commit);
  const files = new Map(own);
  for (const { id, path } of links) {
    const module = modules.get(path);
    if (module === undefined) continue;
    if (project.budget.left-- <= 0)
      throw new FetchError(`there are more than ${maxSubmodules} submodules`, 'recurseSubmodules');
    for (const [name, bytes] of await submodule(project, { id, path, ...module }, depth))
      files.set(`/${path}${name}`, bytes);
  }
  return files;
}

interface Module {
  readonly name: string;
  readonly url: string;
}

/** By path, what `.gitmodules` says of it; a relative URL goes from the superproject's. */
async function modulesOf(remote: Remote, commit: string): Promise<ReadonlyMap<string, Module>> {
  const listed = await git(remote, ['config', '-z', '--blob', `${commit}:.gitmodules`, '--list']).catch(() => '');
  const modules = new Map<string, { path?: string; url?: string }>();
  for (const line of listed.split('\0')) {
    const [, name, key, value] = /^submodule\.([\s\S]*)\.(path|url)\n([\s\S]*)$/.exec(line) ?? [];
    if (name !== undefined) modules.set(name, { ...modules.get(name), [key!]: value });
  }
  return new Map(
    [...modules].flatMap(([name, { path, url }]) =>
      path === undefined || url === undefined ? [] : [[path, { name, url: absolute(url, remote.url) }] as const],
    ),
  );
}

function absolute(url: string, base: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  return new URL(url, `${base.replace(/\/+$/, '')}/`).href;
}

/** A submodule of another host is read without the credentials. */
async function submodule(project: Superproject, link: Link, depth: number): Promise<Files> {
  const { request, remote, budget } = project;
  const isOwnHost = new URL(checkedUrl(link.url)).host === new URL(remote.url).host;
  const { proxy } = project.access;
  const access: Access = isOwnHost ? project.access : { secret: {}, ...(proxy && { proxy }) };
  const place = project.place === '' ? link.path : `${project.place}/${link.path}`;
  const modules = `${project.modules}/${link.name}`;
  return inWorkFolder(request, async (work) => {
    const inner = await openRemote({ url: link.url, work, signal: request.signal, access });
    const files = new Map(await download(inner, link.id, link.id));
    // A checkout has a file that leads to the module's own repository, and it gets into the artifact.
    const pointer = `gitdir: ${'../'.repeat(place.split('/').length)}${modules}\n`;
    files.set('/.git', new TextEncoder().encode(pointer));
    const nested = { remote: inner, commit: link.id, request, access, place, modules: `${modules}/modules`, budget };
    return withSubmodules(files, nested, depth + 1);
  });
}

interface Link extends Module {
  readonly id: string;
  readonly path: string;
}

/** `sparseCheckout` keeps the files whose path begins with one of its entries, each of which must be there. */
function sparse(files: Files, { source }: ArtifactRequest): Files {
  const list = getPath(source, ['spec', 'sparseCheckout']);
  if (list?.kind !== 'sequence' || list.items.length === 0) return files;
  const prefixes = list.items.map((item) => (text(item) ?? '').replace(/^\.\//, ''));
  const kept = new Map([...files].filter(([path]) => prefixes.some((prefix) => path.slice(1).startsWith(prefix))));
  for (const prefix of prefixes) {
    const folder = `/${prefix.replace(/\/+$/, '')}`;
    if (![...kept.keys()].some((path) => path === folder || path.startsWith(`${folder}/`)))
      throw new FetchError(`sparse checkout folder ${prefix} does not exist in the repository`, 'sparseCheckout');
  }
  return kept;
}
