/** Calls of functions and methods: counting and checking arguments as Go's reflection does, and running them. */
import { quote } from '../go/strconv.ts';
import { type Frame, fail, spendSize } from './machine.ts';
import { type AnyNode, print } from './node.ts';
import { fromAll, isSourced } from './text.ts';
import {
  anyType,
  bool,
  type Enter,
  float,
  GoError,
  type GoFunction,
  int,
  int64,
  missing,
  nil,
  type ParamType,
  string,
  typeOf,
  type Value,
} from './value.ts';

const typeNames: Record<ParamType, string> = {
  any: anyType,
  value: 'reflect.Value',
  string: 'string',
  int: 'int',
  int64: 'int64',
  float64: 'float64',
  bool: 'bool',
  map: 'map[string]interface {}',
  list: '[]interface {}',
  strings: '[]string',
  object: 'struct',
  'time.Time': 'time.Time',
  '*semver.Version': '*semver.Version',
  'sprig.certificate': 'sprig.certificate',
};

/** The type of parameter `index`. */
export function paramAt(fn: GoFunction, index: number): ParamType {
  return fn.params[index] ?? fn.rest ?? 'any';
}

/** What is wrong with the number of arguments; undefined when it is right. `piped`: one comes from the pipeline. */
export function arityError(fn: GoFunction, name: string, given: number, piped: boolean): string | undefined {
  const count = given + (piped ? 1 : 0);
  const wanted = fn.params.length;
  if (fn.rest !== undefined) {
    return count < wanted ? `wrong number of args for ${name}: want at least ${wanted} got ${given}` : undefined;
  }
  return count === wanted ? undefined : `wrong number of args for ${name}: want ${wanted} got ${count}`;
}

/** The value as an argument of that type; fails at the current node when it cannot be. */
export function checked(frame: Frame, value: Value, type: ParamType): Value {
  switch (type) {
    case 'any':
      return value === missing || value.kind === 'nil' ? nil : value;
    case 'value':
      return value;
    case 'string':
      if (value.kind === 'string' && value.type === undefined) return value;
      break;
    case 'int':
    case 'int64':
      if (value.kind === 'int' && value.type === type) return value;
      break;
    case 'float64':
      if (value.kind === 'float' && value.type === type) return value;
      break;
    case 'bool':
      if (value.kind === 'bool') return value;
      break;
    case 'map':
      if (value.kind === 'map' && value.elem === anyType) return value;
      if (value.kind === 'nil' && !value.slot) return { kind: 'map', entries: new Map(), elem: anyType, isNil: true };
      break;
    case 'list':
      if (value.kind === 'list' && value.elem === anyType) return value;
      if (value.kind === 'nil' && !value.slot) return { kind: 'list', items: [], elem: anyType, isNil: true };
      break;
    case 'strings':
      if (value.kind === 'list' && value.elem === 'string') return value;
      if (value.kind === 'nil' && !value.slot) return { kind: 'list', items: [], elem: 'string', isNil: true };
      break;
    case 'object':
      if (value.kind === 'object') return value;
      break;
    default:
      if (value.kind === 'object' && typeOf(value) === type) return value;
      break;
  }
  const expected = typeNames[type];
  if (value.kind === 'nil' && !value.slot) fail(frame, `invalid value; expected ${expected}`);
  return fail(
    frame,
    `wrong type for value; expected ${expected}; got ${value.kind === 'nil' ? anyType : typeOf(value)}`,
  );
}

/** A literal `nil` as an argument of that type. */
export function nilAs(frame: Frame, type: ParamType): Value {
  if (type === 'any') return nil;
  if (type === 'value') return missing;
  if (type === 'map' || type === 'list' || type === 'strings') return checked(frame, missing, type);
  return fail(frame, `cannot assign nil to ${typeNames[type]}`);
}

/** A literal (bool, number or string node) as an argument of that type. */
export function literalAs(frame: Frame, node: AnyNode, type: ParamType): Value {
  frame.node = node;
  switch (type) {
    case 'any':
    case 'value':
      return constant(frame, node);
    case 'bool':
      return node.type === 'bool' ? bool(node.value) : fail(frame, `expected bool; found ${print(node)}`);
    case 'string':
      return node.type === 'string' ? string(node.text) : fail(frame, `expected string; found ${print(node)}`);
    case 'int':
    case 'int64':
      if (node.type !== 'number' || node.int === undefined)
        return fail(frame, `expected integer; found ${print(node)}`);
      return type === 'int' ? int(node.int) : int64(node.int);
    case 'float64':
      if (node.type !== 'number' || node.float === undefined)
        return fail(frame, `expected float; found ${print(node)}`);
      return float(node.float);
    default:
      return fail(frame, `can't handle ${print(node)} for arg of type ${typeNames[type]}`);
  }
}

/** A literal where nothing says which type is wanted: its spelling decides. */
export function constant(frame: Frame, node: AnyNode): Value {
  frame.node = node;
  if (node.type === 'bool') return bool(node.value);
  if (node.type === 'string') return string(node.text);
  if (node.type !== 'number') return fail(frame, `can't evaluate command ${quote(print(node))}`);
  if (node.complex !== undefined) return { kind: 'complex', ...node.complex };
  const { text } = node;
  const isInteger = text.startsWith("'") || (/^[+-]?0[xX]/.test(text) && !/[pP]/.test(text));
  if (node.float !== undefined && !isInteger && /[.eEpP]/.test(text)) return float(node.float);
  if (node.int !== undefined) return int(node.int);
  if (node.uint !== undefined) return fail(frame, `${text} overflows int`);
  return missing;
}

/** Runs a function on checked arguments. What it throws becomes `error calling NAME` at `node`. */
export function invoke(
  frame: Frame,
  fn: GoFunction,
  name: string,
  args: readonly Value[],
  node: AnyNode,
): Value | Enter {
  let result: Value | Enter;
  try {
    result = fn.call(args, frame.machine.context);
  } catch (e) {
    if (!(e instanceof GoError)) throw e;
    frame.node = node;
    return fail(frame, `error calling ${name}: ${e.message}`);
  }
  if (result.kind === 'string') spendSize(frame.machine, result.text.length);
  if (result.kind === 'enter' || fn.keepsOrigins === true) return result;
  return inherit(result, args);
}

/** A result without sources of its own takes those of the arguments, unless it is one of them. */
function inherit(result: Value, args: readonly Value[]): Value {
  if (args.length === 0 || result.kind === 'nil' || isSourced(result)) return result;
  for (const arg of args) if (arg === result) return result;
  if (!args.some(isSourced)) return result;
  return { ...result, from: fromAll(args) };
}
