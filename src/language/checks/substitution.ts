/** Variables that nothing sets. Since Flux 2.9 substitution is strict: such a build fails; before, they were empty. */
import { get, text, titleOf, type WorkspaceObject } from '../../engine/index.ts';
import { scopesOf, tokensIn } from '../variables.ts';
import type { Check } from './check.ts';

export const substitution: Check = function* ({ file, workspace }) {
  const tokens = tokensIn(file);
  if (tokens.length === 0) return;
  const isLenient = workspace.clusters.length > 0 && workspace.clusters.every((c) => c.substitution === 'lenient');
  const severity = isLenient ? 'warning' : 'error';
  const scopes = scopesOf(workspace, file.path).filter((scope) => scope.complete);
  for (const { name, start, end, hasDefault } of tokens) {
    if (hasDefault || isDisabled(file.objects, start)) continue;
    const without = scopes.filter(({ definitions }) => !definitions.has(name));
    if (without.length === 0) continue;
    const names = without.map(({ by }) => titleOf(by.id)).join(', ');
    const outcome = severity === 'error' ? '' : ', and it becomes an empty text';
    const message = `Nothing sets "${name}" for ${names}${outcome}: give it a default, \${${name}:=value}, or set it in spec.postBuild.`;
    const at = { file: file.source.name, start, end };
    const related = without.map(({ by }) => ({ message: `${titleOf(by.id)} builds this file`, at: by.node.at }));
    yield { code: 'flux-substitution', severity, message, at, related };
  }
};

/** An object can opt out of substitution by a label or annotation. */
function isDisabled(objects: readonly WorkspaceObject[], offset: number): boolean {
  const object = objects.find(({ node }) => node.at.start <= offset && offset <= node.at.end);
  const metadata = object && get(object.node, 'metadata');
  return ['labels', 'annotations'].some(
    (field) => text(get(get(metadata, field), 'kustomize.toolkit.fluxcd.io/substitute')) === 'disabled',
  );
}
