/** Go's strconv: quoting, numbers as text, and numbers from text, with Go's exact rules. */
import { encode } from './utf8.ts';

const simpleQuote = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const escapes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};
const unprintable = /[\p{C}\p{Z}]/u;

/** `strconv.Quote`, or with `ascii` `strconv.QuoteToASCII`. */
export function quote(text: string, options: { readonly ascii?: boolean; readonly mark?: string } = {}): string {
  const mark = options.mark ?? '"';
  if (mark === '"' && simpleQuote.test(text)) return `"${text}"`;
  let out = mark;
  for (const char of text) out += quoteChar(char, mark, options.ascii === true);
  return out + mark;
}

function quoteChar(char: string, mark: string, ascii: boolean): string {
  if (char === mark) return `\\${mark}`;
  const short = escapes[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0)!;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x7f || (!ascii && isPrint(char))) return char;
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`;
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/** `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrint(char: string): boolean {
  return char === ' ' || !unprintable.test(char);
}

/** `strconv.Unquote` of a Go string or character literal; undefined: invalid syntax. */
export function unquote(literal: string): string | undefined {
  const mark = literal[0];
  if (literal.length < 2 || literal.at(-1) !== mark) return undefined;
  const body = literal.slice(1, -1);
  if (mark === '`') return body.includes('`') ? undefined : body.replaceAll('\r', '');
  if (mark !== '"' && mark !== "'") return undefined;
  if (body.includes('\n')) return undefined;
  if (!body.includes('\\') && !body.includes(mark)) return body;
  const bytes: number[] = [];
  let out = '';
  const flush = () => {
    if (bytes.length > 0) out += decodeLoose(bytes);
    bytes.length = 0;
  };
  for (let at = 0; at < body.length; ) {
    const char = unquoteChar(body, at, mark);
    if (char === undefined) return undefined;
    if (char.byte) bytes.push(char.code);
    else {
      flush();
      out += String.fromCodePoint(char.code);
    }
    at = char.next;
  }
  flush();
  return out;
}

const loose = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeLoose(bytes: readonly number[]): string {
  try {
    return loose.decode(Uint8Array.from(bytes));
  } catch {
    return bytes.map((b) => (b < 0x80 ? String.fromCharCode(b) : String.fromCharCode(0xdc00 + b))).join('');
  }
}

export interface UnquotedChar {
  readonly code: number;
  /** Given as `\x` or octal: a byte, not a character. */
  readonly byte: boolean;
  readonly next: number;
}

const simpleEscapes: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };

/** `strconv.UnquoteChar` at an offset; undefined: invalid syntax. */
export function unquoteChar(text: string, at: number, mark: string): UnquotedChar | undefined {
  const code = text.codePointAt(at);
  if (code === undefined || text[at] === mark) return undefined;
  if (text[at] !== '\\') return { code, byte: false, next: at + (code > 0xffff ? 2 : 1) };
  const letter = text[at + 1];
  if (letter === undefined) return undefined;
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { code: simple, byte: false, next: at + 2 };
  const digits = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
  if (digits > 0) {
    const hex = text.slice(at + 2, at + 2 + digits);
    if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
    const value = Number.parseInt(hex, 16);
    if (letter === 'x') return { code: value, byte: value > 0x7f, next: at + 4 };
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return undefined;
    return { code: value, byte: false, next: at + 2 + digits };
  }
  if (letter >= '0' && letter <= '7') {
    const octal = text.slice(at + 1, at + 4);
    if (!/^[0-7]{3}$/.test(octal)) return undefined;
    const value = Number.parseInt(octal, 8);
    return value > 255 ? undefined : { code: value, byte: value > 0x7f, next: at + 4 };
  }
  if ((letter === "'" || letter === '"') && letter === mark)
    return { code: letter.charCodeAt(0), byte: false, next: at + 2 };
  return undefined;
}

const integer =
  /^([+-]?)(0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|[0-9]+(?:_[0-9]+)*)$/;

/** `strconv.ParseInt(text, 0, 64)` before the range check: a literal with its base prefix; undefined: no syntax. */
export function parseIntLiteral(text: string): bigint | undefined {
  const match = integer.exec(text);
  if (match === null) return undefined;
  let digits = match[2]!;
  if (/^0[0-9_]/.test(digits)) {
    if (/[89]/.test(digits)) return undefined;
    digits = `0o${digits.slice(1)}`;
  } else if (/^[1-9][0-9]*_/.test(digits) === false && /^[0-9]+$/.test(digits) === false && !/^0[xXbBoO]/.test(digits))
    return undefined;
  const value = BigInt(digits.replaceAll('_', ''));
  return match[1] === '-' ? -value : value;
}

/** `strconv.ParseInt(text, base, bits)`: undefined for bad syntax or out of range (see `parseIntError`). */
export function parseInteger(text: string, base: number, bits = 64): bigint | undefined {
  let value: bigint | undefined;
  if (base === 0) value = parseIntLiteral(text);
  else {
    const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base);
    const match = new RegExp(`^([+-]?)([${alphabet}]+)$`, 'i').exec(text);
    if (match === null) return undefined;
    value = 0n;
    if (base === 10) value = BigInt(match[2]!);
    else for (const digit of match[2]!.toLowerCase()) value = value * BigInt(base) + BigInt(alphabet.indexOf(digit));
    if (match[1] === '-') value = -value;
  }
  if (value === undefined || BigInt.asIntN(bits, value) !== value) return undefined;
  return value;
}

const decimalFloat =
  /^[+-]?(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?$/;
const hexFloat = /^([+-]?)0[xX]_?([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?[pP]([+-]?[0-9_]+)$/;
const special = /^([+-]?)(inf|infinity|nan)$/i;

/** `strconv.ParseFloat(text, 64)`; undefined: bad syntax or out of range. Underscores only where a literal has them. */
export function parseFloat64(text: string, underscores = false): number | undefined {
  const word = special.exec(text);
  if (word !== null) {
    if (word[2]!.toLowerCase() === 'nan') return word[1] === '' ? Number.NaN : undefined;
    return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (text.includes('_') && !underscores) return undefined;
  const hex = hexFloat.exec(text);
  if (hex !== null) return parseHexFloat(hex);
  if (!decimalFloat.test(text)) return undefined;
  const value = Number(text.replaceAll('_', ''));
  return Number.isFinite(value) ? value : undefined;
}

function parseHexFloat(match: RegExpExecArray): number | undefined {
  const whole = match[2]!.replaceAll('_', '');
  const fraction = (match[3] ?? '').replaceAll('_', '');
  if (whole + fraction === '') return undefined;
  const value =
    Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(match[4]!.replaceAll('_', '')) - 4 * fraction.length);
  if (!Number.isFinite(value)) return undefined;
  return match[1] === '-' ? -value : value;
}

/** `strconv.FormatFloat(value, format, precision, 64)`; precision -1: the shortest that reads back the same. */
export function formatFloat(value: number, format: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  switch (format) {
    case 'e':
    case 'E': {
      const text = exponentForm(value, precision);
      return format === 'E' ? text.toUpperCase() : text;
    }
    case 'f':
    case 'F':
      return precision < 0 ? plainForm(value) : fixedForm(value, precision);
    case 'g':
    case 'G': {
      const text = generalForm(value, precision);
      return format === 'G' ? text.toUpperCase() : text;
    }
    case 'b':
      return binaryForm(value);
    default:
      return hexForm(value, precision, format === 'X');
  }
}

/** `%g`: with an exponent below -4 or from the precision on, which counts as six for the shortest digits. */
function generalForm(value: number, precision: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const digits = precision < 0 ? shortestDigits(value) : roundedDigits(value, precision === 0 ? 1 : precision);
  const exponent = digits.exponent;
  let limit = precision === 0 ? 1 : precision;
  if (limit > digits.text.length && digits.text.length >= exponent + 1) limit = digits.text.length;
  if (precision < 0) limit = 6;
  if (exponent < -4 || exponent >= limit) return withExponent(digits.sign, digits.text, exponent);
  return digits.sign + placePoint(digits.text, exponent);
}

function withExponent(sign: string, digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const size = Math.abs(exponent).toString().padStart(2, '0');
  return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
}

function placePoint(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits + '0'.repeat(exponent + 1 - digits.length);
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

interface Digits {
  readonly sign: string;
  readonly text: string;
  readonly exponent: number;
}

function shortestDigits(value: number): Digits {
  return splitExponent(value.toExponential());
}

function roundedDigits(value: number, count: number): Digits {
  const digits = splitExponent(exactExponential(value, count - 1));
  return { ...digits, text: digits.text.replace(/0+$/, '') || '0' };
}

function splitExponent(text: string): Digits {
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)!;
  return { sign: match[1]!, text: match[2]! + (match[3] ?? ''), exponent: Number(match[4]) };
}

function exponentForm(value: number, precision: number): string {
  if (value === 0) {
    const zeros = precision > 0 ? `.${'0'.repeat(precision)}` : '';
    return `${Object.is(value, -0) ? '-' : ''}0${zeros}e+00`;
  }
  const { sign, text, exponent } = splitExponent(
    precision < 0 ? value.toExponential() : exactExponential(value, precision),
  );
  return withExponent(sign, text, exponent);
}

/** The value in decimal, exactly: sign, digits, and how many of them stand after the point. */
function exactDecimal(value: number): { readonly digits: bigint; readonly scale: number } {
  let scale = 0;
  let mantissa = Math.abs(value);
  let exponent = 0;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent--;
  }
  let digits = BigInt(mantissa);
  if (exponent < 0) {
    digits *= 5n ** BigInt(-exponent);
    scale = -exponent;
  }
  return { digits, scale };
}

/** JavaScript rounds halves up in toFixed and toExponential; Go rounds the exact value half to even. */
function roundDecimal(digits: bigint, drop: number): bigint {
  if (drop <= 0) return digits * 10n ** BigInt(-drop);
  const unit = 10n ** BigInt(drop);
  const whole = digits / unit;
  const rest = (digits % unit) * 2n;
  return rest > unit || (rest === unit && whole % 2n === 1n) ? whole + 1n : whole;
}

function exactExponential(value: number, precision: number): string {
  const sign = value < 0 ? '-' : '';
  const { digits, scale } = exactDecimal(value);
  const length = digits.toString().length;
  let rounded = roundDecimal(digits, length - 1 - precision).toString();
  let exponent = length - 1 - scale;
  if (rounded.length > precision + 1) {
    rounded = rounded.slice(0, -1);
    exponent++;
  }
  const fraction = precision > 0 ? `.${rounded.slice(1)}` : '';
  return `${sign}${rounded[0]}${fraction}e${exponent < 0 ? '' : '+'}${exponent}`;
}

function fixedForm(value: number, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const { digits, scale } = exactDecimal(value);
  const text = roundDecimal(digits, scale - precision)
    .toString()
    .padStart(precision + 1, '0');
  return precision === 0 ? sign + text : `${sign}${text.slice(0, -precision)}.${text.slice(-precision)}`;
}

function plainForm(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const { sign, text, exponent } = shortestDigits(value);
  return sign + placePoint(text, exponent);
}

function binaryForm(value: number): string {
  const { mantissa, exponent } = parts(value);
  return `${value < 0 ? '-' : ''}${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

function parts(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function hexForm(value: number, precision: number, upper: boolean): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  let { mantissa, exponent } = parts(value);
  exponent += 52;
  if (mantissa === 0n) exponent = 0;
  while (mantissa !== 0n && mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  if (precision >= 0 && precision < 13) {
    const drop = BigInt(4 * (13 - precision));
    const half = 1n << (drop - 1n);
    const rest = mantissa & ((1n << drop) - 1n);
    mantissa >>= drop;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= drop;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  let fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  fraction = precision < 0 ? fraction.replace(/0+$/, '') : fraction.padEnd(precision, '0').slice(0, precision);
  const size = Math.abs(exponent).toString().padStart(2, '0');
  const text = `${sign}0x${mantissa === 0n ? 0 : 1}${fraction === '' ? '' : `.${fraction}`}p${exponent < 0 ? '-' : '+'}${size}`;
  return upper ? text.toUpperCase() : text;
}

/** The hexadecimal digits of a string's bytes, as `%x` prints it. */
export function hexOf(text: string): string {
  return [...encode(text)].map((b) => b.toString(16).padStart(2, '0')).join('');
}
