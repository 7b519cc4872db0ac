/**
 * The plan against a live cluster: each wanted object by a server-side-apply dry run as Flux would send it, and what is
 * no longer wanted from the inventories that the cluster itself keeps. Reads only.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { Cluster } from '../ports.ts';
import type { ReleaseRecord } from '../release/index.ts';
import type { DesiredObject, DesiredSet } from '../render/desired.ts';
import { stringAt } from '../status/fields.ts';
import { accountNotes, type DefaultAccounts, defaultAccounts } from './accounts.ts';
import { type AskOptions, askAll } from './ask.ts';
import { planDangers, withGroupDangers, withReleaseBumps } from './dangers/groups.ts';
import { type Deletions, deletionsOf } from './deletions.ts';
import { failureProblem, type Gathered, gather } from './failures.ts';
import { inputsOf } from './hash.ts';
import { leftRelease } from './leftrelease.ts';
import { type LiveOwner, liveOwners, unseen } from './liveowner.ts';
import { byFluxOrder } from './order.ts';
import { jsonOf, renderedOwners } from './owner.ts';
import { rememberRelease } from './payload.ts';
import { clusterOf, distinctPlaces, type OwnerPlaces, type Place, placesOf, type Reach } from './places.ts';
import { isNotCompared, type Plan, type PlanEntry, type PlanGroup, writes } from './plan.ts';
import { type Created, createdBy, type Prepared, prepare } from './prepare.ts';
import { problemsOf } from './problems.ts';
import { releaseNotes, withRelease } from './release.ts';
import { requestsOf } from './requests.ts';
import { earlierOf } from './reuse.ts';
import { revisionEntry } from './revision.ts';
import type { Part } from './scope.ts';
import { asDeployed, heldTo } from './standing.ts';

export interface PlanLiveOptions extends AskOptions {
  readonly signal?: AbortSignal;
  /** How many requests are in flight at once; 32 when absent. */
  readonly concurrency?: number;
  /**
   * An earlier plan of the same cluster: objects that are rendered as they were then are taken from it and not asked
   * about again. For plans made anew while somebody types; what changed in the cluster since then is not seen.
   */
  readonly earlier?: Plan;
  /** Only this part is asked about, and in the plan. */
  readonly part?: Part;
}

export async function planLive(
  cluster: Cluster,
  rendered: readonly DesiredSet[],
  options: PlanLiveOptions = {},
): Promise<Plan> {
  const identity = await cluster.identity(options.signal);
  const target = { kind: 'cluster' as const, context: cluster.context, server: cluster.server };
  const inputs = inputsOf(rendered);
  const rendering = problemsOf(rendered);
  if (!identity.ok) {
    const note = identity.failure.message;
    const groups = rendered.map((set) => ({ owner: set.owner, entries: [], note, complete: false }));
    const problems = [...rendering, failureProblem(identity.failure)];
    return { target: { ...target, identity: '' }, groups, problems, inputs };
  }
  const concurrency = options.concurrency ?? 32;
  const here: Place = { requests: requestsOf(cluster, concurrency, options.signal) };
  const accounts = earlierAccounts(options.earlier, identity.value) ?? (await defaultAccounts(here.requests));
  const { places, ...reach } = await placesOf(here, rendered, { accounts, concurrency, ...signalOf(options) });
  const { owners, sets: wanted, last } = await withReleases(places, rendered, await ownersIn(places, rendered));
  const gathered = gather(cluster);
  const created = createdIn(wanted, places);
  const everything = await Promise.all(
    wanted.map((set, index): readonly Prepared[] | Promise<readonly Prepared[]> => {
      const { target } = places[index]!;
      if (typeof target === 'string') return set.objects.map((object) => unreadable(object, target));
      const { requests } = target;
      const coming = created.get(clusterOf(target))!;
      return Promise.all(set.objects.map((object) => prepare(requests, object, owners[index]!, coming)));
    }),
  );
  const wantedBy = wantedIn(wanted, places, everything);
  // The rest of the fleet is known by name, but not asked about.
  const prepared = everything.map((objects, index) =>
    objects.filter(({ object }) => options.part?.wants(wanted[index]!, object) ?? true),
  );
  for (const { failure } of owners) if (failure !== undefined) gathered.add({ problems: [], failure });
  const earlier = earlierOf(options.earlier, identity.value);
  const asked = await askAll({ wanted, places, owners, created, prepared, earlier, gathered }, options);
  const groups = await groupsOf({
    wanted,
    places,
    reach,
    wantedBy,
    owners,
    last,
    asked,
    gathered,
    part: options.part,
  });
  const problems = [...rendering, ...gathered.problems()];
  const dangers = planDangers({ groups });
  const plan = {
    target: { ...target, identity: identity.value },
    groups,
    ...(dangers.length === 0 ? {} : { dangers }),
    accounts,
    problems,
    inputs,
  };
  return options.part === undefined ? plan : options.part.of(plan);
}

function earlierAccounts(earlier: Plan | undefined, identity: string): DefaultAccounts | undefined {
  return earlier?.target.kind === 'cluster' && earlier.target.identity === identity ? earlier.accounts : undefined;
}

function signalOf({ signal }: PlanLiveOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** What a HelmRelease installed stands in the release storage of the cluster that its objects go to. */
async function withReleases(
  places: readonly OwnerPlaces[],
  wanted: readonly DesiredSet[],
  owners: readonly LiveOwner[],
): Promise<{
  readonly owners: readonly LiveOwner[];
  readonly sets: readonly DesiredSet[];
  /** The newest revision of each that is a release. */
  readonly last: ReadonlyMap<LiveOwner, ReleaseRecord>;
}> {
  const last = new Map<LiveOwner, ReleaseRecord>();
  const both = await Promise.all(
    owners.map(async (owner, index) => {
      const { target } = places[index]!;
      const set = wanted[index]!;
      if (owner.spec.release === undefined || typeof target === 'string') return { owner, set };
      const stored = await withRelease(target.requests, owner.state, {
        spec: owner.spec.release,
        left: leftRelease(set, owner.spec.release, owner.live),
      });
      const standing = asDeployed(set, owner, stored.deployed);
      const held = heldTo({ ...owner, state: stored.state }, standing);
      if (stored.last !== undefined) last.set(held, stored.last);
      return { owner: held, set: standing };
    }),
  );
  return { owners: both.map(({ owner }) => owner), sets: both.map(({ set }) => set), last };
}

/** What is known of each owner, asked where it stands. */
async function ownersIn(places: readonly OwnerPlaces[], wanted: readonly DesiredSet[]): Promise<readonly LiveOwner[]> {
  const rendered = renderedOwners(wanted);
  const asked = wanted.map(({ owner }) => ({ owner, rendered: jsonOf(rendered.get(keyOf(owner.id))) }));
  const found = new Map<number, LiveOwner>();
  asked.forEach((one, index) => {
    if (typeof places[index]!.home === 'string') found.set(index, unseen(one));
  });
  await Promise.all(
    distinctPlaces(places.map(({ home }) => home)).map(async (home) => {
      const indexes = [...wanted.keys()].filter((index) => places[index]!.home === home);
      const owners = await liveOwners(
        home.requests,
        indexes.map((index) => asked[index]!),
      );
      for (const [at, index] of indexes.entries()) found.set(index, owners[at]!);
    }),
  );
  return [...wanted.keys()].map((index) => found.get(index)!);
}

function unreadable(object: DesiredObject, reason: string): Prepared {
  const entry: PlanEntry = {
    id: object.id,
    action: 'unknown',
    reason: `its owner applies to another cluster (spec.kubeConfig), which cannot be asked: ${reason}`,
    changes: [],
    at: object.node.at,
  };
  return { object, entry };
}

/** What needs no question: its answer is settled already. */
interface Answers {
  readonly wanted: readonly DesiredSet[];
  readonly places: readonly OwnerPlaces[];
  readonly reach: Reach;
  readonly wantedBy: ReadonlyMap<Place, ReadonlyMap<string, ObjectId>>;
  readonly owners: readonly LiveOwner[];
  readonly last: ReadonlyMap<LiveOwner, ReleaseRecord>;
  readonly asked: readonly (readonly PlanEntry[])[];
  readonly gathered: Gathered;
  readonly part: Part | undefined;
}

async function groupsOf({ wanted, places, owners, last, asked, ...answers }: Answers): Promise<readonly PlanGroup[]> {
  const { reach, wantedBy, gathered, part } = answers;
  const parts = await Promise.all(
    owners.map(async (owner, index): Promise<Deletions> => {
      const { target } = places[index]!;
      if (typeof target === 'string') return { entries: [], settled: [], cascades: [] };
      const set = wanted[index]!;
      const removes = (id: ObjectId) => part?.removes(set, id) ?? true;
      return deletionsOf(target, { owner, set, wantedBy, gathered, removes, reach });
    }),
  );
  const groups = wanted.map((set, index): PlanGroup => {
    const owner = owners[index]!;
    const compared = [...[...asked[index]!].sort(byFluxOrder), ...parts[index]!.entries];
    const revision = revisionEntry(set, owner, last.get(owner), compared);
    const entries = revision === undefined ? compared : [...compared, revision];
    const { home, target, remote } = places[index]!;
    const note = noteOf(set, owner, entries, places[index]!);
    if (set.release !== undefined) rememberRelease(owner.spec, set.release);
    return {
      owner: set.owner,
      entries,
      spec: owner.spec,
      state: owner.state,
      complete: set.complete && typeof target !== 'string',
      ...(parts[index]!.settled.length === 0 ? {} : { settled: parts[index]!.settled }),
      ...(remote === undefined ? {} : { remote }),
      ...(typeof target === 'string' || target.as === undefined ? {} : { as: target.as }),
      ...(typeof home === 'string' || home.remote === undefined ? {} : { standsIn: home.remote }),
      ...(note === undefined ? {} : { note }),
    };
  });
  return withReleaseBumps([...groups, ...parts.flatMap((part) => part.cascades)].map(withGroupDangers));
}

/** For each cluster what the plan brings into being there, whoever brings it. */
function createdIn(wanted: readonly DesiredSet[], places: readonly OwnerPlaces[]): ReadonlyMap<Place, Created> {
  const clusters = distinctPlaces(
    places.map(({ target }) => (typeof target === 'string' ? target : clusterOf(target))),
  );
  const goesTo = (cluster: Place) => (_: DesiredSet, index: number) => {
    const { target } = places[index]!;
    return typeof target !== 'string' && clusterOf(target) === cluster;
  };
  return new Map(clusters.map((cluster) => [cluster, createdBy(wanted.filter(goesTo(cluster)))]));
}

/** For each cluster who wants which object in it; the last one where several do, as the last applied wins. */
function wantedIn(
  wanted: readonly DesiredSet[],
  places: readonly OwnerPlaces[],
  prepared: readonly (readonly Prepared[])[],
): ReadonlyMap<Place, ReadonlyMap<string, ObjectId>> {
  const all = new Map<Place, Map<string, ObjectId>>();
  wanted.forEach((set, index) => {
    const { target } = places[index]!;
    if (typeof target === 'string') return;
    const cluster = clusterOf(target);
    const by = all.get(cluster) ?? new Map<string, ObjectId>();
    all.set(cluster, by);
    for (const { object } of prepared[index]!) by.set(keyOf(object.id), set.owner.id);
  });
  return all;
}

function noteOf(
  set: DesiredSet,
  owner: LiveOwner,
  entries: readonly PlanEntry[],
  { home, target, remote, notAs }: OwnerPlaces,
): string | undefined {
  const notes: string[] = [];
  if (set.note !== undefined) notes.push(set.note);
  if (!set.complete) notes.push('not everything could be rendered: nothing is pruned');
  if (entries.some(({ action }) => action === 'delete') && entries.some(isNotCompared))
    notes.push('until everything of it can be compared, nothing is pruned');
  if (owner.failure !== undefined)
    notes.push('it could not be read in the cluster, so what it would delete is not known');
  if (typeof target === 'string') notes.push(`its cluster (spec.kubeConfig) cannot be asked: ${target}`);
  if (remote !== undefined) notes.push(`in another cluster: ${remote.server} by ${remote.context}`);
  const account = typeof target === 'string' ? [] : accountNotes(target, notAs);
  notes.push(...account);
  if (typeof home !== 'string' && home.remote !== undefined) notes.push(`it stands in ${home.remote.server} itself`);
  if (owner.state.suspended) notes.push('suspended in the cluster: Flux itself applies nothing until it is resumed');
  if (owner.spec.release !== undefined && owner.state.release !== undefined)
    notes.push(...releaseNotes(set, owner.spec.release, owner.state.release, entries));
  const asked = owner.spec.dependsOn.filter(({ readyExpr }) => readyExpr === true).map(({ name }) => name);
  if (asked.length > 0 && entries.some(writes))
    notes.push(`an apply does not evaluate the readyExpr of ${asked.join(', ')}, and waits for what it applies of it`);
  const told = (remote === undefined ? 0 : 1) + account.length;
  const idle = entries.every((entry) => entry.action === 'unchanged' || entry.action === 'skip');
  if (idle && notes.length === told) {
    const revision = stringAt(owner.live, 'status', 'lastAppliedRevision');
    if (set.objects.length === 0) notes.push('renders no objects');
    else notes.push(`${revision === '' ? 'up to date' : `up to date at ${revision}`}${ignoredWords(entries)}`);
  }
  return notes.length === 0 ? undefined : notes.join('; ');
}

function ignoredWords(entries: readonly PlanEntry[]): string {
  const ignored = entries.filter((entry) => entry.ignored !== undefined);
  if (ignored.length === 0) return '';
  const names = ignored.slice(0, 3).map(({ id }) => titleOf(id));
  const more = ignored.length > 3 ? ` and ${ignored.length - 3} more` : '';
  return `, but for fields that an ignore rule leaves alone (${names.join(', ')}${more})`;
}
