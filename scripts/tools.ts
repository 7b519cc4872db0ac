/**
 * `npm run tools -- NAME… | --for SUITE… | --list`: builds the real tools that tests compare with, once, into the
 * user's cache. A tool whose stamp says the wanted version is left alone. One at a time: two builds at once are slower
 * than one after the other, and a machine of two cores has other work to do.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suites, tools } from './tools/index.ts';
import { remove, type Tool } from './tools/tool.ts';

const bin = process.env.SLUICE_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice', 'bin');

function wanted(args: readonly string[]): readonly Tool[] {
  const names = args.flatMap((arg, i) => {
    if (arg === '--for') return [];
    if (args[i - 1] !== '--for') return [arg];
    if (suites[arg] === undefined) fail(`no suite ${arg}; there are ${Object.keys(suites).join(', ')}`);
    return suites[arg];
  });
  const unknown = names.find((name) => !tools.some((tool) => tool.name === name));
  if (unknown !== undefined) fail(`no tool ${unknown}; there are ${tools.map((tool) => tool.name).join(', ')}`);
  return tools.filter((tool) => names.includes(tool.name));
}

function ready(tool: Tool): boolean {
  const stamp = join(bin, `.${tool.name}.stamp`);
  return existsSync(join(bin, tool.name)) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === tool.stamp;
}

function build(tool: Tool): void {
  const started = performance.now();
  const scratch = join(bin, `.build-${tool.name}`);
  remove(scratch);
  mkdirSync(scratch);
  try {
    // Built aside and renamed: a test never meets half a binary, and a running one keeps its file.
    const made = join(bin, `.new-${tool.name}`);
    tool.build(made, scratch);
    renameSync(made, join(bin, tool.name));
  } finally {
    remove(scratch);
  }
  for (const alias of tool.aliases ?? []) {
    remove(join(bin, alias));
    symlinkSync(tool.name, join(bin, alias));
  }
  writeFileSync(join(bin, `.${tool.name}.stamp`), `${tool.stamp}\n`);
  console.error(`tools: ${tool.name} built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Waits until no other run is building; a lock whose process is gone counts for nothing. */
async function lock(): Promise<() => void> {
  const file = join(bin, '.lock');
  for (;;) {
    try {
      const handle = openSync(file, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      return () => remove(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!alive(Number(readFileSync(file, 'utf8')))) remove(file);
      else await sleep(500);
    }
  }
}

function alive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function fail(message: string): never {
  console.error(`tools: ${message}`);
  process.exit(2);
}

const args = process.argv.slice(2);
if (args.length === 0 || args.includes('--list')) {
  for (const tool of tools) console.log(`${ready(tool) ? 'ready ' : 'absent'}  ${tool.name}  ${tool.stamp}`);
  process.exit(0);
}
const asked = wanted(args);
mkdirSync(bin, { recursive: true });
if (!asked.every(ready)) {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.status !== 0) fail('Go 1.26 or newer is needed to build the tools, once');
  const release = await lock();
  try {
    for (const tool of asked) if (!ready(tool)) build(tool);
  } catch (error) {
    // Go has said on standard error what is wrong.
    console.error(`tools: ${(error as Error).message}`);
    process.exitCode = 2;
  } finally {
    release();
  }
}
