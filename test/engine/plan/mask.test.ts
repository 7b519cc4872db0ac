/** No secret leaves a plan, and still one sees what changed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planAgainst, planLive } from '../../../src/engine/plan/index.ts';
import { mask } from '../../../src/engine/plan/mask.ts';
import type { Json } from '../../../src/engine/yaml/resolve.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const text = (value: unknown) => JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item));

test('a Secret: keys, whether they changed, and lengths', () => {
  const secret = (data: Json): Json => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data });
  const masked = mask(
    secret({ same: btoa('a'), other: btoa('old'), gone: btoa('x') }),
    secret({ same: btoa('a'), other: btoa('newer'), fresh: btoa('') }),
  );
  expect((masked.before as { data: Json }).data).toEqual({
    same: '***',
    other: '*** (before, 3 bytes)',
    gone: '*** (before, 1 byte)',
  });
  expect((masked.after as { data: Json }).data).toEqual({
    same: '***',
    other: '*** (after, 5 bytes)',
    fresh: '*** (after, 0 bytes)',
  });
});

test("kubectl's annotation on a Secret is masked too", () => {
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"stringData":{"a":"canary"}}' };
  const secret: Json = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', annotations }, data: {} };
  expect(text(mask(secret, secret))).not.toContain('canary');
});

test('values taken from Secrets are masked wherever they land, before and after', () => {
  const pod = (value: string): Json => ({
    kind: 'Deployment',
    spec: {
      args: [`--password=${value}`],
      url: `https://user:${value}@host`,
      env: [{ name: 'P', value }],
      encoded: btoa(value),
    },
  });
  const masked = mask(pod('old-canary'), pod('new-canary'), { now: ['new-canary'] });
  expect(text(masked)).not.toContain('new-canary');
  expect(text(masked)).not.toContain(btoa('new-canary'));
  expect(text(masked)).not.toContain('old-canary');
  expect(text(masked)).not.toContain(btoa('old-canary'));
});

test('numbers and short values are masked where they are the whole value', () => {
  const masked = mask(
    { port: 12, pin: 4711, text: 'a 12 b' },
    { port: 12, pin: 4711, text: 'a 12 b' },
    { now: ['4711', '12'] },
  );
  expect(masked.after).toEqual({ port: '***', pin: '***', text: 'a 12 b' });
});

test('property: no known secret is in what was masked', () => {
  const secret = fc
    .string({ minLength: 4, maxLength: 20 })
    .filter((value) => value.trim().length >= 4 && !'*** (after, before, 0123456789 bytes)'.includes(value.trim()));
  fc.assert(
    fc.property(secret, fc.string({ maxLength: 10 }), fc.string({ maxLength: 10 }), (value, left, right) => {
      const object: Json = { spec: { list: [left + value + right, { deep: value }], [`key${value}`]: 1 } };
      const masked = mask(object, object, { now: [value] });
      const leaves: string[] = [];
      JSON.stringify(masked, (key, item) => {
        leaves.push(key);
        if (typeof item === 'string') leaves.push(item);
        return item;
      });
      for (const leaf of leaves) expect(leaf.includes(value)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('58d: a whole plan holds no canary: data, plain data, substituted values, refusals that echo them', async () => {
  const wanted = (value: string) => `apiVersion: v1
kind: Secret
metadata: { name: s, namespace: apps }
stringData: { password: ${value} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: apps }
data: { url: "postgres://me:${value}@db" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: refused, namespace: apps }
data: { url: "${value}" }
`;
  const cluster = fakeCluster(
    ...live(`apiVersion: v1
kind: Namespace
metadata: { name: apps }
---
${kustomization('apps', ['apps_s__Secret', 'apps_c__ConfigMap', 'apps_old__Secret'])}---
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: apps, labels: ${owned('apps')} }
data: { password: ${btoa('first-canary')} }
---
apiVersion: v1
kind: Secret
metadata: { name: old, namespace: apps, labels: ${owned('apps')} }
data: { password: ${btoa('first-canary')} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: apps, labels: ${owned('apps')} }
data: { url: "postgres://me:first-canary@db" }
`),
  );
  cluster.fault = (verb, ref) =>
    verb === 'dry-run' && ref.name === 'refused'
      ? { reason: 'denied', message: 'no: "second-canary" is not allowed' }
      : undefined;
  const plan = await planLive(cluster, [set('apps', wanted('second-canary'), { secrets: ['second-canary'] })]);
  const against = planAgainst(
    [set('apps', wanted('first-canary'), { secrets: ['first-canary'] })],
    [set('apps', wanted('second-canary'), { secrets: ['second-canary'] })],
    'HEAD',
  );
  for (const shown of [text(plan), text(against)]) {
    for (const canary of ['first-canary', 'second-canary', btoa('first-canary'), btoa('second-canary')]) {
      expect(shown).not.toContain(canary);
    }
  }
  expect(plan.groups[0]!.entries.map((entry) => `${entry.action} ${entry.id.name}`)).toEqual([
    'configure c',
    'unknown refused',
    'configure s',
    'delete old',
  ]);
});

test('a value that the owner takes from a Secret is masked where it is no longer used, pruned, or goes with the owner', async () => {
  const from = 'prune: true\npostBuild: { substituteFrom: [{ kind: Secret, name: v }] }';
  const on = (name: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: apps, labels: ${owned('apps')} }
data: { url: "db://live-canary@host", args: "--p=live-canary" }
`;
  const cluster = () =>
    fakeCluster(
      ...live(`apiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n---
${kustomization('root', ['flux-system_apps_kustomize.toolkit.fluxcd.io_Kustomization']).replace(/labels:.*/, '')}---
${kustomization('apps', ['apps_used__ConfigMap', 'apps_gone__ConfigMap'], from).replaceAll('name: flux-system,', 'name: root,')}---
apiVersion: v1\nkind: Secret\nmetadata: { name: v, namespace: flux-system }\ndata: { p: ${btoa('live-canary')} }\n---
${on('used')}---\n${on('gone')}`),
    );
  const plain =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: used, namespace: apps }\ndata: { url: "db://nobody@host" }\n';
  const edited = await planLive(cluster(), [set('root', kustomization('apps', [], from)), set('apps', plain)]);
  const removed = await planLive(cluster(), [set('root', kustomization('root'))]);
  for (const plan of [edited, removed]) {
    expect(text(plan)).not.toMatch(/live-canary/);
    expect(text(plan)).toContain('***');
  }
  expect(edited.groups[1]!.entries.map(({ action, id }) => `${action} ${id.name}`)).toEqual([
    'configure used',
    'delete gone',
  ]);
  // What is not secret any more is seen.
  expect(text(edited)).toContain('db://nobody@host');
  expect(removed.groups.flatMap(({ entries }) => entries.map(({ action, id }) => `${action} ${id.name}`))).toContain(
    'delete gone',
  );
});
