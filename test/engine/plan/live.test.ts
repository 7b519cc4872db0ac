/** The plan against a cluster: YAML wanted, YAML live, one line for each entry out. */
import { expect, test } from 'vitest';
import { titleOf } from '../../../src/engine/objects/object.ts';
import { pathText } from '../../../src/engine/plan/changes.ts';
import { planLive } from '../../../src/engine/plan/index.ts';
import type { Plan } from '../../../src/engine/plan/plan.ts';
import type { DesiredSet } from '../../../src/engine/render/desired.ts';
import { fakeCluster } from '../fake-cluster.ts';
import { kustomization, live, owned, set } from '../sets.ts';

const namespaces =
  'apiVersion: v1\nkind: Namespace\nmetadata: { name: flux-system }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: apps }\n';

async function planned(liveYaml: string, wanted: readonly DesiredSet[]): Promise<Plan> {
  return planLive(fakeCluster(...live(`${namespaces}---\n${liveYaml}`)), wanted);
}

/** `action Kind namespace/name: reason` with the changed paths below. */
function lines(plan: Plan): readonly string[] {
  return plan.groups.flatMap((group) => [
    `${group.owner.id.name}${group.note === undefined ? '' : ` (${group.note})`}`,
    ...group.entries.flatMap((entry) => [
      `  ${entry.action} ${titleOf(entry.id)}: ${entry.reason}`,
      ...entry.changes.map((change) => `    ${pathText(change.path)}: ${show(change.before)} -> ${show(change.after)}`),
    ]),
  ]);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

async function check(liveYaml: string, wanted: readonly DesiredSet[], expected: string): Promise<Plan> {
  const plan = await planned(liveYaml, wanted);
  expect(lines(plan).join('\n')).toBe(expected.trim().replaceAll(/^ {4}/gm, ''));
  return plan;
}

const deployment = (image: string, extra = '') => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: apps }
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: api
          image: ${image}
${extra}`;

test('creates, configures and leaves alone, each with its reason', async () => {
  const plan = await check(
    `${kustomization('apps', ['apps_api_apps_Deployment', 'apps_settings__ConfigMap'])}---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: apps, labels: ${owned('apps')} }
spec: { replicas: 2, template: { spec: { containers: [ { name: api, image: 'api:1' } ] } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: apps, labels: ${owned('apps')} }
data: { a: b }
`,
    [
      set(
        'apps',
        `${deployment('api:2')}---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: apps }
data: { a: b }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: more, namespace: apps }
data: { a: b }
`,
      ),
    ],
    `
    apps
      create ConfigMap apps/more: not in the cluster
      unchanged ConfigMap apps/settings: as in the cluster
      configure Deployment apps/api: differs from the cluster
        spec.template.spec.containers[0].image: "api:1" -> "api:2"`,
  );
  const change = plan.groups[0]!.entries[2]!.changes[0]!;
  expect(change.manager).toBe('kustomize-controller');
  expect(deployment('api:2').slice(change.at!.start, change.at!.end)).toBe('api:2');
});

test('an empty plan says why', async () => {
  await check(
    `${kustomization('apps', ['apps_settings__ConfigMap'])}---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: apps, labels: ${owned('apps')} }
data: { a: b }
`,
    [set('apps', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: apps }\ndata: { a: b }\n')],
    `
    apps (up to date at main@sha1:abc)
      unchanged ConfigMap apps/settings: as in the cluster`,
  );
});
