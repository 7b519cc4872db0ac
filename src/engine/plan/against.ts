/** The plan against a Git commit: the fleet rendered twice, and the objects compared. Asks no cluster. */
import { hideInProblems } from '../objects/hide.ts';
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { DesiredObject, DesiredSet } from '../render/desired.ts';
import type { Json } from '../yaml/resolve.ts';
import { compare } from './changes.ts';
import { planDangers, withGroupDangers } from './dangers/groups.ts';
import { entryDangers } from './dangers/index.ts';
import { inputsOf } from './hash.ts';
import { mask } from './mask.ts';
import { movesOf } from './moves.ts';
import { originOf } from './origins.ts';
import { deletesWithOwner, jsonOf, type OwnerSpec, ownerSpec, renderedOwners } from './owner.ts';
import type { FieldChange, Plan, PlanEntry, PlanGroup } from './plan.ts';
import { problemsOf } from './problems.ts';

interface Side {
  readonly object: DesiredObject;
  readonly json: Json;
}

/** What going from `baseline` (the fleet at `revision`) to `wanted` changes. */
export function planAgainst(baseline: readonly DesiredSet[], wanted: readonly DesiredSet[], revision: string): Plan {
  const before = new Map(baseline.map((set) => [keyOf(set.owner.id), set]));
  const after = new Map(wanted.map((set) => [keyOf(set.owner.id), set]));
  const owners = { before: renderedOwners(baseline), after: renderedOwners(wanted) };
  const moves = movesOf(wanted);
  const groups: PlanGroup[] = [];
  for (const set of wanted) {
    const key = keyOf(set.owner.id);
    const object = owners.after.get(key) ?? owners.before.get(key);
    // Who declares no object of its own (a plain folder) has nothing that would keep what it no longer holds.
    const spec = object === undefined ? unowned(set) : ownerSpec(set.owner.id, jsonOf(object));
    groups.push(groupOf(before.get(key), set, spec, revision, moves));
  }
  for (const set of baseline) {
    const key = keyOf(set.owner.id);
    if (after.has(key)) continue;
    const spec = ownerSpec(set.owner.id, jsonOf(owners.before.get(key)));
    groups.push(goneGroup(set, spec, moves));
  }
  const found = groups.map(withGroupDangers);
  const dangers = planDangers({ groups: found });
  return {
    target: { kind: 'commit', revision },
    groups: found,
    ...(dangers.length === 0 ? {} : { dangers }),
    problems: problemsOf(wanted),
    inputs: inputsOf(wanted),
  };
}

function unowned(set: DesiredSet): OwnerSpec {
  return { ...ownerSpec(set.owner.id, undefined), prune: true };
}

function groupOf(
  old: DesiredSet | undefined,
  set: DesiredSet,
  spec: OwnerSpec,
  revision: string,
  moves: ReadonlyMap<string, ObjectId>,
): PlanGroup {
  const was = sidesOf(old);
  const is = sidesOf(set);
  const entries: PlanEntry[] = [];
  for (const [key, side] of is) entries.push(compareSides(was.get(key), side, old?.complete !== false, revision));
  for (const [key, side] of was) {
    if (!is.has(key)) entries.push(removed(side, set, spec, moves.get(key)));
  }
  const note = noteOf(old, set, entries, revision);
  return { owner: set.owner, entries, complete: set.complete, ...(note === undefined ? {} : { note }) };
}

function sidesOf(set: DesiredSet | undefined): ReadonlyMap<string, Side> {
  return new Map(set?.objects.map((object) => [keyOf(object.id), { object, json: jsonOf(object.node)! }]));
}

function compareSides(was: Side | undefined, is: Side, baselineComplete: boolean, revision: string): PlanEntry {
  const { object, json } = is;
  const base = { id: object.id, at: object.node.at };
  const masked = mask(was?.json, json, { now: object.secretValues ?? [], before: was?.object.secretValues ?? [] });
  if (was === undefined) {
    const reason = baselineComplete
      ? `not in ${revision}`
      : `${revision} does not build completely, so it may be there`;
    const action = baselineComplete ? ('create' as const) : ('unknown' as const);
    return withDangers({ ...base, action, reason, ...masked, changes: [] }, undefined, json);
  }
  const raw = compare(was.json, json);
  if (raw.changes.length === 0 && raw.reordered.length === 0) {
    return { ...base, action: 'unchanged', reason: `as in ${revision}`, ...masked, changes: [] };
  }
  const shown = compare(masked.before!, masked.after!);
  const changes = shown.changes.map((change): FieldChange => {
    const at = change.after === undefined ? undefined : originOf(object.node, json, change.path);
    return at === undefined ? change : { ...change, at };
  });
  const reordered = raw.reordered.length === 0 ? {} : { reordered: raw.reordered };
  const reason = raw.changes.length > 0 ? `differs from ${revision}` : 'only the order of list items differs';
  const entry = withDangers({ ...base, action: 'configure', reason, ...masked, changes, ...reordered }, was.json, json);
  const secrets = [...(object.secretValues ?? []), ...(was.object.secretValues ?? [])];
  return entry.dangers === undefined ? entry : { ...entry, dangers: hideInProblems(entry.dangers, secrets) };
}

function removed(side: Side, set: DesiredSet, spec: OwnerSpec, moved: ObjectId | undefined): PlanEntry {
  const { before } = mask(side.json, undefined, { before: side.object.secretValues ?? [] });
  const base = { id: side.object.id, changes: [], ...(before === undefined ? {} : { before }) };
  if (moved !== undefined) {
    return { ...base, action: 'keep', reason: `moves to ${titleOf(moved)}`, movesTo: moved };
  }
  if (!set.complete) return { ...base, action: 'keep', reason: 'the render failed, and then nothing is pruned' };
  if (set.objects.length === 0 && set.note !== undefined) return { ...base, action: 'keep', reason: set.note };
  if (!spec.prune) {
    const reason = 'no longer rendered; prune is off, so it stays as an orphan';
    return withDangers({ ...base, action: 'keep', reason }, side.json, undefined);
  }
  return withDangers({ ...base, action: 'delete', reason: 'no longer rendered' }, side.json, undefined);
}

/** A Flux object that the fleet no longer has: what it applied goes with it, if its deletion policy says so. */
function goneGroup(set: DesiredSet, spec: OwnerSpec, moves: ReadonlyMap<string, ObjectId>): PlanGroup {
  const title = titleOf(set.owner.id);
  const deletes = deletesWithOwner(spec);
  const entries = set.objects.map((object): PlanEntry => {
    const json = jsonOf(object.node)!;
    const { before } = mask(json, undefined, { before: object.secretValues ?? [] });
    const base = { id: object.id, changes: [], ...(before === undefined ? {} : { before }) };
    const moved = moves.get(keyOf(object.id));
    if (moved !== undefined) return { ...base, action: 'keep', reason: `moves to ${titleOf(moved)}`, movesTo: moved };
    if (deletes) return withDangers({ ...base, action: 'delete', reason: `${title} is removed` }, json, undefined);
    return { ...base, action: 'keep', reason: `${title} is removed without pruning: it stays as an orphan` };
  });
  return { owner: set.owner, entries, note: `${title} is removed` };
}

function noteOf(
  old: DesiredSet | undefined,
  set: DesiredSet,
  entries: readonly PlanEntry[],
  revision: string,
): string | undefined {
  if (set.note !== undefined) return set.note;
  if (!set.complete) return 'not everything could be rendered: nothing is pruned';
  if (old !== undefined && !old.complete) return `${revision} does not build completely: creations are not certain`;
  if (entries.every((entry) => entry.action === 'unchanged')) {
    return set.objects.length === 0 ? 'renders no objects' : `up to date at ${revision}`;
  }
  return undefined;
}

function withDangers(entry: PlanEntry, before: Json | undefined, after: Json | undefined): PlanEntry {
  const dangers = entryDangers({ entry, before, after });
  return dangers.length === 0 ? entry : { ...entry, dangers };
}
