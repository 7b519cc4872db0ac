/** Puts a workspace and the schemas together: the workspace's own CRDs describe kinds, too. */
import type { Mapping, Schemas, Workspace } from '../engine/index.ts';
import type { Knowledge } from './answer.ts';

/** Answers with the same schemas as long as the workspace's CRDs stay the same, so that what was read of them is kept. */
export function createKnowledge(base: Schemas): (workspace: Workspace) => Knowledge {
  let crds: readonly Mapping[] = [];
  let schemas = base;
  return (workspace) => {
    const now = workspace.objects
      .filter(({ id }) => id.kind === 'CustomResourceDefinition' && id.group === 'apiextensions.k8s.io')
      .map(({ node }) => node);
    if (now.length !== crds.length || now.some((node, index) => node !== crds[index])) {
      crds = now;
      schemas = base.withCrds(now);
    }
    return { workspace, schemas };
  };
}
