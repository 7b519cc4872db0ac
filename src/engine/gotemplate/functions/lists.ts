/** Lists: sprig's slices, which never change the list they are given. */
import {
  bool,
  type CallContext,
  compareStrings,
  GoError,
  type GoFunction,
  int,
  kindOf,
  type ListValue,
  list,
  nil,
  string,
  type Value,
} from '../value.ts';
import { isEmptyValue, strslice, strval, toInt } from './cast.ts';
import { alias, fn, num } from './define.ts';
import { deepEqual } from './equal.ts';

/** The elements of a list of any type; throws sprig's sentence for anything else. */
function elements(value: Value, verb: string): readonly Value[] {
  if (value.kind === 'list') return value.items;
  if (value.kind === 'bytes')
    return [...value.bytes].map((byte) => ({ kind: 'int', value: byte, type: 'uint8' }) as const);
  // reflect.TypeOf(nil) is nil, and asking it for its kind panics.
  if (value.kind === 'nil') throw new GoError('runtime error: invalid memory address or nil pointer dereference');
  throw new GoError(`Cannot ${verb}${verb === 'chunk' ? '' : ' on'} type ${kindOf(value)}`);
}

function rebuilt(of: Value, items: readonly Value[]): ListValue {
  return list(items, of.from);
}

/** sprig's rest and initial give a nil slice for an empty list. */
const nilList: ListValue = { kind: 'list', items: [], elem: 'interface {}', isNil: true };

function chunk(size: number, value: Value, context: CallContext): Value {
  const items = elements(value, 'chunk');
  if (size <= 0) throw new GoError('runtime error: makeslice: len out of range');
  const count = Math.floor((items.length - 1) / size) + 1;
  const chunks: Value[] = [];
  for (let i = 0; i < count; i++) chunks.push(list(items.slice(i * size, (i + 1) * size)));
  context.make(items.length);
  return { kind: 'list', items: chunks, elem: '[]interface {}', from: value.from };
}

function uniq(items: readonly Value[], context: CallContext): Value[] {
  const out: Value[] = [];
  const texts = new Set<string>();
  for (const item of items) {
    if (item.kind === 'string') {
      if (texts.has(item.text)) continue;
      texts.add(item.text);
    } else {
      context.step(out.length);
      if (out.some((known) => deepEqual(item, known))) continue;
    }
    out.push(item);
  }
  return out;
}

function slice(value: Value, indices: readonly Value[]): Value {
  if (value.kind === 'nil') throw new GoError('runtime error: invalid memory address or nil pointer dereference');
  if (value.kind !== 'list' && value.kind !== 'bytes')
    throw new GoError(`list should be type of slice or array but ${kindOf(value)}`);
  const length = value.kind === 'list' ? value.items.length : value.bytes.length;
  if (length === 0) return nil;
  const start = indices.length > 0 ? toInt(indices[0]!) : 0;
  const end = indices.length < 2 ? length : toInt(indices[1]!);
  if (start < 0 || end < start || end > length) throw new GoError('reflect.Value.Slice: slice index out of bounds');
  return value.kind === 'list'
    ? { ...value, items: value.items.slice(start, end) }
    : { ...value, bytes: value.bytes.slice(start, end) };
}

/** What an item of a list costs, in characters of the same memory. */
const itemSize = 16;

function concat(lists: readonly Value[], context: CallContext): Value {
  if (lists.length === 0) return nilList;
  const items = lists.flatMap((each) => {
    if (each.kind !== 'list' && each.kind !== 'bytes') {
      if (each.kind === 'nil') return elements(each, 'concat');
      throw new GoError(`Cannot concat type ${kindOf(each)} as list`);
    }
    return elements(each, 'concat');
  });
  context.make(items.length * itemSize);
  return items.length === 0 ? nilList : list(items);
}

/** sprig writes everything twice: the second, with `must`, returns its error where the first panics with it. */
function both(name: string, signature: string, call: GoFunction['call']): GoFunction[] {
  const first = fn(name, signature, call);
  return [first, alias(`must${name[0]!.toUpperCase()}${name.slice(1)}`, first)];
}

const push = both('push', 'any any', ([value, item], context) => {
  const items = elements(value!, 'push');
  context.make(items.length);
  return rebuilt(value!, [...items, item!]);
});

export const listFunctions: readonly GoFunction[] = [
  fn('list', 'any...', (args) => (args.length === 0 ? { ...nilList, isNil: false } : list([...args]))),
  fn('tuple', 'any...', (args) => list([...args])),
  ...push,
  alias('append', push[0]!),
  alias('mustAppend', push[1]!),
  ...both('prepend', 'any any', ([value, item], context) => {
    const items = elements(value!, 'prepend');
    context.make(items.length);
    return rebuilt(value!, [item!, ...items]);
  }),
  ...both('first', 'any', ([value]) => elements(value!, 'find first')[0] ?? nil),
  ...both('last', 'any', ([value]) => elements(value!, 'find last').at(-1) ?? nil),
  ...both('rest', 'any', ([value]) => {
    const items = elements(value!, 'find rest');
    return items.length === 0 ? nilList : rebuilt(value!, items.slice(1));
  }),
  ...both('initial', 'any', ([value]) => {
    const items = elements(value!, 'find initial');
    return items.length === 0 ? nilList : rebuilt(value!, items.slice(0, -1));
  }),
  ...both('reverse', 'any', ([value]) => rebuilt(value!, [...elements(value!, 'find reverse')].reverse())),
  ...both('compact', 'any', ([value]) =>
    rebuilt(
      value!,
      elements(value!, 'compact').filter((item) => !isEmptyValue(item)),
    ),
  ),
  ...both('uniq', 'any', ([value], context) => rebuilt(value!, uniq(elements(value!, 'find uniq'), context))),
  ...both('without', 'any any...', ([value, ...omit]) =>
    rebuilt(
      value!,
      elements(value!, 'find without').filter((item) => !omit.some((each) => deepEqual(item, each))),
    ),
  ),
  ...both('has', 'any any', ([needle, haystack]) => {
    if (haystack!.kind === 'nil') return bool(false);
    return bool(elements(haystack!, 'find has').some((item) => deepEqual(needle!, item)));
  }),
  ...both('slice', 'any any...', ([value, ...indices]) => slice(value!, indices)),
  ...both('chunk', 'int any', ([size, value], context) => chunk(num(size), value!, context)),
  fn('concat', 'any...', (lists, context) => concat(lists, context)),
  fn('sortAlpha', 'any', ([value]) => {
    if (value!.kind !== 'list' && value!.kind !== 'bytes')
      return { kind: 'list', items: [strval(value!)], elem: 'string' };
    const items = strslice(value!).sort((a, b) => compareStrings(a.text, b.text));
    return { kind: 'list', items, elem: 'string' };
  }),
  fn('until', 'int', ([count], context) => steps(0, num(count), num(count) < 0 ? -1 : 1, context)),
  fn('untilStep', 'int int int', ([start, stop, step], context) => steps(num(start), num(stop), num(step), context)),
  fn('seq', 'int...', (args, context) => string(sequence(args.map(num), context))),
];

function steps(start: number, stop: number, step: number, context: CallContext): ListValue {
  const items: Value[] = [];
  const wanted = step === 0 ? 0 : Math.max(0, Math.ceil((stop - start) / step));
  const runs = stop < start ? step < 0 : step > 0;
  if (runs) {
    context.make(wanted);
    for (let i = start; step > 0 ? i < stop : i > stop; i += step) items.push(int(i));
  }
  return { kind: 'list', items, elem: 'int' };
}

function sequence(params: readonly number[], context: CallContext): string {
  const printed = (start: number, end: number, step: number): string =>
    steps(start, end, step, context)
      .items.map((item) => (item.kind === 'int' ? String(item.value) : ''))
      .join(' ');
  const [a = 0, b = 0, c = 0] = params;
  switch (params.length) {
    case 1: {
      const step = a < 1 ? -1 : 1;
      return printed(1, a + step, step);
    }
    case 2: {
      const step = b < a ? -1 : 1;
      return printed(a, b + step, step);
    }
    case 3: {
      const increment = c < a ? -1 : 1;
      return increment < 0 && b > 0 ? '' : printed(a, c + increment, b);
    }
    default:
      return '';
  }
}
