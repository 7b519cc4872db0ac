/** The values that a plan masks, for a person who asked to see one entry's. Made from what is asked anew, kept nowhere. */
import { hidden as maskText } from '../objects/hide.ts';
import type { Cluster } from '../ports.ts';
import { isObject, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import { type Path, pathText } from './changes.ts';
import { shownOf } from './outcome.ts';
import { payloadOf } from './payload.ts';
import type { PlanEntry } from './plan.ts';
import { decodeBase64 } from './text.ts';

export interface RevealedValue {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

/** A side as it is shown, and as it is. */
export interface MaskedSide {
  readonly shown: Json | undefined;
  readonly plain: Json | undefined;
}

/** Every field that one of the sides masks, with what is there: data of a Secret decoded where it is text. */
export function revealed(before: MaskedSide, after: MaskedSide): readonly RevealedValue[] {
  const values = new Map<string, { before?: string; after?: string }>();
  for (const [name, side] of [
    ['before', before],
    ['after', after],
  ] as const) {
    const secret = stringAt(side.plain, 'kind') === 'Secret';
    for (const { path, value } of hidden(side.shown, side.plain, [])) {
      const text = secret && path[0] === 'data' ? (decodeBase64(value) ?? value) : value;
      const key = pathText(path);
      values.set(key, { ...values.get(key), [name]: text });
    }
  }
  return [...values].map(([path, sides]) => ({ path, ...sides }));
}

interface Hidden {
  readonly path: Path;
  readonly value: string;
}

function hidden(shown: Json | undefined, plain: Json | undefined, path: Path): readonly Hidden[] {
  if (shown === undefined || plain === undefined) return [];
  if (Array.isArray(shown)) {
    const items = Array.isArray(plain) ? plain : [];
    return shown.flatMap((item, index) => hidden(item, items[index], [...path, index]));
  }
  if (isObject(shown)) {
    if (!isObject(plain)) return [];
    // A key may be masked too, and then it is found by its place.
    const names = Object.keys(plain);
    return Object.entries(shown).flatMap(([key, item], index) => {
      const name = key in plain ? key : (names[index] ?? key);
      return hidden(item, plain[name], [...path, name]);
    });
  }
  if (typeof shown !== 'string' || !shown.includes(maskText) || shown === plain) return [];
  return [{ path, value: typeof plain === 'object' ? '' : String(plain) }];
}

/** Of an entry against a cluster: asks again what is there and what would be. */
export async function revealLive(
  cluster: Cluster,
  entry: PlanEntry,
  signal?: AbortSignal,
): Promise<readonly RevealedValue[]> {
  const { group, version, kind, namespace, name } = entry.id;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const [live, would] = await Promise.all([
    entry.before === undefined ? undefined : cluster.get({ apiVersion, kind, namespace, name }, signal),
    wouldBe(cluster, entry, signal),
  ]);
  const before = live?.ok === true ? shownOf(live.value) : undefined;
  return revealed({ shown: entry.before, plain: before }, { shown: entry.after, plain: would });
}

async function wouldBe(cluster: Cluster, entry: PlanEntry, signal?: AbortSignal): Promise<Json | undefined> {
  const payload = payloadOf(entry);
  if (payload === undefined || entry.after === undefined) return undefined;
  const options = { manager: payload.manager, force: true, dryRun: true };
  const answer = await cluster.apply(payload.object, options, signal);
  return shownOf(answer.ok ? answer.value : payload.object);
}
