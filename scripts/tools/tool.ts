/**
 * What a tool is: a pinned Go program that tests compare with or run. Three ways to build one are enough, and each
 * leaves every byte of upstream code in the Go module cache.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Tool {
  readonly name: string;
  /** What the binary is made from: it is built again when this differs from the stamp beside the binary. */
  readonly stamp: string;
  /** Other names that the binary answers to, made as links beside it. */
  readonly aliases?: readonly string[];
  /** Makes `file`; `scratch` is a directory of its own that is removed afterwards. */
  build(file: string, scratch: string): void;
}

const rig = fileURLToPath(new URL('../../test/cluster/rig/', import.meta.url));

/** A program that `go install` takes as it is; the version is checked by Go's checksum database. */
export function install(name: string, path: string, version: string, linkFlags = ''): Tool {
  return {
    name,
    stamp: `${path}@${version}`,
    build(file, scratch) {
      go(['install', '-trimpath', '-ldflags', `-s -w ${linkFlags}`, `${path}@${version}`], scratch, { GOBIN: scratch });
      const made = readdirSync(scratch).find((entry) => statSync(join(scratch, entry)).isFile());
      renameSync(join(scratch, made ?? basename(path)), file);
    },
  };
}

/** A program whose go.mod and go.sum are ours, in `test/cluster/rig`: the pins are the committed files. */
export function fromRig(
  name: string,
  options: {
    readonly folder?: string;
    readonly main?: string;
    readonly link?: string;
  },
): Tool {
  const folder = join(rig, options.folder ?? name);
  return {
    name,
    stamp: `rig ${digest(folder)} ${options.link ?? ''}`.trim(),
    build(file) {
      const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w ${options.link ?? ''}`, '-o', file];
      go(['build', ...flags, options.main ?? '.'], folder);
    },
  };
}

/** Runs Go without cgo, so that a binary needs nothing of the machine, and at a low priority: people work meanwhile. */
export function go(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): void {
  execFileSync('nice', ['-n', '5', 'go', ...args], {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The folder of a module in Go's cache, downloaded when it is not there. */
export function moduleFolder(path: string, version: string): string {
  const text = execFileSync('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: rig,
    encoding: 'utf8',
    env: { ...process.env, GOWORK: 'off' },
  });
  return (JSON.parse(text) as { Dir: string }).Dir;
}

function digest(folder: string): string {
  const hash = createHash('sha256');
  for (const file of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const path = join(folder, file);
    if (statSync(path).isFile())
      hash
        .update(`${relative(rig, path)}\0`)
        .update(readFileSync(path))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
