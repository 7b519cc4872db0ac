/**
 * The flux command line. Its source embeds the install manifests, which its module does not hold: the module is copied
 * beside the manifests of the same release and built there, as the main module, with its own pins.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fluxManifests } from './manifests.ts';
import { go, moduleFolder, type Tool } from './tool.ts';

const version = '2.9.5';

export const flux: Tool = {
  name: 'flux',
  stamp: `github.com/fluxcd/flux2/v2@v${version}`,
  build(file, scratch) {
    const copy = join(scratch, 'flux2');
    cpSync(moduleFolder('github.com/fluxcd/flux2/v2', `v${version}`), copy, { recursive: true });
    // Go's cache is read-only, and the copy would be too.
    execFileSync('chmod', ['-R', 'u+w', copy]);
    const manifests = join(copy, 'cmd/flux/manifests');
    mkdirSync(manifests, { recursive: true });
    const from = fluxManifests(scratch, version);
    for (const name of readdirSync(from)) cpSync(join(from, name), join(manifests, name));
    const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w -X main.VERSION=${version}`, '-o', file];
    go(['build', ...flags, './cmd/flux'], copy);
  },
};
