/**
 * Following a commit through the cluster until it is there: the source has fetched it, the Kustomizations have applied
 * it, their Helm releases are ready, their workloads run; and so in the other clusters that they lead to. It ends with one
 * word and, if it is a bad one, with the step, the object and its own message.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import { inventoryOf, parseInventory } from '../plan/inventory.ts';
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef, Timer } from '../ports.ts';
import { stringAt } from '../status/fields.ts';
import { healthOf, isSuspended } from '../status/index.ts';
import { channel } from './channel.ts';
import { awaitsOther } from './owner.ts';
import { listOf, type Reaching, reachingFrom, type Spot } from './remotes.ts';
import { inCluster } from './site.ts';
import { type Awaited, deadline, waitFor } from './wait.ts';
import {
  readyMessage,
  refOfLive,
  requestReconcile,
  resumeOwner,
  sourceRefOf,
  suspensionIn,
  wayBackOf,
} from './wayback.ts';

export type FollowStep = 'source' | 'kustomizations' | 'releases' | 'workloads';

export const followSteps: readonly FollowStep[] = ['source', 'kustomizations', 'releases', 'workloads'];

export type FollowEvent =
  | { readonly type: 'step'; readonly step: FollowStep }
  /**
   * waiting: what an object of the step is doing; told when it changes · left-out: suspended by somebody else, so the commit
   * does not get there, or in a cluster that cannot be looked into; it is not waited for.
   */
  | (Placed & {
      readonly type: 'waiting' | 'reached' | 'left-out';
      readonly step: FollowStep;
      readonly object: ObjectRef;
      readonly message: string;
    })
  /** Sluice had suspended it; it was resumed. */
  | (Placed & { readonly type: 'resumed'; readonly object: ObjectRef })
  | (Placed & {
      readonly type: 'end';
      readonly outcome: 'ready' | 'failed' | 'timeout' | 'canceled';
      /** Where it ended, if not at the end. */
      readonly step?: FollowStep;
      readonly object?: ObjectRef;
      readonly message: string;
    });

/** The server of another cluster than the one that is followed, which `spec.kubeConfig` leads to. */
interface Placed {
  readonly cluster?: string;
}

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
  /** The servers beside the cluster's own that a hand-back may write to; elsewhere it only looks. */
  readonly writesTo?: readonly string[];
  readonly timer: Timer;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

export function followCommit(cluster: Cluster, options: FollowOptions): AsyncIterable<FollowEvent> {
  const left = deadline(options.timer, options.timeout);
  return channel((tell) => run({ options, tell, left, reaching: reachingFrom(cluster, options.signal) }, { cluster }));
}

interface Run {
  readonly options: FollowOptions;
  readonly reaching: Reaching;
  /** Milliseconds until it is given up. */
  left(): number;
  tell(event: FollowEvent): void;
}

type End = Extract<FollowEvent, { readonly type: 'end' }>;

/** A live object and the cluster that it is in. */
interface Found {
  readonly live: LiveObject;
  readonly spot: Spot;
}

async function run(run: Run, home: Spot): Promise<void> {
  const { options, tell } = run;
  const end = await runAll(run, home);
  tell(end ?? { type: 'end', outcome: 'ready', message: `${options.commit.slice(0, 8)} is there` });
}

/** undefined when the commit got everywhere. */
async function runAll(run: Run, home: Spot): Promise<End | undefined> {
  const last = followSteps.indexOf(run.options.until);
  const begins = (step: FollowStep): boolean => {
    if (followSteps.indexOf(step) > last) return false;
    run.tell({ type: 'step', step });
    return true;
  };
  const owners: Found[] = [];
  const spots = [home];
  for (let spot = spots[0]; spot !== undefined; spot = spots[spots.indexOf(spot) + 1]) {
    begins('source');
    const sources = await atSources(run, spot);
    if (!Array.isArray(sources)) return sources as End;
    if (!begins('kustomizations')) return undefined;
    const reached = await atKustomizations(run, spot);
    if (!Array.isArray(reached)) return reached as End;
    owners.push(...reached);
    // Only now: the commit may have brought what leads there.
    for (const next of await leadTo(run, reached))
      if (!spots.some(({ cluster }) => cluster === next.cluster)) spots.push(next);
  }
  if (!begins('releases')) return undefined;
  const releases = await atReleases(run, owners);
  if (!Array.isArray(releases)) return releases as End;
  await leadTo(run, releases);
  return begins('workloads') ? atWorkloads(run, [...owners, ...releases]) : undefined;
}

/** The other clusters that Flux objects apply to; one that cannot be looked into is told. */
async function leadTo({ reaching, tell }: Run, owners: readonly Found[]): Promise<readonly Spot[]> {
  const spots: Spot[] = [];
  for (const { live, spot } of owners) {
    const target = await reaching.spotOf(spot, live);
    if (typeof target !== 'string') spots.push(target);
    else {
      const message = `what it applies is in another cluster, which cannot be looked into: ${target}`;
      tell({ type: 'left-out', step: 'workloads', object: refOfLive(live), message, ...inCluster(spot) });
    }
  }
  return spots;
}

/** Where an object of a step stands. */
type Standing =
  | { readonly is: 'there'; readonly message: string }
  | { readonly is: 'left-out'; readonly message: string }
  | { readonly is: 'waiting'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string };

interface Stage {
  readonly step: FollowStep;
  list(): Promise<ClusterAnswer<readonly Found[]>>;
  judge(live: LiveObject): Promise<Standing> | Standing;
  /** What is said when there is nothing to judge; undefined when that is fine. */
  readonly none?: string;
}

/** Looks again and again until every object of a step is there, one has failed, or the time is over. */
async function watchStage({ options, left, tell }: Run, stage: Stage): Promise<readonly Found[] | End> {
  const { step } = stage;
  const told = new Map<string, string>();
  for (let pause = 250; ; pause = Math.min(pause * 1.5, 3000)) {
    if (options.signal?.aborted) return ended(step, 'canceled', 'canceled; the controllers go on');
    const listed = await stage.list();
    if (options.signal?.aborted) return ended(step, 'canceled', 'canceled; the controllers go on');
    const late = left() <= 0;
    let open: { readonly found?: Found; readonly message: string } | undefined;
    if (!listed.ok) {
      if (['unauthorized', 'forbidden'].includes(listed.failure.reason) || late)
        return ended(step, late ? 'timeout' : 'failed', listed.failure.message);
      open = { message: listed.failure.message };
    } else {
      if (listed.value.length === 0 && stage.none !== undefined) open = { message: stage.none };
      for (const found of listed.value) {
        const object = refOfLive(found.live);
        const where = inCluster(found.spot);
        const { is, message } = await stage.judge(found.live);
        if (is === 'failed') return ended(step, 'failed', message, found);
        if (is === 'waiting') open ??= { found, message };
        const key = `${where.cluster ?? ''} ${object.kind}/${object.namespace}/${object.name}`;
        if (told.get(key) === `${is} ${message}`) continue;
        told.set(key, `${is} ${message}`);
        tell({ type: is === 'there' ? 'reached' : is, step, object, message, ...where });
      }
      if (open === undefined) return listed.value;
    }
    if (late) return ended(step, 'timeout', open.message, open.found);
    await options.timer.sleep(Math.min(pause, Math.max(0, left())), options.signal);
  }
}

function ended(step: FollowStep, outcome: End['outcome'], message: string, found?: Found): End {
  const where = found === undefined ? {} : { object: refOfLive(found.live), ...inCluster(found.spot) };
  return { type: 'end', outcome, step, message, ...where };
}

/** Whether what Sluice suspended in a cluster is handed back there. */
function handsBack({ options: { how, writesTo = [] } }: Run, { remote }: Spot): boolean {
  return how === 'hand-back' && (remote === undefined || writesTo.includes(remote.server));
}

async function atSources(run: Run, spot: Spot): Promise<readonly Found[] | End> {
  const { options } = run;
  const { cluster } = spot;
  const mine = () => sourcesOf(run, spot);
  const tokens = new Map<string, string>();
  if (handsBack(run, spot)) {
    const sources = await mine();
    for (const { live } of sources.ok ? sources.value : []) {
      if (isSuspended(live)) continue;
      const asked = await requestReconcile(cluster, refOfLive(live), options);
      if (!asked.ok) return ended('source', 'failed', asked.failure.message, { live, spot });
      tokens.set(stringAt(live, 'metadata', 'uid'), asked.value);
    }
  }
  const none = 'no GitRepository in the cluster follows this repository and branch';
  const sources = await watchStage(run, {
    step: 'source',
    list: mine,
    // Another cluster may well be served from the first one alone.
    ...(spot.remote === undefined ? { none } : {}),
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
  return (await handBack(run, 'source', () => kustomizationsOf(run, spot))) ?? sources;
}

async function sourcesOf({ options }: Run, spot: Spot): Promise<ClusterAnswer<readonly Found[]>> {
  const all = await listOf(spot.cluster, 'source.toolkit.fluxcd.io', 'GitRepository', options.signal);
  if (!all.ok) return all;
  return { ok: true, value: all.value.filter(options.isSource).map((live) => ({ live, spot })) };
}

/** Lets Flux go on with what Sluice had suspended, where that was asked for. */
async function handBack(run: Run, step: FollowStep, list: Stage['list']): Promise<End | undefined> {
  const { options, tell } = run;
  if (options.how !== 'hand-back') return undefined;
  const listed = await list();
  for (const found of listed.ok ? listed.value : []) {
    const { live, spot } = found;
    if (wayBackOf(live) === undefined || !handsBack(run, spot)) continue;
    const owner = refOfLive(live);
    const resumed = await resumeOwner(spot.cluster, owner, options.signal);
    if (!resumed.ok) return ended(step, 'failed', resumed.failure.message, found);
    tell({ type: 'resumed', object: owner, ...inCluster(spot) });
  }
  return undefined;
}

/** The Kustomizations of a cluster that take their content from the followed sources. */
async function kustomizationsOf(run: Run, spot: Spot): Promise<ClusterAnswer<readonly Found[]>> {
  const sources = await sourcesOf(run, spot);
  if (!sources.ok) return sources;
  const keys = new Set(sources.value.map(({ live }) => place(refOfLive(live))));
  const all = await listOf(spot.cluster, 'kustomize.toolkit.fluxcd.io', 'Kustomization', run.options.signal);
  if (!all.ok) return all;
  const value = all.value.filter((live) => {
    const source = sourceRefOf(live);
    return source?.kind === 'GitRepository' && keys.has(place(source));
  });
  return { ok: true, value: value.map((live) => ({ live, spot })) };
}

function place({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

function atKustomizations(run: Run, spot: Spot): Promise<readonly Found[] | End> {
  const { options } = run;
  const none = 'no Kustomization takes its content from the source';
  return watchStage(run, {
    step: 'kustomizations',
    list: () => kustomizationsOf(run, spot),
    ...(spot.remote === undefined ? { none } : {}),
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
  const suspension = suspensionIn(live);
  if (suspension === undefined) return 'it is suspended';
  const { who, when, why } = suspension;
  return `it is suspended by Sluice (${[who, when, why].filter((text) => text !== '').join(', ')})`;
}

async function atReleases(run: Run, owners: readonly Found[]): Promise<readonly Found[] | End> {
  const held = await inventories(run, owners);
  const list = async (): Promise<ClusterAnswer<readonly Found[]>> => {
    const found: Found[] = [];
    for (const { spot, ids } of held) {
      const wanted = new Set(ids.flatMap((id) => (id.kind === 'HelmRelease' ? [`${id.namespace}/${id.name}`] : [])));
      if (wanted.size === 0) continue;
      const all = await listOf(spot.cluster, 'helm.toolkit.fluxcd.io', 'HelmRelease', run.options.signal);
      if (!all.ok) return all;
      found.push(...all.value.filter((live) => wanted.has(place(refOfLive(live)))).map((live) => ({ live, spot })));
    }
    return { ok: true, value: found };
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
      // The chart of one that has just gone on is made only now.
      if (status === 'failed' && !awaitsOther(live)) return { is: 'failed', message };
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

async function atWorkloads(run: Run, owners: readonly Found[]): Promise<End | undefined> {
  const held = await inventories(run, owners);
  const ends = await Promise.all(held.map(({ spot, ids }) => waitIn(run, spot, ids)));
  return ends.find((end) => end !== undefined);
}

async function waitIn(run: Run, spot: Spot, all: readonly ObjectId[]): Promise<End | undefined> {
  const { options, tell, left } = run;
  const ids = all.filter((id) => workloads.has(`${id.kind}.${id.group}`));
  const awaited = ids.map((id): Awaited => ({ id, ref: refOfId(id), goesAway: id.kind === 'Job' }));
  if (awaited.length === 0) return undefined;
  const where = inCluster(spot);
  const wrong = await waitFor(spot.cluster, awaited, {
    timer: options.timer,
    timeout: Math.max(0, left()),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onWaiting: (pending, message) =>
      tell({ type: 'waiting', step: 'workloads', object: refOfId(pending[0]!), message, ...where }),
  });
  if (wrong === undefined) {
    for (const { ref, id } of awaited)
      tell({ type: 'reached', step: 'workloads', object: ref, message: `${titleOf(id)} is ready`, ...where });
    return undefined;
  }
  if (wrong === 'canceled') return ended('workloads', 'canceled', 'canceled; the controllers go on');
  return { ...ended('workloads', wrong.startsWith('timeout') ? 'timeout' : 'failed', wrong), ...where };
}

function refOfId({ group, version, kind, namespace, name }: ObjectId): ObjectRef {
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind, namespace, name };
}

interface Held {
  readonly spot: Spot;
  readonly ids: readonly ObjectId[];
}

/** What Flux objects hold, cluster by cluster, each once; what is in a cluster that cannot be looked into is left out. */
async function inventories({ reaching }: Run, owners: readonly Found[]): Promise<readonly Held[]> {
  const held = new Map<Cluster, { readonly spot: Spot; readonly ids: Map<string, ObjectId> }>();
  for (const { live, spot } of owners.filter((owner) => !isSuspended(owner.live))) {
    const target = await reaching.spotOf(spot, live);
    if (typeof target === 'string') continue;
    const there = held.get(target.cluster) ?? { spot: target, ids: new Map() };
    held.set(target.cluster, there);
    for (const id of inventoryOf(live).map(parseInventory)) if (id !== undefined) there.ids.set(keyOf(id), id);
  }
  return [...held.values()].map(({ spot, ids }) => ({ spot, ids: [...ids.values()] }));
}

/** Whether a revision (`main@sha1:…`) is the followed commit, or one that came after it. */
async function holds({ commit, isIn }: FollowOptions, revision: string): Promise<boolean> {
  const id = /([0-9a-f]{40,64})$/.exec(revision)?.[1];
  if (id === undefined) return false;
  return id === commit || ((await isIn?.(id)) ?? false);
}
