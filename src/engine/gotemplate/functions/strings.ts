/** Strings that stay text: trimmed, cut, joined, indented, quoted; sources are kept character by character. */

import { quote } from '../../go/strconv.ts';
import { byteLength } from '../../go/utf8.ts';
import { toText } from '../format.ts';
import { assembled, fromAll, indented, joined, replaced, substring } from '../text.ts';
import {
  bool,
  type CallContext,
  GoError,
  type GoFunction,
  map,
  type StringValue,
  string,
  type Value,
} from '../value.ts';
import { byteSlice } from './basic.ts';
import { strslice, strval } from './cast.ts';
import { alias, fn, num, str, text } from './define.ts';

/** What Go's unicode.IsSpace takes for space. */
export const goSpace = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const leadingSpace = new RegExp(`^[${goSpace}]+`);
const trailingSpace = new RegExp(`[${goSpace}]+$`);
const simple = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function trimSpace(value: StringValue): StringValue {
  const start = leadingSpace.exec(value.text)?.[0].length ?? 0;
  if (start === value.text.length) return substring(value, start, start);
  return substring(value, start, value.text.length - (trailingSpace.exec(value.text)?.[0].length ?? 0));
}

/** `strings.Trim`: characters of a set off both ends. */
function trimSet(value: StringValue, set: string): StringValue {
  const chars = new Set(set);
  const points = [...value.text];
  let first = 0;
  let last = points.length;
  while (first < last && chars.has(points[first]!)) first++;
  while (last > first && chars.has(points[last - 1]!)) last--;
  const start = points.slice(0, first).join('').length;
  return substring(value, start, start + points.slice(first, last).join('').length);
}

function trunc(count: number, value: StringValue): StringValue {
  if (count >= 0 && value.text.length <= count && simple.test(value.text)) return value;
  const length = byteLength(value.text);
  if (count < 0 && length + count > 0) return byteSlice(value, length + count, length);
  return count >= 0 && length > count ? byteSlice(value, 0, count) : value;
}

function substr(start: number, end: number, value: StringValue): StringValue {
  const length = byteLength(value.text);
  const cut = start < 0 ? [0, end] : end < 0 || end > length ? [start, length] : [start, end];
  const [from, to] = cut as [number, number];
  if (to < 0 || to > length)
    throw new GoError(`runtime error: slice bounds out of range [:${to}] with length ${length}`);
  if (from > to) throw new GoError(`runtime error: slice bounds out of range [${from}:${to}]`);
  return byteSlice(value, from, to);
}

function pad(count: number, value: StringValue, context: CallContext): string {
  if (count < 0) throw new GoError('strings: negative Repeat count');
  let lines = 1;
  for (let i = value.text.indexOf('\n'); i >= 0; i = value.text.indexOf('\n', i + 1)) lines++;
  context.make(count * lines + value.text.length);
  return ' '.repeat(count);
}

function repeat(count: number, value: StringValue, context: CallContext): StringValue {
  if (count < 0) throw new GoError('strings: negative Repeat count');
  const length = value.text.length;
  context.make(count * length);
  return assembled(value.text.repeat(count), [value], function* () {
    for (let i = 0; i < count; i++) yield { source: value, start: 0, end: length, at: i * length };
  });
}

/** `%q` around the text; when nothing needs escaping the characters keep their own sources. */
function quoted(value: Value): StringValue {
  const shown = strval(value);
  if (simple.test(shown.text)) return enclosed(shown, '"');
  return string(quote(shown.text), fromAll([shown]));
}

/** The quotes belong to what they quote. */
function enclosed(value: StringValue, mark: string): StringValue {
  const sign = string(mark, fromAll([value]));
  return joined([sign, value, sign]);
}

function changedCase(value: StringValue, change: (char: string) => string): StringValue {
  const ascii = simple.test(value.text);
  const next = ascii ? change(value.text) : [...value.text].map((char) => sameLength(char, change(char))).join('');
  if (next === value.text) return value;
  if (next.length !== value.text.length) return string(next, fromAll([value]));
  return assembled(next, [value], () => [{ source: value, start: 0, end: next.length, at: 0 }]);
}

/** Go changes case character by character: what has no single counterpart stays. */
function sameLength(char: string, changed: string): string {
  return [...changed].length === 1 ? changed : char;
}

/** `strings.Title`: the first letter after anything that is no letter, digit or underscore. */
function title(value: StringValue): StringValue {
  let before = ' ';
  const next = [...value.text].map((char) => {
    const starts = isSeparator(before);
    before = char;
    return starts ? sameLength(char, char.toUpperCase()) : char;
  });
  return string(next.join(''));
}

function isSeparator(char: string): boolean {
  if (char <= '\x7f') return !/[0-9A-Za-z_]/.test(char);
  if (/[\p{L}\p{Nd}]/u.test(char)) return false;
  return leadingSpace.test(char);
}

function split(separator: string, value: StringValue, limit = -1): StringValue[] {
  if (limit === 0) return [];
  const { text: whole } = value;
  if (separator === '') return limit > 0 ? explode(whole, limit) : [...whole].map((char) => string(char, value.from));
  const parts: StringValue[] = [];
  let start = 0;
  while (limit < 0 || parts.length < limit - 1) {
    const at = whole.indexOf(separator, start);
    if (at < 0) break;
    parts.push(substring(value, start, at));
    start = at + separator.length;
  }
  parts.push(substring(value, start, whole.length));
  return parts;
}

function explode(whole: string, limit: number): StringValue[] {
  const chars = [...whole];
  const rest = chars.slice(limit - 1).join('');
  return [...chars.slice(0, limit - 1), ...(rest === '' ? [] : [rest])].map((part) => string(part));
}

function numbered(parts: readonly StringValue[]): Value {
  const entries = parts.map((part, i) => [`_${i}`, part] as const);
  return { ...map(entries), elem: 'string' };
}

function joinList(separator: string, value: Value, context: CallContext): StringValue {
  const parts = strslice(value);
  if (parts.length === 1) return parts[0]!;
  context.step(parts.length);
  return joined(parts, separator);
}

const keep = { keepsOrigins: true };
const trimAll = fn('trimAll', 'string string', ([set, s]) => trimSet(str(s), text(set)), keep);

export const stringFunctions: readonly GoFunction[] = [
  fn('hello', '', () => string('Hello!')),
  fn('trim', 'string', ([s]) => trimSpace(str(s)), keep),
  trimAll,
  alias('trimall', trimAll),
  fn(
    'trimSuffix',
    'string string',
    ([suffix, s]) => {
      const end = text(s).length - text(suffix).length;
      return text(suffix) !== '' && text(s).endsWith(text(suffix)) ? substring(str(s), 0, end) : str(s);
    },
    keep,
  ),
  fn(
    'trimPrefix',
    'string string',
    ([prefix, s]) =>
      text(s).startsWith(text(prefix)) ? substring(str(s), text(prefix).length, text(s).length) : str(s),
    keep,
  ),
  fn('upper', 'string', ([s]) => changedCase(str(s), (char) => char.toUpperCase()), keep),
  fn('lower', 'string', ([s]) => changedCase(str(s), (char) => char.toLowerCase()), keep),
  fn('title', 'string', ([s]) => title(str(s))),
  fn('trunc', 'int string', ([count, s]) => trunc(num(count), str(s)), keep),
  fn('substr', 'int int string', ([start, end, s]) => substr(num(start), num(end), str(s)), keep),
  fn('repeat', 'int string', ([count, s], context) => repeat(num(count), str(s), context), keep),
  fn('indent', 'int string', ([count, s], context) => indented(str(s), pad(num(count), str(s), context), ''), keep),
  fn('nindent', 'int string', ([count, s], context) => indented(str(s), pad(num(count), str(s), context), '\n'), keep),
  fn(
    'replace',
    'string string string',
    ([old, next, s], context) => {
      context.make(text(s).length);
      const made = replaced(str(s), text(old), str(next));
      context.make(made.text.length);
      return made;
    },
    keep,
  ),
  fn('contains', 'string string', ([part, s]) => bool(text(s).includes(text(part)))),
  fn('hasPrefix', 'string string', ([part, s]) => bool(text(s).startsWith(text(part)))),
  fn('hasSuffix', 'string string', ([part, s]) => bool(text(s).endsWith(text(part)))),
  fn('quote', 'any...', (args) => joined(args.filter((arg) => arg.kind !== 'nil').map(quoted), ' '), keep),
  fn(
    'squote',
    'any...',
    (args) =>
      joined(
        args.filter((arg) => arg.kind !== 'nil').map((arg) => enclosed(toText(arg), "'")),
        ' ',
      ),
    keep,
  ),
  fn('cat', 'any...', (args) => joined(args.filter((arg) => arg.kind !== 'nil').map(toText), ' '), keep),
  fn('toString', 'any', ([value]) => strval(value!), keep),
  fn('join', 'string any', ([separator, value], context) => joinList(text(separator), value!, context), keep),
  fn('split', 'string string', ([separator, s]) => numbered(split(text(separator), str(s)))),
  fn('splitn', 'string int string', ([separator, limit, s]) => numbered(split(text(separator), str(s), num(limit)))),
  fn('splitList', 'string string', ([separator, s]) => ({
    kind: 'list',
    items: split(text(separator), str(s)),
    elem: 'string',
  })),
  fn('toStrings', 'any', ([value]) => ({ kind: 'list', items: strslice(value!), elem: 'string' })),
  fn('plural', 'string string int', ([one, many, count]) => (num(count) === 1 ? str(one) : str(many)), keep),
];
