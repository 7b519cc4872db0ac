/** Arithmetic: int64 with Go's wrapping, float64 through exact decimals as sprig has them. */
import { formatFloat, parseInteger } from '../../go/strconv.ts';
import { sprint } from '../format.ts';
import { type CallContext, float, GoError, type GoFunction, int, int64, type Value, wrap } from '../value.ts';
import { toFloat64, toInt64 } from './cast.ts';
import { alias, fn, num, text } from './define.ts';

type Int = number | bigint;

/** An operation on int64: with numbers while the result is exact, with bigints beyond. */
function exact(a: Int, b: Int, small: (a: number, b: number) => number, big: (a: bigint, b: bigint) => bigint): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = small(a, b);
    if (Number.isSafeInteger(result)) return result;
  }
  return wrap(big(BigInt(a), BigInt(b)));
}

const add = (a: Int, b: Int) =>
  exact(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );
const sub = (a: Int, b: Int) =>
  exact(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
  );
const mul = (a: Int, b: Int) =>
  exact(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  );

function divide(a: Int, b: Int, remainder: 'quotient' | 'remainder'): Int {
  if (Number(b) === 0) throw new GoError('runtime error: integer divide by zero');
  if (remainder === 'remainder') {
    return exact(
      a,
      b,
      (x, y) => x % y,
      (x, y) => x % y,
    );
  }
  return exact(
    a,
    b,
    (x, y) => Math.trunc(x / y),
    (x, y) => x / y,
  );
}

function best(args: readonly Value[], better: (a: Int, b: Int) => boolean): Value {
  return int64(args.map(toInt64).reduce((a, b) => (better(b, a) ? b : a)));
}

/** A decimal number: digits times ten to the exponent. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function decimal(value: number): Decimal {
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(formatFloat(value, 'e', -1));
  if (match === null) throw new GoError(`Cannot create a Decimal from ${formatFloat(value, 'g', -1)}`);
  const fraction = match[3] ?? '';
  return { digits: BigInt(match[1]! + match[2]! + fraction), exponent: Number(match[4]) - fraction.length };
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scale = (d: Decimal) => d.digits * 10n ** BigInt(d.exponent - exponent);
  return [scale(a), scale(b), exponent];
}

/** Division keeps 16 places after the point, rounded half away from zero. */
function quotient(a: Decimal, b: Decimal): Decimal {
  if (b.digits === 0n) throw new GoError('decimal division by 0');
  const shift = a.exponent - b.exponent + 16;
  const top = shift >= 0 ? a.digits * 10n ** BigInt(shift) : a.digits;
  const bottom = shift >= 0 ? b.digits : b.digits * 10n ** BigInt(-shift);
  let result = top / bottom;
  const rest = top % bottom;
  const size = (n: bigint) => (n < 0n ? -n : n);
  if (size(rest) * 2n >= size(bottom)) result += top < 0n === bottom < 0n ? 1n : -1n;
  return { digits: result, exponent: -16 };
}

function decimals(args: readonly Value[], start: number | undefined, op: (a: Decimal, b: Decimal) => Decimal): Value {
  const numbers = args.map(toFloat64);
  const all = (start === undefined ? numbers : [start, ...numbers]).map(decimal);
  const result = all.reduce(op);
  return float(Number(`${result.digits}e${result.exponent}`));
}

const plus = (a: Decimal, b: Decimal): Decimal => {
  const [x, y, exponent] = aligned(a, b);
  return { digits: x + y, exponent };
};
const minus = (a: Decimal, b: Decimal): Decimal => plus(a, { digits: -b.digits, exponent: b.exponent });
const times = (a: Decimal, b: Decimal): Decimal => ({ digits: a.digits * b.digits, exponent: a.exponent + b.exponent });

function round(value: number, places: number, on: number): number {
  const power = 10 ** places;
  const digit = power * value;
  const fraction = digit - Math.trunc(digit);
  return (fraction >= on ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function atoi(value: string): Value {
  const parsed = parseInteger(value, 10);
  if (parsed !== undefined) return int(parsed);
  if (!/^[+-]?\d+$/.test(value)) return int(0);
  return int(value.startsWith('-') ? -(1n << 63n) : (1n << 63n) - 1n);
}

function randInt(min: number, max: number, context: CallContext): Value {
  if (max - min <= 0) throw new GoError('invalid argument to Intn');
  const bytes = context.random(8);
  const value = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  return int(BigInt(min) + (value % BigInt(max - min)));
}

const maxFunction = fn('max', 'any any...', (args) => best(args, (a, b) => a > b));

export const numberFunctions: readonly GoFunction[] = [
  fn('int', 'any', ([value]) => int(toInt64(value!))),
  fn('int64', 'any', ([value]) => int64(toInt64(value!))),
  fn('float64', 'any', ([value]) => float(toFloat64(value!))),
  fn('atoi', 'string', ([s]) => atoi(text(s))),
  fn('toDecimal', 'any', ([value]) => int64(parseInteger(sprint([value!]).text, 8) ?? 0)),
  fn('add1', 'any', ([value]) => int64(add(toInt64(value!), 1))),
  fn('add', 'any...', (args) => int64(args.map(toInt64).reduce(add, 0))),
  fn('sub', 'any any', ([a, b]) => int64(sub(toInt64(a!), toInt64(b!)))),
  fn('mul', 'any any...', (args) => int64(args.map(toInt64).reduce(mul))),
  fn('div', 'any any', ([a, b]) => int64(divide(toInt64(a!), toInt64(b!), 'quotient'))),
  fn('mod', 'any any', ([a, b]) => int64(divide(toInt64(a!), toInt64(b!), 'remainder'))),
  maxFunction,
  alias('biggest', maxFunction),
  fn('min', 'any any...', (args) => best(args, (a, b) => a < b)),
  fn('maxf', 'any any...', (args) => float(Math.max(...args.map(toFloat64)))),
  fn('minf', 'any any...', (args) => float(Math.min(...args.map(toFloat64)))),
  fn('add1f', 'any', ([value]) => decimals([value!, int(1)], undefined, plus)),
  fn('addf', 'any...', (args) => decimals(args, 0, plus)),
  fn('subf', 'any any...', (args) => decimals(args, undefined, minus)),
  fn('mulf', 'any any...', (args) => decimals(args, undefined, times)),
  fn('divf', 'any any...', (args) => decimals(args, undefined, quotient)),
  fn('ceil', 'any', ([value]) => float(Math.ceil(toFloat64(value!)))),
  fn('floor', 'any', ([value]) => float(Math.floor(toFloat64(value!)))),
  fn('round', 'any int float64...', ([value, places, on]) =>
    float(round(toFloat64(value!), num(places), on?.kind === 'float' ? on.value : 0.5)),
  ),
  fn('randInt', 'int int', ([min, max], context) => randInt(num(min), num(max), context)),
];
