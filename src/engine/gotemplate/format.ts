/** Go's fmt on values: `print`, `println`, `printf` and what an action prints. */

import { formatDuration } from '../go/duration.ts';
import { formatFloat, hexOf, isPrint, quote } from '../go/strconv.ts';
import { months, weekdays } from '../go/time.ts';
import { byteLength, decode, isAscii } from '../go/utf8.ts';
import { fromAll, isSourced, joined } from './text.ts';
import {
  type IntValue,
  isUnsigned,
  kindOf,
  type StringValue,
  sortedKeys,
  string,
  typeOf,
  type Value,
} from './value.ts';

interface Flags {
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  /** `%#v` and `%+v`: the flags then mean Go syntax and field names. */
  readonly sharpV: boolean;
  readonly plusV: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const plain: Flags = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  sharpV: false,
  plusV: false,
  width: undefined,
  precision: undefined,
};

/** A value as `%v` prints it. */
export function printValue(value: Value): string {
  switch (value.kind) {
    case 'string':
      return value.text;
    case 'int':
      return namedInt(value) ?? String(value.value);
    case 'float':
      return formatFloat(value.value, 'g', -1);
    case 'bool':
      return value.value ? 'true' : 'false';
    case 'nil':
      return '<nil>';
    default:
      return formatAny(value, 'v', plain);
  }
}

/** Integer types with a String method. */
function namedInt(value: IntValue): string | undefined {
  switch (value.type) {
    case 'time.Duration':
      return formatDuration(BigInt(value.value));
    case 'time.Month':
      return months[Number(value.value) - 1];
    case 'time.Weekday':
      return weekdays[Number(value.value)];
    default:
      return undefined;
  }
}

/** A value as an action prints it, with its sources. */
export function toText(value: Value): StringValue {
  return value.kind === 'string' && value.type === undefined ? value : string(printValue(value), fromAll([value]));
}

/** `fmt.Sprint`: a space between two arguments when neither is a string. */
export function sprint(args: readonly Value[]): StringValue {
  const parts: StringValue[] = [];
  args.forEach((arg, i) => {
    if (i > 0 && kindOf(arg) !== 'string' && kindOf(args[i - 1]!) !== 'string') parts.push(string(' '));
    parts.push(toText(arg));
  });
  return parts.length === 1 ? parts[0]! : joined(parts);
}

export function sprintln(args: readonly Value[]): StringValue {
  return joined([joined(args.map(toText), ' '), string('\n')]);
}

/** `fmt.Sprintf`. Text that is copied keeps its sources character by character, everything else as a whole. */
export function sprintf(format: StringValue, args: readonly Value[]): StringValue {
  const parts: StringValue[] = [];
  const { text } = format;
  const state = { arg: 0, reordered: false };
  let at = 0;
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent < 0) {
      parts.push(slice(format, at, text.length));
      break;
    }
    if (percent > at) parts.push(slice(format, at, percent));
    at = directive(text, percent + 1, args, state, parts);
  }
  if (!state.reordered && state.arg < args.length) {
    const extra = args
      .slice(state.arg)
      .map((arg) => (arg.kind === 'nil' ? '<nil>' : `${typeOf(arg)}=${printValue(arg)}`));
    parts.push(string(`%!(EXTRA ${extra.join(', ')})`));
  }
  return parts.length === 1 ? parts[0]! : joined(parts);
}

function slice(format: StringValue, start: number, end: number): StringValue {
  const text = format.text.slice(start, end);
  return isSourced(format) ? string(text, fromAll([format])) : string(text);
}

interface State {
  arg: number;
  reordered: boolean;
}

const directiveFlags = /[#0+\- ]*/y;
const digits = /\d*/y;

/** Formats the directive that starts after the `%` before `start`; gives the offset behind it. */
function directive(text: string, start: number, args: readonly Value[], state: State, parts: StringValue[]): number {
  directiveFlags.lastIndex = start;
  const flagText = directiveFlags.exec(text)![0];
  let at = start + flagText.length;
  let good = true;
  let minus = flagText.includes('-');
  let afterIndex = false;
  const index = (): void => {
    afterIndex = false;
    if (text[at] !== '[') return;
    state.reordered = true;
    const close = text.indexOf(']', at);
    const number = close < 0 ? '' : text.slice(at + 1, close);
    afterIndex = true;
    if (/^\d{1,7}$/.test(number) && Number(number) >= 1 && Number(number) <= args.length)
      state.arg = Number(number) - 1;
    else good = false;
    at = close < 0 ? at + 1 : close + 1;
    if (close < 0) afterIndex = false;
  };
  const count = (what: string): number | undefined => {
    if (text[at] === '*') {
      at++;
      const value = args[state.arg];
      if (state.arg < args.length) state.arg++;
      afterIndex = false;
      if (value?.kind === 'int' && Math.abs(Number(value.value)) <= 1e6) return Number(value.value);
      parts.push(string(`%!(BAD${what})`));
      return undefined;
    }
    digits.lastIndex = at;
    const number = digits.exec(text)![0];
    at += number.length;
    if (number === '') return undefined;
    if (afterIndex) good = false;
    if (Number(number) <= 1e6) return Number(number);
    // Go gives up on the whole rest of the format.
    at = text.length;
    return undefined;
  };
  index();
  let width = count('WIDTH');
  if (width !== undefined && width < 0) {
    minus = true;
    width = -width;
  }
  let precision: number | undefined;
  if (text[at] === '.' && at + 1 < text.length) {
    at++;
    if (afterIndex) good = false;
    index();
    const star = text[at] === '*';
    precision = count('PREC');
    if (precision === undefined && !star) precision = 0;
    if (precision !== undefined && precision < 0) precision = undefined;
  }
  if (!afterIndex) index();
  if (at >= text.length) {
    parts.push(string('%!(NOVERB)'));
    return at;
  }
  const verb = String.fromCodePoint(text.codePointAt(at)!);
  at += verb.length;
  if (verb === '%') parts.push(string('%'));
  else if (!good) parts.push(string(`%!${verb}(BADINDEX)`));
  else if (state.arg >= args.length) parts.push(string(`%!${verb}(MISSING)`));
  else {
    const special = verb === 'v' || verb === 'w';
    const sharp = flagText.includes('#');
    const plus = flagText.includes('+');
    const flags = {
      plus: plus && !special,
      minus,
      sharp: sharp && !special,
      space: flagText.includes(' '),
      zero: flagText.includes('0'),
      sharpV: sharp && special,
      plusV: plus && special,
      width,
      precision,
    };
    parts.push(formatArg(args[state.arg++]!, verb, flags));
  }
  return at;
}

function formatArg(value: Value, verb: string, flags: Flags): StringValue {
  const from = fromAll([value]);
  if (verb === 'T') return string(pad(value.kind === 'nil' ? '<nil>' : truncated(typeOf(value), flags), flags), from);
  if (value.kind === 'nil') return string(verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`, from);
  // `%w` means something to Errorf only; it is refused for the value as a whole.
  const text = verb === 'w' ? badVerb(value, verb, flags) : formatAny(value, verb, flags);
  if (value.kind === 'string' && text === value.text) return value;
  return string(text, from);
}

/** What a verb that does not fit gives: the type and the value, under the same flags. */
function badVerb(value: Value, verb: string, flags: Flags): string {
  return `%!${verb}(${typeOf(value)}=${formatAny(value, 'v', flags)})`;
}

function formatAny(value: Value, verb: string, flags: Flags): string {
  if (flags.sharpV) return goSyntax(value, flags);
  switch (value.kind) {
    case 'nil':
      return '<nil>';
    case 'bool':
      return verb === 'v' || verb === 't' ? pad(String(value.value), flags) : badVerb(value, verb, flags);
    case 'int':
      if (value.type === 'time.Duration' && 'vsqxX'.includes(verb))
        return formatString(printValue(value), value, verb, flags);
      return formatInt(value, verb, flags);
    case 'float':
      return formatFloatVerb(value.value, value, verb, flags);
    case 'complex': {
      const re = formatFloatVerb(value.re, value, verb, flags);
      return `(${re}${formatFloatVerb(value.im, value, verb, { ...flags, plus: true })}i)`;
    }
    case 'string':
      return formatString(value.text, value, verb, flags);
    case 'bytes':
      if (verb === 'v' || verb === 'd') return `[${[...value.bytes].join(' ')}]`;
      return formatString(decode(value.bytes), value, verb, flags);
    case 'list': {
      const elements = value.items.map((item) => formatAny(item, verb, flags));
      return `[${elements.join(' ')}]`;
    }
    case 'map': {
      const entries = sortedKeys(value).map((key) => {
        const named = formatAny(string(key), verb, flags);
        return `${named}:${formatAny(value.entries.get(key)!, verb, flags)}`;
      });
      return `map[${entries.join(' ')}]`;
    }
    case 'object': {
      if (value.print !== undefined && 'vsqxX'.includes(verb)) return formatString(value.print(), value, verb, flags);
      const fields = [...value.fields].map(([name, field]) => {
        const text = formatAny(field, verb, flags);
        return flags.plusV ? `${name}:${text}` : text;
      });
      return `${value.pointer === true ? '&' : ''}{${fields.join(' ')}}`;
    }
    case 'func':
      return badVerb(value, verb, flags);
  }
}

function pad(text: string, flags: Flags): string {
  const { width } = flags;
  if (width === undefined || width === 0) return text;
  const length = isAscii(text) ? text.length : [...text].length;
  if (length >= width) return text;
  const fill = (flags.zero && !flags.minus ? '0' : ' ').repeat(width - length);
  return flags.minus ? text + fill : fill + text;
}

function formatString(text: string, value: Value, verb: string, flags: Flags): string {
  switch (verb) {
    case 'v':
    case 's':
      return pad(truncated(text, flags), flags);
    case 'q': {
      const cut = truncated(text, flags);
      if (flags.sharp && canBackquote(cut)) return pad(`\`${cut}\``, flags);
      return pad(quote(cut, { ascii: flags.plus }), flags);
    }
    case 'x':
    case 'X':
      return pad(hexString(text, verb, flags), flags);
    default:
      return badVerb(value, verb, flags);
  }
}

function truncated(text: string, flags: Flags): string {
  if (flags.precision === undefined || text.length <= flags.precision) return text;
  return isAscii(text) ? text.slice(0, flags.precision) : [...text].slice(0, flags.precision).join('');
}

function canBackquote(text: string): boolean {
  return !/[`\x00-\x08\x0a-\x1f\x7f\ufeff\udc80-\udcff]/u.test(text);
}

function hexString(text: string, verb: string, flags: Flags): string {
  let hex = hexOf(text);
  if (flags.precision !== undefined) hex = hex.slice(0, 2 * flags.precision);
  if (hex === '') return '';
  if (flags.space) hex = hex.match(/../g)!.join(flags.sharp ? ' 0x' : ' ');
  if (flags.sharp) hex = `0x${hex}`;
  return verb === 'X' ? hex.toUpperCase() : hex;
}

const bases: Record<string, number> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatInt(value: IntValue, verb: string, flags: Flags): string {
  const base = bases[verb];
  if (base !== undefined) return integer(BigInt(value.value), base, verb, flags);
  const code = Number(BigInt.asUintN(64, BigInt(value.value)));
  switch (verb) {
    case 'c':
      return pad(character(code), flags);
    case 'q':
      return pad(quote(character(code), { ascii: flags.plus, mark: "'" }), flags);
    case 'U': {
      const hex = `U+${BigInt.asUintN(64, BigInt(value.value))
        .toString(16)
        .toUpperCase()
        .padStart(Math.max(4, flags.precision ?? 4), '0')}`;
      const shown = flags.sharp && code <= 0x10ffff && isPrint(character(code)) ? ` '${character(code)}'` : '';
      return pad(hex + shown, { ...flags, zero: false });
    }
    default:
      return badVerb(value, verb, flags);
  }
}

function character(code: number): string {
  return code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '\ufffd' : String.fromCodePoint(code);
}

function integer(value: bigint, base: number, verb: string, flags: Flags): string {
  const negative = value < 0n;
  let text = (negative ? -value : value).toString(base);
  let { precision } = flags;
  if (precision !== undefined) {
    if (precision === 0 && value === 0n) return pad('', { ...flags, zero: false });
  } else if (flags.zero && !flags.minus && flags.width !== undefined) {
    precision = flags.width - (negative || flags.plus || flags.space ? 1 : 0);
  }
  text = text.padStart(precision ?? 0, '0');
  if (flags.sharp) {
    if (base === 2) text = `0b${text}`;
    else if (base === 8 && !text.startsWith('0')) text = `0${text}`;
    else if (base === 16) text = `0x${text}`;
  }
  if (verb === 'O') text = `0o${text}`;
  if (verb === 'X') text = text.toUpperCase();
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return pad(sign + text, { ...flags, zero: false });
}

function formatFloatVerb(number: number, value: Value, verb: string, flags: Flags): string {
  const format = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb;
  if (!'eEfgGbxX'.includes(format)) return badVerb(value, verb, flags);
  const usual = 'eEf'.includes(format) ? 6 : -1;
  let text = formatFloat(number, format, flags.precision ?? usual);
  if (flags.sharp && format !== 'b') text = withPoint(text, format, flags.precision);
  const infinite = !Number.isFinite(number);
  let sign = text.startsWith('-') ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  if (Number.isNaN(number) && !flags.plus) sign = flags.space ? ' ' : '';
  const body = text.replace(/^[+-]/, '');
  if (infinite && sign === '' && verb !== 'v') sign = number > 0 ? '+' : '';
  if (infinite && verb === 'v' && number === Number.POSITIVE_INFINITY) sign = '+';
  if (flags.zero && !flags.minus && flags.width !== undefined && !infinite) {
    return sign + body.padStart(flags.width - sign.length, '0');
  }
  return pad(sign + body, { ...flags, zero: false });
}

/** `%#g` and friends always show a point, and `%#g` its trailing zeros. */
function withPoint(text: string, format: string, precision: number | undefined): string {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(e[+-]\d+)?$/i.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = '', exponent = ''] = match;
  let kept = fraction;
  if (format === 'g' || format === 'G') {
    const wanted = precision === undefined ? 6 : precision === 0 ? 1 : precision;
    const significant = (whole! + fraction).replace(/^0+/, '').length;
    kept = fraction + '0'.repeat(Math.max(0, wanted - Math.max(significant, whole === '0' && fraction === '' ? 1 : 0)));
  }
  return `${sign}${whole}.${kept}${exponent}`;
}

/** `%#v`: the value as Go source. */
function goSyntax(value: Value, flags: Flags): string {
  switch (value.kind) {
    case 'nil':
      return 'interface {}(nil)';
    case 'string':
      return pad(quote(value.text), flags);
    case 'int':
      if (!isUnsigned(value)) return formatInt(value, 'd', flags);
      return pad(`0x${BigInt(value.value).toString(16)}`, flags);
    case 'float':
      return formatFloatVerb(value.value, value, 'g', flags);
    case 'bytes':
      return `[]byte{${[...value.bytes].map((b) => `0x${b.toString(16)}`).join(', ')}}`;
    case 'list':
      if (value.isNil === true) return `${typeOf(value)}(nil)`;
      return `${typeOf(value)}{${value.items.map((item) => goSyntax(item, flags)).join(', ')}}`;
    case 'map': {
      if (value.isNil === true) return `${typeOf(value)}(nil)`;
      const entries = sortedKeys(value).map(
        (key) => `${pad(quote(key), flags)}:${goSyntax(value.entries.get(key)!, flags)}`,
      );
      return `${typeOf(value)}{${entries.join(', ')}}`;
    }
    case 'object': {
      const fields = [...value.fields].map(([name, field]) => `${name}:${goSyntax(field, flags)}`);
      return `${value.pointer === true ? '&' : ''}${value.type}{${fields.join(', ')}}`;
    }
    default:
      return pad(printValue(value), flags);
  }
}

/** `len` of a value in Go's terms; undefined when it has none. */
export function lengthOf(value: Value): number | undefined {
  switch (value.kind) {
    case 'string':
      return byteLength(value.text);
    case 'bytes':
      return value.bytes.length;
    case 'list':
      return value.items.length;
    case 'map':
      return value.entries.size;
    default:
      return undefined;
  }
}
