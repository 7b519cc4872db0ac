/** eq, ne, lt, le, gt, ge, not, and, or: Go's own, with its rules for what may be compared with what. */
import { printValue, sprintf } from '../format.ts';
import {
  bool,
  compareStrings,
  GoError,
  type GoFunction,
  isTrue,
  isUnsigned,
  missing,
  string,
  typeOf,
  type Value,
} from '../value.ts';
import { fn } from './define.ts';

type Kind = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string' | 'invalid';

function basicKind(value: Value): Kind {
  switch (value.kind) {
    case 'int':
      return isUnsigned(value) ? 'uint' : 'int';
    case 'bool':
    case 'float':
    case 'complex':
    case 'string':
      return value.kind;
    default:
      return 'invalid';
  }
}

const badType = 'invalid type for comparison';

function incompatible(a: Value, b: Value): GoError {
  return new GoError(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
}

/** Whether `a` equals one of `others`; throws for types that do not compare. */
export function equals(a: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new GoError('missing argument for comparison');
  return others.some((b) => equalsOne(a, b));
}

function equalsOne(a: Value, b: Value): boolean {
  const ka = basicKind(a);
  const kb = basicKind(b);
  if (ka !== kb) {
    if ((ka === 'int' && kb === 'uint') || (ka === 'uint' && kb === 'int')) return sameInt(a, b);
    if (a.kind === 'nil' || b.kind === 'nil') return false;
    throw incompatible(a, b);
  }
  if (a.kind === 'nil' || b.kind === 'nil') return isNil(a) && isNil(b);
  switch (a.kind) {
    case 'bool':
    case 'float':
      return a.value === (b as typeof a).value;
    case 'int':
      return sameInt(a, b);
    case 'string':
      return a.text === (b as typeof a).text;
    case 'complex':
      return a.re === (b as typeof a).re && a.im === (b as typeof a).im;
    default:
      return equalsOther(a, b);
  }
}

function equalsOther(a: Value, b: Value): boolean {
  const reflected = (value: Value) => (value.kind === 'list' || value.kind === 'bytes' ? 'slice' : value.kind);
  if (reflected(a) !== reflected(b)) {
    throw new GoError(
      `non-comparable types ${sprintf(string('%s'), [a]).text}: ${typeOf(a)}, ${typeOf(b)}: ${printValue(b)}`,
    );
  }
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (a.kind === 'object') return a === b;
  throw new GoError(`non-comparable type ${sprintf(string('%s'), [b]).text}: ${typeOf(b)}`);
}

function isNil(value: Value): boolean {
  return value.kind === 'nil' || ((value.kind === 'map' || value.kind === 'list') && value.isNil === true);
}

function sameInt(a: Value, b: Value): boolean {
  return a.kind === 'int' && b.kind === 'int' && BigInt(a.value) === BigInt(b.value);
}

function less(a: Value, b: Value): boolean {
  const ka = basicKind(a);
  const kb = basicKind(b);
  if (ka === 'invalid' || kb === 'invalid') throw new GoError(badType);
  if (a.kind === 'int' && b.kind === 'int') return a.value < b.value;
  if (ka !== kb) throw incompatible(a, b);
  if (a.kind === 'float') return a.value < (b as typeof a).value;
  if (a.kind === 'string') return compareStrings(a.text, (b as typeof a).text) < 0;
  throw new GoError(badType);
}

const lessOrEqual = (a: Value, b: Value) => less(a, b) || equalsOne(a, b);
/** `and` and `or` are part of the compiler: what they do not need is not evaluated. */
const compiled = () => missing;

export const compareFunctions: readonly GoFunction[] = [
  fn('and', 'value value...', compiled),
  fn('or', 'value value...', compiled),
  fn('not', 'value', ([a]) => bool(!isTrue(a!))),
  fn('eq', 'value value...', ([a, ...rest]) => bool(equals(a!, rest))),
  fn('ne', 'value value', ([a, b]) => bool(!equalsOne(a!, b!))),
  fn('lt', 'value value', ([a, b]) => bool(less(a!, b!))),
  fn('le', 'value value', ([a, b]) => bool(lessOrEqual(a!, b!))),
  fn('gt', 'value value', ([a, b]) => bool(!lessOrEqual(a!, b!))),
  fn('ge', 'value value', ([a, b]) => bool(!less(a!, b!))),
];
