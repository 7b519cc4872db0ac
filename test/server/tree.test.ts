/** The tree: objects of a cluster in, what a person reads out. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { LiveObject } from '../../src/engine/index.ts';
import type { TreeNode } from '../../src/protocol/index.ts';
import { createLink, type Linked } from '../../src/server/link.ts';
import { fluxNode } from '../../src/server/tree/nodes.ts';
import { childrenOf, fluxObjects, nodesOf, roots } from '../../src/server/tree/tree.ts';
import { type FakeCluster, fakeCluster } from './cluster.ts';

const kinds = [
  'GitRepository.source.toolkit.fluxcd.io/v1',
  'Kustomization.kustomize.toolkit.fluxcd.io/v1',
  'HelmRelease.helm.toolkit.fluxcd.io/v2',
  'Deployment.apps/v1',
];

const apps = `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system, generation: 1 }
spec: { path: ./apps, prune: true }
status:
  observedGeneration: 1
  lastAppliedRevision: main@sha1:1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b
  conditions: [{ type: Ready, status: "True", reason: ReconciliationSucceeded, message: Applied revision }]
  inventory: { entries: [{ id: apps_api_apps_Deployment, v: v1 }, { id: _apps__Namespace, v: v1 }] }
`;

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: apps
  generation: 1
  labels: { kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system }
spec: { replicas: 2 }
status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 }
`;

async function linkTo(cluster: FakeCluster, heard: string[] = []): Promise<Linked> {
  const link = createLink({
    ports: {
      now: () => 0,
      contexts: () => ({
        contexts: [{ name: 'fake', server: 'https://fake', namespace: '', user: 'me' }],
        chosen: 'fake',
        files: ['config'],
        problems: [],
      }),
      connect: () => ({ ok: true, value: cluster }),
    },
    settings: { kubeconfig: '' },
    trusted: true,
    workspaces: () => [],
  });
  link.onLive((watches) => heard.push(...nodesOf(watches)));
  return (await link.linked())!;
}

/** The tree as lines: status, label, description. */
async function checkTree(linked: Linked, expected: string): Promise<void> {
  const lines: string[] = [];
  const add = (nodes: readonly TreeNode[], depth: number): void => {
    for (const node of nodes) {
      lines.push(`${'  '.repeat(depth)}${node.status ?? '-'} | ${node.label} | ${node.description ?? ''}`);
      if (node.expandable !== undefined) add(childrenOf(linked, node.id), depth + 1);
    }
  };
  add(await roots(linked), 0);
  await new Promise((resolve) => setTimeout(resolve, 0));
  lines.length = 0;
  add(await roots(linked), 0);
  expect(lines.join('\n')).toBe(expected.trim());
}

function objects(...texts: string[]): LiveObject[] {
  return texts.map((text) => parse(text) as LiveObject);
}

test('headings, objects, and what a Kustomization applied with its health', async () => {
  const linked = await linkTo(fakeCluster({ kinds, objects: objects(apps, deployment) }));
  await checkTree(
    linked,
    `
- | Sources | 0
- | Kustomizations | 1
  ready | apps | main@1a2b3c4 · flux-system
    progressing | Deployment api | Available: 1/2 · apps
    unknown | Namespace apps | 
- | Helm releases | 0`,
  );
});

test('a failed object shows its words, and its heading counts it', async () => {
  const failed = apps
    .replace('status: "True"', 'status: "False"')
    .replace('Applied revision', '"kustomize build failed\\nmore"')
    .replace(/ {2}inventory.*/, '');
  const linked = await linkTo(fakeCluster({ kinds, objects: objects(failed) }));
  await checkTree(
    linked,
    `
- | Sources | 0
failed | Kustomizations | 1, 1 failed
  failed | apps | kustomize build failed · flux-system
    - | This Kustomization has no inventory yet | 
- | Helm releases | 0`,
  );
});

test('a broken watch keeps what was known and says so', async () => {
  const cluster = fakeCluster({ kinds, objects: objects(apps.replace(/ {2}inventory.*/, '')) });
  const linked = await linkTo(cluster);
  await roots(linked);
  cluster.breakWatch('Kustomization');
  const [, group] = await roots(linked);
  expect(group).toMatchObject({ status: 'stale', description: '1, connection lost, retrying' });
  expect(childrenOf(linked, 'group:kustomizations')).toMatchObject([{ label: 'apps', status: 'stale' }]);
});

test('a cluster without Flux says so', async () => {
  const linked = await linkTo(fakeCluster({ kinds: [] }));
  expect(await roots(linked)).toMatchObject([{ kind: 'message', label: 'Flux is not installed in this cluster' }]);
});

test('suspended objects can be resumed, and are named as suspended', async () => {
  const linked = await linkTo(fakeCluster({ kinds, objects: objects(apps.replace('prune: true', 'suspend: true')) }));
  const [node] = await fluxObjects(linked);
  expect(node).toMatchObject({
    status: 'suspended',
    can: ['live', 'source', 'reconcile', 'with-source', 'resume', 'preview'],
  });
  expect(node!.description).toContain('suspended');
});

test('news names the headings and the open owners that it is about', async () => {
  const heard: string[] = [];
  const cluster = fakeCluster({ kinds, objects: objects(apps, deployment) });
  const linked = await linkTo(cluster, heard);
  await roots(linked);
  childrenOf(linked, 'flux:Kustomization.kustomize.toolkit.fluxcd.io/flux-system/apps');
  const owner = 'flux:Kustomization.kustomize.toolkit.fluxcd.io/flux-system/apps';
  const available = (count: number) =>
    objects(deployment.replace('availableReplicas: 1', `availableReplicas: ${count}`))[0]!;
  // What comes first is about all that was listed.
  cluster.set(available(2));
  await expect.poll(() => heard).toContain(owner);
  heard.length = 0;
  cluster.set(available(3));
  await expect.poll(() => new Set(heard)).toEqual(new Set([owner]));
});

test.each([
  ['[]', 'Signature: not verified yet'],
  [
    "[{ type: SourceVerified, status: 'True', message: verified signature of commit }]",
    'Signature: verified signature of commit',
  ],
  ["[{ type: SourceVerified, status: 'False', message: no matching key }]", 'Signature: not verified, no matching key'],
])('a source whose signature is verified says how that went: %s', (conditions, line) => {
  const yaml = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system }
spec: { url: 'https://example.com/fleet', verify: { mode: HEAD, secretRef: { name: keys } } }
status: { conditions: ${conditions} }
`;
  expect(fluxNode(parse(yaml) as LiveObject).details).toContain(line);
  expect(fluxNode(parse(yaml.replace(/, verify.*}/, '}')) as LiveObject).details?.join()).not.toContain('Signature');
});
