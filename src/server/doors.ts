/** The engine's doors as the planner and the previews use them. One renderer remembers what it built. */
import { createRenderer, type DesiredSet, type Renderer } from '../engine/index.ts';
import type { ClusterFacts } from '../io/cluster/facts.ts';
import { loadKustomizer } from '../io/kustomizer.ts';
import { chartLimit } from '../io/limit.ts';
import { openFolder } from '../io/workspace.ts';
import { type Charts, createCharts } from './charts.ts';
import { builtOf } from './previews.ts';
import type { SessionPorts } from './session.ts';

export function createDoors(): SessionPorts['doors'] {
  const charts = createCharts();
  let made: Renderer | undefined;
  let facts: ClusterFacts | undefined;

  /** The tables are read with the first build. */
  function renderer(): Renderer {
    made ??= createRenderer({
      kustomizer: loadKustomizer(),
      limit: chartLimit(),
      chart: charts.chart,
      artifact: charts.artifact,
      ...facts,
    });
    return made;
  }

  return {
    charts,
    render: async (workspace, root) => renderer().renderCluster(workspace, root.folder),
    renderCommit: baseline(charts, () => facts),
    learn(next) {
      // As long as nothing changed for a render, what it remembers stays good.
      if (JSON.stringify(next) !== JSON.stringify(facts)) made = undefined;
      facts = next;
    },
    kustomize(workspace, directory) {
      const { objects, problems } = loadKustomizer().build({ tree: workspace.tree, path: directory });
      return { nodes: objects.map(({ node }) => node), problems };
    },
    flux: async (workspace, object) => builtOf(renderer().renderKustomization(object, workspace)),
    values: (workspace, release, cluster) => renderer().mergedValues(release, workspace, cluster),
  };
}

/** Renders commits. A commit does not change, so its last rendering is kept while `HEAD` stays where it is. */
function baseline(charts: Charts, facts: () => ClusterFacts | undefined): SessionPorts['doors']['renderCommit'] {
  let last: { readonly key: string; readonly sets: readonly DesiredSet[] } | undefined;
  return async (folder, revision, root, signal) => {
    // The planner asks for a commit in a trusted workspace only.
    const opened = openFolder(folder.path, { trusted: true });
    const key = [folder.path, revision, root, opened.head?.commit, charts.version(), JSON.stringify(facts())].join(
      '\n',
    );
    if (last?.key === key && revision === 'HEAD') return last.sets;
    const workspace = await opened.commit(revision, signal);
    const renderer = createRenderer({
      kustomizer: loadKustomizer(),
      limit: chartLimit(),
      chart: charts.chart,
      artifact: charts.artifact,
      ...facts(),
    });
    const known = workspace.clusters.some((cluster) => cluster.folder === root);
    const sets = known ? renderer.renderCluster(workspace, root) : [];
    last = { key, sets };
    return sets;
  };
}
