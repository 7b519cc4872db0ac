/** An apply that must not happen: what is refused, and that nothing is sent then. */
import { expect, test } from 'vitest';
import { applyCurrent } from '../../src/server/apply.ts';
import type { Session } from '../../src/server/session.ts';
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
