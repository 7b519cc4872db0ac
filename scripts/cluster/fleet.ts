/**
 * The example fleet, living in the loopback cluster: pushed to its Git server and followed by the real controllers.
 * Four things are changed on the way in, because nothing here may leave the machine, where the charts are: the
 * repository's URL, the Helm repositories (suspended), the releases (of a shard that nobody runs), and the infrastructure's waiting for them.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Layout } from './layout.ts';
import { createRepository, type Repository } from './repository.ts';
import { kubectl } from './up.ts';

const exampleFleet = fileURLToPath(new URL('../../examples/my-fleet', import.meta.url));

export interface FleetOptions {
  /** The folder to push; default: the example. */
  readonly from?: string;
  /** The repository's name on the Git server; default `my-fleet`. */
  readonly name?: string;
  /** The cluster directory below `clusters/`; default `production`. */
  readonly cluster?: string;
}

/** Pushes the fleet and lets Flux follow it, as `flux bootstrap` would. Does not wait for anything to become ready. */
export async function installFleet(layout: Layout, options: FleetOptions = {}): Promise<Repository> {
  const repository = await createRepository(layout, options.name ?? 'my-fleet', options.from ?? exampleFleet);
  localize(repository.folder, repository.url);
  await repository.push('The fleet');
  await kubectl(layout, ['apply', '--server-side', '--force-conflicts', '-f', '-'], credentials);
  const sync = join(repository.folder, 'clusters', options.cluster ?? 'production', 'flux-system/gotk-sync.yaml');
  await kubectl(layout, ['apply', '--server-side', '--force-conflicts', '-f', sync]);
  return repository;
}

/** The Git server asks nobody who they are, but the fleet's GitRepository names a Secret, and Flux reads it. */
const credentials = `apiVersion: v1
kind: Secret
metadata: { name: flux-system, namespace: flux-system }
stringData: { username: git, password: loopback }
`;

/** Rewrites a copy of the fleet for loopback; edits of lines, so that everything else stays as the example has it. */
function localize(folder: string, url: string): void {
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const file = join(folder, name);
    if (!file.endsWith('.yaml') || name.startsWith('.git/') || !statSync(file).isFile()) continue;
    const text = readFileSync(file, 'utf8');
    const local = text.split(/^---$/m).map((document) => localizeDocument(document, url));
    if (local.join('---') !== text) writeFileSync(file, local.join('---'));
  }
}

function localizeDocument(document: string, url: string): string {
  const kind = /^kind: (\S+)$/m.exec(document)?.[1];
  const name = /^ {2}name: (\S+)$/m.exec(document)?.[1];
  if (kind === 'GitRepository') return document.replace(/^ {2}url: .*$/m, `  url: ${url}`);
  if (kind === 'HelmRepository' || kind === 'OCIRepository')
    return document.replace(/^spec:$/m, 'spec:\n  suspend: true');
  if (kind === 'HelmRelease')
    return document.replace(/^metadata:$/m, 'metadata:\n  labels: { sharding.fluxcd.io/key: nobody }');
  if (kind === 'Kustomization' && name === 'infrastructure') return document.replace(/^ {2}wait: true\n/m, '');
  return document;
}
