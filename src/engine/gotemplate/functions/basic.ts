/** The rest of what text/template itself has: print, index, slice, len, call, and the escapers. */

import { isPrint } from '../../go/strconv.ts';
import { byteLength, encode, sliceBytes } from '../../go/utf8.ts';
import { zeroOf } from '../field.ts';
import { lengthOf, sprint, sprintf, sprintln } from '../format.ts';
import { substring } from '../text.ts';
import { GoError, type GoFunction, int, missing, type StringValue, string, typeOf, type Value } from '../value.ts';
import { fn, str } from './define.ts';

function indexArg(index: Value, limit: number): number {
  if (index.kind === 'nil') throw new GoError('cannot index slice/array with nil');
  if (index.kind !== 'int') throw new GoError(`cannot index slice/array with type ${typeOf(index)}`);
  const at = Number(index.value);
  if (at < 0 || at > limit) throw new GoError(`index out of range: ${index.value}`);
  return at;
}

function index(item: Value, index: Value): Value {
  switch (item.kind) {
    case 'nil':
      throw new GoError('index of nil pointer');
    case 'list':
    case 'bytes':
    case 'string': {
      const length = lengthOf(item)!;
      const at = indexArg(index, length);
      if (at === length)
        throw new GoError(`reflect: ${item.kind === 'string' ? 'string' : 'slice'} index out of range`);
      if (item.kind === 'list') return item.items[at]!;
      const byte = item.kind === 'bytes' ? item.bytes[at]! : encode(item.text)[at]!;
      return { kind: 'int', value: byte, type: 'uint8' };
    }
    case 'map': {
      if (index.kind === 'nil') throw new GoError('value is nil; should be of type string');
      if (index.kind !== 'string') throw new GoError(`value has type ${typeOf(index)}; should be string`);
      return item.entries.get(index.text) ?? zeroOf(item.elem);
    }
    default:
      throw new GoError(`can't index item of type ${typeOf(item)}`);
  }
}

function slice(item: Value, indexes: readonly Value[]): Value {
  if (item.kind === 'nil') throw new GoError(item.slot ? 'slice of nil pointer' : 'slice of untyped nil');
  if (indexes.length > 3) throw new GoError(`too many slice indexes: ${indexes.length}`);
  if (item.kind !== 'string' && item.kind !== 'list' && item.kind !== 'bytes') {
    throw new GoError(`can't slice item of type ${typeOf(item)}`);
  }
  if (item.kind === 'string' && indexes.length === 3) throw new GoError('cannot 3-index slice a string');
  const length = lengthOf(item)!;
  const [start = 0, end = length, cap = length] = indexes.map((value) => indexArg(value, length));
  if (start > end) throw new GoError(`invalid slice index: ${start} > ${end}`);
  if (end > cap) throw new GoError(`invalid slice index: ${end} > ${cap}`);
  if (item.kind === 'list') return { ...item, items: item.items.slice(start, end) };
  if (item.kind === 'bytes') return { ...item, bytes: item.bytes.slice(start, end) };
  return byteSlice(item, start, end);
}

/** `s[start:end]` in bytes, sources kept. */
export function byteSlice(value: StringValue, start: number, end: number): StringValue {
  if (byteLength(value.text) === value.text.length) return substring(value, start, end);
  const before = sliceBytes(value.text, 0, start);
  const kept = sliceBytes(value.text, start, end);
  const cut = substring(value, before.length, before.length + kept.length);
  return cut.text === kept ? cut : string(kept, value.from);
}

const htmlEscapes: Record<string, string> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
};

function jsEscape(text: string): string {
  return [...text].map(jsChar).join('');
}

const jsEscapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

function jsChar(char: string): string {
  const known = jsEscapes[char];
  if (known !== undefined) return known;
  const code = char.codePointAt(0)!;
  if (code >= 0x20 && (code < 0x7f || (code > 0x7f && isPrint(char)))) return char;
  if (code > 0xffff) return `\\u${code.toString(16).toUpperCase()}`;
  return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** url.QueryEscape: everything but letters, digits and `-_.~` as %XX, a space as `+`. */
export function queryEscape(text: string): string {
  let out = '';
  for (const byte of encode(text)) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(char)) out += char;
    else out += char === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** What the escapers escape: a lone string as it is, anything else as `print` gives it. */
function printed(args: readonly Value[]): string {
  return sprint(args.map((arg) => (arg.kind === 'nil' ? string('<no value>') : arg))).text;
}

export const basicFunctions: readonly GoFunction[] = [
  fn('print', 'any...', (args) => sprint(args), { keepsOrigins: true }),
  fn('println', 'any...', (args) => sprintln(args), { keepsOrigins: true }),
  fn('printf', 'string any...', ([format, ...rest]) => sprintf(str(format), rest), { keepsOrigins: true }),
  fn('len', 'value', ([item]) => {
    if (item!.kind === 'nil')
      throw new GoError(item!.slot ? 'len of nil pointer' : 'reflect: call of reflect.Value.Type on zero Value');
    const length = lengthOf(item!);
    if (length === undefined) throw new GoError(`len of type ${typeOf(item!)}`);
    return int(length);
  }),
  fn('index', 'value value...', ([item, ...indexes]) => {
    if (item!.kind === 'nil') throw new GoError('index of untyped nil');
    return indexes.reduce(index, item!);
  }),
  fn('slice', 'value value...', ([item, ...indexes]) => slice(item!, indexes)),
  fn('call', 'value value...', () => missing),
  fn('html', 'any...', (args) => string(printed(args).replace(/["'&<>\0]/g, (char) => htmlEscapes[char]!))),
  fn('js', 'any...', (args) => string(jsEscape(printed(args)))),
  fn('urlquery', 'any...', (args) => string(queryEscape(printed(args)))),
];
