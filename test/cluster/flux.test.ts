/** The rig itself: real source-controller and kustomize-controller take the example fleet from Git to running pods. */
import { expect, test } from 'vitest';
import { installFleet } from '../../scripts/cluster/fleet.ts';
import type { LiveObject } from '../../src/engine/index.ts';
import { refOf, rig, value } from './rig.ts';

test('a push to the Git server ends in ready Deployments', async () => {
  const it = rig();
  const repository = await installFleet(it.layout, { name: 'flux-test' });
  const kustomization = (name: string) => refOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'flux-system', name);
  await it.ready(refOf('source.toolkit.fluxcd.io/v1', 'GitRepository', 'flux-system', 'flux-system'));
  await it.ready(kustomization('flux-system'));
  await it.ready(kustomization('infrastructure'));
  await it.ready(kustomization('apps'));
  const api = value(await it.cluster.get(refOf('apps/v1', 'Deployment', 'apps', 'api')));
  expect((api.metadata as { labels: object }).labels).toMatchObject({
    'kustomize.toolkit.fluxcd.io/name': 'apps',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  });
  expect((api.status as { readyReplicas: number }).readyReplicas).toBe((api.spec as { replicas: number }).replicas);

  const edited = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: apps\n  labels:\n    edited: "yes"\n';
  const revision = await repository.commit({ 'apps/production/namespace.yaml': edited });
  await it.kubectl(annotate('gitrepository/flux-system'));
  await it.until(kustomization('apps'), (object) => lastApplied(object) === `main@sha1:${revision}`);
  const namespace = value(await it.cluster.get(refOf('v1', 'Namespace', '', 'apps')));
  expect((namespace.metadata as { labels: Record<string, string> }).labels.edited).toBe('yes');

  // Deleting the root prunes what it made, which prunes what that made.
  await it.kubectl(['delete', 'kustomization', '--namespace=flux-system', 'flux-system', '--timeout=120s']);
  await it.kubectl(['wait', '--for=delete', 'namespace/apps', '--timeout=120s']);
});

function annotate(what: string): string[] {
  const now = `reconcile.fluxcd.io/requestedAt=${Date.now()}`;
  return ['annotate', '--overwrite', '--namespace=flux-system', what, now];
}

function lastApplied(object: LiveObject): string | undefined {
  return (object.status as { lastAppliedRevision?: string } | undefined)?.lastAppliedRevision;
}
