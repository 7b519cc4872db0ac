/**
 * What a template computes with: a closed set of Go-like values that remember where they came from.
 *
 * Go's templates work on reflect values, and charts depend on the differences: a float64 from a values file prints as
 * `1e+06`, an int64 from `--set` does not, `eq` of the two is an error. So a number keeps its Go type, a container the
 * type of its elements, and there are two kinds of nothing: `missing` (reflect's invalid value, printed `<no value>`)
 * and `nil` (an `interface {}` that holds nothing).
 *
 * `from` says which lines a value was taken from; strings may say it per range (`marks`, see text.ts). Maps are mutable
 * because `set`, `unset` and `merge` change them in place and charts count on that.
 */
import type { Origin } from '../yaml/node.ts';
import type { Definition, TemplateSet } from './set.ts';
import type { Marks } from './text.ts';
import type { Journal } from './tracked.ts';

export type Origins = readonly Origin[];

/** Where a value came from: known at once, or worked out when somebody asks. */
export type From = Origins | (() => Origins);

interface Sourced {
  readonly from?: From | undefined;
  /** The methods of a named type; they win over map keys and fields, as in Go. */
  readonly methods?: ReadonlyMap<string, GoFunction>;
}

export interface NilValue extends Sourced {
  readonly kind: 'nil';
  /** Whether it stands in an `interface {}` slot (a map entry, a list item); false: no value at all. */
  readonly slot: boolean;
}

export interface BoolValue extends Sourced {
  readonly kind: 'bool';
  readonly value: boolean;
}

/** Any of Go's integer types; a bigint beyond 2^53. */
export interface IntValue extends Sourced {
  readonly kind: 'int';
  readonly value: number | bigint;
  readonly type: string;
}

export interface FloatValue extends Sourced {
  readonly kind: 'float';
  readonly value: number;
  readonly type: string;
}

export interface ComplexValue extends Sourced {
  readonly kind: 'complex';
  readonly re: number;
  readonly im: number;
}

/** Bytes that are not UTF-8 stand as lone surrogates (see go/utf8.ts). */
export interface StringValue extends Sourced {
  readonly kind: 'string';
  readonly text: string;
  /** A named string type; absent: `string`. */
  readonly type?: string;
  readonly marks?: Marks | undefined;
}

export interface BytesValue extends Sourced {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
}

export interface ListValue extends Sourced {
  readonly kind: 'list';
  readonly items: readonly Value[];
  /** The element type as Go writes it: `interface {}`, `string`, `int`, … */
  readonly elem: string;
  /** A named slice type. */
  readonly type?: string;
  /** A nil slice: prints `[]`, and `null` as JSON. */
  readonly isNil?: boolean;
}

export interface MapValue extends Sourced {
  readonly kind: 'map';
  readonly entries: Map<string, Value>;
  readonly elem: string;
  /** A named map type such as `common.Values`. */
  readonly type?: string;
  readonly isNil?: boolean;
}

/** A Go struct: its exported fields and its methods. */
export interface ObjectValue extends Sourced {
  readonly kind: 'object';
  readonly type: string;
  /** The fields in declaration order. */
  readonly fields: ReadonlyMap<string, Value>;
  /** What its String or Error method gives, where it has one: how it is printed. */
  readonly print?: () => string;
  /** How encoding/json writes it; absent: an object of its fields. */
  readonly json?: () => Value;
  /** Whatever its own functions need (a date, a version). */
  readonly data?: unknown;
  /** A pointer to the struct, as `*semver.Version` is. */
  readonly pointer?: boolean;
}

export interface FuncValue extends Sourced {
  readonly kind: 'func';
  readonly fn: GoFunction;
}

export type Value =
  | NilValue
  | BoolValue
  | IntValue
  | FloatValue
  | ComplexValue
  | StringValue
  | BytesValue
  | ListValue
  | MapValue
  | ObjectValue
  | FuncValue;

/**
 * A parameter's Go type. `any` takes everything; `value` is reflect.Value: everything too, and a missing value stays
 * missing. The others are checked before the call with Go's own words.
 */
export type ParamType =
  | 'any'
  | 'value'
  | 'string'
  | 'int'
  | 'int64'
  | 'float64'
  | 'bool'
  | 'map'
  | 'list'
  | 'strings'
  | 'object'
  | 'time.Time'
  | '*semver.Version'
  | 'sprig.certificate';

/** A function as templates call it. It throws `GoError` for what Go returns as an error or panics with. */
export interface GoFunction {
  readonly name: string;
  readonly params: readonly ParamType[];
  /** The type of the rest parameter. */
  readonly rest?: ParamType;
  /** `context` is the evaluator's; see execute.ts. */
  readonly call: (args: readonly Value[], context: CallContext) => Value | Enter;
  /** The result's own sources are right as they are; otherwise a result without any gets those of its arguments. */
  readonly keepsOrigins?: boolean;
  /** Whether `call` may give an `Enter`: such calls are made by the evaluator's own loop, never on the JS stack. */
  readonly enters?: boolean;
}

/** A call that runs a template, as `include` and `tpl` do; the evaluator runs it and hands over its output. */
export interface Enter {
  readonly kind: 'enter';
  readonly template: Definition;
  /** Where templates called from inside are looked up; absent: where the caller's are. */
  readonly set?: TemplateSet;
  readonly data: Value;
  /** The output becomes the call's value. */
  readonly done: (output: StringValue) => Value;
  /** How an error inside is told outside. */
  readonly wrapError?: (message: string) => string;
  /** Runs after `done` and after an error. */
  readonly leave?: () => void;
}

/** What a function may ask of the execution it is part of. */
export interface CallContext {
  /** Spends work: throws when the caller's budget of steps is used up. */
  step(count: number): void;
  /** Spends memory, in UTF-16 units or items made: throws when the budget is used up. */
  make(size: number): void;
  /** Milliseconds since the epoch, pinned for one plan. */
  now(): number;
  /** Random bytes, pinned for one plan. */
  random(count: number): Uint8Array;
  /** Where texts made of them are said to come from: no line has written them. */
  readonly drawn: Origins | undefined;
  /** The template set that the calling template belongs to, and the caller's own things (see execute.ts). */
  readonly set: TemplateSet;
  /** The functions that templates of this execution may call. */
  readonly functions: FunctionTable;
  /** How many calls of each named template are under way: `include` counts them. */
  readonly depths: Map<string, number>;
  /** Whatever the caller of `execute` handed in for its own functions. */
  readonly host: unknown;
  /** Where calls are kept whose dot is a tracked map; absent: each is made. */
  readonly journal: Journal | undefined;
}

/** Functions by name. Compiled templates are kept per table, so make one and share it. */
export type FunctionTable = ReadonlyMap<string, GoFunction>;

/** What a template function reports: becomes `error calling NAME: …`. */
export class GoError extends Error {}

export const missing: NilValue = { kind: 'nil', slot: false };
export const nil: NilValue = { kind: 'nil', slot: true };
export const anyType = 'interface {}';

export function bool(value: boolean, from?: From): BoolValue {
  return { kind: 'bool', value, from };
}

/** A Go `int`: what literals, `len` and loop counters are. */
export function int(value: number | bigint, from?: From): IntValue {
  return { kind: 'int', value: wrap(value), type: 'int', from };
}

export function int64(value: number | bigint, from?: From): IntValue {
  return { kind: 'int', value: wrap(value), type: 'int64', from };
}

export function float(value: number, from?: From): FloatValue {
  return { kind: 'float', value, type: 'float64', from };
}

export function string(text: string, from?: From): StringValue {
  return { kind: 'string', text, from };
}

export function bytes(value: Uint8Array, from?: From): BytesValue {
  return { kind: 'bytes', bytes: value, from };
}

/** A `[]interface {}`. */
export function list(items: readonly Value[], from?: From): ListValue {
  return { kind: 'list', items, elem: anyType, from };
}

export function strings(items: readonly (string | StringValue)[], from?: From): ListValue {
  const values = items.map((item) => (typeof item === 'string' ? string(item) : item));
  return { kind: 'list', items: values, elem: 'string', from };
}

/** A `map[string]interface {}`. */
export function map(entries: Map<string, Value> | Iterable<readonly [string, Value]>, from?: From): MapValue {
  return { kind: 'map', entries: entries instanceof Map ? entries : new Map(entries), elem: anyType, from };
}

/** A struct with these fields and methods; helm's `.Files`, `.Capabilities`, `.Chart` are such. */
export function object(
  type: string,
  fields: Iterable<readonly [string, Value]>,
  extra: Partial<Pick<ObjectValue, 'methods' | 'print' | 'json' | 'data' | 'pointer' | 'from'>> = {},
): ObjectValue {
  return { kind: 'object', type, fields: new Map(fields), ...extra };
}

/** An integer wrapped into int64 and kept as a number where that is exact. */
export function wrap(value: number | bigint): number | bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    value = BigInt(Math.trunc(value));
  }
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= -9007199254740991n && wrapped <= 9007199254740991n ? Number(wrapped) : wrapped;
}

/** The Go type of a value as `%T` prints it; `<nil>` for nothing. */
export function typeOf(value: Value): string {
  switch (value.kind) {
    case 'nil':
      return '<nil>';
    case 'bool':
      return 'bool';
    case 'int':
    case 'float':
      return value.type;
    case 'complex':
      return 'complex128';
    case 'string':
      return value.type ?? 'string';
    case 'bytes':
      return '[]uint8';
    case 'list':
      return value.type ?? `[]${value.elem}`;
    case 'map':
      return value.type ?? `map[string]${value.elem}`;
    case 'object':
      return (value.pointer === true ? '*' : '') + value.type;
    case 'func':
      return 'func()';
  }
}

/** reflect.Kind's name, as sprig's `kindOf` gives it. */
export function kindOf(value: Value): string {
  switch (value.kind) {
    case 'nil':
      return 'invalid';
    case 'int':
      return value.type === 'time.Duration' ? 'int64' : value.type.startsWith('time.') ? 'int' : value.type;
    case 'float':
      return value.type;
    case 'complex':
      return 'complex128';
    case 'bytes':
    case 'list':
      return 'slice';
    case 'object':
      return value.pointer === true ? 'ptr' : 'struct';
    default:
      return value.kind;
  }
}

/** Whether an integer value has one of Go's unsigned types. */
export function isUnsigned(value: IntValue): boolean {
  return value.type.startsWith('uint');
}

/** A map's keys in Go's byte order, which every walk over a map uses. */
export function sortedKeys(value: MapValue): string[] {
  const keys = [...value.entries.keys()];
  return keys.length < 2 ? keys : keys.sort(compareStrings);
}

/** Go's order of strings, by bytes: UTF-16 order except where surrogates meet U+E000 and above. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const high = x >= 0xd800 && y >= 0xd800;
      if (!high) return x - y;
      return (x >= 0xe000 ? x - 0x2000 : x + 0x2000) - (y >= 0xe000 ? y - 0x2000 : y + 0x2000);
    }
  }
  return a.length - b.length;
}

/** Truth as `if` sees it. */
export function isTrue(value: Value): boolean {
  switch (value.kind) {
    case 'nil':
      return false;
    case 'bool':
      return value.value;
    case 'int':
      return value.value !== 0;
    case 'float':
      return value.value !== 0;
    case 'complex':
      return value.re !== 0 || value.im !== 0;
    case 'string':
      return value.text !== '';
    case 'bytes':
      return value.bytes.length > 0;
    case 'list':
      return value.items.length > 0;
    case 'map':
      return value.entries.size > 0;
    default:
      return true;
  }
}
