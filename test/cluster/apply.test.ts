/**
 * `sluice apply` on the live cluster: what it applies is what the real controller would have applied, so that the
 * controller, once it sees the same commit, changes nothing any more.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LiveObject } from '../../src/engine/index.ts';
import { sluice } from './cli.ts';
import { type LiveFleet, liveFleet, removeFleet } from './live-fleet.ts';
import { proxy } from './proxy.ts';
import { type Rig, refOf, rig, value } from './rig.ts';

let it: Rig;
let fleet: LiveFleet;

beforeAll(async () => {
  it = rig();
  fleet = await liveFleet(it, 'apply-fleet');
});
afterAll(() => removeFleet(it));

const root = 'clusters/production';
const target = () => [fleet.folder, '--cluster', root, '--context', 'sluice-loopback'];
const apply = (...options: string[]) => sluice(it.layout, ['apply', ...target(), ...options]);
const diff = () => sluice(it.layout, ['diff', ...target()]);

/** An edit of every sort: a field, a generated ConfigMap, a new object, one taken out. */
function edit(): void {
  fleet.edit('apps/production/api/kustomization.yaml', /count: \d+/, 'count: 4');
  fleet.edit('apps/production/api/resources.yaml', 'memory: 512Mi', 'memory: 640Mi');
  fleet.edit(`${root}/apps.yaml`, 'log_level: info', 'log_level: debug');
  fleet.write({
    'apps/production/extra.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\ndata: { a: b }\n',
  });
  fleet.edit('apps/production/kustomization.yaml', '  - namespace.yaml\n', '  - namespace.yaml\n  - extra.yaml\n');
}

/** Everything in the namespace apps that a person manages, by what must not move: generation, or resourceVersion. */
async function standing(): Promise<Record<string, string>> {
  const out = await it.kubectl([
    'get',
    'deployment,service,ingress,configmap',
    '-n',
    'apps',
    '-o',
    'json',
    '--show-managed-fields',
  ]);
  const { items } = JSON.parse(out) as { items: LiveObject[] };
  return Object.fromEntries(
    items.map((item) => {
      const { name, uid, generation, resourceVersion } = item.metadata as Record<string, unknown>;
      return [`${item.kind}/${name}`, `${uid} ${generation ?? resourceVersion}`];
    }),
  );
}

test('without a terminal and --yes nothing is sent', async () => {
  edit();
  const before = await standing();
  const ran = await apply();
  expect(ran.code).toBe(2);
  expect(ran.err).toMatch(/this would change sluice-loopback \(https:.*\): say so with --yes/);
  expect(await standing()).toEqual(before);
});

test('what was applied stands, and the real controller finds nothing left to change', async () => {
  edit();
  const applied = await apply('--yes', '--wait', '--prune');
  expect(applied.out).toMatch(/^done: /m);
  expect(applied.code, applied.out).toBe(0);
  const after = await diff();
  expect(after.code, after.out).toBe(0);

  const stood = await standing();
  const live = value(await it.cluster.get(refOf('apps/v1', 'Deployment', 'apps', 'api')));
  expect((live.spec as { replicas: number }).replicas).toBe(4);
  expect(managersOf(live)).toContain('kustomize-controller');

  // The source first: resumed on the old commit, the controller would put everything back.
  const commit = await fleet.repository.push('What was applied');
  await fleet.fetched();
  for (const name of ['flux-system', 'infrastructure', 'apps']) {
    await it.kubectl([
      'patch',
      'kustomization',
      '-n',
      'flux-system',
      name,
      '--type=merge',
      '--field-manager=flux',
      '-p',
      '{"spec":{"suspend":null}}',
    ]);
  }
  await fleet.followed(commit);
  expect(await standing()).toEqual(stood);
  expect((await diff()).code).toBe(0);
});

function managersOf(object: LiveObject): string[] {
  const { managedFields } = object.metadata as { managedFields: { manager: string }[] };
  return managedFields.map((field) => field.manager);
}

test('an unreachable cluster and an unknown context are one sentence each', async () => {
  const through = await proxy(it.layout, () => 'die');
  const gone = await sluice(it.layout, ['diff', ...target()], { kubeconfig: through.kubeconfig });
  expect(gone.code).toBe(2);
  expect(gone.err).toMatch(/Context sluice-loopback \(https:\/\/127\.0\.0\.1:\d+\)/);
  const unknown = await sluice(it.layout, ['diff', fleet.folder, '--cluster', root, '--context', 'production']);
  expect(unknown.code).toBe(2);
  expect(unknown.err).toMatch(/no context "production" .*there are sluice-loopback/);
});

test('who may not look hears it, object by object or at once, and nothing is sent', async () => {
  const ran = await sluice(it.layout, ['diff', ...target()], { kubeconfig: it.layout.visitorKubeconfig });
  expect(ran.code).not.toBe(0);
  expect(ran.err + ran.out).toMatch(/User "visitor" cannot/);
});
