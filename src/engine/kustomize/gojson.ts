/** JSON as Go's encoder writes it: keys sorted by bytes, `<`, `>`, `&` and the line separators escaped. */
import type { Json } from '../yaml/resolve.ts';
import { compareText } from './decode.ts';

/** Compact, or with `indent` as `MarshalIndent` writes it. */
export function goJson(value: Json, indent?: string): string {
  return write(value, indent, '');
}

function write(value: Json, indent: string | undefined, margin: string): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return typeof value === 'number' ? number(value) : String(value);
  const isList = Array.isArray(value);
  const inner = indent === undefined ? '' : margin + indent;
  const items = isList
    ? (value as readonly Json[]).map((item) => write(item, indent, inner))
    : Object.entries(value as { readonly [key: string]: Json })
        .sort(([a], [b]) => compareText(a, b))
        .map(([key, item]) => `${quote(key)}:${indent === undefined ? '' : ' '}${write(item, indent, inner)}`);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (items.length === 0) return open + close;
  if (indent === undefined) return open + items.join(',') + close;
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${margin}${close}`;
}

const escapes: Record<string, string> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '"': '\\"',
  '\\': '\\\\',
};

function quote(text: string): string {
  const escaped = text.replace(/["\\<>&\u2028\u2029\u0000-\u001f]/g, (char) => {
    return escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\\ufffd')}"`;
}

/** Go writes floats shortly: with an exponent below 1e-6 and from 1e21 on. */
function number(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  return text.replace(/e([+-])(\d)$/, (_, sign: string, digit: string) =>
    sign === '-' ? `e-0${digit}` : `e+0${digit}`,
  );
}
