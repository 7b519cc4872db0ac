/** Reconcile, suspend and resume: what is sent, what is waited for, what is said. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { LiveObject } from '../../src/engine/index.ts';
import type { FluxAction } from '../../src/protocol/index.ts';
import { act } from '../../src/server/act.ts';
import { rememberDryRuns } from '../../src/server/remember.ts';
import { createStore } from '../../src/server/store.ts';
import { fakeCluster } from './cluster.ts';

const apps = `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system, generation: 1 }
spec: { path: ./apps, prune: true, sourceRef: { kind: GitRepository, name: fleet } }
status:
  observedGeneration: 1
  conditions: [{ type: Ready, status: "True", message: Applied revision main@1a2b3c4 }]
`;
const source = apps
  .replace('kustomize.toolkit', 'source.toolkit')
  .replace('kind: Kustomization', 'kind: GitRepository')
  .replace('name: apps', 'name: fleet')
  .replace('Applied', 'Stored');

/** A controller that handles each request at once, with this outcome. */
function controller(ready: 'True' | 'False', message: string) {
  return (cluster: ReturnType<typeof fakeCluster>, object: LiveObject): void => {
    const metadata = object.metadata as { readonly annotations?: Record<string, string> };
    const handled = metadata.annotations?.['reconcile.fluxcd.io/requestedAt'] ?? '';
    const conditions = [{ type: 'Ready', status: ready, message }];
    cluster.set({ ...object, status: { observedGeneration: 1, lastHandledReconcileAt: handled, conditions } });
  };
}

async function checkAct(action: FluxAction, live: readonly string[], onPatch: ReturnType<typeof controller>) {
  const cluster = fakeCluster({
    kinds: ['Kustomization.kustomize.toolkit.fluxcd.io/v1', 'GitRepository.source.toolkit.fluxcd.io/v1'],
    objects: live.map((text) => parse(text) as LiveObject),
    onPatch,
  });
  const { signal } = new AbortController();
  const planning = rememberDryRuns(cluster, { keep: 0, now: () => 0 });
  const linked = {
    cluster,
    planning,
    store: createStore(cluster, signal, () => undefined),
    signal,
    learn: async () => {},
  };
  const apiVersion = 'kustomize.toolkit.fluxcd.io/v1';
  const object = { apiVersion, kind: 'Kustomization', namespace: 'flux-system', name: 'apps' };
  const options = { now: () => '2026-01-01T00:00:00Z', by: 'alice', signal, progress: () => undefined };
  return { outcome: await act(linked, action, object, options), patches: cluster.patches };
}

const request = { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': '2026-01-01T00:00:00Z' } } };

test('reconcile asks, waits and tells the outcome', async () => {
  const done = await checkAct('reconcile', [apps], controller('True', 'Applied revision main@2b3c4d5'));
  expect(done.patches).toEqual([request]);
  expect(done.outcome).toEqual({
    ok: true,
    message: 'Kustomization flux-system/apps is ready. Applied revision main@2b3c4d5',
  });
});

test('a failed reconciliation says what the object says', async () => {
  const { outcome } = await checkAct('reconcile', [apps], controller('False', 'path not found'));
  expect(outcome).toEqual({ ok: false, message: 'Kustomization flux-system/apps failed. path not found' });
});

test('with source, the source comes first', async () => {
  const done = await checkAct('reconcile-with-source', [apps, source], controller('True', 'done'));
  expect(done.patches).toEqual([request, request]);
  expect(done.outcome.ok).toBe(true);
});

test('a suspended object is not asked, and it says so', async () => {
  const suspended = apps.replace('prune: true', 'suspend: true');
  const { outcome, patches } = await checkAct('reconcile', [suspended], controller('True', 'done'));
  expect(patches).toEqual([]);
  expect(outcome).toMatchObject({ ok: false, warning: true });
  expect(outcome.message).toContain('is suspended');
});

test('suspend sets one field and says who did, resume takes both away and waits', async () => {
  const suspend = await checkAct('suspend', [apps], controller('True', 'done'));
  const annotations = { 'sluice/suspended-by-hand': '2026-01-01T00:00:00Z by alice' };
  expect(suspend.patches).toEqual([{ metadata: { annotations }, spec: { suspend: true } }]);
  const resume = await checkAct('resume', [apps.replace('prune: true', 'suspend: true')], controller('True', 'done'));
  expect(resume.patches).toEqual([
    {
      metadata: { annotations: { 'sluice/suspended': null, 'sluice/suspended-by-hand': null } },
      spec: { suspend: null },
    },
  ]);
  expect(resume.outcome).toMatchObject({ ok: true });
});

test('what an apply suspended is resumed only after its source was fetched anew', async () => {
  const suspended = apps
    .replace('prune: true', 'suspend: true')
    .replace('generation: 1', 'generation: 1, annotations: { sluice/suspended: by me }');
  const { outcome, patches } = await checkAct('resume', [suspended, source], controller('True', 'done'));
  expect(patches[0]).toEqual(request);
  expect(patches[1]).toMatchObject({ spec: { suspend: null } });
  expect(outcome.ok).toBe(true);
});

test('an object that is gone is said to be', async () => {
  const { outcome } = await checkAct('reconcile', [], controller('True', 'done'));
  expect(outcome).toEqual({ ok: false, message: 'not found' });
});
