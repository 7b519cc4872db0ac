/**
 * Entries of an earlier plan for objects that are rendered now as they were then, so that after an edit only what it
 * touched is asked about again. Origins are found anew: the edit may have moved every line.
 */
import { keyOf } from '../objects/object.ts';
import type { LiveObject } from '../ports.ts';
import type { DesiredObject, Owner } from '../render/desired.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Mapping } from '../yaml/node.ts';
import type { Json } from '../yaml/resolve.ts';
import { originOfChange } from './dangers/at.ts';
import { originOf } from './origins.ts';
import type { OwnerSpec } from './owner.ts';
import { payloadOf, remember } from './payload.ts';
import type { Plan, PlanEntry } from './plan.ts';

/** What an entry was the answer to. */
interface Asked {
  readonly object: LiveObject;
  readonly spec: OwnerSpec;
  /** What it was rendered as: a render keeps the nodes that an edit did not touch, and with them their origins. */
  readonly node: Mapping;
}

const askedFor = new WeakMap<PlanEntry, Asked>();

/** Notes what an entry answers, for a later plan. */
export function answers(entry: PlanEntry, asked: Asked): PlanEntry {
  askedFor.set(entry, asked);
  return entry;
}

export interface Earlier {
  /** The earlier entry for an object that would be sent as it would have been then. */
  entryFor(object: DesiredObject, sent: LiveObject, owner: Owner, spec: OwnerSpec): PlanEntry | undefined;
}

/** `identity` is that of the cluster that is planned for now: an entry of another one is worth nothing. */
export function earlierOf(plan: Plan | undefined, identity: string): Earlier {
  const known = new Map<string, PlanEntry>();
  if (plan?.target.kind === 'cluster' && plan.target.identity === identity) {
    for (const group of plan.groups) {
      for (const entry of group.entries) {
        if (askedFor.has(entry)) known.set(`${keyOf(group.owner.id)} ${keyOf(entry.id)}`, entry);
      }
    }
  }
  return {
    entryFor(object, sent, owner, spec) {
      const entry = known.get(`${keyOf(owner.id)} ${keyOf(object.id)}`);
      const asked = entry === undefined ? undefined : askedFor.get(entry);
      if (entry === undefined || asked === undefined) return undefined;
      const same = asked.object === sent || canonical(asked.object) === canonical(sent);
      if (!same || !sameSpec(asked.spec, spec)) return undefined;
      const { node } = object;
      return node === asked.node ? entry : answers(moved(entry, object), { object: sent, spec, node });
    },
  };
}

function sameSpec(a: OwnerSpec, b: OwnerSpec): boolean {
  return a === b || specText(a) === specText(b);
}

/** An owner's spec is compared once for each of its objects. */
const specTexts = new WeakMap<OwnerSpec, string>();

function specText(spec: OwnerSpec): string {
  const known = specTexts.get(spec) ?? canonical(spec as unknown as Json);
  specTexts.set(spec, known);
  return known;
}

function moved(entry: PlanEntry, { node }: DesiredObject): PlanEntry {
  const changes = entry.changes.map(({ at: _old, ...change }) => {
    const at = change.after === undefined ? undefined : originOf(node, entry.after, change.path);
    return at === undefined ? change : { ...change, at };
  });
  const base: PlanEntry = { ...entry, at: node.at, changes };
  const dangers = entry.dangers?.map(({ at: _old, ...danger }) => {
    const at = originOfChange(base, danger.path);
    return at === undefined ? danger : { ...danger, at };
  });
  const out = dangers === undefined ? base : { ...base, dangers };
  const payload = payloadOf(entry);
  return payload === undefined ? out : remember(out, payload);
}
