/** The engine's doors as the planner and the previews use them. One renderer for each folder remembers what it built. */
import {
  createKustomizer,
  createRenderer,
  type DesiredSet,
  type KustomizeEngine,
  type Kustomizer,
  type KustomizeTables,
  type Renderer,
} from '../engine/index.ts';
import { readData } from '../io/data.ts';
import { openFolder } from '../io/workspace.ts';
import type { Built } from './previews.ts';
import type { SessionPorts } from './session.ts';

export function createDoors(): SessionPorts['doors'] {
  let kustomizer: Kustomizer | undefined;
  let live: Renderer | undefined;

  /** The tables are read with the first build. */
  function engine(): Kustomizer {
    kustomizer ??= createKustomizer(JSON.parse(readData('kustomize.json').toString('utf8')) as KustomizeTables);
    return kustomizer;
  }

  function renderer(): Renderer {
    live ??= createRenderer({ kustomizer: forFlux(engine()) });
    return live;
  }

  return {
    render: async (workspace, root) => renderer().renderCluster(workspace, root.folder),
    // The planner asks for a commit in a trusted workspace only.
    commit: (folder, revision, signal) => openFolder(folder.path, { trusted: true }).commit(revision, signal),
    kustomize(workspace, directory) {
      const { objects, problems } = engine().build({ tree: workspace.tree, path: directory });
      return { nodes: objects.map(({ node }) => node), problems };
    },
    flux: async (workspace, object) => builtOf(renderer().renderKustomization(object, workspace)),
  };
}

function builtOf({ objects, problems, note }: DesiredSet): Built {
  const nodes = objects.map(({ node }) => node);
  return note === undefined ? { nodes, problems } : { nodes, problems, note };
}

/** Flux lets a kustomization read anywhere inside the source. */
function forFlux(kustomizer: Kustomizer): KustomizeEngine {
  return {
    build(request) {
      const { objects, problems, reads } = kustomizer.build({ ...request, loadRestrictor: 'none' });
      const seen = (path: string) =>
        request.tree.file(path) ?? (request.tree.directory(path) === undefined ? undefined : ('directory' as const));
      return {
        objects: objects.map(({ node }) => node),
        problems,
        reads: new Map([...reads].map((path) => [path, seen(path)])),
      };
    },
  };
}
