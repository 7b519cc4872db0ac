/**
 * Following a commit through the cluster until it is there: the source has fetched it, the Kustomizations have applied
 * it, their Helm releases are ready, their workloads run. It ends with one word and, if it is a bad one, with the step,
 * the object and its own message.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import { inventoryOf, parseInventory } from '../plan/inventory.ts';
import { steadily } from '../plan/requests.ts';
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef, Timer } from '../ports.ts';
import { at, stringAt } from '../status/fields.ts';
import { healthOf, isSuspended } from '../status/index.ts';
import { channel } from './channel.ts';
import { type Awaited, deadline, waitFor } from './wait.ts';
import { readyMessage, refOfLive, requestReconcile, resumeOwner, sourceRefOf, wayBackOf } from './wayback.ts';

export type FollowStep = 'source' | 'kustomizations' | 'releases' | 'workloads';

export const followSteps: readonly FollowStep[] = ['source', 'kustomizations', 'releases', 'workloads'];

export type FollowEvent =
  | { readonly type: 'step'; readonly step: FollowStep }
  /** What an object of the step is doing; told when it changes. */
  | { readonly type: 'waiting'; readonly step: FollowStep; readonly object: ObjectRef; readonly message: string }
  | { readonly type: 'reached'; readonly step: FollowStep; readonly object: ObjectRef; readonly message: string }
  /** Suspended by somebody else, so the commit does not get there, or in another cluster; it is not waited for. */
  | { readonly type: 'left-out'; readonly step: FollowStep; readonly object: ObjectRef; readonly message: string }
  /** Sluice had suspended it; it was resumed. */
  | { readonly type: 'resumed'; readonly object: ObjectRef }
  | {
      readonly type: 'end';
      readonly outcome: 'ready' | 'failed' | 'timeout' | 'canceled';
      /** Where it ended, if not at the end. */
      readonly step?: FollowStep;
      readonly object?: ObjectRef;
      readonly message: string;
    };

export interface FollowOptions {
  /** The full id of the commit. */
  readonly commit: string;
  /** Which GitRepositories follow the repository that the commit is in. */
  readonly isSource: (source: LiveObject) => boolean;
  /** Whether another commit has the followed one among its ancestors; a newer one counts as well. */
  readonly isIn?: (commit: string) => Promise<boolean>;
  /** The last step to wait for. */
  readonly until: FollowStep;
  /** watch: only looks · hand-back: has the source fetched anew, then resumes what Sluice had suspended behind it. */
  readonly how: 'watch' | 'hand-back';
  readonly timer: Timer;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

export function followCommit(cluster: Cluster, options: FollowOptions): AsyncIterable<FollowEvent> {
  return channel((tell) => run({ cluster, options, tell, left: deadline(options.timer, options.timeout) }));
}

interface Run {
  readonly cluster: Cluster;
  readonly options: FollowOptions;
  /** Milliseconds until it is given up. */
  left(): number;
  tell(event: FollowEvent): void;
}

type End = Extract<FollowEvent, { readonly type: 'end' }>;

async function run(run: Run): Promise<void> {
  const { options, tell } = run;
  const last = followSteps.indexOf(options.until);
  let kustomizations: readonly LiveObject[] = [];
  let releases: readonly LiveObject[] = [];
  for (const step of followSteps.slice(0, last + 1)) {
    tell({ type: 'step', step });
    const reached = await take(step);
    if (!Array.isArray(reached)) return tell(reached as End);
    if (step === 'kustomizations') kustomizations = reached;
    if (step === 'releases') releases = reached;
  }
  tell({ type: 'end', outcome: 'ready', message: `${options.commit.slice(0, 8)} is there` });

  function take(step: FollowStep): Promise<readonly LiveObject[] | End> {
    if (step === 'source') return atSources(run);
    if (step === 'kustomizations') return atKustomizations(run);
    const inventories = [...kustomizations, ...releases];
    return step === 'releases' ? atReleases(run, inventories) : atWorkloads(run, inventories);
  }
}

/** Where an object of a step stands. */
type Standing =
  | { readonly is: 'there'; readonly message: string }
  | { readonly is: 'left-out'; readonly message: string }
  | { readonly is: 'waiting'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string };

interface Stage {
  readonly step: FollowStep;
  list(): Promise<ClusterAnswer<readonly LiveObject[]>>;
  judge(live: LiveObject): Promise<Standing> | Standing;
  /** What is said when there is nothing to judge; undefined when that is fine. */
  readonly none?: string;
}

/** Looks again and again until every object of a step is there, one has failed, or the time is over. */
async function watchStage({ options, left, tell }: Run, stage: Stage): Promise<readonly LiveObject[] | End> {
  const { step } = stage;
  const told = new Map<string, string>();
  for (let pause = 250; ; pause = Math.min(pause * 1.5, 3000)) {
    if (options.signal?.aborted) return ended(step, 'canceled', 'canceled; the controllers go on');
    const listed = await stage.list();
    if (options.signal?.aborted) return ended(step, 'canceled', 'canceled; the controllers go on');
    const late = left() <= 0;
    let open: { readonly object?: ObjectRef; readonly message: string } | undefined;
    if (!listed.ok) {
      if (['unauthorized', 'forbidden'].includes(listed.failure.reason) || late)
        return ended(step, late ? 'timeout' : 'failed', listed.failure.message);
      open = { message: listed.failure.message };
    } else {
      if (listed.value.length === 0 && stage.none !== undefined) open = { message: stage.none };
      for (const live of listed.value) {
        const object = refOfLive(live);
        const { is, message } = await stage.judge(live);
        if (is === 'failed') return ended(step, 'failed', message, object);
        if (is === 'waiting') open ??= { object, message };
        const key = `${object.kind}/${object.namespace}/${object.name}`;
        if (told.get(key) === `${is} ${message}`) continue;
        told.set(key, `${is} ${message}`);
        tell({ type: is === 'there' ? 'reached' : is, step, object, message });
      }
      if (open === undefined) return listed.value;
    }
    if (late) return ended(step, 'timeout', open.message, open.object);
    await options.timer.sleep(Math.min(pause, Math.max(0, left())), options.signal);
  }
}

function ended(step: FollowStep, outcome: End['outcome'], message: string, object?: ObjectRef): End {
  return { type: 'end', outcome, step, message, ...(object === undefined ? {} : { object }) };
}

async function atSources(run: Run): Promise<readonly LiveObject[] | End> {
  const { cluster, options } = run;
  const mine = async (): Promise<ClusterAnswer<readonly LiveObject[]>> => {
    const all = await listOf(cluster, 'source.toolkit.fluxcd.io', 'GitRepository', options.signal);
    return all.ok ? { ok: true, value: all.value.filter(options.isSource) } : all;
  };
  const tokens = new Map<string, string>();
  if (options.how === 'hand-back') {
    const sources = await mine();
    for (const source of sources.ok ? sources.value : []) {
      if (isSuspended(source)) continue;
      const ref = refOfLive(source);
      const asked = await requestReconcile(cluster, ref, options);
      if (!asked.ok) return ended('source', 'failed', asked.failure.message, ref);
      tokens.set(stringAt(source, 'metadata', 'uid'), asked.value);
    }
  }
  const sources = await watchStage(run, {
    step: 'source',
    list: mine,
    none: 'no GitRepository in the cluster follows this repository and branch',
    async judge(live) {
      const revision = stringAt(live, 'status', 'artifact', 'revision');
      if (await holds(options, revision)) return { is: 'there', message: revision };
      if (isSuspended(live)) return { is: 'failed', message: 'it is suspended, so Flux does not fetch the commit' };
      const health = healthOf(live);
      const handled = stringAt(live, 'status', 'lastHandledReconcileAt');
      const asked = tokens.get(stringAt(live, 'metadata', 'uid'));
      if (health.status === 'failed' && asked === handled) return { is: 'failed', message: health.message };
      return { is: 'waiting', message: `at ${revision || 'nothing yet'}: ${health.message}` };
    },
  });
  if (!Array.isArray(sources)) return sources;
  return (await handBack(run, 'source', () => kustomizationsOf(run))) ?? sources;
}

/** Lets Flux go on with what Sluice had suspended, where that was asked for. */
async function handBack(run: Run, step: FollowStep, list: Stage['list']): Promise<End | undefined> {
  const { cluster, options, tell } = run;
  if (options.how !== 'hand-back') return undefined;
  const found = await list();
  for (const live of found.ok ? found.value : []) {
    if (wayBackOf(live) === undefined) continue;
    const owner = refOfLive(live);
    const resumed = await resumeOwner(cluster, owner, options.signal);
    if (!resumed.ok) return ended(step, 'failed', resumed.failure.message, owner);
    tell({ type: 'resumed', object: owner });
  }
  return undefined;
}

/** The Kustomizations that take their content from the followed sources. */
async function kustomizationsOf({ cluster, options }: Run): Promise<ClusterAnswer<readonly LiveObject[]>> {
  const sources = await listOf(cluster, 'source.toolkit.fluxcd.io', 'GitRepository', options.signal);
  if (!sources.ok) return sources;
  const keys = new Set(sources.value.filter(options.isSource).map((live) => place(refOfLive(live))));
  const all = await listOf(cluster, 'kustomize.toolkit.fluxcd.io', 'Kustomization', options.signal);
  if (!all.ok) return all;
  const value = all.value.filter((live) => {
    const source = sourceRefOf(live);
    return source?.kind === 'GitRepository' && keys.has(place(source));
  });
  return { ok: true, value };
}

function place({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

function atKustomizations(run: Run): Promise<readonly LiveObject[] | End> {
  const { options } = run;
  return watchStage(run, {
    step: 'kustomizations',
    list: () => kustomizationsOf(run),
    none: 'no Kustomization takes its content from the source',
    async judge(live) {
      const applied = stringAt(live, 'status', 'lastAppliedRevision');
      const health = healthOf(live);
      if (health.status === 'suspended') return { is: 'left-out', message: suspendedWords(live) };
      const there = await holds(options, applied);
      if (there && health.status === 'ready') return { is: 'there', message: readyMessage(live) };
      const attempted = await holds(options, stringAt(live, 'status', 'lastAttemptedRevision'));
      if (attempted && health.status === 'failed') return { is: 'failed', message: health.message };
      return { is: 'waiting', message: there ? health.message : `at ${applied || 'nothing yet'}: ${health.message}` };
    },
  });
}

function suspendedWords(live: LiveObject): string {
  const way = wayBackOf(live);
  if (way === undefined) return 'it is suspended';
  const { who, when, why } = way.suspension;
  return `it is suspended by Sluice (${[who, when, why].filter((text) => text !== '').join(', ')})`;
}

async function atReleases(run: Run, owners: readonly LiveObject[]): Promise<readonly LiveObject[] | End> {
  const { cluster, options } = run;
  const wanted = new Set(
    inventories(owners).flatMap((id) => (id.kind === 'HelmRelease' ? [`${id.namespace}/${id.name}`] : [])),
  );
  const list = async (): Promise<ClusterAnswer<readonly LiveObject[]>> => {
    if (wanted.size === 0) return { ok: true, value: [] };
    const all = await listOf(cluster, 'helm.toolkit.fluxcd.io', 'HelmRelease', options.signal);
    return all.ok ? { ok: true, value: all.value.filter((live) => wanted.has(place(refOfLive(live)))) } : all;
  };
  // Not before: until their Kustomizations have applied the commit, their specs are the old ones.
  const stopped = await handBack(run, 'releases', list);
  if (stopped !== undefined) return stopped;
  return watchStage(run, {
    step: 'releases',
    list,
    judge(live) {
      const { status, message } = healthOf(live);
      if (status === 'suspended') return { is: 'left-out', message: suspendedWords(live) };
      if (status === 'failed') return { is: 'failed', message };
      return { is: status === 'ready' ? 'there' : 'waiting', message };
    },
  });
}

const workloads = new Set([
  'Deployment.apps',
  'StatefulSet.apps',
  'DaemonSet.apps',
  'ReplicaSet.apps',
  'Job.batch',
  'Pod.',
]);

async function atWorkloads(run: Run, owners: readonly LiveObject[]): Promise<readonly LiveObject[] | End> {
  const { cluster, options, tell, left } = run;
  for (const live of owners.filter(isAway)) {
    const message = 'what it applies is in another cluster, which is not looked into';
    tell({ type: 'left-out', step: 'workloads', object: refOfLive(live), message });
  }
  const ids = inventories(owners).filter((id) => workloads.has(`${id.kind}.${id.group}`));
  const awaited = ids.map((id): Awaited => ({ id, ref: refOfId(id), goesAway: id.kind === 'Job' }));
  if (awaited.length === 0) return [];
  const wrong = await waitFor(cluster, awaited, {
    timer: options.timer,
    timeout: Math.max(0, left()),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onWaiting: (pending, message) =>
      tell({ type: 'waiting', step: 'workloads', object: refOfId(pending[0]!), message }),
  });
  if (wrong === undefined) {
    for (const { ref, id } of awaited)
      tell({ type: 'reached', step: 'workloads', object: ref, message: `${titleOf(id)} is ready` });
    return [];
  }
  if (wrong === 'canceled') return ended('workloads', 'canceled', 'canceled; the controllers go on');
  return ended('workloads', wrong.startsWith('timeout') ? 'timeout' : 'failed', wrong);
}

function refOfId({ group, version, kind, namespace, name }: ObjectId): ObjectRef {
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind, namespace, name };
}

/** Whether what a Flux object applies is in another cluster, which is not the one that is looked into. */
function isAway(live: LiveObject): boolean {
  return at(live, 'spec', 'kubeConfig') !== undefined;
}

/** What Flux objects hold in this cluster, each once. */
function inventories(owners: readonly LiveObject[]): readonly ObjectId[] {
  const ids = owners
    .filter((live) => !isSuspended(live) && !isAway(live))
    .flatMap((live) => inventoryOf(live).map(parseInventory));
  return [...new Map(ids.flatMap((id) => (id === undefined ? [] : [[keyOf(id), id] as const]))).values()];
}

async function listOf(
  cluster: Cluster,
  group: string,
  kind: string,
  signal: AbortSignal | undefined,
): Promise<ClusterAnswer<readonly LiveObject[]>> {
  const served = await cluster.served(group, kind, undefined, signal);
  if (!served.ok) return served;
  if (served.value === undefined) return { ok: true, value: [] };
  return steadily(() => cluster.list(served.value!, {}, signal));
}

/** Whether a revision (`main@sha1:…`) is the followed commit, or one that came after it. */
async function holds({ commit, isIn }: FollowOptions, revision: string): Promise<boolean> {
  const id = /([0-9a-f]{40,64})$/.exec(revision)?.[1];
  if (id === undefined) return false;
  return id === commit || ((await isIn?.(id)) ?? false);
}
