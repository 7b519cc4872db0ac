/** Every function a template may call: one list per topic, one table. */
import type { FunctionTable, GoFunction } from '../value.ts';
import { basicFunctions } from './basic.ts';
import { compareFunctions } from './compare.ts';
import { cryptoFunctions } from './crypto.ts';
import { dataFunctions } from './data.ts';
import { dateFunctions } from './dates.ts';
import { dictFunctions } from './dicts.ts';
import { encodingFunctions } from './encoding.ts';
import { listFunctions } from './lists.ts';
import { logicFunctions } from './logic.ts';
import { numberFunctions } from './numbers.ts';
import { pathFunctions } from './paths.ts';
import { randomFunctions } from './random.ts';
import { regexFunctions } from './regex.ts';
import { semverFunctions } from './semver.ts';
import { stringFunctions } from './strings.ts';
import { templateFunctions } from './templates.ts';
import { wordFunctions } from './words.ts';

/** What text/template itself brings. */
const builtins: readonly GoFunction[] = [...compareFunctions, ...basicFunctions];

/** Go's builtins and these functions, of which later ones replace earlier ones. */
export function functionTable(functions: readonly GoFunction[]): FunctionTable {
  return new Map([...builtins, ...functions].map((each) => [each.name, each]));
}

/** sprig without `env`, `expandenv`, and what Helm replaces. */
const sprig: readonly GoFunction[] = [
  ...stringFunctions,
  ...wordFunctions,
  ...listFunctions,
  ...dictFunctions,
  ...logicFunctions,
  ...numberFunctions,
  ...encodingFunctions,
  ...regexFunctions,
  ...semverFunctions,
  ...pathFunctions,
  ...randomFunctions,
  ...dateFunctions,
  ...cryptoFunctions,
];

/** What a chart may call: Go's builtins, sprig without `env` and `expandenv`, and Helm's own. */
export const helmFunctions: FunctionTable = functionTable([...sprig, ...dataFunctions, ...templateFunctions]);

/** What Helm 4 added. */
const since4 = [
  ...['mustToToml', 'mustToYaml', 'mustToDuration', 'durationRoundTo', 'durationTruncateTo'],
  ...['Seconds', 'Milliseconds', 'Microseconds', 'Nanoseconds', 'Minutes', 'Hours', 'Days', 'Weeks'].map(
    (unit) => `duration${unit}`,
  ),
];
const helm3Functions: FunctionTable = new Map([...helmFunctions].filter(([name]) => !since4.includes(name)));

/** The functions of a version of Helm. */
export function functionsOf(helm: 3 | 4): FunctionTable {
  return helm === 3 ? helm3Functions : helmFunctions;
}
