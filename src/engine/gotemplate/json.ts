/** encoding/json: values as JSON text, with a mark for every scalar that knows its sources. */
import { encodeBase64 } from '../go/base64.ts';
import { jsonFloat } from './convert.ts';
import { printValue } from './format.ts';
import { isSourced, type Mark, marked, originsOf } from './text.ts';
import { GoError, type StringValue, sortedKeys, type Value } from './value.ts';

export interface JsonOptions {
  /** Leave `<`, `>` and `&` as they are. */
  readonly raw?: boolean;
  /** Indent by two spaces. */
  readonly pretty?: boolean;
}

interface Scalar {
  readonly start: number;
  readonly end: number;
  readonly value: Value;
}

/** `json.Marshal`. Throws `GoError` for what JSON cannot hold. */
export function encodeJson(value: Value, options: JsonOptions = {}): StringValue {
  let text = '';
  const scalars: Scalar[] = [];
  write(value, '\n');
  if (scalars.length === 0) return { kind: 'string', text };
  return marked(text, () => scalars.map(({ start, end, value: of }): Mark => ({ start, end, values: originsOf(of) })));

  function write(item: Value, newline: string): void {
    switch (item.kind) {
      case 'list':
        if (item.isNil === true) scalar(item, 'null');
        else brackets('[', ']', item.items.length, newline, (i, inner) => write(item.items[i]!, inner));
        break;
      case 'map': {
        const keys = sortedKeys(item);
        if (item.isNil === true) scalar(item, 'null');
        else
          brackets('{', '}', keys.length, newline, (i, inner) => entry(keys[i]!, item.entries.get(keys[i]!)!, inner));
        break;
      }
      case 'object': {
        const fields = [...item.fields];
        if (item.json !== undefined) write(item.json(), newline);
        else brackets('{', '}', fields.length, newline, (i, inner) => entry(fields[i]![0], fields[i]![1], inner));
        break;
      }
      default:
        scalar(item, scalarText(item, options.raw === true));
    }
  }

  function entry(key: string, item: Value, newline: string): void {
    text += quoteJson(key, options.raw === true) + (options.pretty === true ? ': ' : ':');
    write(item, newline);
  }

  function brackets(
    open: string,
    close: string,
    count: number,
    newline: string,
    element: (i: number, newline: string) => void,
  ): void {
    text += open;
    const inner = `${newline}  `;
    for (let i = 0; i < count; i++) {
      if (i > 0) text += ',';
      if (options.pretty === true) text += inner;
      element(i, inner);
    }
    if (options.pretty === true && count > 0) text += newline;
    text += close;
  }

  function scalar(item: Value, printed: string): void {
    if (isSourced(item)) scalars.push({ start: text.length, end: text.length + printed.length, value: item });
    text += printed;
  }
}

function scalarText(value: Value, raw: boolean): string {
  switch (value.kind) {
    case 'nil':
      return 'null';
    case 'bool':
    case 'int':
      return String(value.value);
    case 'float':
      if (!Number.isFinite(value.value)) throw new GoError(`json: unsupported value: ${printValue(value)}`);
      return jsonFloat(value.value);
    case 'string':
      return quoteJson(value.text, raw);
    case 'bytes':
      return `"${encodeBase64(value.bytes)}"`;
    default:
      throw new GoError(`json: unsupported type: ${value.kind}`);
  }
}

const special = /["\\\x00-\x1f\x7f<>&\u2028\u2029\ud800-\udfff]/;
const named: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** A JSON string as Go writes it: what HTML minds is escaped too, unless `raw`. */
export function quoteJson(text: string, raw: boolean): string {
  if (!special.test(text)) return `"${text}"`;
  const pattern = raw
    ? /["\\\x00-\x1f\u2028\u2029]|[\ud800-\udfff]/gu
    : /["\\\x00-\x1f<>&\u2028\u2029]|[\ud800-\udfff]/gu;
  const escaped = text.replace(pattern, (char) => {
    const code = char.charCodeAt(0);
    if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
    return named[char] ?? `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
