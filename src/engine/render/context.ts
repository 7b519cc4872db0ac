/** What a render knows while it goes on: the folder, its options, and every object that it has found so far. */
import type { Capabilities, Chart, LookupAnswer, LookupQuery, RenderLimit } from '../helm/index.ts';
import type { Kustomizer } from '../kustomize/index.ts';
import type { Clock, Random } from '../ports.ts';
import type { Problem, Result } from '../problem.ts';
import type { SourceFolder, SourceQuery, Workspace } from '../workspace/index.ts';
import type { Mapping, Origin } from '../yaml/node.ts';
import type { DesiredObject, DesiredSet, Owner } from './desired.ts';
import type { KeyQuery } from './sops.ts';
import type { InputAnswer, InputQuery } from './variables.ts';

/** A chart that is not in the open folder: of a Helm repository, a registry, a source that was fetched. */
export interface ChartQuery {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The source object, where it is known. */
  readonly source?: Mapping;
  /** The chart's name in a repository, its path in other sources. */
  readonly chart?: string;
  /** A semver range. */
  readonly version?: string;
  readonly at: Origin;
}

/** A fetched chart, or one sentence that says why it is not at hand. */
export type FetchedChart =
  | (Result<Chart> & {
      /** Of an OCI artifact, as a source's status names it: `6.7.0@sha256:…`. */
      readonly revision?: string;
    })
  | Unfetched;

/** A source's files that were fetched, or one sentence that says why they are not at hand. */
export type FetchedArtifact = FetchedFolder | Unfetched;

export interface Unfetched {
  readonly note: string;
  /** Where it was tried and failed: what stands in the way, at the field of the source that is at fault. */
  readonly problem?: Problem;
}

export interface FetchedFolder extends SourceFolder {
  /** The source keeps what it downloads as it is: no ignore rules are applied (an OCI layer that is copied). */
  readonly whole?: boolean;
  /** What the cluster checks and this fetch does not. */
  readonly caveat?: string;
}

export interface ProviderQuery {
  readonly namespace: string;
  readonly name: string;
}

/** What a chart looks up in the cluster that its release goes to. */
export interface ClusterLookup extends LookupQuery {
  /** The release's namespace, and the service account that its spec names (empty: none). */
  readonly asks: { readonly namespace: string; readonly account: string };
  /** What leads to that cluster from the chosen one, where it is another. */
  readonly remote?: RemoteCluster;
}

/** `spec.kubeConfig`: the Secret with the kubeconfig, or the ConfigMap that says how to log in. */
export interface RemoteCluster {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

export interface RendererOptions {
  readonly kustomizer: Kustomizer;
  /** Flux 2.9 refuses unset variables (`strict`); before, they were empty. Absent: as the fleet's own files say. */
  readonly substitution?: 'strict' | 'lenient';
  /** ConfigMaps and Secrets of the chosen cluster, for what no file of the fleet declares. */
  readonly input?: (query: InputQuery) => Mapping | undefined;
  /** ResourceSetInputProviders of the chosen cluster, whose status says what they found; absent: there is no cluster. */
  readonly provider?: (query: ProviderQuery) => Mapping | undefined;
  /** SOPS data keys that were unlocked before the render; undefined: not asked for yet, or nobody opens it. */
  readonly key?: (query: KeyQuery) => Uint8Array | undefined;
  /** Charts that were fetched before the render; undefined: not asked for yet. */
  readonly chart?: (query: ChartQuery) => FetchedChart | undefined;
  /** Sources that were fetched before the render; undefined: not asked for yet. The same object for the same content. */
  readonly artifact?: (query: SourceQuery) => FetchedArtifact | undefined;
  /** What charts look up in the chosen cluster, read before the render; undefined: there is no cluster. */
  readonly lookup?: (query: ClusterLookup) => LookupAnswer | undefined;
  /** Of the chosen cluster; absent: Helm's own defaults. */
  readonly capabilities?: Capabilities;
  /** How long the templates of one chart may take: what takes longer is an error at the line that was at work. */
  readonly limit?: RenderLimit;
  /** Releases that are in the cluster already, by `storage namespace/name`, with the newest revision: charts may ask. */
  readonly releases?: Readonly<Record<string, number>>;
  /** Pinned for one plan, so that it renders the same bytes each time. */
  readonly clock?: Clock;
  /** Random bytes for one release, the same row each time; absent: zeros, so that a build gives the same bytes anywhere. */
  readonly dice?: (of: string) => Random | undefined;
}

export interface RenderContext {
  readonly workspace: Workspace;
  readonly options: RendererOptions;
  /** The source object as it will be in the cluster: rendered before, else as a file declares it. */
  source(query: SourceQuery): Mapping | undefined;
  /** A ConfigMap or Secret: rendered before, declared in a file, or of the cluster. */
  input(query: InputQuery): InputAnswer;
  /** Every object rendered so far of a kind. */
  rendered(kind: string): readonly DesiredObject[];
}

/** Turns one object into the objects that its controller would make of it. One file in `expand/`, one line in its list. */
export interface Expander {
  readonly group: string;
  readonly kind: string;
  /**
   * Undefined: it has to wait for objects that are not rendered yet (a ConfigMap, a source); it is asked again later,
   * and with `last` when nothing more will come.
   */
  expand(object: DesiredObject, owner: Owner, context: RenderContext, turn: 'first' | 'last'): DesiredSet | undefined;
}
