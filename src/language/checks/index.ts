/** The list of checks: one line each. What they say of a file is sorted by place. */
import type { WorkspaceFile } from '../../engine/index.ts';
import type { Diagnostic, Knowledge } from '../answer.ts';
import { subjectOf } from '../subject.ts';
import type { Check } from './check.ts';
import { cycle } from './cycle.ts';
import { deprecated } from './deprecated.ts';
import { duplicate } from './duplicate.ts';
import { kind } from './kind.ts';
import { kustomize } from './kustomize.ts';
import { marker } from './marker.ts';
import { orphan } from './orphan.ts';
import { patch } from './patch.ts';
import { path } from './path.ts';
import { reference } from './reference.ts';
import { schema } from './schema.ts';
import { sops } from './sops.ts';
import { substitution } from './substitution.ts';
import { syntax } from './syntax.ts';

const checks: readonly Check[] = [
  syntax,
  kind,
  schema,
  deprecated,
  kustomize,
  patch,
  path,
  orphan,
  reference,
  cycle,
  duplicate,
  marker,
  substitution,
  sops,
];

/** Every problem of one file, in the order of its lines. */
export function check(file: WorkspaceFile, knowledge: Knowledge): readonly Diagnostic[] {
  const subject = subjectOf(file, knowledge);
  const found = checks.flatMap((each) => [...each(subject)]);
  return found.sort((a, b) => (a.at?.start ?? 0) - (b.at?.start ?? 0));
}
