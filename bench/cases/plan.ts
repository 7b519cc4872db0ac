/**
 * The plan of the whole fleet against a live cluster: as it is there, with one edit, and with one that touches every
 * object. Beside its floor (a bare dry run for each object, as many at once), beside `flux diff kustomization` for each of
 * its Kustomizations, and made anew after one edit, when only what changed is asked again.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import {
  type Cluster,
  createRenderer,
  type DesiredSet,
  type LiveObject,
  openWorkspace,
  type Plan,
  type PlanLiveOptions,
  planLive,
} from '../../src/engine/index.ts';
import { payloadOf } from '../../src/engine/plan/payload.ts';
import { slots } from '../../src/engine/plan/requests.ts';
import { connect } from '../../src/io/cluster/connect.ts';
import { diskTree, overlayTree, snapshot } from '../../src/io/disk.ts';
import { loadKubeconfig } from '../../src/io/kubeconfig.ts';
import { loadKustomizer } from '../../src/io/kustomizer.ts';
import { writeFleet } from '../fleet.ts';
import { middle, type Row, type Table } from '../measure.ts';
import { tool } from '../tools.ts';

const count = 50;
const apps = Array.from({ length: count }, (_, i) => `app-${String(i).padStart(2, '0')}`);
/** What `planLive` has in flight at once. */
const atOnce = 32;
const dryRun = { manager: 'kustomize-controller', force: true, dryRun: true };

export async function plan(folder: string): Promise<readonly Table[]> {
  if (tool('kubebox') === undefined) return [{ title: 'plan: no kube-apiserver was built', rows: [] }];
  const dir = join(folder, 'cluster');
  const stack = (...words: string[]) =>
    execFileSync('npx', ['tsx', 'scripts/cluster.ts', ...words], {
      env: { ...process.env, SLUICE_CLUSTER_DIR: dir },
      stdio: 'ignore',
    });
  stack('up', '--core');
  try {
    return await measured(join(folder, 'fleet'), join(dir, 'kubeconfig'));
  } finally {
    stack('down', '--wipe');
  }
}

async function measured(root: string, kubeconfig: string): Promise<readonly Table[]> {
  writeFleet(root, count);
  const cluster = connected(kubeconfig);
  const disk = snapshot(diskTree(root));
  const renderer = createRenderer({ kustomizer: loadKustomizer() });
  const render = (edits?: ReadonlyMap<string, string>) =>
    renderer.renderCluster(
      openWorkspace(overlayTree(disk, edits ?? new Map()), { remotes: [], below: '' }),
      '/clusters/prod',
    );
  const wanted = render();
  const objects = await install(cluster, wanted);
  const floor = await times(5, () => bare(cluster, objects));
  const rows: Row[] = [
    { what: `the floor: ${objects.length} bare dry runs`, time: floor },
    await planRow(cluster, 'plan: nothing changed', wanted),
    await planRow(cluster, 'plan: one edit', render(oneEdit(root, 9))),
    await planRow(cluster, 'plan: an edit of every object', render(editOfAll(root))),
    await planRow(cluster, 'plan: nothing changed, every dry run asked for', wanted, { dryRuns: 'all' }),
  ];
  const flux = await fluxDiffs(root, kubeconfig);
  if (flux !== undefined) rows.push(flux);
  const last = await planLive(cluster, wanted);
  const load = loadavg()[0]!.toFixed(1);
  return [
    {
      title: `plan of a fleet of ${count} × 20 objects against kube-apiserver (load ${load} on ${cpus().length} cores)`,
      rows,
    },
    { title: 'a new plan after one edit', rows: await afterEdits(cluster, root, render, last) },
  ];
}

/** A plan made five times, with what is in it and how many dry runs it asked for. */
async function planRow(
  cluster: Cluster,
  what: string,
  wanted: readonly DesiredSet[],
  options: PlanLiveOptions = {},
): Promise<Row> {
  const watched = counting(cluster);
  const plan = await planLive(watched.cluster, wanted, options);
  const time = await times(5, () => planLive(cluster, wanted, options));
  return { what, time, note: `${watched.count()} dry runs: ${actionsOf(plan)}` };
}

const edited = '/apps/app-07/base/app-07-1.yaml';

function oneEdit(root: string, replicas: number): ReadonlyMap<string, string> {
  return new Map([[edited, readFileSync(join(root, edited), 'utf8').replace('replicas: ', `replicas: ${replicas}`)]]);
}

/** The overlays' common annotation, in each of them. */
function editOfAll(root: string): ReadonlyMap<string, string> {
  const files = apps.map((app) => `/apps/${app}/overlays/prod/kustomization.yaml`);
  const changed = (text: string) => text.replace('owner: platform', 'owner: somebody');
  return new Map(files.map((file) => [file, changed(readFileSync(join(root, file), 'utf8'))]));
}

function connected(kubeconfig: string): Cluster {
  const loaded = loadKubeconfig({ KUBECONFIG: kubeconfig }, '/nowhere').value!;
  const answer = connect({ kubeconfig: loaded, context: loaded.currentContext!, trusted: false });
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value;
}

/** Applies the fleet as Flux would; the objects as they were sent. */
async function install(cluster: Cluster, wanted: readonly DesiredSet[]): Promise<readonly LiveObject[]> {
  for (const name of apps) {
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { manager: 'bench' });
  }
  const first = await planLive(cluster, wanted);
  const objects = first.groups.flatMap(({ entries }) =>
    entries.flatMap((entry): readonly LiveObject[] => {
      const payload = payloadOf(entry);
      return payload === undefined ? [] : [payload.object];
    }),
  );
  const slot = slots(atOnce);
  const answers = await Promise.all(
    objects.map((object) => slot(() => cluster.apply(object, { ...dryRun, dryRun: false }))),
  );
  const failed = answers.find((answer) => !answer.ok);
  if (failed !== undefined && !failed.ok) throw new Error(failed.failure.message);
  return objects;
}

async function bare(cluster: Cluster, objects: readonly LiveObject[]): Promise<void> {
  const slot = slots(atOnce);
  await Promise.all(objects.map((object) => slot(() => cluster.apply(object, dryRun))));
}

async function fluxDiffs(root: string, kubeconfig: string): Promise<Row | undefined> {
  const flux = tool('flux');
  if (flux === undefined) return undefined;
  const started = performance.now();
  for (const app of apps) {
    const path = join(root, 'apps', app, 'overlays/prod');
    const words = ['diff', 'kustomization', app, '--namespace=flux-system', `--path=${path}`, '--progress-bar=false'];
    execFileSync(flux, words, { env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: 'ignore' });
  }
  return { what: `${count} × flux diff kustomization`, time: performance.now() - started };
}

type Render = (edits?: ReadonlyMap<string, string>) => readonly DesiredSet[];

/** Edit after edit of one base file: from the text to the plan, and what of it was spent on the edit's own dry runs. */
async function afterEdits(cluster: Cluster, root: string, render: Render, first: Plan): Promise<readonly Row[]> {
  const [all, asked, requests]: [number[], number[], number[]] = [[], [], []];
  let earlier = first;
  for (let i = 0; i < 12; i++) {
    const watched = counting(cluster);
    const started = performance.now();
    const wanted = render(oneEdit(root, i + 10));
    earlier = await planLive(watched.cluster, wanted, { earlier });
    all.push(performance.now() - started);
    asked.push(watched.spent());
    requests.push(watched.count());
    if (!actionsOf(earlier).includes('configure')) throw new Error('the edit is not in the plan');
  }
  const note = `${middle(requests)} dry runs`;
  return [
    { what: 'from the changed text to the plan', time: middle(all), note },
    { what: 'of which waiting for dry runs', time: middle(asked) },
  ];
}

/** A cluster that counts its dry runs and adds up how long they took, one after the other. */
function counting(cluster: Cluster) {
  let [spent, count] = [0, 0];
  const apply: Cluster['apply'] = async (...words) => {
    const started = performance.now();
    const answer = await cluster.apply(...words);
    spent += performance.now() - started;
    count++;
    return answer;
  };
  return { cluster: { ...cluster, apply }, spent: () => spent, count: () => count };
}

async function times(runs: number, work: () => Promise<unknown>): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    await work();
    found.push(performance.now() - started);
  }
  return middle(found);
}

function actionsOf({ groups }: Plan): string {
  const counts = new Map<string, number>();
  for (const { action } of groups.flatMap(({ entries }) => entries)) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts].map(([action, n]) => `${n} ${action}`).join(', ');
}
