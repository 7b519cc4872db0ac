/**
 * What would become of each object of a fleet: what an earlier plan answered stays answered, what is live is listed by
 * kind where that is less than asking one by one, and of the rest the server is asked for dry runs.
 */
import type { ClusterFailure, LiveObject } from '../ports.ts';
import type { Problem } from '../problem.ts';
import type { DesiredObject, DesiredSet } from '../render/desired.ts';
import { lacksRight } from './accounts.ts';
import type { Gathered } from './failures.ts';
import { asReplaced } from './leftrelease.ts';
import type { LiveOwner } from './liveowner.ts';
import { outcomeOf, type Question } from './outcome.ts';
import { leftOutProblems } from './payload.ts';
import { clusterOf, distinctPlaces, type OwnerPlaces, type Place } from './places.ts';
import type { PlanEntry } from './plan.ts';
import type { Created, Prepared } from './prepare.ts';
import { prefetch, type Requests, refKey, type Sought } from './requests.ts';
import { answers, type Earlier } from './reuse.ts';
import { isEncrypted, withLiveValues } from './sops.ts';
import { letsBeIn, noneSpared, type Spared, sparedBy } from './spared/index.ts';
import { asDrifted } from './standing.ts';

export interface AskOptions {
  /**
   * needed: an object that an apply would certainly leave as it is, is not asked about (the default) · all: each is, where
   * somebody wants the server's own word on everything.
   */
  readonly dryRuns?: 'needed' | 'all';
  /** Called after each object, so that progress can be shown. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The lists go by owner, in one order. */
export interface Asked {
  readonly wanted: readonly DesiredSet[];
  readonly places: readonly OwnerPlaces[];
  readonly owners: readonly LiveOwner[];
  readonly created: ReadonlyMap<Place, Created>;
  /** The objects that are asked about. */
  readonly prepared: readonly (readonly Prepared[])[];
  readonly earlier: Earlier;
  readonly gathered: Gathered;
}

/** The entries of each owner, in the order of its objects; what went wrong is gathered. */
export async function askAll(fleet: Asked, options: AskOptions): Promise<readonly (readonly PlanEntry[])[]> {
  const { wanted, places, owners, created, prepared, gathered } = fleet;
  const kept = prepared.map((objects, index) => objects.map((one) => keptFrom(fleet.earlier, one, owners[index]!)));
  const left = prepared.map((objects, index) => objects.filter((_, at) => kept[index]![at] === undefined));
  const targets = distinctPlaces(places.map(({ target }) => target));
  const live = await liveIn(targets, fleet, left);
  const many = left.reduce((sum, objects) => sum + objects.length, 0) >= sparedFrom;
  const spared = sparedIn(many && options.dryRuns !== 'all' ? targets : []);
  const progress = counter(
    prepared.reduce((sum, objects) => sum + objects.length, 0),
    options.onProgress,
  );
  const answer = async (index: number, at: number) => {
    const object = prepared[index]![at]!;
    const place = places[index]!.target as Place;
    const around = (): Around => ({
      live: live.get(place)!,
      created: created.get(clusterOf(place))!,
      as: place.as,
      spared: spared.get(place) ?? noneSpared,
    });
    const outcome =
      'entry' in object
        ? settled(object)
        : (kept[index]![at] ?? (await ask(place.requests, object, owners[index]!, around())));
    progress();
    const leftOut = 'payload' in object ? leftOutProblems(object.object, object.payload) : [];
    return { outcome, leftOut, as: place.as };
  };
  const answered = await Promise.all(
    prepared.map((objects, index) => Promise.all(objects.map((_, at) => answer(index, at)))),
  );
  // In the order of the objects, whoever was answered first.
  for (const { outcome, leftOut, as } of answered.flat()) {
    gathered.add(outcome, as);
    gathered.add({ problems: leftOut });
  }
  return answered.map((all, index) =>
    all.map(({ outcome }) => {
      const entry = asDrifted(outcome.entry, wanted[index]!, owners[index]!.spec);
      return asReplaced(entry, owners[index]!.state);
    }),
  );
}

/** What is live of the objects that are left to ask about, for each cluster (and account) that is asked. */
async function liveIn(
  targets: readonly Place[],
  { places, owners }: Asked,
  left: readonly (readonly Prepared[])[],
): Promise<ReadonlyMap<Place, ReadonlyMap<string, LiveObject>>> {
  const found = await Promise.all(
    targets.map(async (target) => {
      const asked = left.flatMap((objects, index) =>
        places[index]!.target === target ? sought(objects, owners[index]!) : [],
      );
      return [target, await prefetch(target.requests, asked)] as const;
    }),
  );
  return new Map(found);
}

/** From how many objects on it is worth to ask first what may be spared. */
const sparedFrom = 12;

/** What need not be asked, by whom it would be asked; what is known of a cluster is known to all who ask it. */
function sparedIn(places: readonly Place[]): ReadonlyMap<Place, Spared> {
  const clusters = new Map([...new Set(places.map(clusterOf))].map((place) => [place, letsBeIn(place.requests)]));
  return new Map(places.map((place) => [place, sparedBy(place.requests, clusters.get(clusterOf(place))!)]));
}

function settled(prepared: Settled): Answered {
  return { entry: prepared.entry, problems: prepared.problem === undefined ? [] : [prepared.problem] };
}

function keptFrom(earlier: Earlier, prepared: Prepared, { owner, spec }: LiveOwner): Answered | undefined {
  if ('entry' in prepared) return undefined;
  const entry = earlier.entryFor(prepared.object, prepared.payload.object, owner, spec);
  return entry === undefined ? undefined : { entry, problems: [] };
}

function sought(objects: readonly Prepared[], owner: LiveOwner): readonly Sought[] {
  const { group, name } = owner.owner.id;
  if (!owner.state.exists) return [];
  return objects.flatMap((one) => ('ref' in one ? [{ ref: one.ref, served: one.served, owner: { group, name } }] : []));
}

interface Answered {
  readonly entry: PlanEntry;
  readonly problems: readonly Problem[];
  readonly failure?: ClusterFailure;
}

type Settled = Extract<Prepared, { readonly entry: PlanEntry }>;

interface Around {
  readonly live: ReadonlyMap<string, LiveObject>;
  readonly created: Created;
  /** Whom the question is asked as, where it is not the user of the context. */
  readonly as: string | undefined;
  readonly spared: Spared;
}

async function ask(
  requests: Requests,
  prepared: Exclude<Prepared, Settled>,
  owner: LiveOwner,
  { live, created, as, spared }: Around,
): Promise<Answered> {
  const { object, payload, ref, served } = prepared;
  if (object.unresolved !== undefined) return { entry: unresolvedEntry(object), problems: [] };
  const known = live.get(refKey(ref));
  const answer = known === undefined ? await requests.get(ref) : { ok: true as const, value: known };
  if (!answer.ok && answer.failure.reason !== 'not-found') {
    const refused = as !== undefined && answer.failure.reason === 'forbidden';
    const entry: PlanEntry = {
      id: object.id,
      action: 'unknown',
      reason: refused ? lacksRight(as, answer.failure.message) : answer.failure.message,
      changes: [],
      at: object.node.at,
    };
    return { entry, problems: [], failure: answer.failure };
  }
  const found = answer.ok ? answer.value : undefined;
  const encrypted = isEncrypted(payload.object);
  const question: Question = {
    object,
    payload: encrypted ? { ...payload, object: withLiveValues(payload.object, found) } : payload,
    ref,
    live: found,
    spec: owner.spec,
    earlierSecrets: owner.secretValues,
    ...(as === undefined ? {} : { as }),
    isSpared: (live, payload) => spared({ payload, live, served }),
    createsNamespace: (name) => created.namespaces.has(name),
  };
  const outcome = await outcomeOf(requests, question);
  // What failed is asked again by the next plan.
  const settled = outcome.failure === undefined && outcome.problems.length === 0;
  if (!encrypted) {
    if (settled) answers(outcome.entry, { object: payload.object, spec: owner.spec, node: object.node });
    return outcome;
  }
  // A copy, which holds no payload: what is encrypted is not sent from here.
  const reason = `${outcome.entry.reason}; its encrypted values cannot be read here and are not compared`;
  return { ...outcome, entry: { ...outcome.entry, reason, estimated: true } };
}

function unresolvedEntry({ id, node, unresolved = [] }: DesiredObject): PlanEntry {
  const names = unresolved.map((what) => (/^\w+$/.test(what) ? `\${${what}}` : what)).join(', ');
  const reason = `uses ${names}, whose value is not known here: not compared, and never sent`;
  return { id, action: 'unknown', reason, changes: [], at: node.at };
}

function counter(total: number, report: AskOptions['onProgress']): () => void {
  let done = 0;
  return () => {
    done += 1;
    report?.(done, total);
  };
}
