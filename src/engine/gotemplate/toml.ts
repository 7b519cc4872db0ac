/** TOML as BurntSushi/toml writes and reads it, for `toToml` and `fromToml`. */
import { formatFloat, quote } from '../go/strconv.ts';
import { printValue } from './format.ts';
import {
  bool,
  float,
  GoError,
  int64,
  list,
  type MapValue,
  map,
  sortedKeys,
  string,
  typeOf,
  type Value,
} from './value.ts';

/** The text of a map; throws `GoError` for what TOML cannot hold. */
export function encodeToml(value: Value): string {
  if (value.kind === 'nil') throw new GoError('reflect: call of reflect.Value.Type on zero Value');
  if (value.kind === 'object' || value.kind === 'func')
    throw new GoError('toml: top-level values must be Go maps or structs');
  if (value.kind !== 'map') return inline(value);
  const lines: string[] = [];
  table(value, [], lines);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function table(value: MapValue, path: readonly string[], lines: string[]): void {
  const indent = '  '.repeat(Math.max(0, path.length - 0));
  const keys = sortedKeys(value).filter((key) => value.entries.get(key)!.kind !== 'nil');
  const isTable = (item: Value) => item.kind === 'map' || isTableArray(item);
  for (const key of keys) {
    const item = value.entries.get(key)!;
    if (!isTable(item)) lines.push(`${indent}${bareKey(key)} = ${inline(item)}`);
  }
  for (const key of keys) {
    const item = value.entries.get(key)!;
    const inner = [...path, key];
    const header = inner.map(bareKey).join('.');
    if (item.kind === 'map') {
      if (path.length === 0 && lines.length > 0) lines.push('');
      lines.push(`${indent}[${header}]`);
      table(item, inner, lines);
    } else if (item.kind === 'list' && isTableArray(item)) {
      for (const element of item.items) {
        if (lines.length > 0) lines.push('');
        lines.push(`${indent}[[${header}]]`);
        table(element as MapValue, inner, lines);
      }
    }
  }
}

function isTableArray(value: Value): boolean {
  return value.kind === 'list' && value.items.length > 0 && value.items.every((item) => item.kind === 'map');
}

function bareKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlString(key);
}

function inline(value: Value): string {
  switch (value.kind) {
    case 'string':
      return tomlString(value.text);
    case 'float':
      if (Number.isNaN(value.value)) return 'nan';
      if (!Number.isFinite(value.value)) return value.value > 0 ? '+inf' : '-inf';
      return tomlFloat(value.value);
    case 'list':
      if (value.items.some((item) => item.kind === 'nil'))
        throw new GoError('toml: cannot encode array with nil element');
      return `[${value.items.map(inline).join(', ')}]`;
    case 'map':
      return `{${sortedKeys(value)
        .map((key) => `${bareKey(key)} = ${inline(value.entries.get(key)!)}`)
        .join(', ')}}`;
    case 'bool':
    case 'int':
      return String(value.value);
    case 'object':
      return tomlString(printValue(value));
    default:
      throw new GoError(`unsupported type for key '': ${typeOf(value)}`);
  }
}

function tomlFloat(value: number): string {
  const text = formatFloat(value, 'g', -1);
  if (/[e]/.test(text)) return /^-?\d+e/.test(text) ? text.replace('e', '.0e') : text;
  return text.includes('.') ? text : `${text}.0`;
}

function tomlString(text: string): string {
  return quote(text)
    .replaceAll('\\a', '\\u0007')
    .replaceAll('\\v', '\\u000b')
    .replace(/\\x([0-9a-f]{2})/g, '\\u00$1');
}

/** The value of a TOML text, or what is wrong with it. */
export function decodeToml(text: string): Value | string {
  try {
    return new Reader(text).document();
  } catch (e) {
    if (e instanceof GoError) return e.message;
    throw e;
  }
}

/** A cursor over TOML text. */
class Reader {
  private at = 0;
  private readonly text: string;
  private readonly root = map(new Map<string, Value>());
  constructor(text: string) {
    this.text = text.replaceAll('\r\n', '\n');
  }

  document(): MapValue {
    let current = this.root;
    for (;;) {
      this.skip(/[\s]*(#[^\n]*\n?\s*)*/y);
      if (this.at >= this.text.length) return this.root;
      if (this.text.startsWith('[[', this.at)) current = this.header(']]');
      else if (this.text[this.at] === '[') current = this.header(']');
      else {
        const path = this.keyPath();
        this.expect('=');
        assign(this.descend(current, path.slice(0, -1)), path.at(-1)!, this.value(), this);
      }
      this.skip(/[ \t]*(#[^\n]*)?/y);
      if (this.at < this.text.length && this.text[this.at] !== '\n') this.fail('expected a new line');
    }
  }

  private header(close: ']' | ']]'): MapValue {
    this.at += close.length;
    const path = this.keyPath();
    this.expect(close);
    const parent = this.descend(this.root, path.slice(0, -1));
    const key = path.at(-1)!;
    if (close === ']') return this.descend(parent, [key]);
    const known = parent.entries.get(key);
    const element = map(new Map<string, Value>());
    parent.entries.set(key, list([...(known?.kind === 'list' ? known.items : []), element]));
    return element;
  }

  private descend(from: MapValue, path: readonly string[]): MapValue {
    let current = from;
    for (const key of path) {
      let next = current.entries.get(key);
      if (next?.kind === 'list') next = next.items.at(-1);
      if (next === undefined) {
        next = map(new Map<string, Value>());
        current.entries.set(key, next);
      }
      if (next.kind !== 'map') return this.fail(`Key '${key}' has already been defined.`);
      current = next;
    }
    return current;
  }

  private keyPath(): string[] {
    const path: string[] = [];
    do {
      this.skip(/[ \t]*/y);
      const char = this.text[this.at];
      if (char === '"' || char === "'") path.push(this.stringValue());
      else {
        const bare = this.skip(/[A-Za-z0-9_-]+/y);
        if (bare === '') this.fail('expected a key');
        path.push(bare);
      }
      this.skip(/[ \t]*/y);
    } while (this.take('.'));
    return path;
  }

  private value(): Value {
    this.skip(/[ \t]*/y);
    const char = this.text[this.at];
    if (char === '"' || char === "'") return string(this.stringValue());
    if (char === '[') return this.array();
    if (char === '{') return this.inlineTable();
    const word = this.skip(/[A-Za-z0-9_+:.-]+(?: \d\d:\d\d:\d\d[0-9.Z+:-]*)?/y);
    if (word === 'true' || word === 'false') return bool(word === 'true');
    if (/^[+-]?(inf|nan)$/.test(word))
      return float(word.endsWith('nan') ? Number.NaN : word.startsWith('-') ? -Infinity : Infinity);
    const plain = word.replaceAll('_', '');
    if (/^([+-]?\d+|0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+)$/.test(plain)) return int64(BigInt(plain.replace('+', '')));
    if (/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(plain)) return float(Number(plain));
    if (/^\d{4}-\d\d-\d\d/.test(word) || /^\d\d:\d\d/.test(word)) return string(word);
    return this.fail(word === '' ? 'expected a value' : `invalid value ${quote(word)}`);
  }

  private array(): Value {
    this.at++;
    const items: Value[] = [];
    const blank = /(?:\s|#[^\n]*\n)*/y;
    for (;;) {
      this.skip(blank);
      if (this.take(']')) return list(items);
      items.push(this.value());
      this.skip(blank);
      if (this.take(']')) return list(items);
      this.expect(',');
    }
  }

  private inlineTable(): Value {
    this.at++;
    const value = map(new Map<string, Value>());
    this.skip(/[ \t]*/y);
    if (this.take('}')) return value;
    for (;;) {
      const path = this.keyPath();
      this.expect('=');
      assign(this.descend(value, path.slice(0, -1)), path.at(-1)!, this.value(), this);
      this.skip(/[ \t]*/y);
      if (this.take('}')) return value;
      this.expect(',');
    }
  }

  private stringValue(): string {
    const mark = this.text[this.at]!;
    const triple = mark.repeat(3);
    const long = this.text.startsWith(triple, this.at);
    const open = long ? triple : mark;
    this.at += open.length;
    let start = this.at;
    if (long && this.text[start] === '\n') start = ++this.at;
    for (;;) {
      if (this.at >= this.text.length || (!long && this.text[this.at] === '\n'))
        this.fail('strings cannot contain newlines');
      if (mark === '"' && this.text[this.at] === '\\') this.at += 2;
      else if (this.text.startsWith(open, this.at)) break;
      else this.at++;
    }
    while (long && this.text[this.at + 3] === mark) this.at++;
    const body = this.text.slice(start, this.at);
    this.at += open.length;
    return mark === "'" ? body : this.unescape(body);
  }

  private unescape(body: string): string {
    const known: Record<string, string> = {
      b: '\b',
      t: '\t',
      n: '\n',
      f: '\f',
      r: '\r',
      e: '\x1b',
      '"': '"',
      '\\': '\\',
    };
    return body.replace(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[ \t]*\n\s*|(.))/gs,
      (_, four?: string, eight?: string, char?: string) => {
        const hex = four ?? eight;
        if (hex !== undefined) {
          const code = Number.parseInt(hex, 16);
          return code > 0x10ffff ? this.fail('invalid code point') : String.fromCodePoint(code);
        }
        return char === undefined ? '' : (known[char] ?? this.fail(`invalid escape character ${quote(char)}`));
      },
    );
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    this.skip(/[ \t]*/y);
    if (!this.take(token)) this.fail(`expected ${quote(token)}`);
  }

  fail(message: string): never {
    const line = this.text.slice(0, this.at).split('\n').length;
    throw new GoError(`toml: line ${line}: ${message}`);
  }
}

function assign(to: MapValue, key: string, value: Value, reader: Reader): void {
  if (to.entries.has(key)) reader.fail(`Key '${key}' has already been defined.`);
  to.entries.set(key, value);
}
