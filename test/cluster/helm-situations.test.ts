/**
 * What can happen to a release, each once under helm-controller and once under `sluice apply`: failures, retries and
 * remediation, stale locks, policies, another name or chart. Every situation is a HelmRelease of its own; all of them go
 * through their steps side by side, in two namespaces of one cluster, and must leave the same behind after each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ReleaseFleet, recordIn, releaseFleet } from './release-fleet.ts';
import { bounded, type Rig, rig } from './rig.ts';
import { type Situation, type Step, situations } from './situations.ts';

test('each situation ends as under helm-controller', async () => {
  const it = rig();
  const [theirs, ours] = await Promise.all(
    (['watches', 'watches not'] as const).map((controller) => releaseFleet(it, { chart: {}, controller })),
  );
  const fleets = [theirs!, ours!];
  const steps = Math.max(...situations.map((one) => one.steps.length));
  const said: string[] = [];
  // After its last step a release is removed.
  for (let index = 0; index <= steps; index += 1) {
    for (const fleet of fleets) for (const one of situations) await one.steps[index]?.before?.(it, fleet);
    write(theirs!, index, '');
    write(ours!, index, '  labels: { sharding.fluxcd.io/key: nobody }\n');
    const [applied] = await Promise.all([
      ours!.apply('--prune'),
      theirs!.followed().then(() => settled(it, theirs!, index)),
    ]);
    said.push(applied.out + applied.err);
    for (const { name, found, expected } of await compared(it, { theirs: theirs!, ours: ours! }, index))
      expect.soft(found, `${name}, step ${index + 1}`).toEqual(expected);
  }
  expect.soft(said[1]).toContain('nothing of its objects changes, and its values do');
  expect.soft(said[1]).toMatch(/and tried again, once; the last failure is remedied, too/);
  expect.soft(said[1]).toMatch(/uninstalls release renamed first: it gets another name/);
  expect.soft(said[1]).toMatch(/recreate ConfigMap .*rechart-config: release rechart is uninstalled first/);
});

interface Compared {
  readonly name: string;
  readonly found: unknown;
  readonly expected: unknown;
}

/** The controller may look at a release once more at any time, and its conditions say so: what differs is looked at again. */
async function compared(
  it: Rig,
  { theirs, ours }: { readonly theirs: ReleaseFleet; readonly ours: ReleaseFleet },
  index: number,
): Promise<readonly Compared[]> {
  for (let attempt = 0; ; attempt += 1) {
    const [expected, found] = await Promise.all([theirs, ours].map((fleet) => leftIn(it, fleet)));
    const pairs = situations.map((one): Compared => {
      const refused = one.steps[index]?.refused === true;
      return { name: one.name, found: leftBy(found!, one, refused), expected: leftBy(expected!, one, refused) };
    });
    if (attempt === 5 || pairs.every((pair) => isDeepStrictEqual(pair.found, pair.expected))) return pairs;
    await sleep(2000);
  }
}

function write(fleet: ReleaseFleet, index: number, labels: string): void {
  const here = (text: string) => text.replaceAll('NS', fleet.namespace);
  const texts = situations.flatMap(({ name, steps }) => {
    const files = Object.entries(chartOf(name, steps, index));
    fleet.write(Object.fromEntries(files.map(([path, text]) => [`charts/${name}/${path}`, here(text)])));
    const step = steps[index];
    if (step === undefined) return [];
    return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: ${name}
  namespace: ${fleet.namespace}
${labels}spec:
  interval: 1h
  timeout: 30s
${here(step.spec ?? '')}  chart:
    spec:
      chart: ./charts/${name}
      sourceRef: { kind: GitRepository, name: flux-system }
  values: ${step.values ?? '{}'}
`;
  });
  fleet.write({ 'clusters/test/release.yaml': texts.join('---\n') });
}

/** A chart is packed anew for another version only, so each step that changes it has one. */
function chartOf(name: string, steps: readonly Step[], index: number): Readonly<Record<string, string>> {
  const own = steps.slice(0, index + 1).flatMap(({ chart }) => (chart === undefined ? [] : [chart]));
  const files: Record<string, string> = {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.${own.length}\n`,
    'values.yaml': '',
  };
  return Object.assign(files, ...own);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

interface Release {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly lastAttemptedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly history?: readonly { readonly status: string; readonly action?: string }[];
  };
}

/** Until the controller has nothing more to do, or waits for the next attempt. */
async function settled(it: Rig, { namespace }: ReleaseFleet, index: number): Promise<void> {
  await bounded(async () => {
    const { items } = JSON.parse(await it.kubectl(['get', 'hr', '-n', namespace, '-o', 'json'])) as {
      items: Release[];
    };
    const open = items.filter((one) => !isSettled(one, index));
    return open.length === 0 ? undefined : JSON.stringify(open, null, 1);
  });
}

function isSettled({ metadata, status }: Release, index: number): boolean {
  const step = situations.find(({ name }) => name === metadata.name)?.steps[index];
  if (step === undefined || status?.lastAttemptedGeneration !== metadata.generation) return false;
  const told = (type: string) => status.conditions?.find((one) => one.type === type);
  if (step.refused && told('Released')?.status === 'False') return true;
  const busy = told('Reconciling');
  if (busy !== undefined) return busy.message?.startsWith('retrying after') === true;
  return status.observedGeneration === metadata.generation && told('Ready')?.status !== 'Unknown';
}

interface Live {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

interface Left {
  readonly namespace: string;
  readonly objects: readonly Live[];
  readonly releases: readonly Live[];
}

async function leftIn(it: Rig, { namespace }: ReleaseFleet): Promise<Left> {
  const get = async (...what: string[]) =>
    (JSON.parse(await it.kubectl(['get', ...what, '-o', 'json', '--show-managed-fields'])) as { items: Live[] }).items;
  const [releases, ...objects] = await Promise.all([
    get('hr', '-n', namespace),
    get('configmap,secret,persistentvolumeclaim', '-n', namespace),
    get('crd'),
  ]);
  return { namespace, objects: objects.flat(), releases: releases! };
}

/** What a situation left behind, without times, ids and the namespace's name. */
function leftBy({ namespace, objects, releases }: Left, { name }: Situation, refused: boolean): unknown {
  const own = objects.filter(
    ({ metadata }) =>
      metadata.name.startsWith(`${name}-`) ||
      metadata.name.startsWith(`${namespace}-${name}`) ||
      metadata.name.startsWith(`${name}s.${namespace}.`),
  );
  const records = objects
    .filter(({ type, metadata }) => type === 'helm.sh/release.v1' && metadata.name.includes(name))
    .map(({ metadata, data }) => ({
      name: metadata.name,
      labels: metadata.labels,
      record: recordIn((data as { release: string }).release),
    }));
  const status = releases.find(({ metadata }) => metadata.name === name)?.status as Release['status'];
  const told = status === undefined || refused ? null : toldBy(status);
  const text = JSON.stringify({ objects: own.map(comparable), records, status: told });
  return withoutNoise(JSON.parse(text.replaceAll(namespace, 'NS')));
}

/** Which action made the revision that stands is forgotten there when the one after it fails in waiting. */
function toldBy({ conditions, history, ...rest }: NonNullable<Release['status']>): unknown {
  const snapshots = history?.map(({ action, ...one }, index) =>
    index > 0 && one.status === 'deployed' ? one : { ...one, action },
  );
  return { ...rest, conditions: toldIn(conditions), history: snapshots };
}

/**
 * Nobody is at work where Sluice was; and which of two failures Ready repeats, the release's or its remediation's, depends
 * there on the order in which conditions were patched.
 */
function toldIn(conditions: readonly Condition[] = []): readonly Condition[] {
  const remediated = conditions.some(({ type }) => type === 'Remediated');
  return conditions
    .filter(({ type }) => type !== 'Reconciling')
    .map((one) => (one.type === 'Ready' && remediated ? { type: one.type, status: one.status } : one))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}

function comparable({ kind, metadata, data, spec }: Live): unknown {
  const { labels, annotations, managedFields } = metadata;
  const managers = (managedFields as { manager: string; operation: string; subresource?: string }[] | undefined)
    ?.filter(({ subresource }) => subresource === undefined)
    .map(({ manager, operation }) => `${manager} ${operation}`);
  const names = kind === 'CustomResourceDefinition' ? (spec as { names: unknown }).names : undefined;
  return { kind, name: metadata.name, labels, annotations, managers, data, names };
}

const noise = new Set([
  'createdAt',
  'deleted',
  'digest',
  'files',
  'firstDeployed',
  'first_deployed',
  'helmChart',
  'lastAttemptedGeneration',
  'lastAttemptedReleaseActionDuration',
  'lastCompleted',
  'lastDeployed',
  'lastHandledReconcileAt',
  'lastStarted',
  'lastTransitionTime',
  'last_deployed',
  'modifiedAt',
  'modtime',
  'observedGeneration',
  'completed_at',
  'schemamodtime',
  'started_at',
  'templates',
]);

function withoutNoise(value: unknown): unknown {
  // The server's words come by two ways, and the hash of a long name has the namespace in it.
  if (typeof value === 'string')
    return value
      .replace(/(templates\/\S+ failed: |stalled resources: ).*/s, '$1…')
      .replace(/that-[0-9a-f]{12}/g, 'that-HASH');
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([key]) => !noise.has(key));
  return Object.fromEntries(
    entries.map(([key, one]) => {
      if (key === 'manifest' && typeof one === 'string') return [key, one.split(/^---$/m).map((doc) => parse(doc))];
      return [key, withoutNoise(one)];
    }),
  );
}
