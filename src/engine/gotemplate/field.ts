/** `.Field` on a value: methods, struct fields, map entries, and Go's words for what is not there. */
import { quote } from '../go/strconv.ts';
import { type Frame, fail } from './machine.ts';
import { anyType, bool, float, type GoFunction, int, missing, nil, string, typeOf, type Value } from './value.ts';

/** A field's value, or the method of that name. `slot`: the receiver stands in an `interface {}` slot. */
export function fieldOf(frame: Frame, receiver: Value, name: string, slot: boolean): Value | GoFunction {
  const method = receiver.methods?.get(name);
  if (method !== undefined) return method;
  if (receiver.kind === 'map') {
    const entry = receiver.entries.get(name);
    if (entry !== undefined) return entry;
    switch (frame.machine.missingKey) {
      case 'default':
        return missing;
      case 'zero':
        return zeroOf(receiver.elem);
      case 'error':
        return fail(frame, `map has no entry for key ${quote(name)}`);
    }
  }
  if (receiver.kind === 'nil') {
    if (receiver.slot) fail(frame, `nil pointer evaluating interface {}.${name}`);
    if (frame.machine.missingKey === 'error') fail(frame, `nil data; no entry for key ${quote(name)}`);
    return missing;
  }
  if (receiver.kind === 'object') {
    const field = receiver.fields.get(name);
    if (field !== undefined) return field;
  }
  return fail(frame, `can't evaluate field ${name} in type ${slot ? anyType : typeOf(receiver)}`);
}

/** Whether what a value holds stands in `interface {}` slots. */
export function holdsAny(value: Value): boolean {
  return (value.kind === 'map' || value.kind === 'list') && value.elem === anyType;
}

/** The zero value of a Go type that containers hold. */
export function zeroOf(type: string): Value {
  switch (type) {
    case 'string':
      return string('');
    case 'int':
    case 'int64':
      return int(0);
    case 'float64':
      return float(0);
    case 'bool':
      return bool(false);
    case '[]uint8':
      return { kind: 'bytes', bytes: new Uint8Array() };
    default:
      return nil;
  }
}
