/** How a template function is written down: its name, its Go signature in short, and what it does. */
import {
  type CallContext,
  type Enter,
  GoError,
  type GoFunction,
  type ParamType,
  type StringValue,
  type Value,
} from '../value.ts';

type Call = (args: readonly Value[], context: CallContext) => Value | Enter;

/**
 * A function. `signature` lists the parameter types (`'int string'`), the last one with `...` when it is variadic.
 */
export function fn(name: string, signature: string, call: Call, extra: Partial<GoFunction> = {}): GoFunction {
  const words = signature === '' ? [] : signature.split(' ');
  const last = words.at(-1);
  if (last?.endsWith('...') !== true) return { name, params: words as ParamType[], call, ...extra };
  return { name, params: words.slice(0, -1) as ParamType[], rest: last.slice(0, -3) as ParamType, call, ...extra };
}

/** The same function under another name. */
export function alias(name: string, of: GoFunction): GoFunction {
  return { ...of, name };
}

/** A checked string argument. */
export function str(value: Value | undefined): StringValue {
  if (value?.kind !== 'string') throw new GoError('expected a string');
  return value;
}

export function text(value: Value | undefined): string {
  return str(value).text;
}

/** A checked int argument. */
export function num(value: Value | undefined): number {
  if (value?.kind !== 'int') throw new GoError('expected an integer');
  return Number(value.value);
}
