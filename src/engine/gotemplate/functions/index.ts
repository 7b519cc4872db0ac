/** Every function a template may call: one list per topic, one table. */
import type { FunctionTable, GoFunction } from '../value.ts';
import { basicFunctions } from './basic.ts';
import { compareFunctions } from './compare.ts';
import { templateFunctions } from './templates.ts';

/** What text/template itself brings. */
const builtins: readonly GoFunction[] = [...compareFunctions, ...basicFunctions];

/** Go's builtins and these functions, of which later ones replace earlier ones. */
export function functionTable(functions: readonly GoFunction[]): FunctionTable {
  return new Map([...builtins, ...functions].map((each) => [each.name, each]));
}

/** What a chart may call: Go's builtins, sprig without `env` and `expandenv`, and Helm's own. */
export const helmFunctions: FunctionTable = functionTable([...templateFunctions]);
