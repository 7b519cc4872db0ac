/**
 * Flux's typed round trip (`normalize` of fluxcd/pkg/ssa): a built-in kind goes through its Go struct and back before it
 * is applied. What the struct does not have is lost, empty values whose field says `omitempty` are too, and fields that
 * say nothing come out with their zero. An object that does not fit its struct is applied as it is. Here the struct is a
 * table (`data/go-types.json`); quantities keep their spelling, as the server writes them in its own in any case.
 */
import type { GoTypes, LiveObject } from '../ports.ts';
import { isObject, stringAt } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import type { Path } from './changes.ts';
import { quantity } from './dangers/quantity.ts';

export interface RoundTrip {
  readonly object: LiveObject;
  /** What the kind does not have. */
  readonly leftOut: readonly Path[];
}

/** undefined for an object that does not fit its struct; a kind that has none comes back as it is. */
export function roundTrip(object: LiveObject, { kinds, types }: GoTypes): RoundTrip | undefined {
  const kind = kinds[`${stringAt(object, 'apiVersion')}/${stringAt(object, 'kind')}`];
  if (kind === undefined) return { object, leftOut: [] };
  const leftOut: Path[] = [];
  const back = through(kind, object, { types, path: [], leftOut });
  return back === undefined ? undefined : { object: back.value as LiveObject, leftOut };
}

interface Trip {
  readonly types: GoTypes['types'];
  readonly path: Path;
  readonly leftOut: Path[];
}

/** A value on its way back. */
interface Back {
  readonly value: Json;
  /** What `omitempty` leaves out: Go never counts a struct as empty. */
  readonly empty: boolean;
  /** What `omitzero` leaves out. */
  readonly zero: boolean;
}

/** undefined: the value is of another type. */
function through(type: string, value: Json | undefined, trip: Trip): Back | undefined {
  const given = value === null ? undefined : value;
  if (type.startsWith('*')) return pointer(type.slice(1), given, trip);
  if (type.startsWith('map[]')) return map(type.slice(5), given, trip);
  const simple = scalars[type];
  if (simple !== undefined) return simple(given);
  if (type.startsWith('[]')) return list(type.slice(2), given, trip);
  return struct(type, given, trip);
}

const nothing: Back = { value: null, empty: true, zero: true };

function pointer(type: string, given: Json | undefined, trip: Trip): Back | undefined {
  if (given === undefined) return nothing;
  const inside = through(type, given, trip);
  return inside === undefined ? undefined : { value: inside.value, empty: false, zero: false };
}

function map(type: string, given: Json | undefined, trip: Trip): Back | undefined {
  if (given === undefined) return nothing;
  if (!isObject(given)) return undefined;
  const out: [string, Json][] = [];
  for (const [key, value] of Object.entries(given)) {
    const inside = through(type, value, inner(trip, key, value));
    if (inside === undefined) return undefined;
    out.push([key, inside.value]);
  }
  return { value: Object.fromEntries(out), empty: out.length === 0, zero: false };
}

function list(type: string, given: Json | undefined, trip: Trip): Back | undefined {
  if (given === undefined) return nothing;
  if (!Array.isArray(given)) return undefined;
  const out: Json[] = [];
  for (const [index, value] of given.entries()) {
    const inside = through(type, value, inner(trip, index, value));
    if (inside === undefined) return undefined;
    out.push(inside.value);
  }
  return { value: out, empty: out.length === 0, zero: false };
}

function struct(type: string, given: Json | undefined, trip: Trip): Back | undefined {
  const fields = fieldsOf(trip.types, type);
  if (given !== undefined && !isObject(given)) return undefined;
  const out: Record<string, Json> = {};
  for (const field of fields.values()) {
    const value = given === undefined ? undefined : own(given, field.name);
    if (value === undefined && field.absent === 'left out') continue;
    const inside = through(field.type, value, inner(trip, field.name, value));
    if (inside === undefined) return undefined;
    if (!(field.omitEmpty && inside.empty) && !(field.omitZero && inside.zero)) out[field.name] = inside.value;
  }
  for (const name of Object.keys(given ?? {})) {
    if (!fields.has(name)) trip.leftOut.push([...trip.path, name]);
  }
  return { value: out, empty: false, zero: given === undefined };
}

/** Below nothing, nothing is left out, so that the path does not matter. */
function inner(trip: Trip, step: string | number, value: Json | undefined): Trip {
  return value === undefined || typeof value !== 'object' ? trip : { ...trip, path: [...trip.path, step] };
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  /** What comes of the field when the object does not have it. */
  readonly absent: 'left out' | 'its zero';
}

const structs = new WeakMap<GoTypes['types'], Map<string, ReadonlyMap<string, Field>>>();

/** The fields of a struct, their types taken apart once. */
function fieldsOf(types: GoTypes['types'], struct: string): ReadonlyMap<string, Field> {
  const known = structs.get(types) ?? new Map<string, ReadonlyMap<string, Field>>();
  structs.set(types, known);
  const fields = known.get(struct) ?? new Map(Object.entries(types[struct]!).map(fieldOf));
  known.set(struct, fields);
  return fields;
}

function fieldOf([name, spec]: readonly [string, string]): readonly [string, Field] {
  const type = spec.replace(/[?~]+$/, '');
  const [omitEmpty, omitZero] = [spec.includes('?'), spec.includes('~')];
  const hasEmpty = /^[*[]|^map\[\]|^(string|bool|int32|int64)$/.test(type);
  const absent = omitZero || (omitEmpty && hasEmpty) ? 'left out' : 'its zero';
  return [name, { name, type, omitEmpty, omitZero, absent }];
}

function own(object: { readonly [key: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

type Scalar = (given: Json | undefined) => Back | undefined;

/** A value that Go's `omitempty` leaves out when it is the zero of its type. */
function plain(value: Json, isZero: boolean): Back {
  return { value, empty: isZero, zero: isZero };
}

const scalars: Readonly<Record<string, Scalar>> = {
  string: (given = '') => (typeof given === 'string' ? plain(given, given === '') : undefined),
  bool: (given = false) => (typeof given === 'boolean' ? plain(given, !given) : undefined),
  int32: (given = 0) => integer(given, 32),
  int64: (given = 0) => integer(given, 64),
  '[]byte': (given) => {
    if (given === undefined) return nothing;
    return typeof given === 'string' && isBase64(given) ? plain(given, given === '') : undefined;
  },
  any: (given) => ({ value: given ?? null, empty: false, zero: given === undefined }),
  Quantity: (given = '0') => {
    const text = typeof given === 'string' ? given.trim() : typeof given === 'number' ? String(given) : '';
    return quantity(text) === undefined ? undefined : { value: text, empty: false, zero: false };
  },
  IntOrString: (given = 0) => {
    if (typeof given === 'string') return { value: given, empty: false, zero: false };
    const number = integer(given, 32);
    return number === undefined ? undefined : { ...number, empty: false };
  },
  Time: (given) => time(given, (text) => text.replace(/\.\d+/, '')),
  MicroTime: (given) =>
    time(given, (text) => text.replace(/\.(\d+)/, (_, digits: string) => `.${digits.padEnd(6, '0')}`)),
};

/** A number that is too large for its type wraps around, as Go converts it. */
function integer(given: Json, bits: number): Back | undefined {
  if (typeof given === 'bigint') return plain(BigInt.asIntN(bits, given), false);
  if (typeof given !== 'number' || !Number.isInteger(given)) return undefined;
  const value = bits === 32 ? given | 0 : given;
  return plain(value, value === 0);
}

function isBase64(text: string): boolean {
  const code = text.replace(/[\r\n]/g, '');
  return code.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(code);
}

/** Times keep their spelling but for the digits of a second, which the two types write differently. */
function time(given: Json | undefined, written: (text: string) => string): Back | undefined {
  if (given === undefined) return { ...nothing, empty: false };
  const valid = typeof given === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(given);
  return valid ? { value: written(given), empty: false, zero: false } : undefined;
}
