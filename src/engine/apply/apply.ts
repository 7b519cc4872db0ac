/**
 * Carries out a plan, as Flux would: owner by owner, in stages (definitions and classes first, each waited for), by
 * server-side apply with Flux's field manager, and pruning last, when everything that should come is there.
 *
 * Before anything is sent the plan is checked; a stale one is refused as a whole. The inventory is written before the
 * objects that it names, so that after a crash at any point nothing is in the cluster that no inventory knows.
 */
import { keyOf, titleOf } from '../objects/object.ts';
import { fluxOrder, stageOf, stages } from '../plan/order.ts';
import { deletesWithOwner, isHelmRelease } from '../plan/owner.ts';
import { payloadOf, remember } from '../plan/payload.ts';
import { isNotCompared, type Plan, type PlanEntry, type PlanGroup, writes } from '../plan/plan.ts';
import type { Cluster } from '../ports.ts';
import { at, isObject, type JsonObject } from '../status/fields.ts';
import { channel } from './channel.ts';
import type { ApplyEvent, ObjectOutcome } from './events.ts';
import { dependenciesOf, inTurn } from './order.ts';
import { pruneOne, untilGone } from './prune.ts';
import { waitForOwner, waitForStage, waitsFor } from './ready.ts';
import { bornSuspended, contested, holdSuspended } from './release/controller.ts';
import { applyRelease, uninstallRelease } from './release/index.ts';
import { type Sent, send } from './send.ts';
import { clusterKey, inCluster, openSites, siteOf } from './site.ts';
import { freshness, targetReasons } from './stale.ts';
import { keepInventory, suspend, takeOver } from './takeover.ts';
import {
  type ApplyOptions,
  isBad,
  keyIn,
  type Run,
  type State,
  sending,
  sentHome,
  signalOf,
  skipAll,
  stoppedFor,
  type Turn,
  told,
} from './turn.ts';

export function applyPlan(cluster: Cluster, plan: Plan, options: ApplyOptions): AsyncIterable<ApplyEvent> {
  return channel((tell) => run({ cluster, plan, options, tell }));
}

async function run(run: Run): Promise<void> {
  const { cluster, plan, options, tell } = run;
  const here = siteOf(cluster, { timer: options.timer, ...signalOf(options) });
  const stale = await targetReasons(cluster, plan, options);
  if (stale.length > 0) return tell({ type: 'refused', reasons: stale });
  const chosen = choose(plan, options);
  const sites = await openSites(
    here,
    chosen.map(({ group }) => group),
  );
  const turns = chosen.map((one): Turn => turnAt({ site: sites.of(one.group), home: sites.home(one.group) }, one));
  const all = turns.flatMap((turn) => [...turn.sends, ...turn.deletes].map((entry) => ({ entry, turn })));
  const open = all.filter(({ entry, turn }) => turn.site.closed === undefined && !replacesRecord(turn, entry));
  const { reasons, live } = await freshness(
    open.map(({ entry, turn }) => ({ entry, cluster: turn.site.cluster })),
    options.signal,
  );
  if (sites.reasons.length + reasons.length > 0)
    return tell({ type: 'refused', reasons: [...sites.reasons, ...reasons] });
  const owners = turns.map((turn) => turn.group.owner.id);
  const placed = all.map(({ entry, turn }) => ({ ...entry.id, ...inCluster(turn.site) }));
  tell({ type: 'started', objects: all.length, owners, all: placed });
  for (const group of plan.groups) {
    const message = group.entries.some(writes) ? leftOut(group) : undefined;
    if (message !== undefined) tell({ type: 'trouble', owner: group.owner.id, message });
  }
  for (const { group, barred } of turns) {
    if (barred !== undefined) tell({ type: 'trouble', owner: group.owner.id, message: barred });
    for (const entry of group.entries) {
      const left = isNotCompared(entry) && (options.selection?.(entry, group) ?? true);
      const message = `${titleOf(entry.id)} is not sent: ${entry.reason}`;
      if (left) tell({ type: 'trouble', owner: group.owner.id, message });
    }
  }
  const state: State = { ...run, sites, live, suspended: new Map(), contested: await contested(run, turns) };
  // All of them before the first write: a changed owner wakes its controller, which would go by the old commit.
  for (const turn of turns)
    if (turn.group.state?.exists === true && turn.barred === undefined) await suspend(state, turn);
  for (const turn of turns) await applyTurn(state, turns, turn);
  for (const turn of turns) await pruneTurn(state, turns, turn);
  for (const turn of turns) await keepInventory(state, turns, turn);
  finish(state, turns);
}

type Chosen = Pick<Turn, 'group' | 'sends' | 'deletes'>;

function choose(plan: Plan, options: ApplyOptions): readonly Chosen[] {
  const all = inTurn(plan.groups).flatMap((group): readonly Chosen[] => {
    if (leftOut(group) !== undefined) return [];
    const chosen = group.entries.filter((entry) => writes(entry) && (options.selection?.(entry, group) ?? true));
    const sends = chosen.filter((entry) => entry.action !== 'delete');
    // What a release drops goes with its upgrade, as Helm has it: a revision that kept it would not be the one planned.
    const upgrades = isHelmRelease(group.owner.id) && group.state !== undefined;
    const deletes = options.prune === 'all' || upgrades ? chosen.filter((entry) => entry.action === 'delete') : [];
    return [{ group, sends, deletes }];
  });
  const going = new Set(all.flatMap(({ deletes }) => deletes.map(({ id }) => keyOf(id))));
  return all.filter(
    ({ group, sends, deletes }) =>
      sends.length + deletes.length > 0 || (endsBare(group) && going.has(keyOf(group.owner.id))),
  );
}

/** The record of a release that is uninstalled first may stand where the new one's comes; its revision is looked at then. */
function replacesRecord({ group }: Chosen, { revision }: PlanEntry): boolean {
  return revision === true && group.state?.release?.leaves !== undefined;
}

/** A release that goes with its HelmRelease and has no object to delete: its hooks and its records are left. */
function endsBare({ owner, state, spec, entries }: PlanGroup): boolean {
  if (!isHelmRelease(owner.id) || state !== undefined || spec === undefined) return false;
  return deletesWithOwner(spec) && !entries.some(writes);
}

/** Why nothing of a group is sent, whatever was chosen. */
function leftOut({ remote, spec }: PlanGroup): string | undefined {
  // Sent to this cluster, its objects would land in the wrong place.
  if (spec?.kubeConfig !== undefined && remote === undefined)
    return 'applies to another cluster (spec.kubeConfig), which the plan does not hold: plan again';
  return undefined;
}

function turnAt({ site, home }: Pick<Turn, 'site' | 'home'>, chosen: Chosen): Turn {
  const closed = site.closed ?? home.closed;
  return {
    ...chosen,
    site,
    home,
    outcomes: new Map(),
    failed: false,
    ...(closed === undefined ? {} : { barred: closed }),
  };
}

async function applyTurn(state: State, turns: readonly Turn[], turn: Turn): Promise<void> {
  const { group, sends } = turn;
  const blocked = blockedBy(turns, turn);
  if (isHelmRelease(group.owner.id)) {
    // One that is removed has no state in the plan; what is left of it goes with the pruning.
    if (group.state === undefined) return;
    if (blocked === undefined) return applyRelease(state, turn);
  }
  if (blocked !== undefined) return skipAll(state, turn, sends, blocked);
  // Suspended, it would leave what it applied behind when it goes, and after a crash nobody would know of that.
  if (sends.length === 0 && removalOf(turns, turn) !== undefined) return;
  await takeOver(state, turn);
  if (turn.barred !== undefined) return skipAll(state, turn, sends, turn.barred);
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
  if (bringsItself(turn)) await takeOver(state, turn);
  if (waitsFor(state, turns, turn)) await waitForOwner(state, turn);
}

/** A root Kustomization that this very apply has created. */
function bringsItself(turn: Turn): boolean {
  const { owner, state } = turn.group;
  const key = keyOf(owner.id);
  return state?.exists === false && sentHome(turn, turn).some(({ id }) => keyOf(id) === key);
}

/** Whether a definition or a class of this turn failed. */
function brokenStage(turn: Turn): boolean {
  return turn.sends.some((entry) => stageOf(entry.id) !== 'rest' && isBad(turn.outcomes.get(entry)));
}

/** An owner that this one depends on, or that creates it, failed. */
function blockedBy(turns: readonly Turn[], turn: Turn): string | undefined {
  const needs = new Set(dependenciesOf(turn.group));
  const key = keyOf(turn.group.owner.id);
  for (const other of turns) {
    if (other === turn || !other.failed) continue;
    const title = titleOf(other.group.owner.id);
    if (needs.has(keyOf(other.group.owner.id))) return `it depends on ${title}, which failed`;
    const creates = sentHome(other, turn).find((entry) => keyOf(entry.id) === key);
    if (creates !== undefined && isBad(other.outcomes.get(creates)))
      return `${title} could not apply ${titleOf(creates.id)}`;
  }
  return undefined;
}

/** How many objects of one kind are sent at once. */
const atOnce = 8;

async function sendStage(state: State, turn: Turn, entries: readonly PlanEntry[]): Promise<void> {
  for (const batch of batches(entries)) {
    const stop = state.options.signal?.aborted ? 'canceled' : stoppedFor(turn);
    if (stop !== undefined) {
      for (const entry of batch) told(state, turn, entry, { outcome: 'not-sent', message: stop });
      continue;
    }
    for (const { id } of batch) sending(state, turn, id);
    const sent = await Promise.all(
      batch.map((entry) => send(turn.site.context, guarded(state, turn, entry), state.live.get(entry))),
    );
    for (const [index, entry] of batch.entries()) {
      const result = sent[index]!;
      if (result.stop === true) turn.site.stopped = result.message;
      told(state, turn, entry, result);
      if (isContested(state, turn, entry) && result.outcome === 'applied') await holdSuspended(state, turn, entry);
    }
  }
}

function isContested({ contested }: State, { site }: Turn, { id }: PlanEntry): boolean {
  return contested.has(keyIn(site, id));
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
function guarded(state: State, turn: Turn, entry: PlanEntry): PlanEntry {
  if (isContested(state, turn, entry)) return bornSuspended(state, entry);
  const payload = payloadOf(entry);
  if (payload === undefined || !state.suspended.has(keyIn(turn.site, entry.id))) return entry;
  const spec = at(payload.object, 'spec');
  if (!isObject(spec) || spec.suspend === undefined) return entry;
  const { suspend: _suspend, ...rest } = spec as JsonObject;
  return remember({ ...entry }, { ...payload, object: { ...payload.object, spec: rest } });
}

/** After any failure of an owner nothing of it is pruned; and nothing at all of one that could not be rendered whole. */
async function pruneTurn(state: State, turns: readonly Turn[], turn: Turn): Promise<void> {
  const { group, deletes } = turn;
  const isRelease = isHelmRelease(group.owner.id);
  // The deletions of a release that stays belong to its next revision, and are told with it.
  const open = isRelease && group.state !== undefined ? deletes.filter((one) => !turn.outcomes.has(one)) : deletes;
  if (open.length === 0 && !(endsBare(group) && removalOf(turns, turn) !== undefined)) return;
  let hold = turn.barred ?? holdReason(turns, turn);
  // An owner that is itself being deleted has no state in the plan: its own finalizer is at work.
  if (hold === undefined && turn.sends.length === 0 && group.state !== undefined) {
    await takeOver(state, turn);
    hold = turn.barred;
  }
  if (hold !== undefined) {
    const message = `${hold}, and then nothing is pruned`;
    for (const entry of open) told(state, turn, entry, { outcome: 'not-sent', message });
    return;
  }
  state.tell({ type: 'stage', owner: group.owner.id, stage: 'prune' });
  if (isRelease) return uninstallRelease(state, turn);
  const going: { readonly entry: PlanEntry; readonly sent: Sent }[] = [];
  for (const entry of deletes) {
    const stop = state.options.signal?.aborted ? 'canceled' : stoppedFor(turn);
    if (stop !== undefined) {
      told(state, turn, entry, { outcome: 'not-sent', message: stop });
      continue;
    }
    sending(state, turn, entry.id);
    const sent = await pruneOne(turn.site.context, entry, group.owner);
    if (sent.stop === true) turn.site.stopped = sent.message;
    if (sent.outcome === 'deleted') going.push({ entry, sent });
    else told(state, turn, entry, sent);
  }
  const held = await Promise.all(going.map(({ entry }) => untilGone(turn.site.context, entry)));
  for (const [index, { entry, sent }] of going.entries()) told(state, turn, entry, held[index] ?? sent);
}

function holdReason(turns: readonly Turn[], turn: Turn): string | undefined {
  if (turn.group.complete === false) return 'the render failed';
  if (turn.failed) return 'applying failed';
  const left = turn.group.entries.find(isNotCompared);
  return left === undefined ? heldBy(turns, turn) : `${titleOf(left.id)} is not sent`;
}

/** What goes with a removed owner stays when the owner itself could not be removed. */
function heldBy(turns: readonly Turn[], turn: Turn): string | undefined {
  const removal = removalOf(turns, turn);
  if (removal === undefined || !isBad(removal.by.outcomes.get(removal.entry))) return undefined;
  return `${titleOf(removal.entry.id)} was not deleted`;
}

/** The deletion of a turn's own owner, in this very apply. */
function removalOf(turns: readonly Turn[], turn: Turn): { readonly by: Turn; readonly entry: PlanEntry } | undefined {
  const key = keyOf(turn.group.owner.id);
  for (const by of turns) {
    const entry = by.deletes.find(({ id }) => keyOf(id) === key);
    if (entry !== undefined && clusterKey(by.site) === clusterKey(turn.home)) return { by, entry };
  }
  return undefined;
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
  const suspended = state.plan.groups.flatMap(
    (group) => state.suspended.get(keyIn(state.sites.home(group), group.owner.id)) ?? [],
  );
  state.tell({ type: 'done', counts, canceled: state.options.signal?.aborted === true, suspended });
}
