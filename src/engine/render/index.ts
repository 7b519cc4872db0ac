/**
 * From Flux objects to what they want in the cluster. `renderCluster` starts at a cluster directory and follows every
 * object that makes objects, to any depth, each once; `renderKustomization` does one. A renderer remembers its sets and
 * renders again only what an edit touched: keep it as long as the folder is open.
 */
import { idOf } from '../objects/object.ts';
import type { Workspace } from '../workspace/index.ts';
import type { Mapping } from '../yaml/node.ts';
import { renderCluster } from './cluster.ts';
import type { RendererOptions } from './context.ts';
import type { DesiredSet } from './desired.ts';
import { expanders } from './expand/index.ts';
import { type MergedValues, mergedValues } from './helm/merged.ts';
import { renderState } from './lookup.ts';
import { createMemo, type Memo } from './memo.ts';

export interface Renderer {
  /** One Flux Kustomization or HelmRelease, its children not expanded; other kinds make nothing. */
  renderKustomization(object: { readonly node: Mapping }, workspace: Workspace): DesiredSet;
  /** A cluster directory (`/clusters/production`): the root's set first, then every set that follows from it. */
  renderCluster(workspace: Workspace, folder: string): readonly DesiredSet[];
  /** A HelmRelease's final values; with `folder`, those of a release that this cluster directory renders. */
  mergedValues(release: { readonly node: Mapping }, workspace: Workspace, folder?: string): MergedValues;
  /** What was ended by its limit is tried again with the next render; until then it stands, as everything does. */
  retry(): void;
}

export function createRenderer(options: RendererOptions): Renderer {
  const memos = new Map<string, Memo>();
  /** One for each cluster directory: owners of the same name in two clusters are different ones; and for each Flux. */
  const memoOf = (folder: string, { substitution }: RendererOptions): Memo => {
    const key = `${substitution} ${folder}`;
    const memo = memos.get(key) ?? createMemo();
    memos.set(key, memo);
    return memo;
  };
  const render = (workspace: Workspace, folder: string) => {
    const own = asInCluster(options, workspace, folder);
    return renderCluster(workspace, folder, own, memoOf(folder, own));
  };
  return {
    retry() {
      for (const memo of memos.values()) memo.retry();
    },
    renderCluster: (workspace, folder) => render(workspace, folder).sets,
    mergedValues(release, workspace, folder) {
      const { context } =
        folder === undefined
          ? renderState(workspace, options, clusterOf(workspace, release.node.at.file))
          : render(workspace, folder);
      return mergedValues({ id: idOf(release.node), ...release }, context);
    },
    renderKustomization({ node }, workspace) {
      const id = idOf(node);
      const owner = { id, at: node.at };
      const expander = expanders.find((e) => e.group === id.group && e.kind === id.kind);
      const nothing: DesiredSet = { owner, objects: [], complete: true, problems: [], reads: new Set() };
      if (expander === undefined) return { ...nothing, note: `${id.kind} makes no objects` };
      const folder = clusterOf(workspace, owner.at.file);
      const own = asInCluster(options, workspace, folder);
      const { context } = renderState(workspace, own, folder);
      return memoOf('', own).expand(expander, { object: { id, node }, owner, turn: 'last' }, context) ?? nothing;
    },
  };
}

/** With no cluster chosen, unset variables are as in the Flux that the fleet says it installs. */
function asInCluster(options: RendererOptions, { clusters }: Workspace, folder: string | undefined): RendererOptions {
  if (options.substitution !== undefined) return options;
  const cluster = clusters.find((one) => one.folder === folder);
  return { ...options, substitution: cluster?.substitution ?? 'strict' };
}

/** The cluster directory that a file lies in. */
function clusterOf(workspace: Workspace, file: string): string | undefined {
  return workspace.clusters.find(({ folder }) => `/${file}`.startsWith(`${folder}/`))?.folder;
}

export type {
  ChartQuery,
  ClusterLookup,
  Expander,
  FetchedArtifact,
  FetchedChart,
  FetchedFolder,
  ProviderQuery,
  RemoteCluster,
  RenderContext,
  RendererOptions,
} from './context.ts';
export { secretsCopied } from './copied.ts';
export { chartInflator } from './helm/inflate.ts';
export type { MergedValues } from './helm/merged.ts';
export { shortenedName } from './helm/name.ts';
export { buildLikeFlux, type LikeFluxRequest } from './likeflux.ts';
export { compareForApply, stageOf } from './order.ts';
export {
  isIntact,
  isPgp,
  type KeyQuery,
  type OpenKey,
  plainValues,
  unlockAge,
} from './sops.ts';
export { fromBase64, type InputAnswer, type InputQuery, inputEntries } from './variables.ts';
