/**
 * The fields in which two versions of an object differ.
 *
 * Items of a list that has a merge key are matched by it, so that another order is no change of fields; it is told
 * apart as `reordered`. The keys come from managed fields where the server answered (`k:{"name":…}`), else from the
 * items themselves. Lists without keys are compared item by item when they are as long as before, else as a whole.
 */
import { isObject } from '../status/fields.ts';
import { canonical } from '../yaml/canonical.ts';
import type { Json } from '../yaml/resolve.ts';

export type Path = readonly (string | number)[];

export interface RawChange {
  readonly path: Path;
  readonly before?: Json;
  readonly after?: Json;
}

export interface Comparison {
  readonly changes: readonly RawChange[];
  readonly reordered: readonly Path[];
}

/** Names the merge keys of the list at a path (indexes left out of the path), where they are known. */
export type KeysAt = (path: readonly string[]) => readonly string[] | undefined;

export function compare(before: Json, after: Json, keysAt: KeysAt = () => undefined): Comparison {
  const changes: RawChange[] = [];
  const reordered: Path[] = [];
  walk([], before, after);
  return { changes, reordered };

  function walk(path: Path, a: Json | undefined, b: Json | undefined): void {
    if (a === undefined || b === undefined) {
      changes.push({ path, ...(a === undefined ? {} : { before: a }), ...(b === undefined ? {} : { after: b }) });
    } else if (isObject(a) && isObject(b)) {
      for (const key of union(Object.keys(a), Object.keys(b))) {
        const [x, y] = [a[key], b[key]];
        if (x !== undefined || y !== undefined) walk([...path, key], x, y);
      }
    } else if (Array.isArray(a) && Array.isArray(b)) list(path, a, b);
    else if (!same(a, b)) changes.push({ path, before: a, after: b });
  }

  function list(path: Path, a: readonly Json[], b: readonly Json[]): void {
    if (canonical(a) === canonical(b)) return;
    const keys = keysAt(path.filter((step) => typeof step === 'string')) ?? guessKeys(path, a, b);
    if (keys === undefined) {
      unkeyed(path, a, b);
      return;
    }
    const [was, is] = [a.map((item) => keyText(item, keys)), b.map((item) => keyText(item, keys))];
    if (!distinct(was) || !distinct(is)) {
      unkeyed(path, a, b);
      return;
    }
    for (const [index, item] of a.entries()) if (!is.includes(was[index])) walk([...path, index], item, undefined);
    for (const [index, item] of b.entries()) walk([...path, index], a[was.indexOf(is[index])], item);
    const kept = was.filter((key) => is.includes(key));
    if (kept.join('\n') !== is.filter((key) => was.includes(key)).join('\n')) reordered.push(path);
  }

  function unkeyed(path: Path, a: readonly Json[], b: readonly Json[]): void {
    if (a.length !== b.length) changes.push({ path, before: a, after: b });
    else for (const [index, item] of a.entries()) walk([...path, index], item, b[index]);
  }
}

export function same(a: Json, b: Json): boolean {
  return a === b || canonical(a) === canonical(b);
}

/** The text of an item's merge key; `[]` as keys means a set, whose items are their own keys. */
export function keyText(item: Json, keys: readonly string[]): string | undefined {
  if (keys.length === 0) return canonical(item);
  if (!isObject(item) || item[keys[0]!] === undefined) return undefined;
  return keys.map((key) => (item[key] === undefined ? '' : canonical(item[key]!))).join('/');
}

/** Merge keys of Kubernetes' own lists, for when no server says: the first that tells all items apart is taken. */
const usual: readonly (readonly string[])[] = [
  ['name'],
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['mountPath'],
  ['devicePath'],
  ['key'],
  ['type'],
  ['topologyKey', 'whenUnsatisfiable'],
  ['ip'],
  ['id'],
];
/** Lists whose items look keyed but whose order means something. */
const ordered = new Set(['rules', 'command', 'args', 'initContainers', 'tolerations']);

function guessKeys(path: Path, a: readonly Json[], b: readonly Json[]): readonly string[] | undefined {
  if (ordered.has(String(path.at(-1)))) return undefined;
  const all = [...a, ...b];
  if (all.length === 0 || !all.every(isObject)) return undefined;
  return usual.find((keys) =>
    [a, b].every((items) => distinct(items.map((item) => keyText(item, keys))) && items.every((i) => keyText(i, keys))),
  );
}

function distinct(keys: readonly (string | undefined)[]): boolean {
  return keys.every((key) => key !== undefined) && new Set(keys).size === keys.length;
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}

/** A path as people write it: `spec.template.spec.containers[0].image`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (/^[A-Za-z_][\w-]*$/.test(step)) return index === 0 ? step : `.${step}`;
      return `[${JSON.stringify(step)}]`;
    })
    .join('');
}
