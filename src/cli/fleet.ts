/** The fleet that a command's PATH and --cluster name, opened from the disk or from a commit, and rendered. */
import { relative, resolve, sep } from 'node:path';
import {
  type Cluster,
  type ClusterRoot,
  createRenderer,
  type DesiredSet,
  joinPath,
  type Workspace,
} from '../engine/index.ts';
import { type ClusterFacts, clusterFacts } from '../io/cluster/facts.ts';
import { bothOf, type ClusterInputs, createInputs } from '../io/cluster/inputs.ts';
import { diskTree } from '../io/disk.ts';
import { createFetcher, type Fetcher, fleetSecrets, renderFetched } from '../io/fetch/index.ts';
import { createHistory, withHistory } from '../io/history.ts';
import { loadKustomizer } from '../io/kustomizer.ts';
import { chartLimit } from '../io/limit.ts';
import { openFolder } from '../io/workspace.ts';
import { type Invocation, UsageError } from './command.ts';
import { clusterOf, isRefusal } from './context.ts';
import { keyOptions, keyringFor } from './keys.ts';
import type { TextOf } from './problems.ts';

export const clusterOption = {
  cluster: { type: 'string' },
  fetch: { type: 'boolean' },
  source: { type: 'string', multiple: true },
  ...keyOptions,
} as const;

/** `--source Kind/namespace/name=DIR` or `--source URL=DIR`: other folders that sources stand for. */
export function mappingsOf(
  sources: unknown,
  cwd: string,
): readonly { readonly source: string; readonly folder: string }[] {
  if (!Array.isArray(sources)) return [];
  return sources.map((text) => {
    const equals = String(text).lastIndexOf('=');
    if (equals <= 0) throw new UsageError(`--source wants KIND/NS/NAME=DIR or URL=DIR, not ${text}`);
    return { source: String(text).slice(0, equals), folder: resolve(cwd, String(text).slice(equals + 1)) };
  });
}

/** The text of a file by the name that origins carry: of the fleet, of a mapped folder, of another revision. */
export function textOfAny(
  workspace: Workspace,
  mappings: ReturnType<typeof mappingsOf>,
  more: { textOf?(name: string): string | undefined },
): TextOf {
  const mapped = mappings.map(({ folder }) => ({ prefix: `${folder.split(sep).join('/')}/`, tree: diskTree(folder) }));
  const inMapped = (name: string) => {
    const found = mapped.find(({ prefix }) => name.startsWith(prefix));
    return found?.tree.file(`/${name.slice(found.prefix.length)}`)?.text;
  };
  return (name) =>
    workspace.textOf(name) ?? workspace.tree.file(`/${name}`)?.text ?? inMapped(name) ?? more.textOf?.(name);
}

/** A cluster directory: `/clusters/production`; `sync` where a bootstrap file says how the cluster follows it. */
export type Root = Pick<ClusterRoot, 'folder'> & Partial<ClusterRoot>;

/** What a render takes from the cluster that it is for. */
export interface Live {
  readonly facts: ClusterFacts;
  readonly inputs: ClusterInputs;
}

export async function liveOf(cluster: Cluster, signal: AbortSignal): Promise<Live> {
  const inputs = createInputs(cluster, { keep: Number.POSITIVE_INFINITY, now: () => performance.now() });
  return { facts: await clusterFacts(cluster, signal), inputs };
}

/** With `--context`, the fleet as that cluster's Flux would see it: its version, its ConfigMaps and Secrets, its APIs. */
export async function liveOption(invocation: Invocation): Promise<Live | { readonly message: string } | undefined> {
  if (invocation.options.context === undefined) return undefined;
  const cluster = clusterOf(invocation, String(invocation.options.context));
  return isRefusal(cluster) ? cluster : await liveOf(cluster, invocation.signal);
}

/** What a renderer takes from the cluster. */
export function seenBy({ facts, inputs }: Live) {
  const { input, provider, lookup } = inputs;
  return { ...facts, input, provider, lookup };
}

export interface Fleet {
  /** The folder, as an absolute path of the disk. */
  readonly folder: string;
  readonly workspace: Workspace;
  /** The cluster directories: the one that --cluster names, else all. */
  readonly roots: readonly Root[];
  readonly textOf: TextOf;
  /** With `--fetch`, what the fleet asks for is fetched first; without it nothing leaves this machine. */
  render(root: Root, signal: AbortSignal, live?: Live): Promise<readonly DesiredSet[]>;
  /** The same folder in a commit. Throws a GitError with one sentence when there is none of that name. */
  renderAt(revision: string, roots: readonly Root[], signal: AbortSignal): Promise<readonly (readonly DesiredSet[])[]>;
}

export function openFleet(invocation: Invocation): Fleet | { readonly message: string } {
  const { words, options, cwd } = invocation;
  if (words.length > 1) throw new UsageError('give one PATH');
  const path = words[0] ?? '.';
  // A command line runs git for its own user, in a folder that this user named.
  const mappings = mappingsOf(options.source, cwd);
  const opened = openFolder(resolve(cwd, path), { trusted: true, mappings });
  const workspace = opened.workspace();
  if (workspace.tree.directory('/') === undefined) return { message: `${path} is no folder` };
  const folder = opened.path;
  const roots = rootsOf(workspace, folder, cwd, options.cluster as string | undefined);
  if (typeof roots === 'string') return { message: roots };
  const kustomizer = loadKustomizer();
  const fetcher = options.fetch === true ? fleetFetcher(workspace) : undefined;
  const sources = withHistory(createHistory(folder), fetcher);
  const rendererOptions = {
    kustomizer,
    limit: chartLimit(),
    artifact: sources.artifact,
    ...(fetcher && { chart: fetcher.chart }),
  };
  /** Renders for a live cluster, or for none: its keys and variables are read between two renders. */
  const rendering = (live?: Live) => {
    const keyring = keyringFor(invocation, workspace, live?.inputs);
    const renderer = createRenderer({
      ...rendererOptions,
      ...(live && { ...seenBy(live), dice: live.inputs.dice }),
      key: keyring.key,
    });
    const missing = bothOf(sources, bothOf(keyring, live?.inputs));
    return async (from: Workspace, root: Root, signal: AbortSignal) => {
      const sets = await renderFetched(() => renderer.renderCluster(from, root.folder), missing, signal);
      for (const note of keyring.notes()) invocation.err(`warning: ${note}\n`);
      return sets;
    };
  };
  const offline = rendering();
  return {
    folder,
    workspace,
    roots,
    textOf: textOfAny(workspace, mappings, sources),
    render: (root, signal, live) => (live === undefined ? offline : rendering(live))(workspace, root, signal),
    async renderAt(revision, wanted, signal) {
      const before = await opened.commit(revision, signal);
      const present = (root: Root) => before.tree.directory(root.folder) !== undefined;
      return Promise.all(wanted.map((root) => (present(root) ? offline(before, root, signal) : [])));
    },
  };
}

function rootsOf(
  workspace: Workspace,
  folder: string,
  cwd: string,
  cluster: string | undefined,
): readonly Root[] | string {
  const all = workspace.clusters;
  if (cluster === undefined) {
    if (all.length > 0) return all;
    return `${folder} has no cluster directory: no gotk-sync.yaml, no FluxInstance and no Flux Kustomization`;
  }
  const below = relative(folder, resolve(cwd, cluster)).split(sep).join('/');
  const candidates = [joinPath('/', cluster), ...(below.startsWith('..') ? [] : [joinPath('/', below)])];
  const path = candidates.find((candidate) => workspace.tree.directory(candidate) !== undefined);
  if (path !== undefined) return [all.find((root) => root.folder === path) ?? { folder: path }];
  const names = all.map((root) => root.folder.slice(1)).join(', ');
  return `${cluster} is no folder of ${folder}${names === '' ? '' : `; its cluster directories are ${names}`}`;
}

/** Reads what a fleet's sources name, with the Secrets that the fleet itself holds in the clear. */
export function fleetFetcher(workspace: Workspace): Fetcher {
  const secret = fleetSecrets((namespace, name) => workspace.find({ kind: 'Secret', namespace, name })[0]?.node);
  return createFetcher({ secret });
}
