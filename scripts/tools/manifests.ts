/**
 * Flux's install manifests (CRDs, RBAC, Deployments), taken from the module that carries them for every release. The
 * module wants a newer Go than ours to build, but it is data here: it is downloaded, checked against its checksum and
 * unzipped, and never a dependency of any go.mod.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unzipSync } from 'fflate';

const path = 'github.com/controlplaneio-fluxcd/flux-operator';
const version = 'v0.59.0';
const sum = 'h1:jByuiWYtjSJxucGHuz68tV0DeVFz5CYrKQYfxAwE7lE=';

/** Unzips the manifests of a Flux release (`2.9.5`) below `scratch` and answers their folder. */
export function fluxManifests(scratch: string, release: string): string {
  const { Zip, Sum, Error: reason } = download(scratch);
  if (Zip === undefined || Sum !== sum) throw new Error(`${path}@${version}: checksum ${Sum ?? reason}, pinned ${sum}`);
  const within = `${path}@${version}/config/data/flux/v${release}/`;
  const folder = join(scratch, 'manifests');
  mkdirSync(folder);
  const files = unzipSync(readFileSync(Zip), { filter: (file) => file.name.startsWith(within) });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, basename(name)), content);
  if (Object.keys(files).length === 0) throw new Error(`${path}@${version} has no manifests of Flux ${release}`);
  return folder;
}

function download(cwd: string): { readonly Zip?: string; readonly Sum?: string; readonly Error?: string } {
  try {
    return JSON.parse(run(cwd));
  } catch (error) {
    // Go stores the zip and says in the same breath that it could not build it.
    const { stdout } = error as { stdout?: string };
    if (stdout) return JSON.parse(stdout);
    throw error;
  }
}

function run(cwd: string): string {
  return execFileSync('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
