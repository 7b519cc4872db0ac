/** reflect.DeepEqual on values: types must be the same, so an int never equals a float. */
import { typeOf, type Value } from '../value.ts';

export function deepEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || typeOf(a) !== typeOf(b)) return false;
  switch (a.kind) {
    case 'nil':
      return true;
    case 'bool':
    case 'float':
      return a.value === (b as typeof a).value;
    case 'int':
      return a.value === (b as typeof a).value;
    case 'string':
      return a.text === (b as typeof a).text;
    case 'complex':
      return a.re === (b as typeof a).re && a.im === (b as typeof a).im;
    case 'bytes': {
      const other = (b as typeof a).bytes;
      return a.bytes.length === other.length && a.bytes.every((byte, i) => byte === other[i]);
    }
    case 'list': {
      const other = b as typeof a;
      if ((a.isNil === true) !== (other.isNil === true) || a.items.length !== other.items.length) return false;
      return a.items.every((item, i) => deepEqual(item, other.items[i]!));
    }
    case 'map': {
      const other = b as typeof a;
      if ((a.isNil === true) !== (other.isNil === true) || a.entries.size !== other.entries.size) return false;
      if (a.entries === other.entries) return true;
      for (const [key, value] of a.entries) {
        const against = other.entries.get(key);
        if (against === undefined || !deepEqual(value, against)) return false;
      }
      return true;
    }
    case 'object': {
      const other = b as typeof a;
      if (a.data !== undefined || other.data !== undefined) return a.data === other.data;
      for (const [name, value] of a.fields) {
        const against = other.fields.get(name);
        if (against === undefined || !deepEqual(value, against)) return false;
      }
      return true;
    }
    case 'func':
      return false;
  }
}
