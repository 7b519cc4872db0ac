/** An apply that must not happen: what is refused, and that nothing is sent then. */
import { expect, test } from 'vitest';
import { planLive } from '../../src/engine/plan/index.ts';
import { applyCurrent } from '../../src/server/apply.ts';
import type { Session } from '../../src/server/session.ts';
import { fakeCluster as applying } from '../engine/fake-cluster.ts';
import { kustomization, live, set } from '../engine/sets.ts';
import { fakeCluster } from './cluster.ts';

const request = {
  plan: 'plan-1',
  signal: new AbortController().signal,
  by: 'me',
  timer: { now: () => 0, sleep: async () => undefined },
  entries: [],
  progress: () => undefined,
  step: () => undefined,
};

const doors = { render: async () => [], renderCommit: async () => [] };

/** A session with this current plan and, unless told otherwise, a cluster that records what it is sent. */
function sessionWith(plan: { readonly id: string } | undefined, connected = true) {
  const cluster = fakeCluster({ kinds: [] });
  const session = {
    planner: { current: () => plan, renew: async () => undefined },
    link: {
      linked: async () => (connected ? { cluster } : undefined),
      barred: () => undefined,
      state: () => ({ state: 'failed', message: 'The cluster is away.' }),
    },
  } as unknown as Session;
  return { session, cluster };
}

test('a plan that was made anew since the person saw it is not applied', async () => {
  const { session, cluster } = sessionWith({ id: 'plan-2' });
  const outcome = await applyCurrent(session, doors, request);
  expect(outcome).toMatchObject({ ok: false, stale: true, failures: [], suspended: [] });
  expect(outcome.message).toMatch(/^Nothing was sent, .*made anew/);
  expect(cluster.patches).toEqual([]);
});

test('a plan that was put away is not applied', async () => {
  const { session } = sessionWith(undefined);
  expect(await applyCurrent(session, doors, request)).toMatchObject({ ok: false, stale: true });
});

test('without a cluster it says why there is none', async () => {
  const { session } = sessionWith({ id: 'plan-1' }, false);
  expect(await applyCurrent(session, doors, request)).toMatchObject({ ok: false, message: 'The cluster is away.' });
});

const configMap = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: apps }\ndata: { a: b }\n`;

/** Which of the ConfigMaps `one` and `two` are in the cluster after these entries were agreed to. */
async function check(entries: readonly string[], expected: readonly string[]): Promise<void> {
  const namespaces = ['flux-system', 'apps'].map(
    (name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n---\n`,
  );
  const cluster = applying(...live(namespaces.join('') + kustomization('apps')));
  const wanted = [set('apps', `${configMap('one')}---\n${configMap('two')}`)];
  const plan = await planLive(cluster, wanted);
  const none = () => undefined;
  const session = {
    planner: { current: () => ({ id: 'plan-1', plan, wanted }), renew: async () => undefined },
    link: {
      linked: async () => ({ cluster, planning: { forget: none }, learn: async () => undefined }),
      barred: none,
    },
    left: { journal: () => ({ begin: none, write: none, left: () => [], close: none }) },
    workspace: none,
  } as unknown as Session;
  const steps: string[] = [];
  const render = async () => wanted;
  const step = ({ entry, state }: { entry: string; state: string }) => state === 'done' && steps.push(entry);
  await applyCurrent(session, { ...doors, render }, { ...request, entries, step });
  const there = ['one', 'two'].filter((name) => cluster.objects.has(`ConfigMap/apps/${name}`));
  expect(there).toEqual(expected);
  expect(steps).toEqual(entries.filter((entry) => expected.some((name) => entry.endsWith(name))));
}

test('only the entries that the person agreed to are sent', async () => {
  const owner = 'Kustomization.kustomize.toolkit.fluxcd.io/flux-system/apps';
  await check([], []);
  await check([`${owner}|ConfigMap/apps/two`], ['two']);
  await check([`${owner}|ConfigMap/apps/one`, `${owner}|ConfigMap/apps/two`], ['one', 'two']);
  await check(['another|ConfigMap/apps/one', `${owner}|ConfigMap/apps/three`], []);
});
