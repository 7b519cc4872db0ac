/** Reads tables of struct literals out of Go test sources: rows of expression texts, and the string literals in them. */
import { unquote } from '../../../src/engine/go/strconv.ts';

/** The rows of `var name = []type{ … }`; each row is its comma-separated expressions. */
export function rowsOf(source: string, name: string): string[][] {
  const open = new RegExp(`\\b${name}\\s*:?=\\s*\\[[^\\]]*\\]\\w+\\{`).exec(source);
  if (open === null) return [];
  return elements(source, open.index + open[0].length)
    .filter((element) => element.startsWith('{'))
    .map((element) => elements(element, 1));
}

/** The elements of a composite literal whose opening brace ends at `start`. */
export function elements(source: string, start: number): string[] {
  const out: string[] = [];
  let depth = 0;
  let current = '';
  for (let at = start; at < source.length; ) {
    const skipped = literalAt(source, at);
    if (skipped > at) {
      current += source.slice(at, skipped);
      at = skipped;
      continue;
    }
    if (source.startsWith('//', at)) {
      at = source.indexOf('\n', at);
      continue;
    }
    const char = source[at]!;
    if ('{[('.includes(char)) depth++;
    if ('}])'.includes(char)) {
      if (depth === 0) break;
      depth--;
    }
    if (char === ',' && depth === 0) {
      out.push(current.trim());
      current = '';
    } else current += char;
    at++;
  }
  if (current.trim() !== '') out.push(current.trim());
  return out;
}

/** The end of the string or character literal at `at`; `at` when there is none. */
function literalAt(source: string, at: number): number {
  const mark = source[at];
  if (mark === '`') return source.indexOf('`', at + 1) + 1;
  if (mark !== '"' && mark !== "'") return at;
  let end = at + 1;
  while (source[end] !== mark) end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** The value of a string expression: literals and named constants joined by `+`; undefined for anything else. */
export function stringOf(expression: string, constants: Readonly<Record<string, string>> = {}): string | undefined {
  let out = '';
  for (let at = 0; at < expression.length; ) {
    const char = expression[at]!;
    if (/[\s+]/.test(char)) {
      at++;
      continue;
    }
    const end = literalAt(expression, at);
    if (end > at) {
      const value = unquote(expression.slice(at, end));
      if (value === undefined) return undefined;
      out += value;
      at = end;
      continue;
    }
    const word = /^[A-Za-z_]\w*/.exec(expression.slice(at))?.[0];
    if (word === undefined || constants[word] === undefined) return undefined;
    out += constants[word];
    at += word.length;
  }
  return out;
}
