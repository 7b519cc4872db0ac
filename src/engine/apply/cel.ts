/** Evaluating health check expressions. Loaded only when there are any, because the evaluator is large. */
import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { isObject } from '../status/fields.ts';
import type { Json } from '../yaml/resolve.ts';
import type { Evaluate } from './expressions.ts';

/** undefined for an expression that does not parse or that fails on this object, such as on one without a status. */
export function compile(text: string): Evaluate {
  try {
    const program = plan(celEnv({ funcs: strings }), parse(text));
    return (object) => {
      const answer = program(variables(object));
      return isCelError(answer) || typeof answer !== 'boolean' ? undefined : answer;
    };
  } catch {
    return () => undefined;
  }
}

/** The object's top-level fields; integers as CEL ints. */
function variables(object: Json): Record<string, CelInput> {
  const out: Record<string, CelInput> = {};
  if (isObject(object)) for (const [key, value] of Object.entries(object)) out[key] = toCel(value);
  return out;
}

function toCel(value: Json): CelInput {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (isObject(value)) return new Map(Object.entries(value).map(([key, item]) => [key, toCel(item)]));
  return value as CelInput;
}
