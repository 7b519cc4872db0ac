/**
 * The plan against a live cluster: each wanted object by a server-side-apply dry run as Flux would send it, and what is
 * no longer wanted from the inventories that the cluster itself keeps. Reads only.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { Cluster, ClusterFailure, LiveObject, ObjectRef, ServedKind } from '../ports.ts';
import { error, type Problem, type ProblemCode } from '../problem.ts';
import type { DesiredObject, DesiredSet, Owner } from '../render/desired.ts';
import { listAt, stringAt } from '../status/fields.ts';
import { isSuspended } from '../status/health.ts';
import type { Json } from '../yaml/resolve.ts';
import { groupDangers } from './dangers/groups.ts';
import { deletionsOf } from './deletions.ts';
import { inputsOf } from './hash.ts';
import { inventoryOf } from './inventory.ts';
import { mask } from './mask.ts';
import { byFluxOrder } from './order.ts';
import { outcomeOf, type Question } from './outcome.ts';
import { isHelmRelease, isKustomization, jsonOf, type OwnerSpec, ownerSpec, renderedOwners } from './owner.ts';
import { type Payload, payloadFor, remember } from './payload.ts';
import type { OwnerState, Plan, PlanEntry, PlanGroup } from './plan.ts';
import { problemsOf } from './problems.ts';
import { prefetch, type Requests, refKey, requestsOf, type Sought } from './requests.ts';
import { isEncrypted, withLiveValues } from './sops.ts';

export interface PlanLiveOptions {
  readonly signal?: AbortSignal;
  /** How many requests are in flight at once; 24 when absent. */
  readonly concurrency?: number;
  /** Called after each object, so that progress can be shown. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Everything that is known of one owner before its objects are asked about. */
export interface LiveOwner {
  readonly owner: Owner;
  readonly spec: OwnerSpec;
  readonly state: OwnerState;
  readonly live: LiveObject | undefined;
}

/** An object on its way to a question: what is sent for it, or why nothing can be. */
type Prepared =
  | { readonly object: DesiredObject; readonly payload: Payload; readonly ref: ObjectRef; readonly served: ServedKind }
  | { readonly object: DesiredObject; readonly entry: PlanEntry; readonly problem?: Problem };

export async function planLive(
  cluster: Cluster,
  wanted: readonly DesiredSet[],
  options: PlanLiveOptions = {},
): Promise<Plan> {
  const requests = requestsOf(cluster, options.concurrency ?? 24, options.signal);
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
  const owners = await Promise.all(
    wanted.map((set) => liveOwner(requests, set.owner, jsonOf(rendered.get(keyOf(set.owner.id))))),
  );
  const created = createdBy(wanted);
  const prepared = await Promise.all(
    wanted.map((set, index) =>
      Promise.all(set.objects.map((object) => prepare(requests, object, owners[index]!, created))),
    ),
  );
  const live = await prefetch(
    requests,
    prepared.flatMap((objects, index) => sought(objects, owners[index]!)),
  );
  const progress = counter(
    prepared.reduce((sum, objects) => sum + objects.length, 0),
    options.onProgress,
  );
  const gathered = gather(cluster);
  const asked = await Promise.all(
    wanted.map((_, index) =>
      Promise.all(
        prepared[index]!.map((object) =>
          ask(requests, object, owners[index]!, live, created).then((outcome) => {
            progress();
            gathered.add(outcome);
            return outcome.entry;
          }),
        ),
      ),
    ),
  );
  const groups = await groupsOf(requests, wanted, owners, asked, prepared, gathered);
  const problems = [...rendering, ...gathered.problems()];
  return { target: { ...target, identity: identity.value }, groups, problems, inputs };
}

export async function liveOwner(requests: Requests, owner: Owner, rendered: Json | undefined): Promise<LiveOwner> {
  const flux = isKustomization(owner.id) || isHelmRelease(owner.id);
  const ref: ObjectRef = {
    apiVersion: `${owner.id.group}/${owner.id.version}`,
    kind: owner.id.kind,
    namespace: owner.id.namespace,
    name: owner.id.name,
  };
  const served = flux ? await requests.served(owner.id.group, owner.id.kind, owner.id.version) : undefined;
  const version = served?.ok === true ? served.value?.version : undefined;
  const answer =
    version === undefined ? undefined : await requests.get({ ...ref, apiVersion: `${owner.id.group}/${version}` });
  const live = answer?.ok === true ? answer.value : undefined;
  return { owner, spec: ownerSpec(owner.id, rendered ?? live), state: stateOf(live), live };
}

function stateOf(live: LiveObject | undefined): OwnerState {
  if (live === undefined) return { exists: false, suspended: false, controlled: false, inventory: [] };
  return {
    exists: true,
    suspended: isSuspended(live),
    controlled: listAt(live, 'metadata', 'finalizers').includes('finalizers.fluxcd.io'),
    inventory: inventoryOf(live),
    uid: stringAt(live, 'metadata', 'uid'),
  };
}

/** What the plan itself brings into being: namespaces, and kinds by `group/Kind`. */
interface Created {
  readonly namespaces: ReadonlySet<string>;
  readonly kinds: ReadonlyMap<string, { readonly definition: ObjectId; readonly namespaced: boolean }>;
}

function createdBy(wanted: readonly DesiredSet[]): Created {
  const namespaces = new Set<string>();
  const kinds = new Map<string, { readonly definition: ObjectId; readonly namespaced: boolean }>();
  for (const { id, node } of wanted.flatMap((set) => [...set.objects])) {
    if (id.kind === 'Namespace' && id.group === '') namespaces.add(id.name);
    if (id.kind !== 'CustomResourceDefinition') continue;
    const definition = jsonOf(node);
    kinds.set(`${stringAt(definition, 'spec', 'group')}/${stringAt(definition, 'spec', 'names', 'kind')}`, {
      definition: id,
      namespaced: stringAt(definition, 'spec', 'scope') !== 'Cluster',
    });
  }
  return { namespaces, kinds };
}

async function prepare(
  requests: Requests,
  object: DesiredObject,
  owner: LiveOwner,
  created: Created,
): Promise<Prepared> {
  const { id } = object;
  const unknown = (reason: string, problem?: Problem): Prepared => {
    const entry: PlanEntry = { id, action: 'unknown', reason, changes: [], at: object.node.at };
    return problem === undefined ? { object, entry } : { object, entry, problem };
  };
  if (owner.spec.remote) return unknown('its owner applies to another cluster (spec.kubeConfig), which is not asked');
  const served = await requests.served(id.group, id.kind, id.version);
  if (!served.ok) return unknown(served.failure.message, failureProblem(served.failure));
  const apiVersion = id.group === '' ? id.version : `${id.group}/${id.version}`;
  const kind = served.value;
  if (kind === undefined || kind.version !== id.version) {
    const coming = created.kinds.get(`${id.group}/${id.kind}`);
    if (coming !== undefined) return awaiting(object, owner, coming);
    const instead = kind === undefined ? '' : `; it serves ${id.group}/${kind.version}`;
    const message = `${requests.cluster.context} (${requests.cluster.server}) does not know ${id.kind} in ${apiVersion}${instead}`;
    return unknown(message, error('cluster-unknown-kind', message, object.node.at));
  }
  const payload = payloadFor(object, owner.owner, owner.spec, kind);
  const namespace = stringAt(payload.object, 'metadata', 'namespace');
  if (kind.namespaced && namespace === '') {
    const message = `${titleOf(id)} names no namespace: Flux refuses it`;
    return unknown(message, error('cluster-rejected', message, object.node.at));
  }
  return {
    object: { ...object, id: { ...id, namespace } },
    payload,
    ref: { apiVersion, kind: id.kind, namespace, name: id.name },
    served: kind,
  };
}

/** An object of a kind that this plan itself brings: it cannot be asked about before the kind is there. */
function awaiting(
  object: DesiredObject,
  owner: LiveOwner,
  coming: { readonly definition: ObjectId; readonly namespaced: boolean },
): Prepared {
  const { id } = object;
  const served = { group: id.group, version: id.version, kind: id.kind, plural: '', namespaced: coming.namespaced };
  const payload = payloadFor(object, owner.owner, owner.spec, served);
  const namespace = stringAt(payload.object, 'metadata', 'namespace');
  const entry: PlanEntry = {
    id: { ...id, namespace },
    action: 'unknown',
    reason: `its kind is created by this plan (${titleOf(coming.definition)})`,
    ...mask(undefined, payload.object, object.secretValues),
    changes: [],
    at: object.node.at,
    awaits: coming.definition,
    estimated: true,
  };
  return { object: { ...object, id: entry.id }, entry: remember(entry, payload) };
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
  if (!encrypted) return outcome;
  // A copy, which holds no payload: what is encrypted is not sent from here.
  const reason = `${outcome.entry.reason}; its encrypted values cannot be read here and are not compared`;
  return { ...outcome, entry: { ...outcome.entry, reason, estimated: true } };
}

/** One problem for each kind of failure that hits many objects alike, instead of one for each of them. */
export interface Gathered {
  add(answered: { readonly problems: readonly Problem[]; readonly failure?: ClusterFailure }): void;
  problems(): readonly Problem[];
}

function gather(cluster: Cluster): Gathered {
  const problems: Problem[] = [];
  const common = new Map<string, { readonly failure: ClusterFailure; count: number }>();
  return {
    add({ problems: more, failure }) {
      problems.push(...more);
      if (failure === undefined || !['unreachable', 'unauthorized', 'forbidden', 'canceled'].includes(failure.reason))
        return;
      const known = common.get(failure.reason);
      if (known === undefined) common.set(failure.reason, { failure, count: 1 });
      else known.count += 1;
    },
    problems() {
      const summed = [...common.values()].map(({ failure, count }): Problem => {
        const more = count > 1 ? ` (and ${count - 1} more like it)` : '';
        const where = failure.message.includes(cluster.context) ? '' : `${cluster.context} (${cluster.server}): `;
        const problem = failureProblem({ ...failure, message: `${where}${failure.message}${more}` });
        return failure.reason === 'forbidden' ? { ...problem, severity: 'warning' } : problem;
      });
      return [...summed, ...problems];
    },
  };
}

export function failureProblem(failure: ClusterFailure): Problem {
  const codes: Partial<Record<ClusterFailure['reason'], ProblemCode>> = {
    unreachable: 'cluster-unreachable',
    unauthorized: 'cluster-forbidden',
    forbidden: 'cluster-forbidden',
    'unknown-kind': 'cluster-unknown-kind',
    conflict: 'cluster-conflict',
    canceled: 'cluster-unreachable',
  };
  return error(codes[failure.reason] ?? 'cluster-rejected', failure.message);
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
