/**
 * `--set` lines and `targetPath` values: `a.b[0].c=1,d={x,y}` into values, with Helm's own grammar, types and errors.
 * Whole numbers become int64 (see `int64Tag`), `true`, `false` and `null` are recognised, everything else is a string.
 * `--set-json` reads values as JSON, `--set-file` reads them from files, `--set-literal` takes them as they are.
 */
import { quote } from '../go/strconv.ts';
import { type Origin, type Scalar, str } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { fromJson, jsonPrefix } from './jsonvals.ts';
import { int64Tag, isNull, type List, mergeMaps, nothing, type Table, table, type Value } from './values.ts';

const maxIndex = 65_536;
const maxNesting = 30;

export type SetMode =
  /** `--set` and targetPath: values are typed. */
  | 'typed'
  /** `--set-string`: every value is a string. */
  | 'string'
  /** `literal: true` of a values reference and `--set-literal`: the whole rest is the value, nothing is special in it. */
  | 'literal'
  /** `--set-json`: each value is JSON; in Helm 4 the line may also be one object. */
  | 'json'
  /** `--set-file`: each value is the path of a file that holds it. */
  | 'file';

export interface SetOptions {
  readonly helm?: 3 | 4;
  /** What a file holds, for the mode `file`. */
  readonly read?: (path: string) => { readonly text: string } | { readonly error: string };
}

/** Sets what `line` says in `into`, in place; the error is Helm's text. `at` becomes the origin of what is set. */
export function setValues(
  into: Table,
  line: string,
  mode: SetMode,
  at: Origin,
  options: SetOptions = {},
): string | undefined {
  if (mode === 'json' && options.helm !== 3 && line.trim().startsWith('{')) return setObject(into, line.trim(), at);
  try {
    const parser = new Parser([...line], mode, at, options);
    while (parser.key(into, 0));
    return undefined;
  } catch (error) {
    if (error instanceof SetError) return error.message;
    throw error;
  }
}

/** One JSON object, merged into the values. */
function setObject(into: Table, line: string, at: Origin): string | undefined {
  const read = jsonPrefix(line);
  if (read === undefined || read.length !== line.length) return 'not valid JSON';
  for (const [key, slot] of mergeMaps(into, fromJson(read.value, at) as Table).slots) into.slots.set(key, slot);
  return undefined;
}

class SetError extends Error {}

interface Read {
  readonly text: string;
  /** What ended it; undefined at the end of the line. */
  readonly stop: string | undefined;
}

class Parser {
  private at = 0;
  private readonly line: readonly string[];
  private readonly mode: SetMode;
  private readonly origin: Origin;
  private readonly options: SetOptions;

  constructor(line: readonly string[], mode: SetMode, origin: Origin, options: SetOptions) {
    this.line = line;
    this.mode = mode;
    this.origin = origin;
    this.options = options;
  }

  /** Reads one `key=value`; false when the line ended where something was still to come. */
  key(into: Table, nesting: number): boolean {
    const { text, stop } = this.until(this.mode === 'literal' ? '=[.' : '=[,.');
    if (stop === undefined) {
      if (text === '') return false;
      throw new SetError(`key ${quote(text)} has no value`);
    }
    if (stop === '[') return this.indexed(into, text, nesting);
    if (stop === '=') return this.assign((value) => this.put(into, text, value));
    if (stop === ',') throw new SetError(`key ${quote(text)} has no value (cannot end with ,)`);
    if (nesting + 1 > maxNesting) {
      throw new SetError(`value name nested level is greater than maximum supported nested level of ${maxNesting}`);
    }
    const old = into.slots.get(text)?.value;
    if (old !== undefined && old.kind !== 'table') throw unexpected(old, 'map[string]interface {}');
    const inner = old ?? table(this.origin);
    const more = this.key(inner, nesting + 1);
    if (more && inner.slots.size === 0) throw new SetError(`key map ${quote(text)} has no value`);
    if (inner.slots.size > 0) this.put(into, text, inner);
    return more;
  }

  private indexed(into: Table, key: string, nesting: number): boolean {
    const index = this.index();
    if (index === undefined) return false;
    const old = into.slots.get(key)?.value;
    if (old !== undefined && old.kind !== 'list') throw unexpected(old, '[]interface {}');
    const { list, more } = this.item(old ?? this.list(), index, nesting);
    this.put(into, key, list);
    return more;
  }

  /** What follows an index. A line that ends in the middle of it leaves the list as it was. */
  private item(list: List, index: number, nesting: number): { readonly list: List; readonly more: boolean } {
    if (index < 0) throw new SetError(`negative ${index} index not allowed`);
    const { text, stop } = this.until('[.=');
    if (text !== '') throw new SetError(`unexpected data at end of array index: ${quoteRunes(text)}`);
    if (stop === undefined) return { list, more: false };
    if (stop === '=') {
      let value: Value = str('', this.origin);
      this.assign((given) => {
        value = given;
      });
      return { list: this.withItem(list, index, value), more: true };
    }
    const old = list.items[index];
    if (stop === '[') {
      const next = this.index();
      if (next === undefined) return { list, more: false };
      if (old !== undefined && old.kind !== 'list' && !isNull(old)) throw unexpected(old, '[]interface {}');
      const inner = this.item(old?.kind === 'list' ? old : this.list(), next, nesting);
      return inner.more ? { list: this.withItem(list, index, inner.list), more: true } : { list, more: false };
    }
    const inner = old?.kind === 'table' ? old : table(this.origin);
    if (old !== undefined) list.items[index] = inner;
    return this.key(inner, nesting) ? { list: this.withItem(list, index, inner), more: true } : { list, more: false };
  }

  /** Reads the value after `=`; false when there is none. */
  private assign(set: (value: Value) => void): boolean {
    if (this.mode === 'literal') {
      set(str(this.line.slice(this.at).join(''), this.origin));
      this.at = this.line.length;
      return true;
    }
    if (this.mode === 'json') {
      set(this.json());
      return true;
    }
    if (this.at >= this.line.length) {
      set(str('', this.origin));
      return false;
    }
    if (this.line[this.at] === '{') {
      this.at++;
      set(this.braces());
    } else set(this.typed(this.until(',').text));
    return true;
  }

  private braces(): List {
    const list = this.list();
    for (;;) {
      const { text, stop } = this.until(',}');
      if (stop === undefined) throw new SetError("list must terminate with '}'");
      list.items.push(this.typed(text));
      if (stop === '}') {
        if (this.line[this.at] === ',') this.at++;
        return list;
      }
    }
  }

  /** The JSON value that begins here, and the comma after it; nothing at all is null. */
  private json(): Value {
    if (this.skipBlanks()) return nothing(this.origin);
    const read = jsonPrefix(this.line.slice(this.at).join(''));
    if (read === undefined) throw new SetError('not valid JSON');
    for (let left = read.length; left > 0; left -= this.line[this.at++]!.length);
    this.skipBlanks();
    return fromJson(read.value, this.origin);
  }

  /** Passes blanks and the comma after them; whether there was one, or the end. */
  private skipBlanks(): boolean {
    while (this.at < this.line.length) {
      const c = this.line[this.at]!;
      if (c !== ',' && !/[\t-\r \x85\p{Z}]/u.test(c)) return false;
      this.at++;
      if (c === ',') return true;
    }
    return true;
  }

  private contents(path: string): Scalar {
    const read = this.options.read?.(path) ?? { error: `open ${path}: no such file or directory` };
    if ('error' in read) throw new SetError(read.error);
    return str(read.text, this.origin);
  }

  private typed(text: string): Scalar {
    if (this.mode === 'file') return this.contents(text);
    if (this.mode === 'string') return str(text, this.origin);
    const lower = text.toLowerCase();
    const scalar = (value: string, tag?: string): Scalar => {
      const plain = { kind: 'scalar' as const, text: value, style: 'plain' as const, at: this.origin };
      return tag === undefined ? plain : { ...plain, tag };
    };
    if (lower === 'true' || lower === 'false') return scalar(lower);
    if (lower === 'null') return nothing(this.origin);
    if (text === '0' || (/^[-+]?[0-9]+$/.test(text) && !text.startsWith('0') && fitsInt64(text))) {
      return scalar(String(BigInt(text.replace(/^\+/, ''))), int64Tag);
    }
    return str(text, this.origin);
  }

  /** The number before `]`; undefined when the line ends before it, which Helm 4 takes for the end of everything. */
  private index(): number | undefined {
    const { text, stop } = this.until(']');
    if (stop === undefined && this.options.helm === 3) throw new SetError('error parsing index: EOF');
    if (stop === undefined) return undefined;
    const wrong = (why: string) => new SetError(`error parsing index: strconv.Atoi: parsing ${quote(text)}: ${why}`);
    if (!/^[-+]?[0-9]+$/.test(text)) throw wrong('invalid syntax');
    if (!fitsInt64(text)) throw wrong('value out of range');
    return Number(text);
  }

  private until(stops: string): Read {
    let text = '';
    while (this.at < this.line.length) {
      const c = this.line[this.at++]!;
      if (stops.includes(c)) return { text, stop: c };
      if (c === '\\' && this.mode !== 'literal') {
        if (this.at >= this.line.length) break;
        text += this.line[this.at++]!;
      } else text += c;
    }
    return { text, stop: undefined };
  }

  private list(): List {
    return { kind: 'list', items: [], at: this.origin };
  }

  private put(into: Table, key: string, value: Value): void {
    if (key !== '') into.slots.set(key, { keyAt: this.origin, value });
  }

  /** In the list itself, or in a longer one that stands for it: what else holds the list sees only the first. */
  private withItem(list: List, index: number, value: Value): List {
    if (index > maxIndex) {
      throw new SetError(`index of ${index} is greater than maximum supported index of ${maxIndex}`);
    }
    if (index < list.items.length) {
      list.items[index] = value;
      return list;
    }
    const items = [...list.items];
    while (items.length < index) items.push(nothing(this.origin));
    return { ...list, items: [...items, value] };
  }
}

/** Go's `%q` of runes. */
function quoteRunes(text: string): string {
  const quoted = [...text].map((c) => (c === '"' ? c : c === "'" ? "\\'" : quote(c).slice(1, -1)));
  return `[${quoted.map((c) => `'${c}'`).join(' ')}]`;
}

/** Helm's own words, which are those of a Go type assertion. */
function unexpected(found: Value, wanted: string): SetError {
  return new SetError(`unable to parse key: interface conversion: interface {} is ${goType(found)}, not ${wanted}`);
}

function goType(value: Value): string {
  if (value.kind === 'table') return 'map[string]interface {}';
  if (value.kind === 'list') return '[]interface {}';
  if (value.tag === int64Tag) return 'int64';
  const resolved = resolve(value, 'sigs');
  if (resolved === null) return 'nil';
  if (typeof resolved === 'boolean') return 'bool';
  return typeof resolved === 'string' ? 'string' : 'float64';
}

function fitsInt64(text: string): boolean {
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value;
}
