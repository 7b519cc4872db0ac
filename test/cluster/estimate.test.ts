/** The estimate for people who may not patch, kind by kind beside the real dry run of the same edit. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Cluster,
  createRenderer,
  keyOf,
  type Plan,
  type PlanEntry,
  pathText,
  planLive,
} from '../../src/engine/index.ts';
import { payloadOf } from '../../src/engine/plan/payload.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { openFolder } from '../../src/io/workspace.ts';
import { set } from '../engine/sets.ts';
import { lineEdits } from './edits.ts';
import { visitor } from './fleet.ts';
import { liveFleet, removeFleet } from './live-fleet.ts';
import { connectTo, refOf, rig, value } from './rig.ts';

const pod = (image: string, more = '') =>
  `{ containers: [{ name: c, image: "${image}", ports: [{ containerPort: 80 }], env: [{ name: A, value: b }] }${more}] }`;
const workload = (image: string, more = '') =>
  `selector: { matchLabels: { a: x } }, template: { metadata: { labels: { a: x } }, spec: ${pod(image, more)} }`;

/** `apiVersion kind`, what is applied first, and the edits of it. */
const cases: Readonly<Record<string, readonly [string, string, ...string[]]>> = {
  ConfigMap: [
    'v1',
    'data: { a: "1", b: "2" }',
    'data: { a: "1", b: "3" }',
    'data: { a: "1" }',
    'data: { a: "1", b: "2", c: "3" }',
  ],
  Secret: ['v1', 'stringData: { a: "1", b: "2" }', 'stringData: { a: "2" }', 'data: { a: MQ==, b: Mg== }'],
  Service: [
    'v1',
    'spec: { selector: { a: x }, ports: [{ name: a, port: 80 }, { name: b, port: 81 }] }',
    'spec: { selector: { a: other }, ports: [{ name: a, port: 80 }, { name: b, port: 81 }] }',
    'spec: { selector: { a: x }, ports: [{ name: a, port: 80 }] }',
    'spec: { selector: { a: x }, ports: [{ name: b, port: 81 }, { name: a, port: 80, targetPort: 8080 }] }',
  ],
  ServiceAccount: ['v1', 'automountServiceAccountToken: false', 'automountServiceAccountToken: true'],
  Deployment: [
    'apps/v1',
    `spec: { replicas: 2, ${workload('a:1')} }`,
    `spec: { replicas: 3, ${workload('a:2')} }`,
    `spec: { ${workload('a:1')} }`,
    `spec: { replicas: 2, ${workload('a:1', ', { name: d, image: "d:1" }')} }`,
  ],
  StatefulSet: [
    'apps/v1',
    `spec: { serviceName: s, ${workload('a:1')} }`,
    `spec: { serviceName: s, ${workload('a:2')} }`,
  ],
  DaemonSet: ['apps/v1', `spec: { ${workload('a:1')} }`, `spec: { ${workload('a:2')} }`],
  CronJob: [
    'batch/v1',
    `spec: { schedule: "0 1 * * *", jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: c, image: "a:1" }] } } } } }`,
    `spec: { schedule: "0 2 * * *", jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: c, image: "a:2" }] } } } } }`,
  ],
  Role: [
    'rbac.authorization.k8s.io/v1',
    'rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]',
    'rules: [{ apiGroups: [""], resources: [pods], verbs: [get, list] }]',
  ],
  Ingress: [
    'networking.k8s.io/v1',
    'spec: { rules: [{ host: a.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: s, port: { number: 80 } } } }] } }] }',
    'spec: { rules: [{ host: b.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: s, port: { number: 80 } } } }] } }] }',
  ],
  NetworkPolicy: [
    'networking.k8s.io/v1',
    'spec: { podSelector: { matchLabels: { a: x } }, policyTypes: [Ingress] }',
    'spec: { podSelector: { matchLabels: { a: other } }, policyTypes: [Ingress] }',
  ],
  PodDisruptionBudget: [
    'policy/v1',
    'spec: { minAvailable: 1, selector: { matchLabels: { a: x } } }',
    'spec: { minAvailable: 2, selector: { matchLabels: { a: x } } }',
  ],
  HorizontalPodAutoscaler: [
    'autoscaling/v2',
    'spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: x } }',
    'spec: { maxReplicas: 6, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: x } }',
  ],
  GitRepository: [
    'source.toolkit.fluxcd.io/v1',
    'spec: { interval: 1m, url: "https://git.test/a", suspend: true }',
    'spec: { interval: 2m, url: "https://git.test/a", suspend: true }',
  ],
};

/** What happens to the object, and in which fields. */
function told(plan: Plan): string {
  return toldOf(plan.groups[0]!.entries[0]!);
}

function toldOf(entry: PlanEntry): string {
  // The API server counts a DaemonSet's templates in an annotation; nobody can foresee that without it.
  const paths = entry.changes.map(({ path }) => pathText(path)).filter((path) => !path.includes('template.generation'));
  return `${entry.action}: ${paths.join(', ')}`;
}

test('the same action and the same fields as the dry run', async () => {
  const it = rig();
  const namespace = await it.namespace();
  await visitor(it, '- { apiGroups: ["*"], resources: ["*"], verbs: [get, list] }');
  const eyes = connectTo(it.layout.visitorKubeconfig);
  const differences: string[] = [];
  for (const [kind, [apiVersion, first, ...edits]] of Object.entries(cases)) {
    const wanted = (body: string) => [
      set(
        'estimated',
        `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, namespace: ${namespace} }\n${body}\n`,
      ),
    ];
    const [entry] = (await planLive(it.cluster, wanted(first))).groups[0]!.entries;
    const payload = payloadOf(entry!)!;
    value(await it.cluster.apply(payload.object, { manager: payload.manager, force: true, dryRun: false }));
    for (const body of [first, ...edits]) {
      const [estimate, real] = [await planLive(eyes, wanted(body)), await planLive(it.cluster, wanted(body))];
      expect(estimate.groups[0]!.entries[0]!.estimated).toBe(true);
      if (told(estimate) !== told(real)) differences.push(`${kind} ${body}: ${told(estimate)}, but ${told(real)}`);
    }
  }
  expect(differences).toEqual([]);
});

test('over the example fleet with thirty edits: what share of its objects is estimated as the dry run has it', async () => {
  const it = rig();
  const fleet = await liveFleet(it, 'estimated-fleet');
  onTestFinished(() => removeFleet(it), 180_000);
  await visitor(it, '- { apiGroups: ["*"], resources: ["*"], verbs: [get, list] }');
  const eyes = connectTo(it.layout.visitorKubeconfig);
  await untilReads(eyes);
  const renderer = createRenderer({ kustomizer: loadKustomizer() });
  const wanted = () =>
    renderer.renderCluster(openFolder(fleet.folder, { trusted: true }).workspace(), '/clusters/production');
  const folders = ['apps/base', 'apps/production', 'infrastructure', 'clusters/production'];
  const files = Object.fromEntries(
    folders.flatMap((folder) =>
      (readdirSync(join(fleet.folder, folder), { recursive: true }) as string[])
        .filter((name) => name.endsWith('.yaml'))
        .sort()
        .map((name) => [`${folder}/${name}`, readFileSync(join(fleet.folder, folder, name), 'utf8')] as const),
    ),
  );
  const seen = { equal: 0, changed: 0, objects: 0 };
  const differences = new Set<string>();
  for (const edit of lineEdits(files, 30, 4711)) {
    const lines = files[edit.file]!.split('\n');
    lines.splice(edit.line, 1, ...(edit.now === undefined ? [] : [edit.now]));
    fleet.write({ [edit.file]: lines.join('\n') });
    const sets = wanted();
    const [estimate, real] = [await planLive(eyes, sets), await planLive(it.cluster, sets)];
    const estimated = entriesOf(estimate);
    for (const [key, entry] of entriesOf(real)) {
      // What the server refuses is no difference that an estimate could foresee.
      if (entry.action === 'unknown') continue;
      seen.objects += 1;
      if (entry.action !== 'unchanged') seen.changed += 1;
      const guess = estimated.get(key);
      if (guess !== undefined && toldOf(guess) === toldOf(entry)) seen.equal += 1;
      else
        differences.add(`${key}: ${guess && toldOf(guess)}, but ${toldOf(entry)} (${edit.file} "${edit.now ?? ''}")`);
    }
    await fleet.restore();
  }
  const share = seen.equal / seen.objects;
  console.log(
    `estimates: ${seen.equal} of ${seen.objects} objects (${seen.changed} of them changed) as the dry run has them, ${(100 * share).toFixed(2)} %`,
    [...differences].slice(0, 12),
  );
  expect(seen.changed).toBeGreaterThan(30);
  expect(share).toBeGreaterThan(0.99);
}, 900_000);

/** Rights count a moment after they are written. */
async function untilReads(eyes: Cluster): Promise<void> {
  for (let attempt = 0; attempt < 2400; attempt += 1) {
    if ((await eyes.get(refOf('v1', 'Namespace', '', 'apps'))).ok) return;
    await sleep(50);
  }
  throw new Error('the visitor may read nothing');
}

function entriesOf({ groups }: Plan): ReadonlyMap<string, PlanEntry> {
  return new Map(
    groups.flatMap(({ owner, entries }) => entries.map((entry) => [`${owner.id.name} ${keyOf(entry.id)}`, entry])),
  );
}
