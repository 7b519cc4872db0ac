/** Bare repositories on the stack's Git server, and pushing folders and edits to them as a person would. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Layout } from './layout.ts';

const run = promisify(execFile);

export interface Repository {
  /** What a GitRepository's `spec.url` says. */
  readonly url: string;
  /** A working copy on branch `main`. */
  readonly folder: string;
  /** Commits everything in the working copy, pushes it and answers the commit's SHA-1. */
  push(message: string): Promise<string>;
  /** Writes files (path → text; undefined removes) into the working copy. */
  write(files: Readonly<Record<string, string | undefined>>): void;
  /** Writes files and pushes them. */
  commit(files: Readonly<Record<string, string | undefined>>, message?: string): Promise<string>;
}

/** A new, empty repository of this name, with a working copy that holds a copy of `from`. One that was there is gone. */
export async function createRepository(layout: Layout, name: string, from?: string): Promise<Repository> {
  const bare = join(layout.git, `${name}.git`);
  const folder = layout.file(`work/${name}`);
  for (const path of [bare, folder]) rmSync(path, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await git(layout, layout.git, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  await git(layout, folder, ['init', '--quiet', '--initial-branch=main']);
  const url = `http://127.0.0.1:${layout.ports.git}/${name}.git`;
  await git(layout, folder, ['remote', 'add', 'origin', url]);
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  return open(layout, url, folder);
}

function open(layout: Layout, url: string, folder: string): Repository {
  const push = async (message: string): Promise<string> => {
    await git(layout, folder, ['add', '--all']);
    await git(layout, folder, ['commit', '--quiet', '--allow-empty', '--message', message]);
    await git(layout, folder, ['push', '--quiet', 'origin', 'HEAD:refs/heads/main']);
    return (await git(layout, folder, ['rev-parse', 'HEAD'])).trim();
  };
  const write = (files: Readonly<Record<string, string | undefined>>): void => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      rmSync(file, { recursive: true, force: true });
      if (text === undefined) continue;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  };
  return {
    url,
    folder,
    push,
    write,
    commit(files, message = 'A change') {
      write(files);
      return push(message);
    },
  };
}

/** Runs git with nobody's configuration: no hooks, no signing, no credential helper, no proxy. */
export async function git(layout: Layout, cwd: string, args: readonly string[]): Promise<string> {
  const someone = { NAME: 'Sluice', EMAIL: 'sluice@example.com' };
  const env = {
    PATH: process.env.PATH,
    HOME: layout.file('home'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...Object.fromEntries(
      Object.entries(someone).flatMap(([k, v]) => [
        [`GIT_AUTHOR_${k}`, v],
        [`GIT_COMMITTER_${k}`, v],
      ]),
    ),
  };
  return (await run('git', args, { cwd, env })).stdout;
}
