/** Unknown fields, wrong types and values, missing fields and broken rules, by the schema of the object's kind. */
import type { Mapping, Path, SchemaProblem } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import { schemaFixes } from '../fixes/schema.ts';
import { namesOf } from '../names.ts';
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
  const kept = isRenamed(root, subject) ? found.filter(({ path }) => !isName(path, as.kind)) : found;
  const mayLack = !partial && patchedOf(subject.workspace).has(root);
  return mayLack ? kept.filter(({ code }) => code !== 'schema-required' && code !== 'schema-rule') : kept;
}

/** Where a kustomization sets the namespace, what the file says of it is overwritten, a Namespace's own name included. */
function isRenamed(root: Mapping, { file, workspace }: Subject): boolean {
  const object = file.objects.find(({ node }) => node === root);
  return object !== undefined && !namesOf(workspace).namespacesOf(file.path).has(undefined);
}

function isName(path: Path, kind: string | undefined): boolean {
  return path[0] === 'metadata' && (path[1] === 'namespace' || (path[1] === 'name' && kind === 'Namespace'));
}
