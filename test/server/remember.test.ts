/** Dry runs that are remembered: which are sent, which are not. */
import { expect, test } from 'vitest';
import type { Cluster, LiveObject } from '../../src/engine/index.ts';
import { rememberDryRuns } from '../../src/server/remember.ts';
import { fakeCluster } from './cluster.ts';

const object = (size: number): LiveObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a' },
  data: { size },
});
const dryRun = { manager: 'm', force: true, dryRun: true };

function counted(answer?: Cluster['apply']) {
  let sent = 0;
  let time = 0;
  const cluster: Cluster = {
    ...fakeCluster({ kinds: [] }),
    apply: async (object, options, signal) => {
      sent++;
      return answer === undefined ? { ok: true, value: object } : answer(object, options, signal);
    },
  };
  const remembering = rememberDryRuns(cluster, { keep: 1000, now: () => time });
  return {
    ...remembering,
    sent: () => sent,
    pass(milliseconds: number) {
      time += milliseconds;
    },
  };
}

test('the same object is asked about once, another one anew', async () => {
  const { cluster, sent } = counted();
  await cluster.apply(object(1), dryRun);
  await cluster.apply(object(1), dryRun);
  expect(sent()).toBe(1);
  await cluster.apply(object(2), dryRun);
  expect(sent()).toBe(2);
});

test('after a while, and after forgetting, it is asked about again', async () => {
  const { cluster, sent, pass, forget } = counted();
  await cluster.apply(object(1), dryRun);
  pass(1000);
  await cluster.apply(object(1), dryRun);
  expect(sent()).toBe(2);
  forget();
  await cluster.apply(object(1), dryRun);
  expect(sent()).toBe(3);
});

test('an apply that writes is always sent, and a failure is not remembered', async () => {
  const { cluster, sent } = counted(async () => ({ ok: false, failure: { reason: 'unreachable', message: 'gone' } }));
  await cluster.apply(object(1), dryRun);
  await cluster.apply(object(1), dryRun);
  await cluster.apply(object(1), { ...dryRun, dryRun: false });
  await cluster.apply(object(1), { ...dryRun, dryRun: false });
  expect(sent()).toBe(4);
});
