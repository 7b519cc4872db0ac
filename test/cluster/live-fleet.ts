/** The example fleet in the stack, followed by the real controllers and settled, for tests that edit it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { installFleet } from '../../scripts/cluster/fleet.ts';
import { git, type Repository } from '../../scripts/cluster/repository.ts';
import type { LiveObject, ObjectRef } from '../../src/engine/index.ts';
import { type Rig, refOf } from './rig.ts';

export interface LiveFleet {
  readonly repository: Repository;
  /** The working copy: edits in it are not pushed. */
  readonly folder: string;
  kustomization(name: string): ObjectRef;
  /** Replaces text in a file of the working copy; put back when the test ends. */
  edit(path: string, from: string | RegExp, to: string): void;
  /** Writes files (undefined removes), put back when the test ends. */
  write(files: Readonly<Record<string, string | undefined>>): void;
  /** Asks Flux to look at Git now and waits until the Kustomizations stand at the commit. */
  followed(commit: string): Promise<void>;
  /** Asks Flux to fetch from Git now; returns when it has. */
  fetched(): Promise<void>;
  /** Lets the controller go over a Kustomization once more, and waits for it. */
  reconcile(name: string): Promise<void>;
  /** The working copy back to the last commit. */
  restore(): Promise<void>;
}

const run = promisify(execFile);
const names = ['flux-system', 'infrastructure', 'apps'];

export async function liveFleet(rig: Rig, name: string): Promise<LiveFleet> {
  const repository = await installFleet(rig.layout, { name });
  const { folder } = repository;
  const kustomization = (one: string) => refOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'flux-system', one);
  const restore = async () => {
    await git(rig.layout, folder, ['checkout', '--quiet', '--', '.']);
    await git(rig.layout, folder, ['clean', '--quiet', '-fd']);
  };
  // Not "kubectl annotate": the controller takes what kubectl wrote for drift and removes it.
  const flux = (...what: string[]) =>
    run(rig.tool('flux'), ['reconcile', ...what, '--timeout=180s'], { env: environment(rig) });
  const fleet: LiveFleet = {
    repository,
    folder,
    kustomization,
    restore,
    edit(path, from, to) {
      const text = readFileSync(join(folder, path), 'utf8');
      const edited = text.replace(from, to);
      if (edited === text) throw new Error(`${path} does not hold ${from}`);
      fleet.write({ [path]: edited });
    },
    async fetched() {
      await flux('source', 'git', 'flux-system');
    },
    async reconcile(one) {
      await flux('kustomization', one);
    },
    write(files) {
      onTestFinished(restore);
      repository.write(files);
    },
    async followed(commit) {
      await fleet.fetched();
      for (const one of names) {
        await rig.until(kustomization(one), (object) => revisionOf(object) === `main@sha1:${commit}`);
        await rig.ready(kustomization(one));
      }
    },
  };
  await rig.ready(refOf('source.toolkit.fluxcd.io/v1', 'GitRepository', 'flux-system', 'flux-system'));
  await fleet.followed((await git(rig.layout, folder, ['rev-parse', 'HEAD'])).trim());
  return fleet;
}

/** Takes the fleet out of the cluster again: its root prunes what it made. */
export async function removeFleet(rig: Rig): Promise<void> {
  for (const one of names) {
    await rig.kubectl([
      'patch',
      'kustomization',
      '-n',
      'flux-system',
      one,
      '--type=merge',
      '-p',
      '{"spec":{"suspend":false}}',
    ]);
  }
  await rig.kubectl(['delete', 'kustomization', '-n', 'flux-system', 'flux-system', '--timeout=120s']);
  await rig.kubectl(['wait', '--for=delete', 'namespace/apps', '--timeout=120s']);
  await rig.kubectl([
    'delete',
    'gitrepository',
    '-n',
    'flux-system',
    'flux-system',
    '--ignore-not-found',
    '--timeout=120s',
  ]);
}

function environment(rig: Rig): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: rig.layout.file('home'), KUBECONFIG: rig.layout.kubeconfig };
}

function revisionOf(object: LiveObject): string | undefined {
  return (object.status as { lastAppliedRevision?: string } | undefined)?.lastAppliedRevision;
}
