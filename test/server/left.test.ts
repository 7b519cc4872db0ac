/** What applies leave behind: told from the cluster's annotations and from the journal, for as long as it is there. */
import { expect, test } from 'vitest';
import type { ApplyEvent, LiveObject, ObjectId } from '../../src/engine/index.ts';
import { createLeft } from '../../src/server/left.ts';
import type { Link } from '../../src/server/link.ts';
import { createStore } from '../../src/server/store.ts';
import { fakeCluster } from './cluster.ts';

const group = 'kustomize.toolkit.fluxcd.io';
const id = (kind: string, name: string): ObjectId => ({ group: '', version: 'v1', kind, namespace: 'apps', name });
const apps: ObjectId = { group, version: 'v1', kind: 'Kustomization', namespace: 'flux-system', name: 'apps' };

function kustomization(name: string, note?: string): LiveObject {
  const annotations = note === undefined ? {} : { 'sluice/suspended': note };
  return {
    apiVersion: `${group}/v1`,
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system', annotations },
    spec: { suspend: true },
  };
}

/** A connected cluster with these objects, whose journal holds these events. */
function leftIn(objects: readonly LiveObject[], events: readonly ApplyEvent[] = []) {
  const cluster = fakeCluster({
    kinds: [`Kustomization.${group}/v1`, 'HelmRelease.helm.toolkit.fluxcd.io/v2'],
    objects,
  });
  const { signal } = new AbortController();
  let news: (kinds: ReadonlySet<string>) => void = () => undefined;
  const store = createStore(cluster, signal, (kinds) => news(kinds));
  const linked = { cluster, store, signal };
  const link = {
    linked: async () => linked,
    onState: () => undefined,
    onLive: (listener: typeof news) => {
      news = listener;
    },
  } as unknown as Link;
  let journal = [...events];
  const left = createLeft(link, () => ({
    left: () => journal,
    begin: () => undefined,
    write: (event) => void journal.push(event),
    close: () => {
      journal = [];
    },
  }));
  return { cluster, left };
}

test('only what an apply suspended is told, with who and why, until it is resumed', async () => {
  const note = '2026-01-01T00:00:00.000Z by me: an apply';
  const { cluster, left } = leftIn([kustomization('apps', note), kustomization('by-hand')]);
  const { suspended } = await left.now();
  expect(suspended).toEqual([{ object: expect.objectContaining({ kind: 'Kustomization', name: 'apps' }), note }]);
  const told = new Promise((resolve) => left.onChange((now) => now.suspended.length === 0 && resolve(now)));
  cluster.set({ ...kustomization('apps'), spec: {} });
  expect(await told).toEqual({ suspended: [] });
});

test('an apply that did not come to its end is told object by object, until it is put away', async () => {
  const cluster = 'https://far.example.com';
  const [done, sent, never] = [id('ConfigMap', 'a'), { ...id('ConfigMap', 'b'), cluster }, id('ConfigMap', 'c')];
  const { left } = leftIn(
    [],
    [
      { type: 'started', objects: 3, owners: [apps], all: [done, sent, never] },
      { type: 'sending', owner: apps, id: done },
      { type: 'object', owner: apps, id: done, outcome: 'applied', message: '' },
      { type: 'sending', owner: apps, id: sent, cluster },
    ],
  );
  expect((await left.now()).unfinished).toEqual({
    sent: false,
    done: [{ object: expect.objectContaining({ name: 'a' }), outcome: 'applied' }],
    unknown: [expect.objectContaining({ name: 'b', cluster })],
    notSent: [expect.objectContaining({ name: 'c' })],
  });
  await left.forget();
  expect((await left.now()).unfinished).toBeUndefined();
});
