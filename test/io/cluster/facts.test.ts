/** What a cluster says of itself, and what follows for a render. */
import { expect, test } from 'vitest';
import type { Cluster } from '../../../src/engine/index.ts';
import { clusterFacts } from '../../../src/io/cluster/facts.ts';

const missing = { ok: false, failure: { reason: 'not-found', message: 'no' } } as const;

function cluster(version: string | undefined, kubernetes?: string): Cluster {
  const labels = { 'app.kubernetes.io/version': version };
  return {
    get: async () => (version === undefined ? missing : { ok: true, value: { metadata: { labels } } }),
    capabilities: async () =>
      kubernetes === undefined ? missing : { ok: true, value: { version: kubernetes, apis: ['v1', 'apps/v1'] } },
    list: async () => missing,
  } as unknown as Cluster;
}

test.each([
  ['v2.9.5', 'strict'],
  ['v2.9.0', 'strict'],
  ['v2.8.3', 'lenient'],
  ['2.3.0', 'lenient'],
  ['unreadable', 'strict'],
  [undefined, 'strict'],
] as const)('Flux %s substitutes %s', async (version, substitution) => {
  expect((await clusterFacts(cluster(version))).substitution).toBe(substitution);
});

test.each([
  ['v2.8.3', 'true', 'strict'],
  ['v2.9.5', 'false', 'lenient'],
] as const)('Flux %s with the feature gate %s substitutes %s', async (version, gate, substitution) => {
  const args = ['--watch-all-namespaces', `--feature-gates=ExternalArtifact=true,StrictPostBuildSubstitutions=${gate}`];
  const controller = { metadata: {}, spec: { template: { spec: { containers: [{ name: 'manager', args }] } } } };
  const list = async ({ kind }: { kind: string }) =>
    kind === 'Deployment' ? { ok: true, value: [controller] } : missing;
  const facts = await clusterFacts({ ...cluster(version), list } as unknown as Cluster);
  expect(facts.substitution).toBe(substitution);
});

test("charts see the cluster's version and APIs", async () => {
  const { capabilities, fluxVersion } = await clusterFacts(cluster('v2.9.5', 'v1.36.3'));
  expect(fluxVersion).toBe('v2.9.5');
  expect(capabilities).toMatchObject({ kubeVersion: { version: 'v1.36.3' }, apiVersions: ['v1', 'apps/v1'], helm: 4 });
});

test('a release is at its newest revision, and one that was uninstalled is none', async () => {
  const secret = (name: string, version: number, status: string) => ({
    metadata: { namespace: 'apps', labels: { owner: 'helm', name, version: String(version), status } },
  });
  const stored = [
    secret('web', 9, 'deployed'),
    secret('web', 10, 'failed'),
    secret('gone', 1, 'failed'),
    secret('gone', 2, 'uninstalled'),
    secret('db', 1, 'deployed'),
  ];
  const list = async ({ kind }: { kind: string }) => (kind === 'Secret' ? { ok: true, value: stored } : missing);
  const { releases } = await clusterFacts({ ...cluster('v2.9.5'), list } as unknown as Cluster);
  expect(releases).toEqual({ 'apps/db': 1, 'apps/web': 10 });
});
