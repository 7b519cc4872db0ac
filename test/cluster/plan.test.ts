/** Our plan beside `flux diff kustomization`, on the real API server with the real controllers. */
import { expect, test } from 'vitest';
import { pathText } from '../../src/engine/index.ts';
import { child, fleet, inFluxWords, told, visitor } from './fleet.ts';
import { connectTo, rig } from './rig.ts';

const deployment = (image: string, more = '') => `apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 1
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: ${image}
          ports: [{ containerPort: 80 }]
${more}`;

const configMap = (name: string, value: string, annotations = '{}') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, annotations: ${annotations} }\ndata: { key: "${value}" }\n`;

const secret = (value: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: login }\nstringData: { password: ${value}, user: me }\n`;

const files = {
  'apps/deployment.yaml': deployment('api:1'),
  'apps/service.yaml': `apiVersion: v1\nkind: Service\nmetadata: { name: api }\nspec: { selector: { app: api }, ports: [{ port: 80 }] }\n`,
  'apps/gone.yaml': configMap('gone', 'a'),
  'apps/edited.yaml': configMap('edited', 'a'),
  'apps/kept.yaml': configMap('kept', 'a', '{ kustomize.toolkit.fluxcd.io/ssa: IfNotPresent }'),
  'apps/secret.yaml': secret('first-password'),
  'apps/role.yaml': `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: r }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n`,
};

test('an edit: the same entries as flux diff, the lines that cause them, and no secret', async () => {
  const it = rig();
  const my = await fleet(it, files);
  expect(told(await my.planned())).toEqual([`skip ConfigMap/${my.namespace}/kept`]);
  my.edit({
    'apps/deployment.yaml': deployment('api:2'),
    'apps/gone.yaml': undefined,
    'apps/new.yaml': configMap('new', 'a'),
    'apps/edited.yaml': configMap('edited', 'b'),
    'apps/secret.yaml': secret('second-password'),
    'apps/role.yaml': files['apps/role.yaml'].replace('[get]', '[get, list]'),
  });
  const plan = await my.planned();
  expect(inFluxWords(plan, 'apps')).toEqual(await my.fluxDiff('apps', 'apps'));
  const entries = plan.groups.find((group) => group.owner.id.name === 'apps')!.entries;
  const changes = entries.flatMap((entry) =>
    entry.changes.map((change) => `${entry.id.kind} ${pathText(change.path)} ${change.at?.file} ${change.manager}`),
  );
  expect(changes).toEqual([
    'Role rules[0].verbs apps/role.yaml kustomize-controller',
    'ConfigMap data.key apps/edited.yaml kustomize-controller',
    'Secret data.password apps/secret.yaml kustomize-controller',
    'Deployment spec.template.spec.containers[0].image apps/deployment.yaml kustomize-controller',
  ]);
  const shown = JSON.stringify(plan, (_, item) => (typeof item === 'bigint' ? String(item) : item));
  for (const canary of ['first-password', 'second-password', btoa('first-password'), btoa('second-password')]) {
    expect(shown).not.toContain(canary);
  }
  expect(shown).toContain('*** (before, 14 bytes)');
});

test('what flux diff hides: the content of a new child, and the cascade of a removed one', async () => {
  const it = rig();
  const my = await fleet(it, { ...files, 'more/one.yaml': configMap('one', 'a') }, ['apps', 'more']);
  my.edit({
    'clusters/test/more.yaml': undefined,
    'clusters/test/fresh.yaml': child('fresh'),
    'fresh/two.yaml': configMap('two', 'a'),
  });
  const plan = await my.planned();
  const ns = my.namespace;
  expect(told(plan).filter((line) => !line.startsWith('skip'))).toEqual([
    `create Kustomization.kustomize.toolkit.fluxcd.io/${ns}/fresh`,
    `delete Kustomization.kustomize.toolkit.fluxcd.io/${ns}/more`,
    `create ConfigMap/${ns}/two`,
    `delete ConfigMap/${ns}/one`,
  ]);
});

test('17, 20: a kind, a namespace and what is in them, all new: nothing is an error', async () => {
  const it = rig();
  const my = await fleet(it, files);
  const group = `${my.namespace}.example.com`;
  my.edit({
    'apps/crd.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Widget, plural: widgets, singular: widget, listKind: WidgetList }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }]
`,
    'apps/widget.yaml': `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: w }\n`,
    'clusters/test/space.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${my.namespace}-new }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: ${my.namespace}-new }\n`,
  });
  const plan = await my.planned();
  expect(plan.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  expect(told(plan).filter((line) => !line.startsWith('skip'))).toEqual([
    `create Namespace//${my.namespace}-new`,
    `create ConfigMap/${my.namespace}-new/c`,
    `create CustomResourceDefinition.apiextensions.k8s.io//widgets.${group}`,
    `unknown Widget.${group}/${my.namespace}/w`,
  ]);
});

test('14: an immutable field is told, and recreated only where forced', async () => {
  const it = rig();
  const job = (image: string, annotations: string) =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: { name: job, annotations: ${annotations} }\nspec: { template: { spec: { restartPolicy: Never, containers: [{ name: j, image: "${image}" }] } } }\n`;
  const my = await fleet(it, { 'apps/job.yaml': job('a:1', '{}') });
  my.edit({ 'apps/job.yaml': job('a:2', '{}') });
  const refused = (await my.planned()).groups
    .flatMap((group) => group.entries)
    .find((entry) => entry.id.kind === 'Job')!;
  expect(refused.action).toBe('unknown');
  expect(refused.reason).toMatch(/immutable/);
  my.edit({ 'apps/job.yaml': job('a:2', '{ kustomize.toolkit.fluxcd.io/force: enabled }') });
  const forced = (await my.planned()).groups
    .flatMap((group) => group.entries)
    .find((entry) => entry.id.kind === 'Job')!;
  expect(forced.action).toBe('recreate');
});

test('without the right to patch the plan is estimated, says so, and finds the same', async () => {
  const it = rig();
  const my = await fleet(it, files);
  await visitor(it, '- { apiGroups: ["*"], resources: ["*"], verbs: [get, list] }');
  const eyes = connectTo(it.layout.visitorKubeconfig);
  my.edit({
    'apps/deployment.yaml': deployment('api:2'),
    'apps/edited.yaml': configMap('edited', 'b'),
    'apps/new.yaml': configMap('new', 'a'),
  });
  const [plan, real] = [await my.planned(eyes), await my.planned()];
  expect(told(plan)).toEqual(told(real));
  const entries = plan.groups.flatMap((group) => group.entries).filter((entry) => entry.action !== 'skip');
  expect(entries.every((entry) => entry.estimated === true)).toBe(true);
  const paths = entries.flatMap((entry) => entry.changes.map((change) => pathText(change.path)));
  expect(paths).toEqual(['data.key', 'spec.template.spec.containers[0].image']);
  expect(plan.problems.map((problem) => problem.code)).toEqual(['cluster-forbidden']);
});
