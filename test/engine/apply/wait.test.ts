/** Waiting: until all are ready, until one cannot become so, until the time is up; by kstatus and by expressions. */
import { expect, test } from 'vitest';
import { customStatus } from '../../../src/engine/apply/expressions.ts';
import { type Awaited, waitFor } from '../../../src/engine/apply/wait.ts';
import type { Timer } from '../../../src/engine/ports.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { live } from '../sets.ts';

const job = (status: string) =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: j, namespace: apps }\nspec: { ttlSecondsAfterFinished: 1 }\nstatus: { ${status} }\n`;
const awaited: Awaited = {
  id: { group: 'batch', version: 'v1', kind: 'Job', namespace: 'apps', name: 'j' },
  ref: { apiVersion: 'batch/v1', kind: 'Job', namespace: 'apps', name: 'j' },
  goesAway: false,
};

/** Each sleep is one step: `steps` puts the cluster into its next state, undefined removes the object. */
async function check(
  steps: readonly (string | undefined)[],
  expected: string | undefined,
  over: Partial<Awaited> = {},
): Promise<readonly string[]> {
  const on = fakeCluster(...live(steps[0] ?? ''));
  let [now, step] = [0, 0];
  const timer: Timer = {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      step += 1;
      on.objects.clear();
      const next = steps[Math.min(step, steps.length - 1)];
      if (next !== undefined) on.put(live(next)[0]!);
    },
  };
  const told: string[] = [];
  const answer = await waitFor(on, [{ ...awaited, ...over }], {
    timer,
    timeout: 30_000,
    onWaiting: (_, message) => told.push(message),
  });
  expect(answer).toBe(expected);
  return told;
}

const running = job('startTime: now, active: 1');
const complete = job('startTime: now, succeeded: 1, conditions: [{ type: Complete, status: "True" }]');
const failed = job('startTime: now, failed: 1, conditions: [{ type: Failed, status: "True" }]');

test('until it is ready, telling each change once', async () => {
  expect(await check([job(''), running, running, complete], undefined)).toEqual([
    'Job apps/j: Job not started. active: 0/1',
    'Job apps/j: Job in progress. success:0, active: 1, failed: 0',
  ]);
});

test('a failure ends it early, the time in the end; each in the words of Flux', async () => {
  await check(
    [running, failed],
    "failed early due to stalled resources: [Job apps/j status: 'Failed': Job Failed. failed: 1/1]",
  );
  await check(
    [running],
    "timeout waiting for: [Job apps/j status: 'InProgress': Job in progress. success:0, active: 1, failed: 0]",
  );
});

test('28: a clock that is set back gives no more time, and nothing spins', async () => {
  const on = fakeCluster(...live(running));
  let [now, sleeps] = [10 * 3_600_000, 0];
  const timer: Timer = {
    now: () => now,
    sleep: async (ms) => {
      expect(ms).toBeGreaterThan(0);
      sleeps++;
      now += sleeps === 3 ? ms - 3_600_000 : ms;
    },
  };
  const answer = await waitFor(on, [awaited], { timer, timeout: 30_000 });
  expect(answer).toMatch(/^timeout waiting for/);
  expect(sleeps).toBeLessThan(20);
});

test('a job that removes itself is done when it is gone', async () => {
  await check([running, undefined], undefined, { goesAway: true });
  await check([running, undefined], "timeout waiting for: [Job apps/j status: 'InProgress': not found]");
});

test('health check expressions: in progress before failed before current, and no status is not yet known', async () => {
  const expressions: readonly Json[] = [
    {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      inProgress: 'status.phase == "Working"',
      failed: 'status.phase == "Broken"',
      current: 'status.replicas == spec.replicas && status.conditions.exists(c, c.type == "Up" && c.status == "True")',
    },
  ];
  const status = await customStatus(expressions);
  const widget = (rest: { readonly [key: string]: Json }): Json => ({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', generation: 2 },
    spec: { replicas: 2 },
    ...rest,
  });
  const up = { replicas: 2, phase: 'Done', conditions: [{ type: 'Up', status: 'True' }] };
  expect(status(widget({ status: up }))?.status).toBe('Current');
  expect(status(widget({ status: { ...up, replicas: 1 } }))?.status).toBe('InProgress');
  expect(status(widget({ status: { ...up, phase: 'Broken' } }))?.status).toBe('Failed');
  expect(status(widget({ status: { ...up, phase: 'Working' } }))?.status).toBe('InProgress');
  expect(status(widget({ status: { ...up, observedGeneration: 1 } }))?.status).toBe('InProgress');
  expect(status(widget({}))?.status).toBe('Unknown');
  expect(status({ apiVersion: 'v1', kind: 'ConfigMap' })).toBeUndefined();
  const broken = await customStatus([{ apiVersion: 'v1', kind: 'ConfigMap', current: 'this is no CEL' }]);
  expect(broken({ apiVersion: 'v1', kind: 'ConfigMap' })?.status).toBe('Unknown');
});
