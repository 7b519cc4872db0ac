/**
 * The plan against a live cluster: each wanted object by a server-side-apply dry run as Flux would send it, and what is
 * no longer wanted from the inventories that the cluster itself keeps. Reads only.
 */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { Cluster, ClusterFailure, LiveObject } from '../ports.ts';
import type { Problem } from '../problem.ts';
import type { DesiredObject, DesiredSet } from '../render/desired.ts';
import { stringAt } from '../status/fields.ts';
import { groupDangers } from './dangers/groups.ts';
import { deletionsOf } from './deletions.ts';
import { failureProblem, type Gathered, gather } from './failures.ts';
import { inputsOf } from './hash.ts';
import { type LiveOwner, liveOwners } from './liveowner.ts';
import { byFluxOrder } from './order.ts';
import { outcomeOf, type Question } from './outcome.ts';
import { jsonOf, renderedOwners } from './owner.ts';
import type { Plan, PlanEntry, PlanGroup } from './plan.ts';
import { type Created, createdBy, type Prepared, prepare } from './prepare.ts';
import { problemsOf } from './problems.ts';
import { prefetch, type Requests, refKey, requestsOf, type Sought } from './requests.ts';
import { answers, type Earlier, earlierOf } from './reuse.ts';
import { isEncrypted, withLiveValues } from './sops.ts';

export interface PlanLiveOptions {
  readonly signal?: AbortSignal;
  /** How many requests are in flight at once; 32 when absent. */
  readonly concurrency?: number;
  /**
   * An earlier plan of the same cluster: objects that are rendered as they were then are taken from it and not asked
   * about again. For plans made anew while somebody types; what changed in the cluster since then is not seen.
   */
  readonly earlier?: Plan;
  /** Called after each object, so that progress can be shown. */
  readonly onProgress?: (done: number, total: number) => void;
}

export async function planLive(
  cluster: Cluster,
  wanted: readonly DesiredSet[],
  options: PlanLiveOptions = {},
): Promise<Plan> {
  const requests = requestsOf(cluster, options.concurrency ?? 32, options.signal);
  const identity = await cluster.identity(options.signal);
  const target = { kind: 'cluster' as const, context: cluster.context, server: cluster.server };
  const inputs = inputsOf(wanted);
  const rendering = problemsOf(wanted);
  if (!identity.ok) {
    const note = identity.failure.message;
    const groups = wanted.map((set) => ({ owner: set.owner, entries: [], note, complete: false }));
    const problems = [...rendering, failureProblem(identity.failure)];
    return { target: { ...target, identity: '' }, groups, problems, inputs };
  }
  const rendered = renderedOwners(wanted);
  const owners = await liveOwners(
    requests,
    wanted.map(({ owner }) => ({ owner, rendered: jsonOf(rendered.get(keyOf(owner.id))) })),
  );
  const created = createdBy(wanted);
  const prepared = await Promise.all(
    wanted.map((set, index) =>
      Promise.all(set.objects.map((object) => prepare(requests, object, owners[index]!, created))),
    ),
  );
  const earlier = earlierOf(options.earlier, identity.value);
  const kept = prepared.map((objects, index) => objects.map((one) => keptFrom(earlier, one, owners[index]!)));
  const live = await prefetch(
    requests,
    prepared.flatMap((objects, index) =>
      sought(
        objects.filter((_, at) => kept[index]![at] === undefined),
        owners[index]!,
      ),
    ),
  );
  const progress = counter(
    prepared.reduce((sum, objects) => sum + objects.length, 0),
    options.onProgress,
  );
  const gathered = gather(cluster);
  for (const { failure } of owners) if (failure !== undefined) gathered.add({ problems: [], failure });
  const asked = await Promise.all(
    wanted.map((_, index) =>
      Promise.all(
        prepared[index]!.map(async (object, at) => {
          const known = kept[index]![at];
          const outcome = known ?? (await ask(requests, object, owners[index]!, live, created));
          progress();
          gathered.add(outcome);
          return outcome.entry;
        }),
      ),
    ),
  );
  const groups = await groupsOf(requests, wanted, owners, asked, prepared, gathered);
  const problems = [...rendering, ...gathered.problems()];
  return { target: { ...target, identity: identity.value }, groups, problems, inputs };
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

async function ask(
  requests: Requests,
  prepared: Prepared,
  owner: LiveOwner,
  live: ReadonlyMap<string, LiveObject>,
  created: Created,
): Promise<Answered> {
  if ('entry' in prepared)
    return { entry: prepared.entry, problems: prepared.problem === undefined ? [] : [prepared.problem] };
  const { object, payload, ref } = prepared;
  if (object.unresolved !== undefined) return { entry: unresolvedEntry(object), problems: [] };
  const known = live.get(refKey(ref));
  const answer = known === undefined ? await requests.get(ref) : { ok: true as const, value: known };
  if (!answer.ok && answer.failure.reason !== 'not-found') {
    const entry: PlanEntry = {
      id: object.id,
      action: 'unknown',
      reason: answer.failure.message,
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
    createsNamespace: (name) => created.namespaces.has(name),
  };
  const outcome = await outcomeOf(requests, question);
  // What failed is asked again by the next plan.
  const settled = outcome.failure === undefined && outcome.problems.length === 0;
  if (!encrypted) {
    if (settled) answers(outcome.entry, payload.object, owner.spec);
    return outcome;
  }
  // A copy, which holds no payload: what is encrypted is not sent from here.
  const reason = `${outcome.entry.reason}; its encrypted values cannot be read here and are not compared`;
  return { ...outcome, entry: { ...outcome.entry, reason, estimated: true } };
}

function unresolvedEntry({ id, node, unresolved = [] }: DesiredObject): PlanEntry {
  const names = unresolved.map((name) => `\${${name}}`).join(', ');
  const reason = `uses ${names}, whose value is not known here: not compared, and never sent`;
  return { id, action: 'unknown', reason, changes: [], at: node.at };
}

async function groupsOf(
  requests: Requests,
  wanted: readonly DesiredSet[],
  owners: readonly LiveOwner[],
  asked: readonly (readonly PlanEntry[])[],
  prepared: readonly (readonly Prepared[])[],
  gathered: Gathered,
): Promise<readonly PlanGroup[]> {
  const wantedBy = new Map<string, ObjectId>();
  prepared.forEach((objects, index) => {
    for (const { object } of objects) wantedBy.set(keyOf(object.id), wanted[index]!.owner.id);
  });
  const parts = await Promise.all(
    owners.map((owner, index) => deletionsOf(requests, { owner, set: wanted[index]!, wantedBy, gathered })),
  );
  const groups = wanted.map((set, index): PlanGroup => {
    const entries = [...[...asked[index]!].sort(byFluxOrder), ...parts[index]!.entries];
    const owner = owners[index]!;
    const note = noteOf(set, owner, entries);
    return {
      owner: set.owner,
      entries,
      spec: owner.spec,
      state: owner.state,
      complete: set.complete,
      ...(note === undefined ? {} : { note }),
    };
  });
  return [...groups, ...parts.flatMap((part) => part.cascades)].map(withDangers);
}

function withDangers(group: PlanGroup): PlanGroup {
  const dangers = groupDangers(group);
  return dangers.length === 0 ? group : { ...group, dangers };
}

function noteOf(set: DesiredSet, owner: LiveOwner, entries: readonly PlanEntry[]): string | undefined {
  const notes: string[] = [];
  if (set.note !== undefined) notes.push(set.note);
  if (!set.complete) notes.push('not everything could be rendered: nothing is pruned');
  if (owner.failure !== undefined)
    notes.push('it could not be read in the cluster, so what it would delete is not known');
  if (owner.spec.remote) notes.push('applies to another cluster (spec.kubeConfig)');
  if (owner.state.suspended) notes.push('suspended in the cluster: Flux itself applies nothing until it is resumed');
  const idle = entries.every((entry) => entry.action === 'unchanged' || entry.action === 'skip');
  if (idle && notes.length === 0) {
    const revision = stringAt(owner.live, 'status', 'lastAppliedRevision');
    if (set.objects.length === 0) notes.push('renders no objects');
    else notes.push(revision === '' ? 'up to date' : `up to date at ${revision}`);
  }
  return notes.length === 0 ? undefined : notes.join('; ');
}

function counter(total: number, report: PlanLiveOptions['onProgress']): () => void {
  let done = 0;
  return () => {
    done += 1;
    report?.(done, total);
  };
}
