/** Image policy markers that name no policy: image automation would pass over the line without a word. */
import { type Diagnostic, replace } from '../answer.ts';
import { type Marker, markersIn, policiesOf } from '../markers.ts';
import { isTemplated, namesOf } from '../names.ts';
import type { Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const marker: Check = function* (subject) {
  for (const found of markersIn(subject.file)) {
    const problem = judge(found, subject);
    if (problem !== undefined) yield problem;
  }
};

function judge(found: Marker, { workspace }: Subject): Diagnostic | undefined {
  const { at, policy, id } = found;
  if (id === undefined) {
    const message = `"${policy}" is no image policy: write "namespace:name", "namespace:name:tag", ":name" or ":digest".`;
    return { code: 'flux-reference', severity: 'error', message, at };
  }
  if (isTemplated(policy) || policiesOf(workspace, found).length > 0) return undefined;
  const policies = workspace.objects.filter((object) => object.id.kind === 'ImagePolicy');
  const declared = policies.some(
    (object) => object.id.name === id.name && namesOf(workspace).namespacesOf(object.path).has(id.namespace),
  );
  if (declared) return undefined;
  const near =
    policies.find((object) => object.id.name === id.name) ?? (policies.length === 1 ? policies[0] : undefined);
  const better = near && [near.id.namespace || id.namespace, near.id.name, ...policy.split(':').slice(2)].join(':');
  return {
    code: 'flux-reference',
    severity: 'warning',
    message: `No file declares ImagePolicy ${id.namespace}/${id.name}: image automation will leave this line alone.`,
    at,
    ...(better === undefined ? {} : { fixes: [{ title: `Change to ${better}`, edits: [replace(at, better)] }] }),
  };
}
