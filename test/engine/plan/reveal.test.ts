/** Masked values against a cluster: asked anew on request, both sides. */
import { expect, test } from 'vitest';
import { planLive, revealLive } from '../../../src/engine/plan/index.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

test('data of a Secret decoded, a substituted value in place, and nothing that was not masked', async () => {
  const cluster = fakeCluster(
    ...live(`apiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---\n${kustomization('apps')}---
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: apps, labels: ${owned('apps')} }
data: { password: ${btoa('first-value')}, same: ${btoa('stays')} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: apps, labels: ${owned('apps')} }
data: { url: "db://me:first-value@host", level: info }
`),
  );
  const wanted = set(
    'apps',
    `apiVersion: v1
kind: Secret
metadata: { name: s, namespace: apps }
stringData: { password: second-value, same: stays }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: apps }
data: { url: "db://me:second-value@host", level: debug }
`,
    { secrets: ['second-value'] },
  );
  const plan = await planLive(cluster, [wanted]);
  const [map, secret] = plan.groups[0]!.entries;
  expect(await revealLive(cluster, secret!)).toEqual([
    { path: 'data.password', before: 'first-value', after: 'second-value' },
    { path: 'data.same', before: 'stays', after: 'stays' },
  ]);
  expect(await revealLive(cluster, map!)).toEqual([
    { path: 'data.url', before: 'db://me:first-value@host', after: 'db://me:second-value@host' },
  ]);
});
