/**
 * Helm's `lookup`: what a chart reads of the cluster while it renders. A render is done in one go and a cluster takes its
 * time, so the answers are read before; the caller renders again when there is more.
 */
import {
  bool,
  type CallContext,
  float,
  GoError,
  type Value as GoValue,
  int64,
  type LookupHost,
  list,
  type MapValue,
  map,
  nil,
  type Origins,
  string,
} from '../gotemplate/index.ts';
import type { LiveObject } from '../ports.ts';
import type { Origin } from '../yaml/node.ts';
import type { Json } from '../yaml/resolve.ts';

/** As the chart asks: an empty name for all, an empty namespace for every one. */
export interface LookupQuery {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export type LookupAnswer =
  /** The object, or for an empty name the list, as the API server sent it. */
  | { readonly found: LiveObject }
  /** Nothing of that name, or not read yet. */
  | { readonly missing: 'absent' | 'pending' }
  /** What Helm would fail with. */
  | { readonly error: string };

/** The answer to a question; undefined where there is no cluster. */
export type Lookup = (query: LookupQuery) => LookupAnswer | undefined;

/** What `execute` is handed in as `host`. Each answer is a fresh value: charts change what they get in place. */
export function lookupHost(lookup: Lookup): LookupHost {
  return {
    lookup(apiVersion, kind, namespace, name, context) {
      const answer = lookup({ apiVersion, kind, namespace, name });
      if (answer === undefined || 'missing' in answer) return undefined;
      if ('error' in answer) throw new GoError(answer.error);
      return liveValue(answer.found, context);
    },
  };
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Where a value of a live object is from: no file has it, so the name says whose it is. */
export function livePlace(object: LiveObject, section = ''): string {
  const { namespace, name } = (object.metadata ?? {}) as { readonly namespace?: string; readonly name?: string };
  const title = `cluster ${String(object.kind)} ${namespace === undefined ? '' : `${namespace}/`}${name ?? ''}`;
  return section === '' ? title : `${title} ${section}`;
}

/** What dice drew that nobody can foresee: mostly passwords. */
export const drawnPlace: Origin = { file: 'drawn at random', start: 0, end: 0 };

/** Whether a place is inside the data of a Secret of the cluster, or what was drawn may become one. */
export function isSecretPlace({ file }: Origin): boolean {
  return file === drawnPlace.file || /^cluster Secret \S+ ./.test(file);
}

type Fields = { readonly [key: string]: Json };

function liveValue(object: LiveObject, context: CallContext): GoValue {
  const { items, ...about } = object;
  if (!Array.isArray(items)) return objectValue(object, context);
  const all = list((items as readonly LiveObject[]).map((item) => objectValue(item, context)));
  return map([...mapValue(about, () => [], context).entries, ['items', all] as const]);
}

/** Each entry of the data says whose it is and its key, as the values of `valuesFrom` do. */
function objectValue(object: LiveObject, context: CallContext): GoValue {
  const at = (section?: string): Origins => [{ file: livePlace(object, section), start: 0, end: 0 }];
  const whole = at();
  const sections = Object.entries(object).map(([key, value]) => {
    const entry = (inner: string) => (key === 'metadata' ? whole : at(inner));
    return [key, isFields(value) ? mapValue(value, entry, context) : jsonValue(value, whole, context)] as const;
  });
  const value = map(sections, whole);
  // kubectl's annotation holds the data once more.
  const annotations = child(child(value, 'metadata'), 'annotations');
  const applied = child(annotations, lastApplied);
  if (annotations?.kind === 'map' && applied !== undefined)
    annotations.entries.set(lastApplied, { ...applied, from: at(lastApplied) });
  return value;
}

function child(value: GoValue | undefined, key: string): GoValue | undefined {
  return value?.kind === 'map' ? value.entries.get(key) : undefined;
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValue(fields: Fields, at: (key: string) => Origins, context: CallContext): MapValue {
  context.make(1);
  return map(Object.entries(fields).map(([key, value]) => [key, jsonValue(value, at(key), context)] as const));
}

/** As client-go reads JSON: whole numbers are int64, all others float64. */
function jsonValue(value: Json, from: Origins, context: CallContext): GoValue {
  context.make(typeof value === 'string' ? value.length : 1);
  if (value === null) return { ...nil, from };
  if (typeof value === 'boolean') return bool(value, from);
  if (typeof value === 'string') return string(value, from);
  if (typeof value === 'bigint') return int64(value, from);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? int64(value, from) : float(value, from);
  if (isFields(value)) return { ...mapValue(value, () => from, context), from };
  return list(
    value.map((item) => jsonValue(item, from, context)),
    from,
  );
}
