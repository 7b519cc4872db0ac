/** Runs the command line as a person does, on its bundle: `npm run test:cluster` has built it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Layout } from '../../scripts/cluster/layout.ts';

const bundle = fileURLToPath(new URL('../../out/cluster-suite/cli.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly done: Promise<Ran>;
  /** What standard output holds so far. */
  out(): string;
  interrupt(): void;
  /** Ends it as a crash does: it gets to do nothing more. */
  kill(): void;
}

export interface SluiceOptions {
  readonly cwd?: string;
  /** Instead of the stack's own kubeconfig. */
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function sluice(layout: Layout, args: readonly string[], options: SluiceOptions = {}): Promise<Ran> {
  return startSluice(layout, args, options).done;
}

export function startSluice(layout: Layout, args: readonly string[], options: SluiceOptions = {}): Running {
  const child = spawn(process.execPath, [bundle, ...args], {
    cwd: options.cwd ?? layout.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: layout.file('home'),
      KUBECONFIG: options.kubeconfig ?? layout.kubeconfig,
      NO_COLOR: '1',
      ...options.env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return {
    done: new Promise((done) => child.on('close', (code) => done({ code, out, err }))),
    out: () => out,
    interrupt: () => void child.kill('SIGINT'),
    kill: () => void child.kill('SIGKILL'),
  };
}
