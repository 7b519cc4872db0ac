/**
 * Committing and pushing the files of a plan: the way back of an apply, and the only place that writes to Git. It runs
 * `git` as its user does, credentials included, but no hook and nothing that the repository's own configuration names;
 * it never forces, and it refuses rather than taking along what nobody asked for.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRepository, headOf, type Repository, readConfig } from './git.ts';
import { GitError, runGit } from './rungit.ts';

/** What a push would do, to be shown before anyone agrees to it. */
export interface PushPlan {
  readonly repository: Repository;
  readonly branch: string;
  readonly remote: string;
  readonly url: string;
  /** The remote's branch, which may have another name. */
  readonly to: string;
  /** The files to commit, relative to the repository's root. */
  readonly files: readonly string[];
  /** Commits that are here and not there: they are pushed along. */
  readonly ahead: number;
}

export interface Pushed {
  readonly commit: string;
}

/** What stands in the way, in one sentence: nothing was written. */
export type Refused = { readonly message: string };

/**
 * Looks what there is to push. `wants` says which changed files belong to it (paths relative to the repository's root);
 * others stay as they are, but are in the way when they are staged. Asks the remote; throws GitError when git fails.
 */
export async function preparePush(
  folder: string,
  wants: (path: string) => boolean,
  signal: AbortSignal,
): Promise<PushPlan | Refused> {
  const repository = findRepository(folder);
  if (repository === undefined) return { message: `${folder} is in no Git repository` };
  const unsafe = namesProgram(repository);
  if (unsafe !== undefined)
    return { message: `the repository's own configuration sets ${unsafe}, which would run a program: push by hand` };
  const { branch, commit } = headOf(repository);
  if (branch === undefined || commit === undefined) return { message: 'HEAD is on no branch with a commit' };
  const busy = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply'];
  const under = busy.find((name) => existsSync(join(repository.gitDir, name)));
  if (under !== undefined) return { message: `a merge or rebase is under way (${under}): end it first` };
  const git = gitOf(repository, signal);
  const changes = changesOf(await git(['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames']));
  const other = changes.find((change) => change.staged && !wants(change.path));
  if (other !== undefined)
    return { message: `${other.path} is staged and does not belong to the plan: commit or unstage it first` };
  const files = changes.filter(({ path }) => wants(path)).map(({ path }) => path);
  const target = targetOf(repository, branch);
  if ('message' in target) return target;
  const there = (await git(['ls-remote', '--', target.remote, `refs/heads/${target.to}`])).split('\t')[0]!.trim();
  const at = `${target.remote} (${target.url})`;
  if (there === '') return { message: `${at} has no branch ${target.to}` };
  const behind = { message: `${branch} is behind ${target.to} of ${at}: pull first` };
  if (there !== commit) {
    if (!(await isKnown(git, there))) return behind;
    const base = (await git(['merge-base', '--', there, commit]).catch(() => '')).trim();
    if (base !== there) return behind;
  }
  const ahead = there === commit ? 0 : Number((await git(['rev-list', '--count', `${there}..${commit}`, '--'])).trim());
  return { repository, branch, ...target, files: files.sort(), ahead };
}

/** Commits the files (when there are any) and pushes the branch. A push that fails leaves the commit, and says so. */
export async function push(plan: PushPlan, message: string, signal: AbortSignal): Promise<Pushed> {
  const git = gitOf(plan.repository, signal);
  if (plan.files.length > 0) {
    await git(['add', '--all', '--', ...plan.files]);
    await git(['commit', '--quiet', '--no-verify', '--message', message]);
  }
  const { commit } = headOf(plan.repository);
  const args = ['push', '--quiet', '--no-verify', '--recurse-submodules=no', '--', plan.remote];
  try {
    await git([...args, `${commit}:refs/heads/${plan.to}`]);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new GitError(`${commit!.slice(0, 8)} is committed here and was not pushed: ${error.message}`);
  }
  return { commit: commit! };
}

/** Whether `commit` is `other` or an ancestor of it, as far as this repository knows; false when it does not. */
export async function isAncestor(
  repository: Repository,
  commit: string,
  other: string,
  signal: AbortSignal,
): Promise<boolean> {
  const git = gitOf(repository, signal);
  if (!(await isKnown(git, other)) || !(await isKnown(git, commit))) return false;
  return (await git(['merge-base', '--', commit, other]).catch(() => '')).trim() === commit;
}

/** The full id of a revision; undefined when there is none of that name. */
export async function commitOf(
  repository: Repository,
  revision: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (revision.startsWith('-')) return undefined;
  const git = gitOf(repository, signal);
  const found = await git(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).catch(() => '');
  return found.trim() === '' ? undefined : found.trim();
}

type Git = (args: readonly string[]) => Promise<string>;

async function isKnown(git: Git, commit: string): Promise<boolean> {
  return git(['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
}

interface Change {
  readonly path: string;
  readonly staged: boolean;
}

function changesOf(status: string): readonly Change[] {
  return status
    .split('\0')
    .filter((line) => line.length > 3)
    .map((line) => ({ path: line.slice(3), staged: !' ?!'.includes(line[0]!) }));
}

/** Where the branch is pushed to by its own configuration, else to the same name on `origin`. */
function targetOf(
  repository: Repository,
  branch: string,
): { readonly remote: string; readonly url: string; readonly to: string } | Refused {
  const lines = configOf(repository);
  const value = (section: string, name: string, key: string) =>
    lines.find((line) => line.section === section && line.name === name && line.key === key)?.value;
  const remote = value('branch', branch, 'remote') ?? 'origin';
  const to = (value('branch', branch, 'merge') ?? branch).replace(/^refs\/heads\//, '');
  const url = value('remote', remote, 'pushurl') ?? value('remote', remote, 'url');
  if (url === undefined || remote.startsWith('-')) return { message: `the repository has no remote ${remote}` };
  return { remote, url: withoutPassword(url), to };
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

/** Keys of a configuration by which git runs a program, or reads a file that could name one. */
const programs: readonly RegExp[] = [
  /^core\.(sshcommand|gitproxy|askpass|fsmonitor|attributesfile|alternaterefscommand)$/,
  /^credential\b.*\.helper$/,
  /^filter\..*\.(clean|smudge|process)$/,
  /^remote\..*\.(receivepack|uploadpack|vcs|proxy)$/,
  /^gpg\b.*\.program$/,
  /^include(if)?\b.*\.path$/,
  /^http\b.*\.proxy$/,
];

function namesProgram(repository: Repository): string | undefined {
  for (const { section, name, key, value } of configOf(repository)) {
    const whole = [section, name, key].filter((part) => part !== '').join('.');
    if (whole === 'core.fsmonitor' && /^(false|true|0|1|)$/.test(value)) continue;
    if (programs.some((one) => one.test(whole))) return whole;
  }
  return undefined;
}

function configOf(repository: Repository) {
  const files = [join(repository.commonDir, 'config'), join(repository.gitDir, 'config.worktree')];
  return files.flatMap((file) => [...readConfig(existsSync(file) ? readFileSync(file, 'utf8') : '')]);
}

/** Longer than a push to a slow server takes. */
const timeoutMs = 120_000;

const hardening = [
  '--literal-pathspecs',
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.quotePath=false', 'protocol.allow=never'],
  ...['https', 'http', 'ssh', 'file'].map((protocol) => `protocol.${protocol}.allow=always`),
].flatMap((word) => (word.startsWith('--') ? [word] : ['-c', word]));

function gitOf(repository: Repository, signal: AbortSignal): Git {
  const place = ['--git-dir', repository.gitDir, '--work-tree', repository.root];
  return async (args) => {
    const { code, out, err } = await runGit([...place, ...hardening, ...args], {
      cwd: repository.root,
      env: environment(),
      signal,
      timeout: timeoutMs,
      purpose: 'pushing',
    });
    if (code === 0) return out.toString();
    const said = err.trim().split('\n').map(withoutPassword).slice(0, 3).join(' ');
    throw new GitError(`git ${args[0]} failed: ${said || `exit code ${code}`}`);
  };
}

/** The user's own Git: identity, credentials and proxies, but no variable that leads to another repository. */
const passed =
  /^(PATH|HOME|USERPROFILE|APPDATA|SystemRoot|TMPDIR|TEMP|XDG_CONFIG_HOME|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|SSH_AGENT_PID|SSH_ASKPASS|GIT_SSH(_COMMAND)?|GNUPGHOME|GIT_CONFIG_GLOBAL|GIT_CONFIG_NOSYSTEM|GIT_AUTHOR_(NAME|EMAIL)|GIT_COMMITTER_(NAME|EMAIL)|(https?|no|all)_proxy)$/i;

function environment(): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));
  return { ...kept, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
}
