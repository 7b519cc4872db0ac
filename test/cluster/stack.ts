/** Which stack the suite uses: one of its own, so that a cluster that somebody looks at is left alone. */
import { stackDirectory } from '../../scripts/cluster/layout.ts';

export function suiteDirectory(): string {
  return (process.env.SLUICE_CLUSTER_DIR ?? '') === '' ? `${stackDirectory()}-test` : stackDirectory();
}
