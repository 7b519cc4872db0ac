/** Carrying out plans beside the real controllers: they agree afterwards, whatever way back is taken. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { timer } from '../../src/cli/timer.ts';
import { type ApplyEvent, type ApplyOptions, applyPlan, inputsOf, type Plan } from '../../src/engine/index.ts';
import { sluice } from './cli.ts';
import { fleet, inFluxWords, kustomization, live, told } from './fleet.ts';
import { type Rig, rig } from './rig.ts';

const configMap = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { key: "${value}" }\n`;

const deployment = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: api, image: 'api:1', ports: [{ containerPort: 80 }] }] }
`;

const files = {
  'apps/deployment.yaml': deployment(1),
  'apps/old.yaml': configMap('old', 'a'),
  'apps/edited.yaml': configMap('edited', 'a'),
  'apps/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { a: b }\n',
};

const edits = {
  'apps/deployment.yaml': deployment(2),
  'apps/old.yaml': undefined,
  'apps/edited.yaml': configMap('edited', 'b'),
  'apps/new.yaml': configMap('new', 'a'),
};

async function apply(it: Rig, plan: Plan, over: Partial<ApplyOptions> = {}): Promise<readonly ApplyEvent[]> {
  const events: ApplyEvent[] = [];
  const options: ApplyOptions = { timer, prune: 'all', wait: 'all', by: 'the suite', ...over };
  for await (const event of applyPlan(it.cluster, plan, options)) events.push(event);
  return events;
}

function outcomes(events: readonly ApplyEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'object' ? [`${event.outcome} ${event.id.kind} ${event.id.name}`] : [],
  );
}

async function resume(it: Rig, namespace: string): Promise<void> {
  const patch = '--patch={"spec":{"suspend":false}}';
  await it.kubectl(['patch', 'kustomization', 'apps', `--namespace=${namespace}`, '--type=merge', patch]);
}

function inventoryOf(object: { readonly status?: unknown }): readonly string[] {
  const status = object.status as { inventory?: { entries: { id: string }[] } } | undefined;
  return (status?.inventory?.entries ?? []).map((entry) => entry.id).sort();
}

test('after the apply nothing is left to do, and after the push the controllers change nothing', async () => {
  const it = rig();
  // The server labels a job's pods itself, below what Flux sends for metadata that nobody wrote.
  const job = `apiVersion: batch/v1\nkind: Job\nmetadata: { name: once }\nspec: { template: { spec: { restartPolicy: Never, containers: [{ name: c, image: 'once:1' }] } } }\n`;
  const my = await fleet(it, { ...files, 'apps/job.yaml': job });
  my.edit(edits);
  const events = await apply(it, await my.planned(), { inputs: inputsOf(my.wanted()) });
  expect(outcomes(events)).toEqual([
    'applied ConfigMap edited',
    'applied ConfigMap new',
    'applied Deployment api',
    'deleted ConfigMap old',
  ]);
  expect(events.at(-1)).toMatchObject({ type: 'done', suspended: [{ name: 'apps' }] });
  expect(told(await my.planned())).toEqual([]);
  expect(await my.fluxDiff('apps', 'apps')).toEqual([]);
  const names = [
    ['v1', 'ConfigMap', 'edited'],
    ['v1', 'ConfigMap', 'new'],
    ['apps/v1', 'Deployment', 'api'],
    ['v1', 'Secret', 's'],
  ] as const;
  /** What a write by Flux would change: when its manager wrote last, and the generation. */
  const written = () =>
    Promise.all(
      names.map(async ([apiVersion, kind, name]) => {
        const { metadata } = await live(it, apiVersion, kind, my.namespace, name);
        const { generation, managedFields } = metadata as {
          generation?: number;
          managedFields: { manager: string; time: string }[];
        };
        return [name, generation, managedFields.find((field) => field.manager === 'kustomize-controller')?.time];
      }),
    );
  const before = await written();
  const pushed = await my.push();
  await it.ready({
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    namespace: my.namespace,
    name: 'root',
  });
  await it.until(kustomization(my.namespace, 'root'), (object) => {
    const status = object.status as { lastAppliedRevision?: string };
    return status.lastAppliedRevision === pushed.revision;
  });
  await resume(it, my.namespace);
  await pushed.applied();
  expect(await written()).toEqual(before);
  expect(inventoryOf(await it.ready(kustomization(my.namespace, 'apps')))).toEqual([
    `${my.namespace}_api_apps_Deployment`,
    `${my.namespace}_edited__ConfigMap`,
    `${my.namespace}_new__ConfigMap`,
    `${my.namespace}_once_batch_Job`,
    `${my.namespace}_s__Secret`,
  ]);
});

test('24: resumed without a push, the controller takes everything back, also what was new', async () => {
  const it = rig();
  const my = await fleet(it, files);
  my.edit(edits);
  await apply(it, await my.planned());
  await resume(it, my.namespace);
  await it.until(kustomization(my.namespace, 'apps'), (object) => {
    const inventory = inventoryOf(object).join(' ');
    return inventory.includes('_old_') && !inventory.includes('_new_');
  });
  const gone = await it.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: my.namespace, name: 'new' });
  expect(gone.ok).toBe(false);
  expect(inFluxWords(await my.planned(), 'apps')).toEqual([
    `created ConfigMap/${my.namespace}/new`,
    `deleted ConfigMap/${my.namespace}/old`,
    `drifted ConfigMap/${my.namespace}/edited`,
    `drifted Deployment/${my.namespace}/api`,
  ]);
});

test('21: a plan of something that changed meanwhile is refused', async () => {
  const it = rig();
  const my = await fleet(it, files);
  my.edit(edits);
  const plan = await my.planned();
  await it.kubectl(['label', 'configmap', 'edited', `--namespace=${my.namespace}`, 'touched=yes']);
  const events = await apply(it, plan);
  const reason = `ConfigMap ${my.namespace}/edited changed since the plan was made`;
  expect(events).toEqual([{ type: 'refused', reasons: [reason] }]);
});

test('17: a kind and an object of it in one apply; a second apply does nothing', async () => {
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
  });
  const events = await apply(it, await my.planned());
  expect(outcomes(events)).toEqual([`applied CustomResourceDefinition widgets.${group}`, 'applied Widget w']);
  expect(told(await my.planned())).toEqual([]);
  expect(outcomes(await apply(it, await my.planned()))).toEqual([]);
});

test('removing a child takes its cascade along', async () => {
  const it = rig();
  const my = await fleet(it, { ...files, 'more/one.yaml': configMap('one', 'a') }, ['apps', 'more']);
  my.edit({ 'clusters/test/more.yaml': undefined });
  const [owner, below] = outcomes(await apply(it, await my.planned()));
  expect(owner).toBe('deleted Kustomization more');
  expect(['deleted ConfigMap one', 'gone ConfigMap one']).toContain(below);
  expect(told(await my.planned())).toEqual([]);
});

test('a root Kustomization that nobody had bootstrapped keeps its inventory from its first apply on', async () => {
  const it = rig();
  const namespace = await it.namespace();
  const { folder } = await it.repository();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text.replaceAll('NAMESPACE', namespace));
  };
  write('clusters/test/gotk-sync.yaml', suspendedSync);
  write('clusters/test/kustomization.yaml', 'namespace: NAMESPACE\nresources: [gotk-sync.yaml, one.yaml, two.yaml]\n');
  write('clusters/test/one.yaml', configMap('one', 'a'));
  write('clusters/test/two.yaml', configMap('two', 'a'));
  const target = ['apply', folder, '--context', 'sluice-loopback', '--prune', '--yes'];
  const first = await sluice(it.layout, target);
  expect(first.code, first.out + first.err).toBe(0);
  const root = () => live(it, 'kustomize.toolkit.fluxcd.io/v1', 'Kustomization', namespace, 'root');
  const names = (...maps: readonly string[]) =>
    [
      ...maps.map((name) => `${namespace}_${name}__ConfigMap`),
      `${namespace}_root_kustomize.toolkit.fluxcd.io_Kustomization`,
      `${namespace}_root_source.toolkit.fluxcd.io_GitRepository`,
    ].sort();
  expect(inventoryOf(await root())).toEqual(names('one', 'two'));
  write('clusters/test/kustomization.yaml', 'namespace: NAMESPACE\nresources: [gotk-sync.yaml, one.yaml]\n');
  const second = await sluice(it.layout, target);
  expect(second.out).toContain(`deleted ConfigMap ${namespace}/two`);
  expect(inventoryOf(await root())).toEqual(names('one'));
});

const suspendedSync = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: root, namespace: NAMESPACE }
spec: { interval: 1h, url: 'http://127.0.0.1:1/none.git', suspend: true }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: root, namespace: NAMESPACE }
spec: { interval: 1h, suspend: true, path: ./clusters/test, prune: true, sourceRef: { kind: GitRepository, name: root } }
`;
