/** Following a pushed commit: who is let go on, and when. */
import { expect, test } from 'vitest';
import { type FollowEvent, type FollowOptions, followCommit } from '../../../src/engine/apply/index.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { live } from '../sets.ts';

const commit = 'a'.repeat(40);
const ready = `observedGeneration: 1, lastAppliedRevision: 'main@sha1:${commit}', conditions: [{ type: Ready, status: 'True', reason: x, message: Fine }]`;
const note = "annotations: { sluice/suspended: '2026-01-01T00:00:00.000Z by alice: a plan was applied' }";

const fleet = (release: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system, generation: 1 }
spec: { url: 'https://example.com/fleet' }
status: { artifact: { revision: 'main@sha1:${commit}' }, ${ready} }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system, generation: 1, ${note} }
spec: { suspend: true, sourceRef: { kind: GitRepository, name: fleet } }
status: { inventory: { entries: [{ id: apps_web_helm.toolkit.fluxcd.io_HelmRelease, v: v2 }] }, ${ready} }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: apps, generation: 1${release} }
spec: { suspend: true, chartRef: { kind: OCIRepository, name: charts } }
status: { ${ready} }
`;

/** What happened in words, in order, and what was written. */
async function followed(yaml: string, over: Partial<FollowOptions> = {}) {
  const cluster = fakeCluster(...live(yaml));
  const timer = { now: () => 1_700_000_000_000, sleep: async () => {} };
  const told: string[] = [];
  const options = { commit, until: 'workloads', how: 'hand-back', timer, timeout: 1000, isSource: () => true } as const;
  for await (const event of followCommit(cluster, { ...options, ...over })) told.push(...words(event));
  return { told, written: cluster.requests.filter((request) => request.startsWith('patch')) };
}

function words(event: FollowEvent): readonly string[] {
  if (event.type === 'step' || event.type === 'waiting') return [];
  return [event.type === 'end' ? event.outcome : `${event.type} ${event.object.kind}`];
}

test('a release that Sluice suspended goes on once its Kustomization has applied the commit', async () => {
  const { told, written } = await followed(fleet(`, ${note}`));
  expect(told).toEqual([
    'reached GitRepository',
    'resumed Kustomization',
    'reached Kustomization',
    'resumed HelmRelease',
    'reached HelmRelease',
    'ready',
  ]);
  expect(written).toHaveLength(3);
});

test('what somebody suspended on purpose with Sluice is left alone by a push', async () => {
  const byHand = fleet('').replace('sluice/suspended:', 'sluice/suspended-by-hand:');
  const { told, written } = await followed(byHand);
  expect(told).toContain('left-out Kustomization');
  expect(written.filter((request) => request.includes('Kustomization'))).toEqual([]);
});

test('a release that somebody else suspended stays so', async () => {
  const { told, written } = await followed(fleet(''));
  expect(told.slice(-3)).toEqual(['reached Kustomization', 'left-out HelmRelease', 'ready']);
  expect(written).toHaveLength(2);
});

test('who only watches resumes nothing', async () => {
  const { told, written } = await followed(fleet(`, ${note}`), { how: 'watch' });
  expect(told).toEqual(['reached GitRepository', 'left-out Kustomization', 'ready']);
  expect(written).toEqual([]);
});

test('a release whose chart is not there yet is waited for, and its words stand at the end', async () => {
  const waits = fleet('').replace('spec: { suspend: true, chartRef', 'spec: { chartRef');
  const at = waits.lastIndexOf('conditions: ');
  const condition = "conditions: [{ type: Ready, status: 'False', reason: SourceNotReady, message: no chart yet }] }\n";
  let now = 1_700_000_000_000;
  const sleep = async (ms: number) => {
    now += ms;
  };
  const timer = { now: () => now, sleep };
  const { told } = await followed(waits.slice(0, at) + condition, { timer });
  expect(told.at(-1)).toBe('timeout');
});
