/** Defaults, emptiness and questions about types. */
import { bool, type GoFunction, kindOf, nil, string, typeOf, type Value } from '../value.ts';
import { isEmptyValue } from './cast.ts';
import { fn, text } from './define.ts';
import { deepEqual } from './equal.ts';

const keep = { keepsOrigins: true };

function goType(value: Value): string {
  return typeOf(value);
}

export const logicFunctions: readonly GoFunction[] = [
  fn(
    'default',
    'any any...',
    ([fallback, ...given]) => (given.length === 0 || isEmptyValue(given[0]!) ? fallback! : given[0]!),
    keep,
  ),
  fn('empty', 'any', ([value]) => bool(isEmptyValue(value!))),
  fn('coalesce', 'any...', (args) => args.find((arg) => !isEmptyValue(arg)) ?? nil, keep),
  fn('all', 'any...', (args) => bool(!args.some(isEmptyValue))),
  fn('any', 'any...', (args) => bool(args.some((arg) => !isEmptyValue(arg)))),
  fn('ternary', 'any any bool', ([yes, no, test]) => (test!.kind === 'bool' && test!.value ? yes! : no!), keep),
  fn('typeOf', 'any', ([value]) => string(goType(value!))),
  fn('typeIs', 'string any', ([target, value]) => bool(goType(value!) === text(target))),
  fn('typeIsLike', 'string any', ([target, value]) =>
    bool(goType(value!) === text(target) || goType(value!) === `*${text(target)}`),
  ),
  fn('kindOf', 'any', ([value]) => string(kindOf(value!))),
  fn('kindIs', 'string any', ([target, value]) => bool(kindOf(value!) === text(target))),
  fn('deepEqual', 'any any', ([a, b]) => bool(deepEqual(a!, b!))),
];
