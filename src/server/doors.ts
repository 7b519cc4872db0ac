/** The engine's doors as the planner and the previews use them. One renderer remembers what it built. */
import {
  createRenderer,
  type DesiredSet,
  idOf,
  type KeyQuery,
  type Renderer,
  type SourceQuery,
  secretsCopied,
  type Workspace,
} from '../engine/index.ts';
import type { ClusterFacts } from '../io/cluster/facts.ts';
import { bothOf, type ClusterInputs } from '../io/cluster/inputs.ts';
import { renderFetched, type SecretOf } from '../io/fetch/index.ts';
import { createHistory, type History } from '../io/history.ts';
import { loadKustomizer } from '../io/kustomizer.ts';
import { chartLimit } from '../io/limit.ts';
import { createKeyring, type Keyring, readUserKeys, type UserKeys } from '../io/sops.ts';
import { openFolder } from '../io/workspace.ts';
import { type Charts, createCharts } from './charts.ts';
import { maskObject } from './mask.ts';
import { builtOf } from './previews.ts';
import type { SessionPorts } from './session.ts';
import type { Surroundings } from './workspaces.ts';

const noKeys: UserKeys = { age: [], pgp: [], warnings: [] };

export function createDoors(log: (message: string) => void = () => undefined): SessionPorts['doors'] {
  const charts = createCharts();
  let made: Renderer | undefined;
  let facts: ClusterFacts | undefined;
  let inputs: ClusterInputs | undefined;
  let surroundings: Surroundings | undefined;
  let keys: { readonly user: UserKeys; readonly secret?: SecretOf } = { user: noKeys };
  let keyring = createKeyring(keys);
  const key = (query: KeyQuery) => keyring.key(query);

  /** What no key opened before may open now. */
  function renewKeys(): void {
    const { user, secret } = keys;
    keyring = createKeyring({
      user,
      secret: async (namespace, name) => (await secret?.(namespace, name)) ?? (await inputs?.secret(namespace, name)),
    });
  }

  /** The history of the workspace that is being rendered; a render is done in one go. */
  let history: History | undefined;
  const artifact = (query: SourceQuery) => history?.artifact(query) ?? charts.artifact(query);

  function within<T>(workspace: Workspace, render: (renderer: Renderer) => T): T {
    history = surroundings?.history(workspace);
    try {
      return render(renderer());
    } finally {
      history = undefined;
    }
  }

  /** Renders again until no other revision of the workspace's repository is missing. */
  function rendered<T>(workspace: Workspace, signal: AbortSignal, render: (renderer: Renderer) => T): Promise<T> {
    return renderFetched(
      () => within(workspace, render),
      bothOf(surroundings?.history(workspace), bothOf(keyring, inputs)),
      signal,
    );
  }

  /** The tables are read with the first build. */
  function renderer(): Renderer {
    made ??= createRenderer({
      kustomizer: loadKustomizer(),
      limit: chartLimit(),
      chart: charts.chart,
      artifact,
      key,
      input: (query) => inputs?.input(query),
      provider: (query) => inputs?.provider(query),
      lookup: (query) => inputs?.lookup(query),
      dice: (of) => inputs?.dice(of),
      ...facts,
    });
    return made;
  }

  return {
    charts,
    render: (workspace, root, signal) =>
      rendered(workspace, signal, (renderer) => renderer.renderCluster(workspace, root.folder)),
    fluxVersion: () => facts?.fluxVersion,
    meet(others) {
      surroundings = others;
    },
    renderCommit: baseline(charts, () => ({ facts, inputs, surroundings, keyring })),
    unlock(next) {
      keys = next === undefined ? { user: noKeys } : { user: readUserKeys({ env: process.env, ...next }), ...next };
      for (const warning of keys.user.warnings) log(warning);
      renewKeys();
    },
    openKey: (locked) => keyring.key({ locked }),
    inputs: () => inputs,
    retry: () => made?.retry(),
    learn(next, live) {
      inputs = live;
      renewKeys();
      // As long as nothing changed for a render, what it remembers stays good.
      if (JSON.stringify(next) !== JSON.stringify(facts)) made = undefined;
      facts = next;
    },
    kustomize(workspace, directory) {
      const { objects, problems } = loadKustomizer().build({ tree: workspace.tree, path: directory });
      const nodes = objects.map(({ node }) => node);
      const copied = secretsCopied(nodes);
      const shown = nodes.map((node) => maskObject({ id: idOf(node), node, secretValues: copied(node) }));
      return { nodes: shown, problems };
    },
    flux: async (workspace, object, signal) =>
      builtOf(await rendered(workspace, signal, (renderer) => renderer.renderKustomization(object, workspace))),
    values: (workspace, release, cluster) =>
      within(workspace, (renderer) => renderer.mergedValues(release, workspace, cluster)),
  };
}

interface Known {
  readonly facts: ClusterFacts | undefined;
  readonly inputs: ClusterInputs | undefined;
  readonly surroundings: Surroundings | undefined;
  readonly keyring: Keyring;
}

/** Renders commits. A commit does not change, so its last rendering is kept while `HEAD` stays where it is. */
function baseline(charts: Charts, known: () => Known): SessionPorts['doors']['renderCommit'] {
  let last: { readonly key: string; readonly sets: readonly DesiredSet[] } | undefined;
  return async (folder, revision, root, signal) => {
    // The planner asks for a commit in a trusted workspace only.
    const { facts, inputs, surroundings, keyring } = known();
    const around = surroundings?.around(folder);
    const opened = openFolder(folder.path, { trusted: true, ...(around && { around }) });
    const key = [folder.path, revision, root, opened.head?.commit, charts.version(), JSON.stringify(facts)].join('\n');
    if (last?.key === key && revision === 'HEAD') return last.sets;
    const workspace = await opened.commit(revision, signal);
    const history = createHistory(folder.path);
    const renderer = createRenderer({
      kustomizer: loadKustomizer(),
      limit: chartLimit(),
      chart: charts.chart,
      artifact: (query) => history.artifact(query) ?? charts.artifact(query),
      key: keyring.key,
      ...(inputs && {
        input: inputs.input,
        provider: inputs.provider,
        lookup: inputs.lookup,
        dice: inputs.dice,
      }),
      ...facts,
    });
    const isThere = workspace.clusters.some((cluster) => cluster.folder === root);
    const render = () => (isThere ? renderer.renderCluster(workspace, root) : []);
    const sets = await renderFetched(render, bothOf(history, bothOf(keyring, inputs)), signal);
    last = { key, sets };
    return sets;
  };
}
