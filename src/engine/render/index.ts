/**
 * From Flux objects to what they want in the cluster. `renderCluster` starts at a cluster directory and follows every
 * object that makes objects, to any depth, each once; `renderKustomization` does one. A renderer remembers its sets and
 * renders again only what an edit touched: keep it as long as the folder is open.
 */
import { idOf, keyOf } from '../objects/object.ts';
import type { Workspace } from '../workspace/index.ts';
import type { Mapping } from '../yaml/node.ts';
import { renderCluster } from './cluster.ts';
import type { RendererOptions } from './context.ts';
import type { DesiredSet } from './desired.ts';
import { expanders } from './expand/index.ts';
import { renderState } from './lookup.ts';
import { createMemo } from './memo.ts';

export interface Renderer {
  /** One Flux Kustomization or HelmRelease, its children not expanded; other kinds make nothing. */
  renderKustomization(object: { readonly node: Mapping }, workspace: Workspace): DesiredSet;
  /** A cluster directory (`/clusters/production`): the root's set first, then every set that follows from it. */
  renderCluster(workspace: Workspace, folder: string): readonly DesiredSet[];
}

export function createRenderer(options: RendererOptions): Renderer {
  const memo = createMemo();
  return {
    renderCluster: (workspace, folder) => renderCluster(workspace, folder, options, memo),
    renderKustomization({ node }, workspace) {
      const id = idOf(node);
      const owner = { id, at: node.at };
      const expander = expanders.find((e) => e.group === id.group && e.kind === id.kind);
      const nothing: DesiredSet = { owner, objects: [], complete: true, problems: [], reads: new Set() };
      if (expander === undefined) return { ...nothing, note: `${id.kind} makes no objects` };
      const { context } = renderState(workspace, options, clusterOf(workspace, owner.at.file));
      return memo.expand(expander, { object: { id, node }, owner, above: [keyOf(id)] }, context, 'last') ?? nothing;
    },
  };
}

/** The cluster directory that a file lies in. */
function clusterOf(workspace: Workspace, file: string): string | undefined {
  return workspace.clusters.find(({ folder }) => `/${file}`.startsWith(`${folder}/`))?.folder;
}

export type { Decrypt } from './build.ts';
export type { Expander, RenderContext, RendererOptions } from './context.ts';
export { references as variableReferences, substitute as substituteVariables } from './envsubst.ts';
export { buildLikeFlux, type LikeFluxRequest } from './likeflux.ts';
export { compareForApply, stageOf } from './order.ts';
export { fromBase64, type InputAnswer, type InputQuery, inputEntries } from './variables.ts';
