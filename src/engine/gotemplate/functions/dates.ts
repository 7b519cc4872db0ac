/** Dates and durations. `now` is the caller's pinned clock, and `Local` is UTC. */
import { formatDuration, parseDuration } from '../../go/duration.ts';
import { parseFloat64, parseInteger } from '../../go/strconv.ts';
import {
  fieldsOf,
  formatTime,
  loadZone,
  parseTime,
  printTime,
  type Time,
  TimeError,
  utc,
  type Zone,
  zeroTime,
} from '../../go/time.ts';
import { sprint } from '../format.ts';
import {
  bool,
  type CallContext,
  float,
  GoError,
  type GoFunction,
  type IntValue,
  int,
  int64,
  type ObjectValue,
  object,
  string,
  typeOf,
  type Value,
} from '../value.ts';
import { alias, fn, text } from './define.ts';

const second = 1_000_000_000n;

function duration(nanos: bigint): IntValue {
  return { ...int64(nanos), type: 'time.Duration', methods: durationMethods(nanos) };
}

function durationMethods(nanos: bigint): Map<string, GoFunction> {
  const counts: [string, bigint][] = [
    ['Nanoseconds', 1n],
    ['Microseconds', 1000n],
    ['Milliseconds', 1_000_000n],
  ];
  const sizes: [string, number][] = [
    ['Seconds', 1e9],
    ['Minutes', 6e10],
    ['Hours', 3.6e12],
  ];
  return new Map([
    ...counts.map(([name, unit]) => [name, fn(name, '', () => int64(nanos / unit))] as const),
    ...sizes.map(([name, unit]) => [name, fn(name, '', () => float(Number(nanos) / unit))] as const),
    ['String', fn('String', '', () => string(formatDuration(nanos)))] as const,
  ]);
}

/** A time.Time with the methods that templates use. */
function timeValue(time: Time): ObjectValue {
  const fields = fieldsOf(time);
  const number = (name: string, value: number) => [name, fn(name, '', () => int(value))] as const;
  const typed = (name: string, value: number, type: string) =>
    [name, fn(name, '', () => ({ ...int(value), type }))] as const;
  const compared = (name: string, test: (other: Time) => boolean) =>
    [name, fn(name, 'time.Time', ([other]) => bool(test(timeOf(other!) ?? zeroTime)))] as const;
  const unix = floorDiv(time.nanos, second);
  const methods = new Map<string, GoFunction>([
    number('Year', fields.year),
    typed('Month', fields.month, 'time.Month'),
    number('Day', fields.day),
    number('Hour', fields.hour),
    number('Minute', fields.minute),
    number('Second', fields.second),
    number('Nanosecond', fields.nanosecond),
    number('YearDay', fields.yearDay),
    typed('Weekday', fields.weekday, 'time.Weekday'),
    ['Unix', fn('Unix', '', () => int64(unix))],
    ['UnixMilli', fn('UnixMilli', '', () => int64(floorDiv(time.nanos, 1_000_000n)))],
    ['UnixNano', fn('UnixNano', '', () => int64(time.nanos))],
    ['Format', fn('Format', 'string', ([layout]) => string(formatTime(time, text(layout))))],
    ['String', fn('String', '', () => string(printTime(time)))],
    ['UTC', fn('UTC', '', () => timeValue({ ...time, zone: utc }))],
    ['Local', fn('Local', '', () => timeValue({ ...time, zone: utc }))],
    ['IsZero', fn('IsZero', '', () => bool(time.nanos === zeroTime.nanos))],
    compared('Before', (other) => time.nanos < other.nanos),
    compared('After', (other) => time.nanos > other.nanos),
    compared('Equal', (other) => time.nanos === other.nanos),
    ['Sub', fn('Sub', 'time.Time', ([other]) => duration(time.nanos - (timeOf(other!) ?? zeroTime).nanos))],
    [
      'Add',
      fn('Add', 'any', ([by]) =>
        timeValue({ ...time, nanos: time.nanos + (by!.kind === 'int' ? BigInt(by!.value) : 0n) }),
      ),
    ],
    ['AddDate', fn('AddDate', 'int int int', (args) => timeValue(addDate(time, args)))],
  ]);
  const json = () => string(formatTime(time, '2006-01-02T15:04:05.999999999Z07:00'));
  return object('time.Time', [], { methods, print: () => printTime(time), data: time, json });
}

function floorDiv(a: bigint, b: bigint): bigint {
  return a / b - (a % b < 0n ? 1n : 0n);
}

function addDate(time: Time, args: readonly Value[]): Time {
  const [years, months, days] = args.map((arg) => (arg.kind === 'int' ? Number(arg.value) : 0)) as [
    number,
    number,
    number,
  ];
  const whole = floorDiv(time.nanos, second);
  const date = new Date(Number(whole) * 1000);
  date.setUTCFullYear(date.getUTCFullYear() + years, date.getUTCMonth() + months, date.getUTCDate() + days);
  return { ...time, nanos: BigInt(date.getTime() / 1000) * second + (time.nanos - whole * second) };
}

function timeOf(value: Value): Time | undefined {
  return value.kind === 'object' && value.type === 'time.Time' ? (value.data as Time) : undefined;
}

function now(context: CallContext): Time {
  return { nanos: BigInt(Math.trunc(context.now())) * 1_000_000n, zone: utc };
}

/** sprig takes a time, or seconds since the epoch, and the present for anything else. */
function anyTime(value: Value, context: CallContext): Time {
  const time = timeOf(value);
  if (time !== undefined) return time;
  if (value.kind === 'int' && ['int', 'int64', 'int32'].includes(value.type))
    return { nanos: BigInt(value.value) * second, zone: utc };
  return now(context);
}

function shown(layout: string, value: Value, zone: string, context: CallContext): Value {
  const at: Zone = loadZone(zone) ?? utc;
  return string(formatTime({ ...anyTime(value, context), zone: at }, layout));
}

/** `Duration.Round`: halves away from zero. */
function round(nanos: bigint, unit: bigint): bigint {
  if (unit <= 0n) return nanos;
  const size = nanos < 0n ? -nanos : nanos;
  const rest = size % unit;
  const rounded = rest + rest < unit ? size - rest : size + unit - rest;
  return nanos < 0n ? -rounded : rounded;
}

const longUnits: readonly [string, bigint][] = [
  ['y', 3600n * 24n * 365n * second],
  ['mo', 3600n * 24n * 30n * second],
  ['d', 3600n * 24n * second],
  ['h', 3600n * second],
  ['m', 60n * second],
  ['s', second],
];

function durationRound(value: Value, context: CallContext): string {
  const time = timeOf(value);
  let nanos = 0n;
  if (time !== undefined) nanos = now(context).nanos - time.nanos;
  else if (value.kind === 'string') nanos = parseDuration(value.text) ?? 0n;
  else if (value.kind === 'int' && value.type === 'int64') nanos = BigInt(value.value);
  const size = nanos < 0n ? -nanos : nanos;
  const unit = longUnits.find(([, length]) => size > length);
  return unit === undefined ? '0s' : `${size / unit[1]}${unit[0]}`;
}

function modified(change: string, value: Value, must: 'must' | 'may'): Value {
  const by = parseDuration(change);
  const time = timeOf(value) ?? zeroTime;
  if (by === undefined && must === 'must') throw new GoError(`time: invalid duration ${JSON.stringify(change)}`);
  return by === undefined ? value : timeValue({ ...time, nanos: time.nanos + by });
}

function parsed(layout: string, value: string, must: 'must' | 'may'): Value {
  try {
    return timeValue(parseTime(layout, value));
  } catch (e) {
    if (!(e instanceof TimeError)) throw e;
    if (must === 'must') throw new GoError(e.message);
    return timeValue(zeroTime);
  }
}

/** Helm 4's asDuration: a duration, its text, or seconds as any kind of number. */
function asDuration(value: Value): bigint | string {
  if (value.kind === 'nil') return 'invalid duration';
  if (value.kind === 'string') {
    const trimmed = value.text.trim();
    if (trimmed === '') return 'empty duration';
    const direct = parseDuration(trimmed);
    if (direct !== undefined) return direct;
    const seconds = parseFloat64(trimmed);
    return seconds === undefined ? `could not parse duration ${JSON.stringify(value.text)}` : fromSeconds(seconds);
  }
  if (value.kind === 'int') {
    if (value.type === 'time.Duration') return BigInt(value.value);
    const nanos = BigInt(value.value) * second;
    return BigInt.asIntN(64, nanos) === nanos ? nanos : `duration seconds overflow: ${value.value}`;
  }
  if (value.kind === 'float') return fromSeconds(value.value);
  return `unsupported duration type ${typeOf(value)}`;
}

function fromSeconds(seconds: number): bigint | string {
  if (!Number.isFinite(seconds)) return `invalid duration seconds: ${sprint([float(seconds)]).text}`;
  if (Math.abs(seconds) > 2 ** 63 / 1e9) return `duration seconds overflow: ${sprint([float(seconds)]).text}`;
  return BigInt(Math.trunc(seconds * 1e9));
}

function ofDuration(name: string, give: (nanos: bigint) => Value): GoFunction {
  return fn(name, 'any', ([value]) => {
    const nanos = asDuration(value!);
    return give(typeof nanos === 'string' ? 0n : nanos);
  });
}

function toMultiple(name: string, how: (nanos: bigint, unit: bigint) => bigint): GoFunction {
  return fn(name, 'any any', ([value, multiple]) => {
    const nanos = asDuration(value!);
    if (typeof nanos === 'string') return duration(0n);
    const unit = asDuration(multiple!);
    return duration(typeof unit === 'string' ? nanos : how(nanos, unit));
  });
}

const dateInZone = fn('dateInZone', 'string any string', ([layout, value, zone], context) =>
  shown(text(layout), value!, text(zone), context),
);
const dateModify = fn('dateModify', 'string time.Time', ([change, value]) => modified(text(change), value!, 'may'));
const mustDateModify = fn('mustDateModify', 'string time.Time', ([change, value]) =>
  modified(text(change), value!, 'must'),
);

export const dateFunctions: readonly GoFunction[] = [
  fn('now', '', (_, context) => timeValue(now(context))),
  fn('date', 'string any', ([layout, value], context) => shown(text(layout), value!, 'Local', context)),
  dateInZone,
  alias('date_in_zone', dateInZone),
  fn('htmlDate', 'any', ([value], context) => shown('2006-01-02', value!, 'Local', context)),
  fn('htmlDateInZone', 'any string', ([value, zone], context) => shown('2006-01-02', value!, text(zone), context)),
  dateModify,
  alias('date_modify', dateModify),
  mustDateModify,
  alias('must_date_modify', mustDateModify),
  fn('toDate', 'string string', ([layout, value]) => parsed(text(layout), text(value), 'may')),
  fn('mustToDate', 'string string', ([layout, value]) => parsed(text(layout), text(value), 'must')),
  fn('unixEpoch', 'time.Time', ([value]) => string(String(floorDiv((timeOf(value!) ?? zeroTime).nanos, second)))),
  fn('ago', 'any', ([value], context) =>
    string(formatDuration(round(now(context).nanos - anyTime(value!, context).nanos, second))),
  ),
  fn('duration', 'any', ([value]) => {
    let seconds = 0n;
    if (value!.kind === 'string') seconds = parseInteger(value!.text, 10) ?? 0n;
    else if (value!.kind === 'int' && value!.type === 'int64') seconds = BigInt(value!.value);
    return string(formatDuration(BigInt.asIntN(64, seconds * second)));
  }),
  fn('durationRound', 'any', ([value], context) => string(durationRound(value!, context))),
  fn('mustToDuration', 'any', ([value]) => {
    const nanos = asDuration(value!);
    if (typeof nanos === 'string') throw new GoError(nanos);
    return duration(nanos);
  }),
  ofDuration('durationSeconds', (nanos) => float(Number(nanos) / 1e9)),
  ofDuration('durationMilliseconds', (nanos) => int64(nanos / 1_000_000n)),
  ofDuration('durationMicroseconds', (nanos) => int64(nanos / 1000n)),
  ofDuration('durationNanoseconds', (nanos) => int64(nanos)),
  ofDuration('durationMinutes', (nanos) => float(Number(nanos) / 6e10)),
  ofDuration('durationHours', (nanos) => float(Number(nanos) / 3.6e12)),
  ofDuration('durationDays', (nanos) => float(Number(nanos) / 3.6e12 / 24)),
  ofDuration('durationWeeks', (nanos) => float(Number(nanos) / 3.6e12 / 24 / 7)),
  toMultiple('durationRoundTo', round),
  toMultiple('durationTruncateTo', (nanos, unit) => (unit <= 0n ? nanos : nanos - (nanos % unit))),
];
