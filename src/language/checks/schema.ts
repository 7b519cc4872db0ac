/** Unknown fields, wrong types and values, missing fields and broken rules, by the schema of the object's kind. */
import { get, type Mapping, type Path, type SchemaProblem, type Schemas, text } from '../../engine/index.ts';
import { schemaFixes } from '../fixes/schema.ts';
import { namesOf } from '../names.ts';
import { patchedOf } from '../patched.ts';
import { itemsOf } from '../roles.ts';
import { type Kind, kindOf, roots, type Subject } from '../subject.ts';
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

function judge(root: Mapping, subject: Subject): readonly SchemaProblem[] {
  const as = kindOf(root, subject);
  if (as === undefined) return [];
  const partial = subject.isPatch || subject.orphanOf !== undefined;
  const found = verdict(root, as, partial, subject.schemas);
  return found.length === 0 ? found : found.filter(excuse(root, as, subject));
}

interface Verdict {
  readonly schemas: Schemas;
  readonly prepared: boolean;
  readonly partial: boolean;
  readonly found: readonly SchemaProblem[];
}

/** What did not change is not judged again: nodes keep their identity while their file's content stays. */
const verdicts = new WeakMap<Mapping, Verdict>();

function verdict(root: Mapping, as: Kind, partial: boolean, schemas: Schemas): readonly SchemaProblem[] {
  const known = verdicts.get(root);
  const { prepared } = schemas;
  if (known?.schemas === schemas && known.prepared === prepared && known.partial === partial) return known.found;
  const found = schemas.validate(root, { as, partial });
  verdicts.set(root, { schemas, prepared, partial, found });
  return found;
}

/** What the rest of the fleet puts right before the object reaches a cluster. Answers whether a problem stays one. */
function excuse(root: Mapping, as: Kind, { file, roles, workspace }: Subject): (problem: SchemaProblem) => boolean {
  // Where a kustomization sets the namespace, what the file says of it is overwritten, a Namespace's own name included.
  const isObject = file.objects.some(({ node }) => node === root);
  const isMoved = isObject && !namesOf(workspace).namespacesOf(file.path).has(undefined);
  const mayLack = patchedOf(workspace).has(root);
  const isLabelled = [...roles.takenInBy(file.path)].some(({ root: by }) => setsSelectors(by));
  return ({ code, path, suggestion }) => {
    if (path[0] === 'status') return false; // Flux takes it off.
    if (isMoved && isNamespaced(path, as.kind)) return false;
    if (mayLack && (code === 'schema-required' || code === 'schema-rule')) return false;
    return !(isLabelled && code === 'schema-required' && (suggestion === 'selector' || suggestion === 'metadata'));
  };
}

function isNamespaced(path: Path, kind: string): boolean {
  return path[0] === 'metadata' && (path[1] === 'namespace' || (path[1] === 'name' && kind === 'Namespace'));
}

/** Labels that kustomize also puts into selectors, which it makes where they are missing. */
function setsSelectors(kustomization: Mapping): boolean {
  if (get(kustomization, 'commonLabels') !== undefined) return true;
  return itemsOf(get(kustomization, 'labels')).some((item) => text(get(item, 'includeSelectors')) === 'true');
}
