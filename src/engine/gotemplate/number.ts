/** Number literals of templates: one text that may be an int, a uint, a float and a complex number at once. */
import { parseFloat64, parseIntLiteral, quote, unquoteChar } from '../go/strconv.ts';
import type { NumberNode } from './node.ts';

/** The literal's values, or what is wrong with it. */
export function parseNumber(text: string, kind: 'char' | 'complex' | 'number', pos: number): NumberNode | string {
  const base = { type: 'number' as const, pos, text };
  if (kind === 'char') {
    const char = unquoteChar(text, 1, "'");
    if (char === undefined) return 'invalid syntax';
    if (text.slice(char.next) !== "'") return `malformed character constant: ${text}`;
    return { ...base, int: BigInt(char.code), uint: BigInt(char.code), float: char.code };
  }
  if (kind === 'complex') {
    const match = /^(.*[^eEpP])([+-].*)i$/s.exec(text);
    const re = match === null ? undefined : parseFloat64(match[1]!, true);
    const im = match === null ? undefined : parseFloat64(match[2]!, true);
    if (re === undefined || im === undefined) return 'syntax error scanning complex number';
    return simplify(base, re, im);
  }
  if (text.endsWith('i')) {
    const im = parseFloat64(text.slice(0, -1), true);
    if (im !== undefined) return simplify(base, 0, im);
  }
  const value = parseIntLiteral(text);
  const uint = value !== undefined && !/^[+-]/.test(text) && BigInt.asUintN(64, value) === value ? value : undefined;
  if (value !== undefined && BigInt.asIntN(64, value) === value) {
    return {
      ...base,
      int: value,
      float: Number(value),
      ...(uint !== undefined || value === 0n ? { uint: value } : {}),
    };
  }
  if (uint !== undefined) return { ...base, uint, float: Number(uint) };
  const float = parseFloat64(text, true);
  if (float === undefined) return `illegal number syntax: ${quote(text)}`;
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${quote(text)}`;
  return { ...base, float, ...integral(float) };
}

function simplify(base: { type: 'number'; pos: number; text: string }, re: number, im: number): NumberNode {
  const complex = { re, im };
  return im === 0 ? { ...base, complex, float: re, ...integral(re) } : { ...base, complex };
}

function integral(float: number): { int?: bigint; uint?: bigint } {
  if (!Number.isInteger(float)) return {};
  const value = BigInt(float);
  return {
    ...(BigInt.asIntN(64, value) === value ? { int: value } : {}),
    ...(BigInt.asUintN(64, value) === value ? { uint: value } : {}),
  };
}
