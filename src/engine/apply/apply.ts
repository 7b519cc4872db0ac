/**
 * Carries out a plan, as Flux would: owner by owner, in stages (definitions and classes first, each waited for), by
 * server-side apply with Flux's field manager, and pruning last, when everything that should come is there.
 *
 * Before anything is sent the plan is checked; a stale one is refused as a whole. The inventory is written before the
 * objects that it names, so that after a crash at any point nothing is in the cluster that no inventory knows.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import { fluxOrder, type Stage, stageOf, stages } from '../plan/order.ts';
import { isHelmRelease, isKustomization } from '../plan/owner.ts';
import { payloadOf, remember } from '../plan/payload.ts';
import { type Plan, type PlanEntry, type PlanGroup, writes } from '../plan/plan.ts';
import type { Cluster, LiveObject, Timer } from '../ports.ts';
import { at, isObject, type JsonObject } from '../status/fields.ts';
import { channel } from './channel.ts';
import type { ApplyEvent, ObjectOutcome } from './events.ts';
import { customStatus } from './expressions.ts';
import { dependenciesOf, inTurn } from './order.ts';
import { edited, readInventory, suspendOwner, writeInventory } from './owner.ts';
import { pruneOne } from './prune.ts';
import { type SendContext, type Sent, send } from './send.ts';
import { freshness, refOf } from './stale.ts';
import { type Awaited, jobGoesAway, waitFor } from './wait.ts';

export interface ApplyOptions {
  readonly timer: Timer;
  readonly signal?: AbortSignal;
  /** all: deletes what the plan deletes · none: leaves it for another time. */
  readonly prune: 'all' | 'none';
  /** all: until everything is ready · dependencies: only where another owner of the plan depends on it. */
  readonly wait: 'all' | 'dependencies';
  /** Which entries to carry out; all when absent. */
  readonly selection?: (entry: PlanEntry, group: PlanGroup) => boolean;
  /** `inputsOf` of the workspace as it is now: the plan is refused when it was made from something else. */
  readonly inputs?: string;
  /** Who applies, for the annotation on suspended owners. */
  readonly by: string;
}

export function applyPlan(cluster: Cluster, plan: Plan, options: ApplyOptions): AsyncIterable<ApplyEvent> {
  return channel((tell) => run({ cluster, plan, options, tell }));
}

interface Run {
  readonly cluster: Cluster;
  readonly plan: Plan;
  readonly options: ApplyOptions;
  tell(event: ApplyEvent): void;
}

/** One owner's part: what to send, what to delete, and how it went. */
interface Turn {
  readonly group: PlanGroup;
  readonly sends: readonly PlanEntry[];
  readonly deletes: readonly PlanEntry[];
  readonly outcomes: Map<PlanEntry, ObjectOutcome>;
  failed: boolean;
}

async function run(run: Run): Promise<void> {
  const { cluster, plan, options, tell } = run;
  const turns = turnsOf(plan, options);
  const entries = turns.flatMap((turn) => [...turn.sends, ...turn.deletes]);
  const { reasons, live } = await freshness(cluster, plan, entries, options);
  if (reasons.length > 0) {
    tell({ type: 'refused', reasons });
    return;
  }
  tell({ type: 'started', objects: entries.length, owners: turns.map((turn) => turn.group.owner.id) });
  const suspended = new Set<string>();
  const context: SendContext = { cluster, timer: options.timer, ...signalOf(options) };
  const state: State = { ...run, context, live, suspended, stopped: undefined };
  // All of them before the first write: a changed owner wakes its controller, which would go by the old commit.
  for (const turn of turns) if (turn.group.state?.exists === true) await suspend(state, turn);
  for (const turn of turns) await applyTurn(state, turns, turn);
  for (const turn of turns) await pruneTurn(state, turns, turn);
  for (const turn of turns) await keepInventory(state, turn);
  finish(state, turns);
}

interface State extends Run {
  readonly context: SendContext;
  readonly live: ReadonlyMap<PlanEntry, LiveObject>;
  /** Keys of the owners that this apply suspended. */
  readonly suspended: Set<string>;
  /** Why nothing more is sent. */
  stopped: string | undefined;
}

function signalOf(options: ApplyOptions): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function turnsOf(plan: Plan, options: ApplyOptions): readonly Turn[] {
  return inTurn(plan.groups).flatMap((group) => {
    const chosen = group.entries.filter((entry) => writes(entry) && (options.selection?.(entry, group) ?? true));
    const sends = chosen.filter((entry) => entry.action !== 'delete');
    const deletes = options.prune === 'all' ? chosen.filter((entry) => entry.action === 'delete') : [];
    if (sends.length === 0 && deletes.length === 0) return [];
    return [{ group, sends, deletes, outcomes: new Map(), failed: false }];
  });
}

async function applyTurn(state: State, turns: readonly Turn[], turn: Turn): Promise<void> {
  const { group, sends } = turn;
  const blocked = blockedBy(turns, turn);
  if (blocked !== undefined) return skipAll(state, turn, sends, blocked);
  if (isHelmRelease(group.owner.id) && sends.length > 0) {
    return skipAll(
      state,
      turn,
      sends,
      'Sluice writes no Helm release: helm-controller upgrades it when the HelmRelease changes',
    );
  }
  if (sends.length + turn.deletes.length > 0) await takeOver(state, turn);
  for (const stage of stages) {
    const part = sends.filter((entry) => stageOf(entry.id) === stage).sort((a, b) => fluxOrder(a.id, b.id));
    if (part.length === 0) continue;
    if (turn.failed && stage === 'rest' && brokenStage(turn)) {
      skipAll(state, turn, part, 'what had to come first failed');
      continue;
    }
    state.tell({ type: 'stage', owner: group.owner.id, stage });
    await sendStage(state, turn, part);
    if (stage !== 'rest') await waitForStage(state, turn, part, stage);
  }
  if (waitsFor(state, turns, turn)) await waitForOwner(state, turn);
}

/** Whether a definition or a class of this turn failed. */
function brokenStage(turn: Turn): boolean {
  return turn.sends.some((entry) => stageOf(entry.id) !== 'rest' && isBad(turn.outcomes.get(entry)));
}

function isBad(outcome: ObjectOutcome | undefined): boolean {
  return outcome === 'failed' || outcome === 'unknown' || outcome === 'not-sent';
}

/** An owner that this one depends on, or that creates it, failed. */
function blockedBy(turns: readonly Turn[], turn: Turn): string | undefined {
  const needs = new Set(dependenciesOf(turn.group));
  const key = keyOf(turn.group.owner.id);
  for (const other of turns) {
    if (other === turn || !other.failed) continue;
    const title = titleOf(other.group.owner.id);
    if (needs.has(keyOf(other.group.owner.id))) return `it depends on ${title}, which failed`;
    const creates = other.sends.find((entry) => keyOf(entry.id) === key);
    if (creates !== undefined && isBad(other.outcomes.get(creates)))
      return `${title} could not apply ${titleOf(creates.id)}`;
  }
  return undefined;
}

function skipAll(state: State, turn: Turn, entries: readonly PlanEntry[], message: string): void {
  turn.failed = true;
  for (const entry of entries) told(state, turn, entry, { outcome: 'not-sent', message });
}

function told(state: State, turn: Turn, entry: PlanEntry, { outcome, message }: Sent): void {
  turn.outcomes.set(entry, outcome);
  if (isBad(outcome)) turn.failed = true;
  state.tell({ type: 'object', owner: turn.group.owner.id, id: entry.id, outcome, message });
}

/** Suspends the owner where a controller runs and would act beside this apply. */
async function suspend(state: State, { group }: Turn): Promise<void> {
  const { cluster, options, tell } = state;
  const { id } = group.owner;
  if (!isKustomization(id) || state.stopped !== undefined || options.signal?.aborted) return;
  if (group.state?.suspended === true || state.suspended.has(keyOf(id))) return;
  if (group.state?.controlled !== true && !runsControllers(state.plan)) return;
  const why = 'a plan of the workspace was applied';
  const wrong = await suspendOwner(cluster, id, { by: options.by, why, timer: options.timer, ...signalOf(options) });
  if (wrong !== undefined) tell({ type: 'trouble', owner: id, message: wrong });
  state.suspended.add(keyOf(id));
  tell({ type: 'suspended', owner: id, wayBack: wayBack(id, cluster.context) });
}

/** Suspends an owner that has only just come about, and writes down everything that is about to be sent. */
async function takeOver(state: State, turn: Turn): Promise<void> {
  const { cluster, options, tell } = state;
  const { id } = turn.group.owner;
  if (!isKustomization(id) || state.stopped !== undefined || options.signal?.aborted) return;
  const inventory = await readInventory(cluster, id, options.signal);
  if (inventory === undefined) return;
  await suspend(state, turn);
  const next = edited(
    inventory,
    turn.sends.map((entry) => entry.id),
    [],
  );
  if (next.length === inventory.length) return;
  const wrong = await writeInventory(cluster, id, next, options.signal);
  if (wrong !== undefined) tell({ type: 'trouble', owner: id, message: wrong });
}

function wayBack(id: ObjectId, context: string): string {
  return `commit and push, then: sluice resume ${id.kind}/${id.name} -n ${id.namespace} --context ${context}`;
}

/** A new Kustomization is handled by controllers when others in the plan are. */
function runsControllers(plan: Plan): boolean {
  return plan.groups.some((group) => group.state?.controlled === true);
}

/** How many objects of one kind are sent at once. */
const atOnce = 8;

async function sendStage(state: State, turn: Turn, entries: readonly PlanEntry[]): Promise<void> {
  for (const batch of batches(entries)) {
    const stop = state.options.signal?.aborted ? 'canceled' : state.stopped;
    if (stop !== undefined) {
      for (const entry of batch) told(state, turn, entry, { outcome: 'not-sent', message: stop });
      continue;
    }
    for (const { id } of batch) state.tell({ type: 'sending', owner: turn.group.owner.id, id });
    const sent = await Promise.all(
      batch.map((entry) => send(state.context, guarded(state, entry), state.live.get(entry))),
    );
    for (const [index, entry] of batch.entries()) {
      const result = sent[index]!;
      if (result.stop === true) state.stopped = result.message;
      told(state, turn, entry, result);
    }
  }
}

function batches(entries: readonly PlanEntry[]): readonly (readonly PlanEntry[])[] {
  const out: PlanEntry[][] = [];
  for (const entry of entries) {
    const last = out.at(-1);
    if (last !== undefined && last.length < atOnce && last[0]!.id.kind === entry.id.kind) last.push(entry);
    else out.push([entry]);
  }
  return out;
}

/** An owner that this apply suspended stays so, even where its own object in Git says `suspend: false`. */
function guarded(state: State, entry: PlanEntry): PlanEntry {
  const payload = payloadOf(entry);
  if (payload === undefined || !state.suspended.has(keyOf(entry.id))) return entry;
  const spec = at(payload.object, 'spec');
  if (!isObject(spec) || spec.suspend === undefined) return entry;
  const { suspend: _suspend, ...rest } = spec as JsonObject;
  return remember({ ...entry }, { ...payload, object: { ...payload.object, spec: rest } });
}

async function waitForStage(state: State, turn: Turn, entries: readonly PlanEntry[], stage: Stage): Promise<void> {
  if (state.options.signal?.aborted || state.stopped !== undefined) return;
  const sent = entries.filter((entry) => !isBad(turn.outcomes.get(entry)));
  const wrong = await waitFor(state.cluster, sent.map(awaited), await waiting(state, turn, 60_000));
  if (wrong === undefined) return;
  turn.failed = true;
  for (const entry of sent) turn.outcomes.set(entry, 'failed');
  state.tell({ type: 'not-ready', owner: turn.group.owner.id, message: `${stage}: ${wrong}` });
}

function awaited(entry: PlanEntry): Awaited {
  const payload = payloadOf(entry)?.object;
  return { id: entry.id, ref: refOf(entry), goesAway: payload !== undefined && jobGoesAway(payload) };
}

async function waiting(state: State, turn: Turn, timeout: number) {
  const owner = turn.group.owner.id;
  const custom = await customStatus(turn.group.spec?.healthCheckExprs ?? []);
  return {
    timer: state.options.timer,
    timeout,
    ...signalOf(state.options),
    custom,
    onWaiting: (objects: readonly ObjectId[], message: string) =>
      state.tell({ type: 'waiting', owner, objects, message }),
  };
}

function waitsFor(state: State, turns: readonly Turn[], turn: Turn): boolean {
  if (state.options.signal?.aborted || state.stopped !== undefined || turn.failed || turn.sends.length === 0)
    return false;
  if (state.options.wait === 'all') return true;
  const key = keyOf(turn.group.owner.id);
  return turns.some((other) => dependenciesOf(other.group).includes(key));
}

/** `wait` waits for everything that was applied, else the health checks are waited for; without either, what was sent. */
async function waitForOwner(state: State, turn: Turn): Promise<void> {
  const { group } = turn;
  const owners = new Set(state.plan.groups.map((one) => keyOf(one.owner.id)));
  const checks = group.spec?.wait === true ? [] : (group.spec?.healthChecks ?? []);
  const listed = checks.map((check): Awaited => {
    const slash = check.apiVersion.indexOf('/');
    const [group_, version] =
      slash < 0 ? ['', check.apiVersion] : [check.apiVersion.slice(0, slash), check.apiVersion.slice(slash + 1)];
    const id = { group: group_, version, kind: check.kind, namespace: check.namespace, name: check.name };
    return { id, ref: check, goesAway: false };
  });
  const sent =
    group.spec?.wait === true
      ? group.entries.filter((e) => payloadOf(e) !== undefined && e.action !== 'skip')
      : turn.sends;
  // Owners that are applied here are suspended, or nobody reconciles them: they do not become ready by themselves.
  const objects = (listed.length > 0 ? listed : sent.map(awaited)).filter((one) => !owners.has(keyOf(one.id)));
  if (objects.length === 0) return;
  const wrong = await waitFor(state.cluster, objects, await waiting(state, turn, group.spec?.timeout ?? 300_000));
  if (wrong === undefined) {
    state.tell({ type: 'ready', owner: group.owner.id });
    return;
  }
  turn.failed = true;
  state.tell({ type: 'not-ready', owner: group.owner.id, message: wrong });
}

/** After any failure of an owner nothing of it is pruned; and nothing at all of one that could not be rendered whole. */
async function pruneTurn(state: State, turns: readonly Turn[], turn: Turn): Promise<void> {
  const { group, deletes } = turn;
  if (deletes.length === 0) return;
  const hold = group.complete === false ? 'the render failed' : turn.failed ? 'applying failed' : heldBy(turns, turn);
  if (hold !== undefined) {
    for (const entry of deletes)
      told(state, turn, entry, { outcome: 'not-sent', message: `${hold}, and then nothing is pruned` });
    return;
  }
  if (turn.sends.length === 0) await takeOver(state, turn);
  state.tell({ type: 'stage', owner: group.owner.id, stage: 'prune' });
  for (const entry of deletes) {
    const stop = state.options.signal?.aborted ? 'canceled' : state.stopped;
    if (stop !== undefined) {
      told(state, turn, entry, { outcome: 'not-sent', message: stop });
      continue;
    }
    state.tell({ type: 'sending', owner: group.owner.id, id: entry.id });
    const sent = await pruneOne(state.context, entry, group.owner);
    if (sent.stop === true) state.stopped = sent.message;
    told(state, turn, entry, sent);
  }
}

/** What goes with a removed owner stays when the owner itself could not be removed. */
function heldBy(turns: readonly Turn[], turn: Turn): string | undefined {
  const key = keyOf(turn.group.owner.id);
  for (const other of turns) {
    const removal = other.deletes.find((entry) => keyOf(entry.id) === key);
    if (removal !== undefined && isBad(other.outcomes.get(removal))) return `${titleOf(removal.id)} was not deleted`;
  }
  return undefined;
}

/** What was deleted leaves the inventory; what could not be deleted stays in it, to be tried again. */
async function keepInventory(state: State, turn: Turn): Promise<void> {
  const { id } = turn.group.owner;
  if (!isKustomization(id) || state.stopped !== undefined) return;
  const settled = turn.deletes.filter((entry) => ['deleted', 'gone', 'kept'].includes(turn.outcomes.get(entry) ?? ''));
  const unsent = turn.sends.filter((entry) => entry.seen === undefined && turn.outcomes.get(entry) === 'not-sent');
  const whole = !turn.failed && !state.options.signal?.aborted && state.options.selection === undefined;
  const orphans = whole
    ? turn.group.entries.filter((entry) => entry.action === 'keep' && turn.group.complete !== false)
    : [];
  const remove = [...settled, ...unsent, ...orphans].map((entry) => entry.id);
  if (remove.length === 0) return;
  const inventory = await readInventory(state.cluster, id);
  if (inventory === undefined) return;
  const next = edited(inventory, [], remove);
  if (next.length === inventory.length) return;
  const wrong = await writeInventory(state.cluster, id, next);
  if (wrong !== undefined) state.tell({ type: 'trouble', owner: id, message: wrong });
}

function finish(state: State, turns: readonly Turn[]): void {
  const counts: Record<ObjectOutcome, number> = {
    applied: 0,
    unchanged: 0,
    deleted: 0,
    gone: 0,
    kept: 0,
    failed: 0,
    unknown: 0,
    'not-sent': 0,
  };
  for (const outcome of turns.flatMap((turn) => [...turn.outcomes.values()])) counts[outcome] += 1;
  const suspended = turns.map((turn) => turn.group.owner.id).filter((id) => state.suspended.has(keyOf(id)));
  state.tell({ type: 'done', counts, canceled: state.options.signal?.aborted === true, suspended });
}
