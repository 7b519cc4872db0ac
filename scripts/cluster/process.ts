/** Starts and stops the processes of a stack by pid files; nothing else on the machine is ever touched. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from './components.ts';
import type { Layout } from './layout.ts';

/** Starts the component unless it runs already; its output goes to `logs/<name>.log`. */
export function start(layout: Layout, component: Component): void {
  if (running(layout, component)) return;
  const binary = join(layout.bin, component.tool);
  const log = openSync(layout.file(`logs/${component.name}.log`), 'a');
  const child = spawn(binary, component.args(layout), {
    cwd: layout.dir,
    detached: true,
    stdio: ['ignore', log, log],
    // Only this: a proxy or a KUBECONFIG of the user's would lead out of the rig.
    env: {
      PATH: process.env.PATH,
      HOME: layout.file('home'),
      TMPDIR: layout.file('tmp'),
      KUBECONFIG: layout.kubeconfig,
      RUNTIME_NAMESPACE: 'flux-system',
    },
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  if (child.pid !== undefined) writeFileSync(pidFile(layout, component), `${child.pid}\n`);
}

/** Asks the component to end and insists after a while. */
export async function stop(layout: Layout, component: Component): Promise<void> {
  const file = pidFile(layout, component);
  const pid = pidOf(layout, component);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    for (let i = 0; i < 100 && pidOf(layout, component) !== undefined; i++) await sleep(50);
    if (pidOf(layout, component) !== undefined) process.kill(pid, 'SIGKILL');
  }
  rmSync(file, { force: true });
}

export function running(layout: Layout, component: Component): boolean {
  return pidOf(layout, component) !== undefined;
}

/** The process of the pid file, if it lives and is still ours: numbers are given out again. */
export function pidOf(layout: Layout, component: Component): number | undefined {
  const file = pidFile(layout, component);
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  try {
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  try {
    // Built anew in between, the file of a running program is "deleted"; the name is still its own.
    const program = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return program === realpathSync(join(layout.bin, component.tool)) ? pid : undefined;
  } catch {
    // No /proc: trust the pid file. An exited child that nobody has waited for has no exe either, and /proc says so.
    return existsSync('/proc/self/exe') ? undefined : pid;
  }
}

function pidFile(layout: Layout, component: Component): string {
  return layout.file(`pids/${component.name}.pid`);
}
