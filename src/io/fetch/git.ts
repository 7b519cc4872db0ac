/**
 * A commit of a GitRepository, fetched by the user's own `git` into a folder of the cache that is gone afterwards. What a
 * fleet names is never an option or a command: URLs and references that could be one are refused, only https, http and
 * ssh are spoken, no configuration but ours is read, and credentials are in the environment, never in an argument.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileTree, getPath, text } from '../../engine/index.ts';
import { commitTree, GitError } from '../git.ts';
import type { Access } from './access.ts';
import type { ArtifactRequest, FetchedFiles } from './artifact.ts';
import { packFiles, unpackFiles } from './files.ts';
import { chooseVersion } from './helm.ts';
import { basic, FetchError, shown } from './http.ts';

const timeoutMs = 120_000;
/** Bytes that git may write to its output: a listing of refs. */
const outputLimit = 64 * 1024 * 1024;
const commitId = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

export async function fromGit(request: ArtifactRequest): Promise<FetchedFiles> {
  const { field, folder, cache, signal } = request;
  const url = checkedUrl(field('url') ?? '');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(folder, 'clone-'));
  try {
    const remote: Remote = { url, work, signal, environment: await environmentOf(url, work, request.access) };
    await git(remote, ['init', '--quiet', '.']);
    const { ref, commit, label } = await resolveRef(remote, field);
    const key = `git ${commit}`;
    const kept = await cache.get(key);
    const all = kept === undefined ? await download(remote, ref, commit) : unpackFiles(kept);
    if (kept === undefined) await cache.set(key, packFiles(all));
    return { files: sparse(all, request), revision: `${label}@sha1:${commit}` };
  } catch (cause) {
    if (cause instanceof GitError) throw new FetchError(cause.message);
    throw cause;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The URL as git gets it: with a protocol that carries nothing but a repository, and no password in it. */
function checkedUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['https:', 'http:', 'ssh:'].includes(url.protocol))
    throw new FetchError(`${shown(given)} is no https, http or ssh URL`);
  if (url.hostname.startsWith('-') || url.username.startsWith('-') || url.password !== '')
    throw new FetchError(`${shown(given)} is no URL that is given to git`);
  return given;
}

interface Remote {
  readonly url: string;
  readonly work: string;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
}

async function environmentOf(url: string, work: string, { secret, credentials, tls }: Access) {
  const { PATH, SystemRoot, TMPDIR, HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy } = process.env;
  const proxies = { HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy };
  const settings: (readonly [string, string])[] = [
    ['protocol.allow', 'never'],
    ['protocol.https.allow', 'always'],
    ['protocol.http.allow', 'always'],
    ['protocol.ssh.allow', 'always'],
    // A redirect may stay on its way to the first answer, but git would carry the header along, so there is none.
    ['http.followRedirects', 'false'],
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.symlinks', 'false'],
    ['transfer.fsckObjects', 'true'],
    ['credential.helper', ''],
  ];
  const { bearerToken, identity, known_hosts: hosts, password } = secret;
  if (url.startsWith('ssh:')) {
    if (identity === undefined || hosts === undefined)
      throw new FetchError('over SSH, its Secret needs identity and known_hosts');
    if (password !== undefined) throw new FetchError('SSH keys with a passphrase are not supported');
    if (/["'\s\\$`]/.test(work))
      throw new FetchError('over SSH, the cache folder must be a path without blanks or quotes');
    await writeFile(join(work, 'identity'), `${identity.trimEnd()}\n`, { mode: 0o600 });
    await writeFile(join(work, 'known_hosts'), hosts, { mode: 0o600 });
    const options = `-o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${work}/known_hosts`;
    settings.push(['core.sshCommand', `ssh -F /dev/null -i ${work}/identity ${options}`]);
  } else {
    if ('githubAppID' in secret) throw new FetchError('GitHub App credentials are not supported');
    const header = bearerToken === undefined ? undefined : `Bearer ${bearerToken}`;
    const authorization = header ?? (credentials && basic(credentials.username, credentials.password));
    if (authorization !== undefined && /[\r\n]/.test(authorization))
      throw new FetchError('its Secret holds a line break');
    if (authorization !== undefined) settings.push(['http.extraHeader', `Authorization: ${authorization}`]);
    const ca = tls?.ca ?? secret['ca.crt'] ?? secret.caFile;
    if (ca !== undefined) {
      await writeFile(join(work, 'ca.crt'), ca, { mode: 0o600 });
      settings.push(['http.sslCAInfo', join(work, 'ca.crt')]);
    }
    if (tls?.cert !== undefined) throw new FetchError('client certificates for Git are not supported');
  }
  const kept = Object.entries({ PATH, SystemRoot, TMPDIR, ...proxies }).filter(([, value]) => value !== undefined);
  const numbered = settings.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  return {
    ...Object.fromEntries([...kept, ...numbered]),
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    HOME: work,
    LC_ALL: 'C',
  };
}

interface Resolved {
  /** What is asked of the server: a ref's full name or a commit. */
  readonly ref: string;
  readonly commit: string;
  readonly label: string;
}

/** A commit goes before a name, a name before a tag, a tag before a range, and all before the branch. */
async function resolveRef(remote: Remote, field: ArtifactRequest['field']): Promise<Resolved> {
  const commit = field('ref', 'commit');
  if (commit !== undefined) {
    if (!commitId.test(commit)) throw new FetchError(`${commit} is no full commit id`);
    return { ref: commit, commit, label: field('ref', 'branch') ?? commit };
  }
  const refs = await listRefs(remote);
  const tag = field('ref', 'tag') ?? tagInRange(refs, field('ref', 'semver'));
  const branch = field('ref', 'branch') ?? 'master';
  const ref = field('ref', 'name') ?? (tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`);
  // An annotated tag is listed once more with the commit that it stands for.
  const found = refs.get(`${ref}^{}`) ?? refs.get(ref);
  if (found === undefined || !ref.startsWith('refs/')) throw new FetchError(`there is no reference ${ref}`);
  return { ref, commit: found, label: field('ref', 'name') ?? tag ?? branch };
}

function tagInRange(refs: ReadonlyMap<string, string>, range: string | undefined): string | undefined {
  if (range === undefined) return undefined;
  const prefix = 'refs/tags/';
  const tags = [...refs.keys()].filter((name) => name.startsWith(prefix) && !name.endsWith('^{}'));
  const tag = chooseVersion(
    tags.map((name) => name.slice(prefix.length)),
    range,
  );
  if (tag === undefined) throw new FetchError(`no tag matches ${range}`);
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

async function download(remote: Remote, ref: string, commit: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const options = ['--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
  await git(remote, ['fetch', ...options, '--', remote.url, ref]);
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

const bytesOf = (tree: FileTree, path: string) => tree.file(path)?.bytes ?? new Uint8Array();

/** `sparseCheckout` keeps the files whose path begins with one of its entries. */
function sparse(files: ReadonlyMap<string, Uint8Array>, { source }: ArtifactRequest): ReadonlyMap<string, Uint8Array> {
  const list = getPath(source, ['spec', 'sparseCheckout']);
  if (list?.kind !== 'sequence' || list.items.length === 0) return files;
  const prefixes = list.items.map((item) => `/${(text(item) ?? '').replace(/^(\.?\/)+/, '')}`);
  return new Map([...files].filter(([path]) => prefixes.some((prefix) => path.startsWith(prefix))));
}

/** Runs git in the work folder; a non-zero exit is one sentence, with git's own first line. */
function git({ work, environment, signal, url }: Remote, args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('git', args, {
      cwd: work,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      windowsHide: true,
    });
    const out: Buffer[] = [];
    let size = 0;
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > outputLimit) child.kill();
      else out.push(part);
    });
    child.stderr.on('data', (part: Buffer) => {
      if (said.length < 4096) said += part.toString();
    });
    child.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const why = signal.aborted ? 'canceled' : error.message;
      fail(new FetchError(missing ? 'git is not installed, and a GitRepository needs it' : why));
    });
    child.on('close', (code) => {
      if (code === 0) return done(Buffer.concat(out).toString('utf8'));
      fail(new FetchError(`${shown(url)}: ${shown(said.trim().split('\n')[0] ?? '')}`));
    });
  });
}
