/**
 * JSON of the API server to values and back without losing an integer: beyond 2^53 `JSON.parse` rounds, and a rounded
 * number in a plan would be a change that nobody made. Texts without such a number, nearly all, take the fast way.
 */
import type { Json } from '../../engine/index.ts';

// Whatever a JSON text holds, its parsed strings cannot begin with this by accident.
const mark = '\u0000\u0001int:';
const string = '"(?:[^"\\\\]|\\\\.)*"';
const suspect = /[:,[]\s*-?\d{16,}/;
const tokens = new RegExp(`${string}|-?\\d{16,}(?![\\d.eE])`, 'g');
const written = /"\\u0000\\u0001int:(-?\d+)"/g;

/** Throws a SyntaxError for text that is no JSON. */
export function readJson(text: string): Json {
  if (!suspect.test(text)) return JSON.parse(text);
  const quoted = text.replace(tokens, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"\\u0000\\u0001int:${token}"`,
  );
  return JSON.parse(quoted, (_, value) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

export function writeJson(value: Json): string {
  let big = false;
  const text = JSON.stringify(value, (_, item) => {
    if (typeof item !== 'bigint') return item;
    big = true;
    return `${mark}${item}`;
  });
  return big ? text.replace(written, '$1') : text;
}
