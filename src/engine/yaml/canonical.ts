/** JSON texts that depend on the value alone. */
import type { Json } from './resolve.ts';

/** JSON with sorted keys, so that equal values have equal texts; bigints as digits. */
export function canonical(value: Json): string {
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const keys = Object.keys(object).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(object[key]!)}`).join(',')}}`;
}
