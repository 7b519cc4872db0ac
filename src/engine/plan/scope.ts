/**
 * A part of a plan: what one object, one file or a selection in it is about. A Flux object brings all that it applies, to
 * any depth; a file brings every object that any of its lines goes into, and what its owner no longer renders.
 */
import { keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import type { DesiredObject, DesiredSet } from '../render/desired.ts';
import type { Node, Origin } from '../yaml/node.ts';
import type { Plan, PlanEntry, PlanGroup } from './plan.ts';

export type Scope =
  /** `group` may be left out; kinds and names compare without case, as people type them. */
  | {
      readonly kind: 'object';
      readonly object: Pick<ObjectId, 'kind' | 'namespace' | 'name'> & { readonly group?: string };
    }
  /** The file's name as origins carry it, or a folder's (empty: all of it); with `lines`, offsets of a selection in it. */
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly lines?: { readonly start: number; readonly end: number };
      /** Why nothing reads it, should nothing come of it. */
      readonly unread?: () => string;
    };

/** Which questions a part of a plan needs answered. */
export interface Part {
  /** Whether anything of this owner belongs to it. */
  wants(set: DesiredSet, object: DesiredObject): boolean;
  /** Whether an object that is no longer rendered belongs to it. */
  removes(set: Pick<DesiredSet, 'owner'>, id: ObjectId): boolean;
  /** The plan's part; entries stay the same objects, as they know what to send. */
  of(plan: Plan): Plan;
}

export function partOf(wanted: readonly DesiredSet[], scopes: readonly Scope[]): Part {
  const whole = wholeSets(wanted, scopes);
  const files = scopes.flatMap((scope) => (scope.kind === 'file' ? [scope] : []));
  const touched = new Set<string>();
  for (const set of wanted) {
    for (const object of set.objects) {
      const named = scopes.some((scope) => scope.kind === 'object' && names(scope, object.id));
      if (named || files.some((scope) => touches(object.node, scope))) touched.add(entryKey(set, object.id));
    }
  }
  // A selection is a piece of what is there; what is gone has no line in it.
  const reading = new Set(
    wanted
      .filter((set) =>
        files.some(({ file, lines }) => lines === undefined && [...set.reads].some((name) => isIn(name, file))),
      )
      .map((set) => keyOf(set.owner.id)),
  );
  const removes: Part['removes'] = ({ owner }, id) =>
    whole.has(keyOf(owner.id)) ||
    reading.has(keyOf(owner.id)) ||
    scopes.some((scope) => scope.kind === 'object' && names(scope, id));
  const wants: Part['wants'] = (set, object) => whole.has(keyOf(set.owner.id)) || touched.has(entryKey(set, object.id));
  return { wants, removes, of: (plan) => narrowed(plan, scopes, { wanted, whole, touched, removes }) };
}

function entryKey(set: Pick<DesiredSet, 'owner'>, id: ObjectId): string {
  // The plan knows namespaces that the rendered object does not have yet.
  return `${keyOf(set.owner.id)} ${id.group}/${id.kind}/${id.name}`;
}

/** The owners that belong to it with all they apply: those that are named, and those that such an owner applies. */
function wholeSets(wanted: readonly DesiredSet[], scopes: readonly Scope[]): Set<string> {
  const sets = new Map(wanted.map((set) => [keyOf(set.owner.id), set]));
  const whole = new Set<string>();
  const add = (set: DesiredSet): void => {
    const key = keyOf(set.owner.id);
    if (whole.has(key)) return;
    whole.add(key);
    for (const { id } of set.objects) {
      const child = sets.get(keyOf(id));
      if (child !== undefined) add(child);
    }
  };
  for (const set of wanted) {
    if (scopes.some((scope) => (scope.kind === 'object' ? names(scope, set.owner.id) : overlaps(set.owner.at, scope))))
      add(set);
  }
  return whole;
}

function names({ object }: Extract<Scope, { kind: 'object' }>, id: ObjectId): boolean {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return (
    same(object.kind, id.kind) &&
    same(object.name, id.name) &&
    same(object.namespace, id.namespace) &&
    (object.group === undefined || object.group === id.group)
  );
}

type FileScope = Extract<Scope, { kind: 'file' }>;

function touches(node: Node, scope: FileScope): boolean {
  if (node.kind === 'scalar') return overlaps(node.at, scope);
  if (scope.lines === undefined && overlaps(node.at, scope)) return true;
  if (node.kind === 'sequence') return node.items.some((item) => touches(item, scope));
  return node.entries.some(({ key, value }) => overlaps(key.at, scope) || touches(value, scope));
}

function overlaps(at: Origin, { file, lines }: FileScope): boolean {
  if (isIn(at.file, file) && (lines === undefined || (at.start < lines.end && lines.start < at.end))) return true;
  return at.via !== undefined && overlaps(at.via, { kind: 'file', file, ...(lines === undefined ? {} : { lines }) });
}

/** A file is in itself and in every folder above it. */
function isIn(name: string, place: string): boolean {
  return place === '' || name === place || name.startsWith(`${place}/`);
}

interface Kept {
  readonly wanted: readonly DesiredSet[];
  readonly whole: ReadonlySet<string>;
  readonly touched: ReadonlySet<string>;
  readonly removes: Part['removes'];
}

function narrowed(
  { dangers: _ofTheWhole, ...plan }: Plan,
  scopes: readonly Scope[],
  { wanted, whole, touched, removes }: Kept,
): Plan {
  const gone = new Set<string>();
  const groups = plan.groups.flatMap((group): readonly PlanGroup[] => {
    const key = keyOf(group.owner.id);
    // What goes with a Flux object that goes comes after it.
    const all =
      whole.has(key) || gone.has(key) || scopes.some((one) => one.kind === 'object' && names(one, group.owner.id));
    const entries = all ? group.entries : group.entries.filter((entry) => belongs(group, entry));
    for (const entry of entries) if (entry.action === 'delete') gone.add(keyOf(entry.id));
    if (all) return [group];
    return entries.length === 0 ? [] : [partial(group, entries)];
  });
  if (groups.length > 0) return { ...plan, groups };
  return { ...plan, groups, problems: [...plan.problems, nothing(scopes, wanted)] };

  function belongs(group: PlanGroup, { id, action, at }: PlanEntry): boolean {
    if (touched.has(entryKey(group, id))) return true;
    return at === undefined && (action === 'delete' || action === 'keep') && removes(group, id);
  }
}

/** Of the dangers of a whole group, only what holds for every part of it. */
function partial({ dangers, ...group }: PlanGroup, entries: readonly PlanEntry[]): PlanGroup {
  const kept = (dangers ?? []).filter(({ rule }) => rule === 'suspended-owner');
  return { ...group, entries, ...(kept.length === 0 ? {} : { dangers: kept }) };
}

function nothing(scopes: readonly Scope[], wanted: readonly DesiredSet[]): Problem {
  const what = scopes
    .map((scope) => (scope.kind === 'file' ? scope.file : titleOf({ version: '', group: '', ...scope.object })))
    .join(', ');
  const reasons = scopes.flatMap((scope) => (scope.kind === 'file' ? (reasonOf(scope, wanted) ?? []) : []));
  // What could not be rendered may be where it belongs.
  const closed = wanted.filter(({ complete, note }) => !complete && note !== undefined);
  const missing = closed.slice(0, 3).map(({ owner, note }) => `${titleOf(owner.id)} is not rendered: ${note}`);
  const why = [...new Set([...reasons, ...missing])].map((text) => `; ${text}`).join('');
  const message = `nothing that this cluster directory renders, or would delete, comes from ${what}${why}`;
  return { code: 'flux-reference', severity: 'information', message };
}

function reasonOf({ file, lines, unread }: FileScope, wanted: readonly DesiredSet[]): string | undefined {
  const readers = wanted.filter(({ reads }) => [...reads].some((name) => isIn(name, file)));
  if (readers.length === 0) return unread?.();
  const names = readers.slice(0, 3).map(({ owner }) => titleOf(owner.id));
  const part = lines === undefined ? 'it' : 'these lines';
  return `${names.join(', ')} ${names.length === 1 ? 'reads' : 'read'} it, and no object comes of ${part}`;
}
