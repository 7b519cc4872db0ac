/** Go's time.Time with its layouts: an instant in nanoseconds and the zone in which it is shown. */
import { encode } from './utf8.ts';

export interface Time {
  /** Nanoseconds since the epoch. */
  readonly nanos: bigint;
  /** An IANA name, `UTC`, or a fixed offset. */
  readonly zone: Zone;
}

export type Zone = { readonly name: string } | { readonly name: string; readonly offset: number };

export const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const utc: Zone = { name: 'UTC' };
/** January 1, year 1: what Go's zero Time is. */
export const zeroTime: Time = { nanos: -62135596800n * 1_000_000_000n, zone: utc };

/** `time.LoadLocation`; undefined for an unknown name. `Local` is UTC here: no plan may depend on the machine. */
export function loadZone(name: string): Zone | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return utc;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return /^[+-]/.test(name) ? undefined : { name };
  } catch {
    return undefined;
  }
}

/** The zone's offset from UTC in seconds, and its abbreviation, at an instant. */
export function offsetAt(time: Time): { readonly seconds: number; readonly name: string } {
  const { zone } = time;
  if ('offset' in zone) return { seconds: zone.offset, name: zone.name };
  if (zone.name === 'UTC') return { seconds: 0, name: 'UTC' };
  const at = Number(time.nanos / 1_000_000n);
  const long = zonePart(zone.name, 'longOffset', at);
  const match = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(long);
  const seconds =
    match === null
      ? 0
      : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0));
  const short = zonePart(zone.name, 'short', at);
  return { seconds, name: short.startsWith('GMT') && short !== 'GMT' ? offsetText(seconds, '-07') : short };
}

function zonePart(timeZone: string, timeZoneName: 'longOffset' | 'short', at: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName }).formatToParts(at);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

export interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly weekday: number;
  readonly yearDay: number;
  readonly offset: number;
  readonly zone: string;
}

const billion = 1_000_000_000n;

export function fieldsOf(time: Time): Fields {
  const { seconds: offset, name: zone } = offsetAt(time);
  let seconds = time.nanos / billion;
  let rest = time.nanos % billion;
  if (rest < 0n) {
    rest += billion;
    seconds -= 1n;
  }
  const date = new Date((Number(seconds) + offset) * 1000);
  const year = date.getUTCFullYear();
  const start = new Date(0);
  start.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond: Number(rest),
    weekday: date.getUTCDay(),
    yearDay: Math.floor((date.getTime() - start.getTime()) / 86_400_000) + 1,
    offset,
    zone,
  };
}

const chunk =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|2|__2|_2006|_2|3|4|5|PM|pm|[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07|[.,](?:0+|9+)(?!\d)/g;

/** `Time.Format`. */
export function formatTime(time: Time, layout: string): string {
  const fields = fieldsOf(time);
  return layout.replace(chunk, (token) => formatChunk(fields, token));
}

const two = (n: number) => String(n).padStart(2, '0');

function formatChunk(f: Fields, token: string): string {
  const hour12 = f.hour % 12 === 0 ? 12 : f.hour % 12;
  switch (token) {
    case '2006':
      return f.year >= 0 ? String(f.year).padStart(4, '0') : `-${String(-f.year).padStart(4, '0')}`;
    case '_2006':
      return `_${String(f.year).padStart(4, '0')}`;
    case '06':
      return two(((f.year % 100) + 100) % 100);
    case 'January':
      return months[f.month - 1]!;
    case 'Jan':
      return months[f.month - 1]!.slice(0, 3);
    case '01':
      return two(f.month);
    case '1':
      return String(f.month);
    case 'Monday':
      return weekdays[f.weekday]!;
    case 'Mon':
      return weekdays[f.weekday]!.slice(0, 3);
    case '02':
      return two(f.day);
    case '2':
      return String(f.day);
    case '_2':
      return String(f.day).padStart(2);
    case '002':
      return String(f.yearDay).padStart(3, '0');
    case '__2':
      return String(f.yearDay).padStart(3);
    case '15':
      return two(f.hour);
    case '03':
      return two(hour12);
    case '3':
      return String(hour12);
    case '04':
      return two(f.minute);
    case '4':
      return String(f.minute);
    case '05':
      return two(f.second);
    case '5':
      return String(f.second);
    case 'PM':
      return f.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return f.hour >= 12 ? 'pm' : 'am';
    case 'MST':
      return f.zone === '' ? offsetText(f.offset, '-0700') : f.zone;
  }
  if (token[0] === '.' || token[0] === ',') {
    const digits = String(f.nanosecond)
      .padStart(9, '0')
      .slice(0, token.length - 1);
    if (token[1] === '0') return token[0] + digits.padEnd(token.length - 1, '0');
    const trimmed = digits.replace(/0+$/, '');
    return trimmed === '' ? '' : token[0] + trimmed;
  }
  return token[0] === 'Z' && f.offset === 0 ? 'Z' : offsetText(f.offset, token);
}

function offsetText(offset: number, token: string): string {
  const size = Math.abs(offset);
  const parts = [two(Math.floor(size / 3600)), two(Math.floor(size / 60) % 60), two(size % 60)];
  const digits = token.replace(/[^0]?07/, '07').replace(/[^0-9]/g, '').length;
  return (offset < 0 ? '-' : '+') + parts.slice(0, digits / 2).join(token.includes(':') ? ':' : '');
}

/** `Time.String`. */
export function printTime(time: Time): string {
  return formatTime(time, '2006-01-02 15:04:05.999999999 -0700 MST');
}

/** The package's own quoting: what is not printable ASCII as `\\x`, byte by byte. */
function quoteBytes(text: string): string {
  const shown = [...encode(text)].map((byte) => {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === '\\') return `\\${char}`;
    return byte >= 0x20 && byte < 0x80 ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${shown.join('')}"`;
}

export class TimeError extends Error {}

/** `time.ParseInLocation` in UTC; throws `TimeError` with Go's sentence. */
export function parseTime(layout: string, value: string): Time {
  const quoted = quoteBytes;
  const parts: Record<string, number> = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, nano: 0 };
  let pm: boolean | undefined;
  let yearDay: number | undefined;
  let zone: Zone = utc;
  let rest = value;
  const fail = (element: string): never => {
    throw new TimeError(
      `parsing time ${quoted(value)} as ${quoted(layout)}: cannot parse ${quoted(rest)} as ${quoted(element)}`,
    );
  };
  const literal = (text: string) => {
    if (!rest.startsWith(text)) fail(text);
    rest = rest.slice(text.length);
  };
  const take = (pattern: RegExp, element: string): string => {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) return fail(element);
    rest = rest.slice(found.length);
    return found;
  };
  const named = (names: readonly string[], length: number | undefined, element: string): number => {
    const index = names.findIndex((name) => rest.toLowerCase().startsWith(name.slice(0, length).toLowerCase()));
    if (index < 0) fail(element);
    rest = rest.slice(names[index]!.slice(0, length).length);
    return index;
  };
  const number = (pattern: RegExp, element: string) => Number(take(pattern, element));
  let at = 0;
  for (const match of layout.matchAll(chunk)) {
    literal(layout.slice(at, match.index));
    const token = match[0];
    at = match.index + token.length;
    switch (token) {
      case '2006':
        parts.year = number(/^\d{4}/, token);
        break;
      case '06': {
        const year = number(/^\d\d/, token);
        parts.year = year >= 69 ? 1900 + year : 2000 + year;
        break;
      }
      case 'January':
        parts.month = named(months, undefined, token) + 1;
        break;
      case 'Jan':
        parts.month = named(months, 3, token) + 1;
        break;
      case 'Monday':
        named(weekdays, undefined, token);
        break;
      case 'Mon':
        named(weekdays, 3, token);
        break;
      case '01':
        parts.month = number(/^\d\d/, token);
        break;
      case '1':
        parts.month = number(/^\d\d?/, token);
        break;
      case '02':
        parts.day = number(/^\d\d/, token);
        break;
      case '_2':
      case '2':
        parts.day = number(/^ ?\d\d?/, token);
        break;
      case '002':
      case '__2':
        yearDay = number(/^ {0,2}\d{1,3}/, token);
        break;
      case '15':
        parts.hour = number(/^\d\d/, token);
        break;
      case '03':
        parts.hour = number(/^\d\d/, token);
        break;
      case '3':
        parts.hour = number(/^\d\d?/, token);
        break;
      case '04':
        parts.minute = number(/^\d\d/, token);
        break;
      case '4':
        parts.minute = number(/^\d\d?/, token);
        break;
      case '05':
      case '5': {
        parts.second = number(token === '05' ? /^\d\d/ : /^\d\d?/, token);
        const following = layout.slice(at);
        if (/^[.,]\d/.test(rest) && !/^[.,](0+|9+)(?!\d)/.test(following))
          parts.nano = fraction(take(/^[.,]\d+/, token));
        break;
      }
      case 'PM':
      case 'pm': {
        const word = take(token === 'PM' ? /^(AM|PM)/ : /^(am|pm)/, token);
        pm = word.toLowerCase() === 'pm';
        break;
      }
      case 'MST': {
        const name = take(/^(UTC|[A-Z]{3,5}|[+-]\d\d(\d\d)?)/, token);
        if (name !== 'UTC') zone = { name, offset: 0 };
        break;
      }
      default:
        if (token[0] === '.' || token[0] === ',') {
          if (token[1] === '0') parts.nano = fraction(take(new RegExp(`^[.,]\\d{${token.length - 1}}`), token));
          else if (/^[.,]\d/.test(rest)) parts.nano = fraction(take(/^[.,]\d+/, token));
        } else zone = readOffset(token, take, zone);
    }
  }
  literal(layout.slice(at));
  if (rest !== '') throw new TimeError(`parsing time ${quoted(value)}: extra text: ${quoted(rest)}`);
  const out = (what: string): never => {
    throw new TimeError(`parsing time ${quoted(value)}: ${what} out of range`);
  };
  const { year, month, day, hour, minute, second, nano } = parts as { [key: string]: number } as Record<
    'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nano',
    number
  >;
  if (month < 1 || month > 12) out('month');
  if (hour > 23 || (pm !== undefined && hour > 12)) out('hour');
  if (minute > 59) out('minute');
  if (second > 59) out('second');
  if (yearDay === undefined && (day < 1 || day > daysIn(year, month))) out('day');
  const hour24 = pm === undefined ? hour : (hour % 12) + (pm ? 12 : 0);
  const date = new Date(0);
  if (yearDay === undefined) date.setUTCFullYear(year, month - 1, day);
  else date.setUTCFullYear(year, 0, yearDay);
  date.setUTCHours(hour24, minute, second);
  const offset = 'offset' in zone ? zone.offset : 0;
  return { nanos: (BigInt(date.getTime() / 1000) - BigInt(offset)) * billion + BigInt(nano), zone };
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function fraction(text: string): number {
  return Number(text.slice(1, 10).padEnd(9, '0'));
}

function readOffset(token: string, take: (pattern: RegExp, element: string) => string, zone: Zone): Zone {
  const colon = token.includes(':');
  const pairs = token.replace(/[^0-9]/g, '').length / 2;
  const digits = Array.from({ length: pairs }, () => '\\d\\d').join(colon ? ':' : '');
  const found = take(new RegExp(token[0] === 'Z' ? `^(Z|[+-]${digits})` : `^[+-]${digits}`), token);
  if (found === 'Z') return utc;
  const [hours = 0, minutes = 0, seconds = 0] = found.slice(1).replaceAll(':', '').match(/\d\d/g)!.map(Number);
  const offset = (found[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  return offset === 0 && zone.name === 'UTC' ? utc : { name: '', offset };
}
