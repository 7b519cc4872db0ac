/** Dictionaries: sprig's maps; set, unset and merge change the map they are given, as in Go. */
import {
  bool,
  type CallContext,
  compareStrings,
  GoError,
  type GoFunction,
  list,
  type MapValue,
  map,
  string,
  typeOf,
  type Value,
} from '../value.ts';
import { isEmptyValue, strval } from './cast.ts';
import { alias, fn, text } from './define.ts';

/** The map of an argument. Go hands a map of a named type (Helm's values) over under its plain type. */
function dict(value: Value | undefined): MapValue {
  if (value?.kind !== 'map') throw new GoError('expected a map');
  return value.type === undefined ? value : map(value.entries, value.from);
}

function made(args: readonly Value[]): MapValue {
  const entries = new Map<string, Value>();
  for (let i = 0; i < args.length; i += 2) entries.set(strval(args[i]!).text, args[i + 1] ?? string(''));
  return map(entries);
}

function set(target: MapValue, key: string, value: Value): MapValue {
  if (target.isNil === true) throw new GoError('assignment to entry in nil map');
  target.entries.set(key, value);
  return target;
}

/** Mergo's merge of maps: nil in `source` is left out, an empty value in `target` counts as absent. */
function merge(target: MapValue, source: MapValue, context: CallContext): void {
  for (const key of [...source.entries.keys()].sort(compareStrings)) {
    const value = source.entries.get(key)!;
    context.step(1);
    if (value.kind === 'nil') continue;
    const known = target.entries.get(key);
    if (value.kind === 'map' && known?.kind === 'map') merge(known, value, context);
    const after = target.entries.get(key);
    if (after === undefined || isEmptyValue(after)) target.entries.set(key, value);
  }
}

/** Mergo's merge with overwriting: whatever is in `source` wins, nil and empty values too; maps are merged. */
function mergeOver(target: MapValue, source: MapValue, context: CallContext): void {
  for (const [key, value] of source.entries) {
    context.step(1);
    const known = target.entries.get(key);
    if (value.kind !== 'map' || known?.kind !== 'map') target.entries.set(key, value);
    else {
      mergeOver(known, value, context);
      if (known.entries.size === 0) target.entries.set(key, value);
    }
  }
}

type Merge = (target: MapValue, source: MapValue, context: CallContext) => void;

function mergeAll(args: readonly Value[], context: CallContext, how: Merge): Value {
  const first = dict(args[0]);
  const sources = args.slice(1).map(dict);
  // A nil map stays one until there is something to merge into it.
  if (first.isNil === true && sources.every((source) => source.isNil === true)) return first;
  const target = first.isNil === true ? map(new Map()) : first;
  for (const source of sources) how(target, source, context);
  return target;
}

/** What copying one part of a value costs, in steps. */
const copySteps = 8;

/** A copy that shares no map and no list. */
export function deepCopy(value: Value, context: CallContext): Value {
  context.step(copySteps);
  if (value.kind === 'list') return { ...value, items: value.items.map((item) => deepCopy(item, context)) };
  if (value.kind !== 'map') return value;
  const entries = new Map<string, Value>();
  for (const [key, item] of value.entries) entries.set(key, deepCopy(item, context));
  return { ...value, entries };
}

function topCopy(value: Value, context: CallContext): Value {
  if (value.kind === 'nil') throw new GoError('reflect: call of reflect.Value.Type on zero Value');
  return deepCopy(value, context);
}

function dig(args: readonly Value[]): Value {
  if (args.length < 3) throw new GoError('dig needs at least three arguments');
  const keys = args.slice(0, -2);
  let at = args.at(-1)!;
  for (const [i, key] of keys.entries()) {
    if (at.kind !== 'map' || at.type !== undefined || at.elem !== 'interface {}')
      throw new GoError(conversion(at, 'map[string]interface {}'));
    if (key.kind !== 'string') throw new GoError(conversion(key, 'string'));
    const next = at.entries.get(key.text);
    if (next === undefined) return args.at(-2)!;
    if (i === keys.length - 1) return next;
    at = next;
  }
  return at;
}

function conversion(value: Value, wanted: string): string {
  return `interface conversion: interface {} is ${value.kind === 'nil' ? 'nil' : typeOf(value)}, not ${wanted}`;
}

/** The keys in sorted order: Go's own order is random, and no plan may depend on it. */
function keys(args: readonly Value[]): Value {
  const found = args.flatMap((arg) => [...dict(arg).entries.keys()].sort(compareStrings));
  return { kind: 'list', items: found.map((key) => string(key)), elem: 'string' };
}

function only(source: MapValue, keep: (key: string) => boolean): MapValue {
  return map(
    [...source.entries].filter(([key]) => keep(key)),
    source.from,
  );
}

const mergeFunction = fn('merge', 'map map...', (args, context) => mergeAll(args, context, merge));
const overwriteFunction = fn('mergeOverwrite', 'map map...', (args, context) => mergeAll(args, context, mergeOver));
const copyFunction = fn('deepCopy', 'any', ([value], context) => topCopy(value!, context), { keepsOrigins: true });

export const dictFunctions: readonly GoFunction[] = [
  fn('dict', 'any...', (args) => made(args)),
  fn('get', 'map string', ([d, key]) => dict(d).entries.get(text(key)) ?? string('')),
  fn('set', 'map string any', ([d, key, value]) => set(dict(d), text(key), value!)),
  fn('unset', 'map string', ([d, key]) => {
    const target = dict(d);
    target.entries.delete(text(key));
    return target;
  }),
  fn('hasKey', 'map string', ([d, key]) => bool(dict(d).entries.has(text(key)))),
  fn('pluck', 'string map...', ([key, ...dicts]) =>
    list(
      dicts.flatMap((d) => {
        const value = dict(d).entries.get(text(key));
        return value === undefined ? [] : [value];
      }),
    ),
  ),
  fn('keys', 'map...', (args) => keys(args)),
  fn('pick', 'map string...', ([d, ...names]) => {
    const wanted = new Set(names.map(text));
    return only(dict(d), (key) => wanted.has(key));
  }),
  fn('omit', 'map string...', ([d, ...names]) => {
    const unwanted = new Set(names.map(text));
    return only(dict(d), (key) => !unwanted.has(key));
  }),
  fn('values', 'map', ([d]) =>
    list([...dict(d).entries].sort(([a], [b]) => compareStrings(a, b)).map(([, value]) => value)),
  ),
  mergeFunction,
  alias('mustMerge', mergeFunction),
  overwriteFunction,
  alias('mustMergeOverwrite', overwriteFunction),
  copyFunction,
  alias('mustDeepCopy', copyFunction),
  fn('dig', 'any...', (args) => dig(args)),
];
