/** The engine's doors as the planner and the previews use them, and the commit that a plan may be against. */
import { error, openWorkspace } from '../engine/index.ts';
import { commitTree, findRepository, remotesOf } from '../io/git.ts';
import type { SessionPorts } from './session.ts';

export function createDoors(): SessionPorts['doors'] {
  return {
    render: () => Promise.resolve([]),
    async commit(folder, revision, signal) {
      const repository = findRepository(folder.path);
      const remotes = repository === undefined ? [] : remotesOf(repository);
      return openWorkspace(await commitTree(folder.path, revision, signal), { remotes });
    },
    kustomize: () => ({ nodes: [], problems: [error('kustomize-build', 'not built yet')] }),
    flux: () => Promise.resolve({ nodes: [], problems: [error('flux-build', 'not built yet')] }),
  };
}
