/**
 * The variable language of Flux's `postBuild`: the rules are those of fluxcd/pkg/envsubst, oddities included, because a
 * preview that reads `${x-y}` as Bash does would lie about the cluster (Flux refuses it).
 *
 * `${n}`, `${#n}`, `${n^}` `${n^^}` `${n,}` `${n,,}`, `${n:offset:length}`, `${n#glob}` `##` `%` `%%`,
 * `${n/text/with}` `//` `/#` `/%`, `${n=default}` `:=` `:-` (`:?` and `:+` behave like `:-`), and `$$` for a dollar sign.
 * Lengths and offsets count bytes. Values are not expanded again.
 */
import { compileMatch } from '../go/match.ts';

/** A stretch of the outcome: copied text, or the value of a reference. */
export interface Piece {
  /** Offsets into the outcome. */
  readonly start: number;
  readonly end: number;
  /** Offsets into the template. */
  readonly from: number;
  readonly to: number;
  /** The variables that were read, the outer one first; absent for copied text. */
  readonly variables?: readonly string[];
}

export interface Substituted {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

export interface SubstitutionFault {
  /** The sentence that Flux would log. */
  readonly message: string;
  /** The faulty token: offsets into the template. */
  readonly start: number;
  readonly end: number;
  /** The variable that is not set, where that is the fault. */
  readonly variable?: string;
}

/** The value of a variable; undefined when it is not set and that is an error. */
export type Lookup = (name: string) => string | undefined;

export type Outcome =
  | { readonly ok: true; readonly value: Substituted }
  | { readonly ok: false; readonly fault: SubstitutionFault };

export function substitute(template: string, lookup: Lookup): Outcome {
  const segments = parseTemplate(template);
  if ('message' in segments) return { ok: false, fault: segments };
  const pieces: Piece[] = [];
  let text = '';
  for (const segment of segments) {
    const read: string[] = [];
    const value = evaluate(segment.node, lookup, read);
    if (typeof value !== 'string') {
      const { name } = value;
      const message = `variable not set (strict mode): ${JSON.stringify(name)}`;
      return { ok: false, fault: { message, start: segment.from, end: segment.to, variable: name } };
    }
    const place = { start: text.length, end: text.length + value.length, from: segment.from, to: segment.to };
    pieces.push(typeof segment.node === 'string' ? place : { ...place, variables: read });
    text += value;
  }
  return { ok: true, value: { text, pieces } };
}

/** A reference, or literal text. */
type Template = string | Call;

interface Call {
  readonly name: string;
  /** Empty for a bare reference. */
  readonly operator: string;
  readonly args: readonly Template[];
}

interface Segment {
  readonly node: Template;
  readonly from: number;
  readonly to: number;
}

class Fault extends Error {}

/** Deeper nesting of defaults than anyone writes; Flux has no such bound. */
const maxDepth = 500;

function parseTemplate(template: string): readonly Segment[] | SubstitutionFault {
  const segments: Segment[] = [];
  let from = 0;
  let at = 0;
  const flush = (to: number) => {
    if (to > from) segments.push({ node: template.slice(from, to), from, to });
  };
  for (;;) {
    at = template.indexOf('$', at);
    const next = at < 0 ? '' : template[at + 1];
    if (at < 0) break;
    if (next === '$') {
      flush(at);
      segments.push({ node: '$', from: at, to: at + 2 });
      at += 2;
      from = at;
    } else if (next === '{') {
      flush(at);
      const reader = { text: template, at: at + 2 };
      try {
        const node = parseCall(reader, 0);
        segments.push({ node, from: at, to: reader.at });
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        const close = template.indexOf('}', at);
        const line = template.indexOf('\n', at);
        const ends = [close < 0 ? undefined : close + 1, line < 0 ? undefined : line];
        return { message: fault.message, start: at, end: Math.min(...ends.map((end) => end ?? template.length)) };
      }
      at = reader.at;
      from = at;
    } else at += 1;
  }
  flush(template.length);
  return segments;
}

interface Reader {
  readonly text: string;
  at: number;
}

const badSubstitution = 'bad substitution';
const badArgument = 'unable to parse substitution within function';

/** After `${`: a name, an operator with its arguments, the closing brace. */
function parseCall(reader: Reader, depth: number): Call {
  if (depth > maxDepth) throw new Fault('substitutions are nested too deeply');
  if (peek(reader) === '#') {
    reader.at += 1;
    return close(reader, { name: readName(reader, badSubstitution), operator: '#', args: [] });
  }
  const name = readName(reader, 'unable to parse variable name');
  switch (peek(reader)) {
    case ':':
      return parseColon(reader, name, depth);
    case '=':
      reader.at += 1;
      return parseDefault(reader, name, '=', depth);
    case ',':
    case '^':
      return close(reader, { name, operator: readWhile(reader, /[,^]/, 2), args: [] });
    case '/':
      return parseReplace(reader, name, depth);
    case '#':
    case '%': {
      const sign = peek(reader)!;
      const operator = readWhile(reader, sign === '#' ? /#/ : /%/, 2);
      return close(reader, { name, operator, args: [argument(reader, notClosing, depth)] });
    }
    default:
      return close(reader, { name, operator: '', args: [] }, 'missing closing brace');
  }
}

function parseColon(reader: Reader, name: string, depth: number): Call {
  const next = reader.text[reader.at + 1];
  if (next !== undefined && '=-?+'.includes(next)) {
    reader.at += 2;
    return parseDefault(reader, name, `:${next}`, depth);
  }
  // Flux steps back by the width of this character (at the end, of none) and then no longer finds the colon.
  if (next === undefined || next > '\x7f') throw new Fault(badSubstitution);
  reader.at += 1;
  const offset = argument(reader, (c) => c !== ':' && c !== '}', depth);
  if (peek(reader) === '}') return close(reader, { name, operator: ':', args: [offset] });
  if (readWhile(reader, /:/, Number.POSITIVE_INFINITY) === '') throw new Fault(badSubstitution);
  return close(reader, { name, operator: ':', args: [offset, argument(reader, notClosing, depth)] });
}

/** Any mix of text and references up to the closing brace. */
function parseDefault(reader: Reader, name: string, operator: string, depth: number): Call {
  const args: Template[] = [];
  while (peek(reader) !== '}') args.push(argument(reader, notClosing, depth));
  return close(reader, { name, operator, args });
}

function parseReplace(reader: Reader, name: string, depth: number): Call {
  reader.at += 1;
  const operator = `/${readWhile(reader, /[/#%]/, 1)}`;
  const search = argument(reader, (c) => c !== '/', depth, 'escapes');
  if (readWhile(reader, /\//, Number.POSITIVE_INFINITY) === '') throw new Fault(badSubstitution);
  if (peek(reader) === '}') return close(reader, { name, operator, args: [search] });
  return close(reader, { name, operator, args: [search, argument(reader, notClosing, depth, 'escapes')] });
}

const notClosing = (c: string) => c !== '}';

/** One argument: a nested reference, or at least one character of text up to where `accept` says no or a reference starts. */
function argument(reader: Reader, accept: (c: string) => boolean, depth: number, escapes?: 'escapes'): Template {
  if (reader.text.startsWith('${', reader.at)) {
    reader.at += 2;
    return parseCall(reader, depth + 1);
  }
  let out = '';
  let any = false;
  for (; reader.at < reader.text.length && !reader.text.startsWith('${', reader.at); any = true) {
    const c = reader.text[reader.at]!;
    const next = reader.text[reader.at + 1];
    const escaped = escapes && ((c === '$' && next === '$') || (c === '\\' && (next === '/' || next === '\\')));
    if (!escaped && !accept(c)) break;
    out += escaped ? next : c;
    reader.at += escaped ? 2 : 1;
  }
  if (!any) throw new Fault(badArgument);
  return out;
}

function close(reader: Reader, call: Call, message: string = badSubstitution): Call {
  if (peek(reader) !== '}') throw new Fault(message);
  reader.at += 1;
  return call;
}

function peek(reader: Reader): string | undefined {
  return reader.text[reader.at];
}

function readName(reader: Reader, message: string): string {
  const match = /[\p{L}\p{Nd}_]+/uy;
  match.lastIndex = reader.at;
  const name = match.exec(reader.text)?.[0];
  if (name === undefined) throw new Fault(message);
  reader.at += name.length;
  return name;
}

function readWhile(reader: Reader, accept: RegExp, most: number): string {
  const from = reader.at;
  while (reader.at - from < most && accept.test(peek(reader) ?? '')) reader.at += 1;
  return reader.text.slice(from, reader.at);
}

function isDefault(operator: string): boolean {
  return /^:?[-+=?]$/.test(operator);
}

/** The text of a template; the name of the variable that is not set. `read` collects the names on the way. */
function evaluate(node: Template, lookup: Lookup, read: string[]): string | { readonly name: string } {
  if (typeof node === 'string') return node;
  read.push(node.name);
  const args: string[] = [];
  for (const arg of node.args) {
    const value = evaluate(arg, lookup, read);
    if (typeof value !== 'string') return value;
    args.push(value);
  }
  const value = lookup(node.name);
  if (value === undefined && !isDefault(node.operator)) return { name: node.name };
  return apply(node.operator, value ?? '', args);
}

function apply(operator: string, value: string, args: readonly string[]): string {
  const [first, second] = args;
  switch (operator) {
    case ',':
      return mapFirst(value, lower);
    case ',,':
      return [...value].map(lower).join('');
    case '^':
      return mapFirst(value, upper);
    case '^^':
      return [...value].map(upper).join('');
    case '#':
      return first === undefined ? String(utf8.encode(value).length) : trimPrefix(value, first, 'shortest');
    case '##':
      return trimPrefix(value, first!, 'longest');
    case '%':
      return reverse(trimPrefix(reverse(value), reverse(first!), 'shortest'));
    case '%%':
      return reverse(trimPrefix(reverse(value), reverse(first!), 'longest'));
    case ':':
      return slice(value, first!, second);
    case '/':
      return replaceFirst(value, first!, second ?? '');
    case '//':
      return first === '' ? value : value.replaceAll(first!, () => second ?? '');
    case '/#':
      return second !== undefined && value.startsWith(first!) ? second + value.slice(first!.length) : value;
    case '/%':
      return second !== undefined && value.endsWith(first!)
        ? value.slice(0, value.length - first!.length) + second
        : value;
    default:
      return value === '' ? args.join('') : value;
  }
}

const utf8 = new TextEncoder();

/** Go changes case character by character, so that a character without a single counterpart stays. */
const lower = (c: string) => single(c.toLowerCase(), c);
const upper = (c: string) => single(c.toUpperCase(), c);
const single = (changed: string, c: string) => ([...changed].length === 1 ? changed : c);

function mapFirst(value: string, change: (c: string) => string): string {
  const [head, ...rest] = value;
  return head === undefined ? '' : change(head) + rest.join('');
}

function reverse(value: string): string {
  return [...value].reverse().join('');
}

function replaceFirst(value: string, search: string, replacement: string): string {
  const at = value.indexOf(search);
  return at < 0 ? value : value.slice(0, at) + replacement + value.slice(at + search.length);
}

/** Bytes from `offset`, counted from the end when negative; a number that is none leaves the value alone. */
function slice(value: string, offset: string, length: string | undefined): string {
  const bytes = utf8.encode(value);
  const from = parseInteger(offset);
  if (from === undefined) return value;
  const start = from < 0 ? Math.max(0, bytes.length + from) : from;
  const count = length === undefined ? bytes.length : parseInteger(length);
  if (count === undefined) return value;
  const end = count < 0 ? bytes.length + count : Math.min(bytes.length, start + count);
  return end <= start ? '' : new TextDecoder().decode(bytes.subarray(start, end));
}

function parseInteger(text: string): number | undefined {
  return /^[-+]?[0-9]+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** Without the shortest or longest non-empty prefix that a glob matches; here `*` crosses slashes. */
function trimPrefix(value: string, glob: string, which: 'shortest' | 'longest'): string {
  const noSlash = (text: string) => text.replaceAll('/', '\ue02f');
  const match = compileMatch(noSlash(glob));
  if (match === undefined) return value;
  const name = noSlash(value);
  for (let i = 1; i <= name.length; i++) {
    const length = which === 'shortest' ? i : name.length - i + 1;
    if (match(name.slice(0, length))) return value.slice(length);
  }
  return value;
}
