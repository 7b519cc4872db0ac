/** Unknown fields, wrong types and values, missing fields and broken rules, by the schema of the object's kind. */
import type { Mapping, SchemaProblem } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import { schemaFixes } from '../fixes/schema.ts';
import { patchedOf } from '../patched.ts';
import { kindOf, roots, type Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const schema: Check = function* (subject) {
  if (subject.isData) return;
  for (const root of roots(subject.file)) {
    for (const problem of judge(root, subject)) {
      const fixes = schemaFixes(problem, root, subject);
      yield fixes.length === 0 ? problem : { ...problem, fixes };
    }
  }
};

function judge(root: Mapping, subject: Subject): readonly (SchemaProblem & Diagnostic)[] {
  const as = kindOf(root, subject);
  if (as === undefined) return [];
  const partial = subject.isPatch || subject.orphanOf !== undefined;
  const found = subject.schemas.validate(root, { as, partial });
  const mayLack = !partial && patchedOf(subject.workspace).has(root);
  return mayLack ? found.filter(({ code }) => code !== 'schema-required' && code !== 'schema-rule') : found;
}
