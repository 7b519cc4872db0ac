/** An object with a variable whose value nobody knows here is shown and never sent. */
import { expect, test } from 'vitest';
import { planLive } from '../../../src/engine/plan/index.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, set } from '../sets.ts';

test('it is neither compared nor sent, nor taken for deleted', async () => {
  const object = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: apps }\ndata: { host: 'x.\${domain}' }\n`;
  const wanted = set('apps', object);
  const unresolved = { ...wanted, objects: wanted.objects.map((one) => ({ ...one, unresolved: ['domain'] })) };
  const cluster = fakeCluster(
    ...live(`${kustomization('apps', ['apps_a__ConfigMap'])}---\n${object.replace('${domain}', 'y')}`),
  );
  const plan = await planLive(cluster, [unresolved]);
  const entries = plan.groups.flatMap((group) => group.entries);
  expect(entries.map(({ action, reason }) => `${action}: ${reason}`)).toEqual([
    'unknown: uses ${domain}, whose value is not known here: not compared, and never sent',
  ]);
});
