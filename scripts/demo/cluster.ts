/** The loopback cluster with the example fleet living in it, for `npm run demo -- --cluster`. */

import { installFleet } from '../cluster/fleet.ts';
import { contextName, readLayout, stackDirectory } from '../cluster/layout.ts';
import { kubectl, up } from '../cluster/up.ts';

export interface DemoCluster {
  /** The working copy of the fleet that the cluster follows. */
  readonly folder: string;
  readonly context: string;
  readonly kubeconfig: string;
}

/** Starts the cluster (or finds it running), lets Flux follow the fleet and waits until it is applied. */
export async function startCluster(): Promise<DemoCluster> {
  const dir = stackDirectory();
  const layout = readLayout(dir) ?? (await up({ dir, part: 'full' }));
  const { folder } = await installFleet(layout);
  const wait = ['wait', '--for=condition=Ready', '--timeout=120s', '-n', 'flux-system'];
  for (const name of ['flux-system', 'infrastructure', 'apps']) {
    // A Kustomization appears when the one above it has been applied.
    await kubectl(layout, ['wait', '--for=create', '--timeout=60s', '-n', 'flux-system', `kustomization/${name}`]);
    await kubectl(layout, [...wait, `kustomization/${name}`]);
    console.log(`ready  Kustomization ${name}`);
  }
  return { folder, context: contextName, kubeconfig: layout.kubeconfig };
}
