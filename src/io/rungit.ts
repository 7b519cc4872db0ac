/** One run of git: its output and how it ended. What it may do (configuration, environment, time) is its caller's to say. */
import { spawn } from 'node:child_process';

/** What git could not do, as one sentence for a person. */
export class GitError extends Error {}

export interface GitRun {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Milliseconds after which it is given up. */
  readonly timeout: number;
  /** Standard input; nothing when absent. */
  readonly input?: string;
  /** What cannot be done without git: `pushing`. */
  readonly purpose: string;
}

export interface GitEnd {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/** Rejects with a GitError only when it could not run to its end; a code other than 0 is an answer. */
export function runGit(args: readonly string[], run: GitRun): Promise<GitEnd> {
  return new Promise((done, fail) => {
    const child = spawn('git', args, {
      cwd: run.cwd,
      env: run.env,
      stdio: [run.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      signal: AbortSignal.any([run.signal, AbortSignal.timeout(run.timeout)]),
      windowsHide: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin?.on('error', () => {});
    child.stdin?.end(run.input);
    child.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      fail(new GitError(missing ? `git is not installed, and ${run.purpose} needs it` : `git: ${error.message}`));
    });
    child.on('close', (code) => done({ code, out: Buffer.concat(out), err: Buffer.concat(err).toString() }));
  });
}
