/** A plan as the editor shows it: pure, from the engine's plan to plain data and rendered documents. */
import {
  type Action,
  actions,
  type Danger,
  type FieldChange,
  fromJson,
  type Json,
  keyOf,
  type Mapping,
  type Node,
  type ObjectId,
  type Origin,
  originOf,
  type Plan,
  type PlanEntry,
  type PlanGroup,
  type Protection,
  pathText,
  printWithSpans,
  writes,
} from '../engine/index.ts';
import type {
  ObjectName,
  Place,
  PlanAgainst,
  PlanDanger,
  PlanGroupView,
  PlanItem,
  PlanProblem,
  PlanScope,
  PlanView,
} from '../protocol/index.ts';
import { fetchHint } from './charts.ts';
import type { Folder } from './files.ts';
import { shortRevision } from './tree/nodes.ts';
import { nowhere, type Rendered, renderLive, virtualUri } from './virtual.ts';

/** How many changed fields an item tells in its one line. */
const fieldsShown = 3;

export interface PlanShown {
  readonly id: string;
  readonly plan: Plan;
  readonly against: PlanAgainst;
  readonly scope?: PlanScope;
  /** Owners that do not build just now, and are shown as they were. */
  readonly held?: ReadonlySet<string>;
  place(at: Origin): Place | undefined;
  /** Whether another cluster than the plan's own is protected, by its server's address. */
  protection?(server: string): Protection;
}

export function planView(shown: PlanShown): PlanView {
  const { plan } = shown;
  const groups = plan.groups.map((group) => groupView(group, shown));
  const counts = Object.fromEntries(actions.map((action) => [action, 0])) as Record<Action, number>;
  for (const item of groups.flatMap((group) => group.items)) counts[item.action]++;
  // What a group says of itself is not said twice.
  const notes = plan.groups.flatMap(({ note }) => note ?? []);
  const acting = counts.create + counts.configure + counts.recreate + counts.delete;
  const message = acting > 0 ? undefined : emptyReason(plan, shown.scope);
  return {
    id: shown.id,
    against: shown.against,
    ...(shown.scope === undefined ? {} : { scope: shown.scope }),
    target: targetOf(plan),
    label: plan.target.kind === 'commit' ? plan.target.revision : plan.target.context,
    groups,
    counts,
    problems: plan.problems
      .filter(({ severity, message }) => severity === 'error' || !notes.some((note) => note.includes(message)))
      .map((problem): PlanProblem => {
        const place = problem.at === undefined ? undefined : shown.place(problem.at);
        const { severity, message } = problem;
        return place === undefined ? { severity, message } : { severity, message, uri: place.uri, line: place.line };
      }),
    ...(plan.dangers === undefined ? {} : { dangers: dangersView(plan.dangers, shown) }),
    ...(message === undefined ? {} : { message }),
    applicable: plan.target.kind === 'cluster' && groups.some((group) => group.items.some(({ acts }) => acts)),
  };
}

function emptyReason(plan: Plan, scope: PlanScope | undefined): string | undefined {
  // A part that holds nothing says so among the problems.
  if (plan.groups.length === 0 && scope !== undefined) return undefined;
  if (plan.groups.length === 0) return 'No Flux object was found to plan for.';
  if (plan.problems.some((problem) => problem.severity === 'error')) return undefined;
  const where = plan.target.kind === 'commit' ? `at ${plan.target.revision}` : 'in the cluster';
  const what = scope === undefined ? 'what the workspace renders' : 'what this part of the workspace renders';
  return `Nothing would change: ${what} is what is ${where}.`;
}

function targetOf({ target }: Plan): string {
  return target.kind === 'commit' ? `commit ${target.revision}` : `${target.context} (${target.server})`;
}

function groupView(group: PlanGroup, shown: PlanShown): PlanGroupView {
  const id = keyOf(group.owner.id);
  const dangers = dangersView(group.dangers, shown);
  const guards = [group.remote, group.standsIn].map((one) => (one && shown.protection?.(one.server)) ?? 'open');
  const protection = guards.find((one) => one === 'read-only') ?? guards.find((one) => one === 'protected') ?? 'open';
  const held = shown.held?.has(id) === true;
  const note = held ? 'does not build now: as it was before' : group.note;
  const items = group.entries.map((entry) => itemView(group, entry, shown));
  return {
    id,
    owner: nameOfId(group.owner.id),
    ...(note === undefined ? {} : { note: shortRevision(note) }),
    ...(held ? { held } : {}),
    ...(note?.includes(fetchHint) === true ? { fetchable: true } : {}),
    ...(group.remote === undefined ? {} : { cluster: `${group.remote.server} (${group.remote.context})` }),
    ...(protection === 'open' ? {} : { protection }),
    items: held ? items.map((item) => ({ ...item, acts: false })) : items,
    ...(dangers.length === 0 ? {} : { dangers }),
  };
}

/** What tells one entry of a plan from another, and stays the same when the plan is made anew. */
export function entryId(group: string, entry: PlanEntry): string {
  return `${group}|${keyOf(entry.id)}`;
}

function dangersView(dangers: readonly Danger[] = [], { place }: PlanShown): readonly PlanDanger[] {
  return dangers.map(({ rule, severity, message, at }) => {
    const where = at === undefined ? undefined : place(at);
    return { rule, severity, message, ...(where === undefined ? {} : { place: where }) };
  });
}

/** Whose deletion takes along what no plan lists. */
const grave = new Set([
  'Namespace',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'PersistentVolume',
  'PersistentVolumeClaim',
]);

function isGrave({ id, action }: PlanEntry): boolean {
  const removes = action === 'delete' || action === 'recreate';
  return removes && grave.has(id.group === '' ? id.kind : `${id.kind}.${id.group}`);
}

function itemView({ owner }: PlanGroup, entry: PlanEntry, shown: PlanShown): PlanItem {
  const id = entryId(keyOf(owner.id), entry);
  const within = `${owner.id.kind} ${owner.id.name}`;
  const title = `${entry.id.kind} ${entry.id.name}`;
  const whole = entry.action === 'create' || entry.action === 'delete';
  const changes = whole ? [] : entry.changes.slice(0, fieldsShown);
  const more = whole ? 0 : entry.changes.length - fieldsShown;
  const found = dangersView(entry.dangers, shown);
  // What has no line of its own is shown where the object is declared.
  const at = entry.at === undefined ? undefined : shown.place(entry.at);
  const dangers = found.map((one) => (one.place === undefined && at !== undefined ? { ...one, place: at } : one));
  return {
    id,
    object: nameOfId(entry.id),
    action: entry.action,
    reason: entry.reason,
    summary: changes.map((change) => changeText(change, lastKey(change))).join(', ') + (more > 0 ? ', …' : ''),
    changes: [
      ...changes.map((change) => changeText(change, pathText(change.path))),
      ...(more > 0 ? [`and ${more} more`] : []),
    ],
    ...(dangers.length === 0 ? {} : { dangers }),
    ...(isGrave(entry) ? { grave: true as const } : {}),
    ...(isMasked(entry) ? { masked: true as const } : {}),
    acts: writes(entry),
    before: virtualUri({ of: 'plan', side: 'before', entry: id }, title, within),
    after: virtualUri({ of: 'plan', side: 'after', entry: id }, title, within),
    declared: entry.at !== undefined,
  };
}

/** A Secret, or what a value of one landed in. */
function isMasked({ id, before, after }: PlanEntry): boolean {
  if (id.kind === 'Secret' && id.group === '') return true;
  return [before, after].some((side) => side !== undefined && JSON.stringify(side).includes('***'));
}

/** The innermost name of a changed field: the whole path does not fit beside an object's name. */
function lastKey({ path }: FieldChange): string {
  return String(path.findLast((step) => typeof step === 'string') ?? '');
}

function changeText({ before, after }: FieldChange, name: string): string {
  if (before === undefined) return `${name}: + ${short(after)}`;
  if (after === undefined) return `${name}: − ${short(before)}`;
  return `${name}: ${short(before)} → ${short(after)}`;
}

function short(value: Json | undefined): string {
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? '[…]' : '{…}';
  const text = String(value).replaceAll('\n', '⏎');
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

export function nameOfId(id: ObjectId): ObjectName {
  const apiVersion = id.group === '' ? id.version : `${id.group}/${id.version}`;
  return { apiVersion, kind: id.kind, namespace: id.namespace, name: id.name };
}

/** One side of an entry as a document. What the server keeps for itself is left out: it is in no file. */
export function renderSide(
  entry: PlanEntry,
  side: 'before' | 'after',
  rendered: Mapping | undefined,
  folder: Folder,
): Rendered {
  const value = side === 'before' ? entry.before : entry.after;
  if (value === undefined) return { text: '', spans: [] };
  const shown = withoutBookkeeping(value);
  if (side === 'before' || rendered === undefined) return renderLive(shown);
  const printed = printWithSpans(withOrigins(shown, shown, rendered, [], nowhere), 'sigs');
  return { ...printed, folder };
}

const bookkeeping = ['managedFields', 'resourceVersion', 'uid', 'generation', 'creationTimestamp', 'selfLink'];

function withoutBookkeeping(value: Json): Json {
  if (!isRecord(value)) return value;
  const { status: _, ...rest } = value;
  if (!isRecord(rest.metadata)) return rest;
  const metadata = Object.fromEntries(Object.entries(rest.metadata).filter(([key]) => !bookkeeping.includes(key)));
  return { ...rest, metadata };
}

/** The value as a tree whose every node leads to the line that rendered it; what the cluster added leads nowhere. */
function withOrigins(
  value: Json,
  root: Json,
  rendered: Mapping,
  path: readonly (string | number)[],
  parent: Origin,
): Node {
  const found = path.length === 0 ? rendered.at : originOf(rendered, root, path);
  // A field that nobody rendered is answered with the origin of what is around it.
  const at = found === undefined || found === parent ? nowhere : found;
  const here = at === nowhere ? parent : at;
  if (Array.isArray(value)) {
    const items = value.map((item: Json, index) => withOrigins(item, root, rendered, [...path, index], here));
    return { kind: 'sequence', items, at };
  }
  if (!isRecord(value)) return fromJson(value, at);
  const entries = Object.entries(value).map(([key, item]) => {
    const child = withOrigins(item, root, rendered, [...path, key], here);
    return {
      key: { kind: 'scalar' as const, text: key, style: 'plain' as const, tag: '!!str', at: child.at },
      value: child,
    };
  });
  return { kind: 'mapping', entries, at };
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
