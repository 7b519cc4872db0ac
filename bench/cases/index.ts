/** The list: one line for each case. A case gets an empty folder and answers with its tables. */
import type { Table } from '../measure.ts';
import { edit } from './edit.ts';
import { fleet } from './fleet.ts';
import { chart } from './helm.ts';
import { large } from './large.ts';
import { plan } from './plan.ts';
import { yaml } from './yaml.ts';

export const cases: Readonly<Record<string, (folder: string) => readonly Table[] | Promise<readonly Table[]>>> = {
  yaml,
  fleet,
  large,
  edit,
  helm: chart,
  plan,
};
