/**
 * Scalars to values, as Go's two YAML libraries read them.
 *
 * kustomize reads with yaml.v3 (`kyaml`), Helm, kubectl and Flux's apply with yaml.v2 (`sigs`). They agree on numbers
 * (0777, 0b101 and 1_000 are numbers in both) and differ on the words of YAML 1.1 (`yes`, `on`, `n`: strings for kyaml,
 * booleans for sigs), on `-0o7`, and on dates: kyaml turns 2020-01-01 into a full timestamp, sigs keeps the text.
 * The golden table in test/engine/yaml/golden comes from those libraries themselves.
 */
import { decodeBinary } from './binary.ts';
import type { Entry, Mapping, Node, Origin, Scalar } from './node.ts';
import { timestamp } from './timestamp.ts';

/** `kyaml` reads as kustomize does, `sigs` as sigs.k8s.io/yaml does (Helm values, kubectl, Flux apply). */
export type Dialect = 'kyaml' | 'sigs';

/** JSON as Go's decoders see it: integers beyond 2^53 are bigint, a float is a number whatever its text was. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };

export type ScalarValue = null | boolean | number | bigint | string;

/** The value of a scalar. An explicit tag that its text does not fit is ignored: Go refuses to decode it. */
export function resolve(scalar: Scalar, dialect: Dialect): ScalarValue {
  const { tag, text } = scalar;
  if (tag === undefined) return scalar.style === 'plain' ? resolvePlain(text, dialect) : text;
  switch (shortTag(tag)) {
    case '!!str':
      return text;
    case '!!binary':
      return decodeBinary(text) ?? text;
    case '!!null':
    case '!!bool':
    case '!!int':
    case '!!float':
    case '!!timestamp':
      return resolvePlain(text, dialect);
    case '!':
      // "Not specific": yaml.v2 takes it for a string, yaml.v3 ignores it.
      return dialect === 'kyaml' && scalar.style === 'plain' ? resolvePlain(text, dialect) : text;
    default:
      return text;
  }
}

/** The value of an untagged plain scalar with this text. */
export function resolvePlain(text: string, dialect: Dialect): ScalarValue {
  // Almost every scalar of a manifest is a word: its first letter tells.
  switch (classOf(text.charCodeAt(0))) {
    case word:
      return text;
    case maybeWord: {
      const known = (dialect === 'sigs' ? sigsWords : kyamlWords).get(text);
      return known === undefined ? text : known;
    }
    case dot:
      return dotWords.get(text) ?? dotNumber(text) ?? text;
    default:
      return dotWords.get(text) ?? signedNumber(text, dialect) ?? text;
  }
}

/** Whether a plain scalar with this text would be read as a string. */
export function isPlainString(text: string, dialect: Dialect): boolean {
  if (text.charCodeAt(0) >= 0x30 && text.charCodeAt(0) <= 0x39 && timestamp(text) !== undefined) return false;
  return typeof resolvePlain(text, dialect) === 'string';
}

/** The key of an entry as the string that JSON holds: `on: x` is the key "true" for sigs and "on" for kyaml. */
export function keyText(key: Scalar, dialect: Dialect): string {
  if (dialect === 'kyaml' || key.tag === '!!str' || (key.style !== 'plain' && key.tag === undefined)) return key.text;
  const value = resolve(key, dialect);
  if (typeof value === 'number') return String(Object.is(value, -0) ? 0 : value);
  return value === null ? key.text : String(value);
}

/** The whole tree as plain JSON values (null-prototype objects, so that no key is special). Merge keys are expanded. */
export function toJson(node: Node, dialect: Dialect): Json {
  if (node.kind === 'scalar') return resolve(node, dialect);
  if (node.kind === 'sequence') return node.items.map((item) => toJson(item, dialect));
  const out: Record<string, Json> = Object.create(null);
  for (const { key, value } of node.entries) out[keyText(key, dialect)] = toJson(value, dialect);
  return out;
}

/** Plain JSON values as a tree whose every node has the origin `at`. */
export function fromJson(value: Json, at: Origin): Node {
  if (typeof value === 'string') return { kind: 'scalar', text: value, style: 'plain', tag: '!!str', at };
  if (value === null) return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at };
  if (typeof value !== 'object') return { kind: 'scalar', text: numberText(value), style: 'plain', at };
  if (Array.isArray(value)) return { kind: 'sequence', items: value.map((item) => fromJson(item, at)), at };
  const entries: Entry[] = Object.entries(value as { [key: string]: Json }).map(([key, item]) => ({
    key: { kind: 'scalar', text: key, style: 'plain', tag: '!!str', at },
    value: fromJson(item, at),
  }));
  return { kind: 'mapping', entries, at } satisfies Mapping;
}

/** `tag:yaml.org,2002:int` as `!!int`. */
export function shortTag(tag: string): string {
  return tag.startsWith(longPrefix) ? `!!${tag.slice(longPrefix.length)}` : tag;
}

function numberText(value: boolean | number | bigint): string {
  if (value === Number.POSITIVE_INFINITY) return '.inf';
  if (value === Number.NEGATIVE_INFINITY) return '-.inf';
  return Number.isNaN(value) ? '.nan' : String(value);
}

const longPrefix = 'tag:yaml.org,2002:';

const word = 0;
const maybeWord = 1;
const dot = 2;
const sign = 3;

/** What a first letter promises: a plain word, perhaps one of the known words, a number. */
const classes: Uint8Array = (() => {
  const table = new Uint8Array(128);
  for (const letter of 'yYnNtTfFoO~') table[letter.charCodeAt(0)] = maybeWord;
  for (const letter of '+-0123456789') table[letter.charCodeAt(0)] = sign;
  table['.'.charCodeAt(0)] = dot;
  return table;
})();

/** The empty text (NaN) is a known word: null. */
function classOf(first: number): number {
  return Number.isNaN(first) ? maybeWord : (classes[first] ?? word);
}

const kyamlWords: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
]);

const sigsWords: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...kyamlWords,
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((text) => [text, false] as const),
]);

/** JSON knows no infinity: Go refuses to write these, so what happens to them is the printer's caller's to say. */
const dotWords: ReadonlyMap<string, number> = new Map([
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, Number.NEGATIVE_INFINITY] as const),
]);

/** `.5`: Go hands what starts with a dot to its float parser, which allows single underscores between digits. */
function dotNumber(text: string): number | undefined {
  const isNumber = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/.test(text);
  return isNumber ? finite(text.replaceAll('_', '')) : undefined;
}

function signedNumber(text: string, dialect: Dialect): ScalarValue | undefined {
  // Short decimal integers: nearly all numbers of a manifest.
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  const date = timestamp(text);
  if (date !== undefined) return dialect === 'kyaml' ? date : text;
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  return (
    integer(plain, dialect) ??
    (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain) ? finite(plain) : undefined)
  );
}

/** Go's integers with a prefix for the base: decimal, 0x, 0b, 0o and the old octal 0777, within 64 bits. */
function integer(text: string, dialect: Dialect): number | bigint | undefined {
  const match = /^([-+]?)(?:(0[xX][0-9a-fA-F]+)|(0[bB][01]+)|0[oO]([0-7]+)|(0)([0-7]*)|([1-9][0-9]*))$/.exec(text);
  if (match === null) return prefixed(text, dialect);
  const [, signText, hex, binary, octal, zero, oldOctal, decimal] = match;
  const digits = hex ?? binary ?? decimal;
  const magnitude =
    digits !== undefined ? BigInt(digits) : BigInt(`0o${octal ?? (zero === '0' && oldOctal ? oldOctal : '0')}`);
  // A sign makes it a signed integer; without one Go tries the unsigned range too.
  return within64(signText === '-' ? -magnitude : magnitude, signText === '');
}

/** A quirk of both libraries: after `0b` (and `0o` for yaml.v3) a signed number may follow, as in `0b-1`. */
function prefixed(text: string, dialect: Dialect): number | bigint | undefined {
  const match = /^(-?)0([bo])([-+]?)([0-7]+)$/.exec(text);
  if (match === null) return undefined;
  const [, outer, base, inner, digits] = match;
  if (outer === '-' && inner !== '') return undefined;
  if (base === 'o' && dialect === 'sigs') return undefined;
  if (base === 'b' && /[2-7]/.test(digits!)) return undefined;
  const magnitude = BigInt(`0${base}${digits}`);
  return within64(outer === '-' || inner === '-' ? -magnitude : magnitude, false);
}

function within64(value: bigint, unsigned: boolean): number | bigint | undefined {
  if (value < -(2n ** 63n) || value >= (unsigned ? 2n ** 64n : 2n ** 63n)) return undefined;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** A float within the range of a double; Go keeps `1e400` as a string. */
function finite(text: string): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
