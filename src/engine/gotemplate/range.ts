/** `range`: what can be walked, in which order, and where each element goes. */
import { printValue } from './format.ts';
import { type Frame, fail, type Loop } from './machine.ts';
import { anyType, int, missing, sortedKeys, string, type Value } from './value.ts';

/** A loop over a value. `targets` are the slots of the declared variables: element, or index and element. */
export function loopOver(frame: Frame, value: Value, targets: readonly number[]): Loop {
  const { dot } = frame;
  switch (value.kind) {
    case 'nil':
      return { dot, slot: false, next: () => false };
    case 'list':
      return { ...overItems(dot, value.items, targets), slot: value.elem === anyType };
    case 'bytes':
      return overItems(
        dot,
        [...value.bytes].map((b) => ({ kind: 'int', value: b, type: 'uint8' }) as const),
        targets,
      );
    case 'map': {
      const keys = sortedKeys(value);
      const values = keys.map((key) => value.entries.get(key)!);
      let at = 0;
      const next = (to: Frame): boolean => {
        if (at >= keys.length) return false;
        put(to, targets, () => string(keys[at]!, values[at]!.from), values[at]!);
        at++;
        return true;
      };
      return { dot, slot: value.elem === anyType, next };
    }
    case 'int': {
      if (targets.length > 1)
        return fail(frame, `can't use ${printValue(value)} to iterate over more than one variable`);
      let at = 0;
      const end = Number(value.value);
      const next = (to: Frame): boolean => {
        if (at >= end) return false;
        put(to, targets, () => missing, { kind: 'int', value: at, type: value.type, from: value.from });
        at++;
        return true;
      };
      return { dot, slot: false, next };
    }
    default:
      return fail(frame, `range can't iterate over ${printValue(value)}`);
  }
}

function overItems(dot: Value, items: readonly Value[], targets: readonly number[]): Loop {
  let at = 0;
  const next = (to: Frame): boolean => {
    if (at >= items.length) return false;
    put(to, targets, () => int(at), items[at]!);
    at++;
    return true;
  };
  return { dot, slot: false, next };
}

function put(frame: Frame, targets: readonly number[], index: () => Value, element: Value): void {
  if (targets.length === 1) frame.vars[targets[0]!] = element;
  else if (targets.length > 1) {
    frame.vars[targets[0]!] = index();
    frame.vars[targets[1]!] = element;
  }
  frame.dot = element;
}
