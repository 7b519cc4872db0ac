/** spf13/cast as sprig uses it: whatever to a number, zero when it cannot be. */
import { parseFloat64, parseInteger } from '../../go/strconv.ts';

import { decode } from '../../go/utf8.ts';
import { toText } from '../format.ts';
import { type StringValue, string, type Value, wrap } from '../value.ts';

const minInt64 = -(1n << 63n);

/** `cast.ToInt64`. Strings are read with their base prefix, so `"010"` is 8 and `"08"` is 0. */
export function toInt64(value: Value): number | bigint {
  switch (value.kind) {
    case 'int':
      return value.type === 'time.Duration' ? 0 : value.value;
    case 'float':
      return truncate(value.value);
    case 'bool':
      return value.value ? 1 : 0;
    case 'string': {
      const parsed = parseInteger(value.text.replace(/^([+-]?\d+)\.0+$/, '$1'), 0);
      return parsed === undefined ? 0 : wrap(parsed);
    }
    default:
      return 0;
  }
}

/** `int64(f)` as the amd64 processor does it. */
function truncate(value: number): number | bigint {
  if (!(value >= -(2 ** 63) && value < 2 ** 63)) return minInt64;
  return wrap(Math.trunc(value));
}

export function toInt(value: Value): number {
  return Number(toInt64(value));
}

/** `cast.ToFloat64`. */
export function toFloat64(value: Value): number {
  switch (value.kind) {
    case 'int':
      return value.type === 'time.Duration' ? 0 : Number(value.value);
    case 'float':
      return value.value;
    case 'bool':
      return value.value ? 1 : 0;
    case 'string':
      return parseFloat64(value.text) ?? 0;
    default:
      return 0;
  }
}

/** sprig's strval: a value as text, bytes as the text they are. */
export function strval(value: Value): StringValue {
  if (value.kind === 'bytes') return string(decode(value.bytes), value.from);
  return toText(value);
}

/** sprig's strslice: any list as strings, without its nils; anything else as a list of one. */
export function strslice(value: Value): StringValue[] {
  switch (value.kind) {
    case 'nil':
      return [];
    case 'list':
      return value.items.filter((item) => item.kind !== 'nil').map(strval);
    case 'bytes':
      return [...value.bytes].map((byte) => string(String(byte)));
    default:
      return [strval(value)];
  }
}

/** sprig's empty: nil, false, zero, and what has no elements. */
export function isEmptyValue(value: Value): boolean {
  switch (value.kind) {
    case 'nil':
      return true;
    case 'bool':
      return !value.value;
    case 'int':
    case 'float':
      return Number(value.value) === 0;
    case 'complex':
      return value.re === 0 && value.im === 0;
    case 'string':
      return value.text === '';
    case 'bytes':
      return value.bytes.length === 0;
    case 'list':
      return value.items.length === 0;
    case 'map':
      return value.entries.size === 0;
    default:
      return false;
  }
}
