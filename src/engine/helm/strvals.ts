/**
 * `--set` lines and `targetPath` values: `a.b[0].c=1,d={x,y}` into values, with Helm's own grammar, types and errors.
 * Whole numbers become int64 (see `int64Tag`), `true`, `false` and `null` are recognised, everything else is a string.
 */
import { type Origin, type Scalar, str } from '../yaml/node.ts';
import { int64Tag, type List, nothing, type Table, table, type Value } from './values.ts';

const maxIndex = 65_536;
const maxNesting = 30;

export type SetMode =
  /** `--set` and targetPath: values are typed. */
  | 'typed'
  /** `--set-string`: every value is a string. */
  | 'string'
  /** `literal: true` of a values reference and `--set-literal`: the whole rest is the value, nothing is special in it. */
  | 'literal';

/** Sets what `line` says in `into`, in place; the error is Helm's text. `at` becomes the origin of what is set. */
export function setValues(into: Table, line: string, mode: SetMode, at: Origin): string | undefined {
  try {
    const parser = new Parser([...line], mode, at);
    while (parser.key(into, 0));
    return undefined;
  } catch (error) {
    if (error instanceof SetError) return error.message;
    throw error;
  }
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

  constructor(line: readonly string[], mode: SetMode, origin: Origin) {
    this.line = line;
    this.mode = mode;
    this.origin = origin;
  }

  /** Reads one `key=value`; false when the line ended before it. */
  key(into: Table, nesting: number): boolean {
    const { text, stop } = this.until(this.mode === 'literal' ? '=[.' : '=[,.');
    if (stop === undefined) {
      if (text === '') return false;
      throw new SetError(`key "${text}" has no value`);
    }
    if (stop === '[') {
      const index = this.index();
      const old = into.slots.get(text)?.value;
      if (old !== undefined && old.kind !== 'list') throw new SetError('unable to parse key: the value is not a list');
      this.put(into, text, this.item(old ?? this.list(), index, nesting));
      return true;
    }
    if (stop === '=') return this.assign((value) => this.put(into, text, value));
    if (stop === ',') throw new SetError(`key "${text}" has no value (cannot end with ,)`);
    if (nesting + 1 > maxNesting) {
      throw new SetError(`value name nested level is greater than maximum supported nested level of ${maxNesting}`);
    }
    const old = into.slots.get(text)?.value;
    if (old !== undefined && old.kind !== 'table') throw new SetError('unable to parse key: the value is not a table');
    const inner = old ?? table(this.origin);
    const more = this.key(inner, nesting + 1);
    if (more && inner.slots.size === 0) throw new SetError(`key map "${text}" has no value`);
    if (inner.slots.size > 0) this.put(into, text, inner);
    return more;
  }

  private item(list: List, index: number, nesting: number): List {
    const { text, stop } = this.until('[.=');
    if (text !== '') throw new SetError(`unexpected data at end of array index: "${text}"`);
    if (stop === undefined) throw new SetError('unexpected end of line after an index');
    if (stop === '=') {
      this.assign((value) => this.putIndex(list, index, value));
      return list;
    }
    const old = list.items[index];
    if (stop === '[') {
      const next = this.index();
      const inner = old?.kind === 'list' ? old : this.list();
      this.putIndex(list, index, this.item(inner, next, nesting));
      return list;
    }
    const inner = old?.kind === 'table' ? old : table(this.origin);
    this.key(inner, nesting);
    this.putIndex(list, index, inner);
    return list;
  }

  /** Reads the value after `=`; false when the line ended with it. */
  private assign(set: (value: Value) => void): boolean {
    if (this.mode === 'literal') {
      set(str(this.line.slice(this.at).join(''), this.origin));
      this.at = this.line.length;
      return false;
    }
    if (this.at >= this.line.length) {
      set(str('', this.origin));
      return false;
    }
    if (this.line[this.at] === '{') {
      this.at++;
      set(this.braces());
      return true;
    }
    const { text, stop } = this.until(',');
    set(this.typed(text));
    return stop !== undefined;
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

  private typed(text: string): Scalar {
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

  private index(): number {
    const { text, stop } = this.until(']');
    if (stop === undefined || !/^[-+]?[0-9]+$/.test(text))
      throw new SetError(`error parsing index: "${text}" is not a number`);
    const index = Number(text);
    if (index < 0) throw new SetError(`negative ${index} index not allowed`);
    if (index > maxIndex) {
      throw new SetError(`index of ${index} is greater than maximum supported index of ${maxIndex}`);
    }
    return index;
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

  private putIndex(list: List, index: number, value: Value): void {
    while (list.items.length <= index) list.items.push(nothing(this.origin));
    list.items[index] = value;
  }
}

function fitsInt64(text: string): boolean {
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value;
}
