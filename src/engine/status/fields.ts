/** Reading fields of live objects, which are plain JSON of unknown shape: a wrong shape reads as an absent field. */
import type { Json } from '../yaml/resolve.ts';

export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of keys; undefined where a step is missing or no mapping. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const key of path) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}

export function stringAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** An integer field, or `otherwise`; a fraction or a string is not an integer, as in Go's typed access. */
export function intAt(value: Json | undefined, path: readonly string[], otherwise: number): number {
  const found = at(value, ...path);
  if (typeof found === 'bigint') return Number(found);
  return typeof found === 'number' && Number.isInteger(found) ? found : otherwise;
}

export function listAt(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** String-valued entries of a mapping such as labels or annotations. */
export function stringsAt(value: Json | undefined, ...path: readonly string[]): Readonly<Record<string, string>> {
  const out: Record<string, string> = Object.create(null);
  const found = at(value, ...path);
  if (isObject(found)) for (const [key, item] of Object.entries(found)) if (typeof item === 'string') out[key] = item;
  return out;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export function conditionsOf(object: Json): readonly Condition[] {
  return listAt(object, 'status', 'conditions').map((item) => {
    const base = {
      type: stringAt(item, 'type'),
      status: stringAt(item, 'status'),
      reason: stringAt(item, 'reason'),
      message: stringAt(item, 'message'),
    };
    const observed = intAt(item, ['observedGeneration'], -1);
    return observed < 0 ? base : { ...base, observedGeneration: observed };
  });
}

export function groupOf(object: Json): string {
  const apiVersion = stringAt(object, 'apiVersion');
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
