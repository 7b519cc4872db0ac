/**
 * What the engine asks of the outside. A main (server, command line, test) builds these and hands them in; the engine
 * itself touches no disk, no network, no clock and no dice.
 */
import type { Json } from './yaml/resolve.ts';

/** A file's content under the name that origins carry. The same object means the same content: caches key on it. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The bytes as UTF-8 text, a byte-order mark kept. Decoded once. */
  readonly text: string;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly type: 'file' | 'directory';
}

/**
 * A tree of files: a workspace with its unsaved edits, a Git commit, a fetched artifact, a chart, the disk.
 * Paths are absolute POSIX paths inside the tree (`/apps/api/kustomization.yaml`), already cleaned of `.` and `..`.
 * It answers at once: what must be fetched is fetched before, and a render that misses something says so.
 */
export interface FileTree {
  /** The file at `path`, links followed; undefined when there is none or it is a directory. */
  file(path: string): SourceFile | undefined;
  /** Entries of a directory in byte order of their names, links followed; undefined when it is not a directory. */
  directory(path: string): readonly DirectoryEntry[] | undefined;
  /** `path` with every symbolic link resolved; undefined when nothing is there. Trees without links answer `path`. */
  realPath(path: string): string | undefined;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A clock that can also wait. */
export interface Timer extends Clock {
  /** Resolves after so many milliseconds, or at once when the signal is aborted; it never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** Names one object for the API server: the kind as served, its namespace (empty when cluster-scoped) and name. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A kind as the API server serves it. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** A live object: JSON as the API server sent it, nothing dropped and nothing converted. */
export type LiveObject = { readonly [key: string]: Json };

export type WatchEvent =
  /** The whole list, once at the start and again after every relist (410 Gone, reconnect without a version). */
  | { readonly type: 'list'; readonly objects: readonly LiveObject[] }
  | { readonly type: 'set'; readonly object: LiveObject }
  | { readonly type: 'gone'; readonly object: LiveObject }
  /** The stream is down and being retried; what was known is stale. `list` or `set` follows when it is back. */
  | { readonly type: 'stale'; readonly reason: ClusterFailure };

/** Why a request failed: one closed set of reasons, with the server's own words where it gave any. */
export interface ClusterFailure {
  readonly reason:
    | 'unreachable'
    | 'unauthorized'
    | 'forbidden'
    | 'not-found'
    | 'unknown-kind'
    | 'conflict'
    | 'invalid'
    | 'immutable'
    | 'denied'
    | 'too-many-requests'
    | 'server-error'
    | 'canceled'
    /** The connection broke after the request was sent: it may or may not have been carried out. */
    | 'unknown-outcome';
  /** A sentence with context and server; never a secret's value. */
  readonly message: string;
  readonly status?: number;
  /** For `conflict`: who owns which field. */
  readonly conflicts?: readonly { readonly manager: string; readonly field: string }[];
}

export type ClusterAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ClusterFailure };

/**
 * The Go structs of Kubernetes' built-in kinds (`data/go-types.json`): what Flux's typed round trip knows of an object.
 * A type is written as in Go (`*int32`, `[]core/v1.Container`, `map[]string`); a field's ends in `?` for `omitempty`, in
 * `~` for `omitzero`.
 */
export interface GoTypes {
  /** Struct by `apiVersion/Kind`. */
  readonly kinds: Readonly<Record<string, string>>;
  /** Fields and their types by struct. */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** One context of the kubeconfig, connected on first use. Every call can be canceled and none throws for a fault. */
export interface Cluster {
  readonly context: string;
  readonly server: string;
  /** The built-in kinds as the Flux of this cluster has them compiled in. */
  goTypes(): GoTypes;
  /** What stays the same for this very cluster: server URL, CA hash and the kube-system namespace's uid. */
  identity(signal?: AbortSignal): Promise<ClusterAnswer<string>>;
  /** The server's version (`v1.36.3`) and every `group/version` and `group/version/Kind` that it serves. */
  capabilities(
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<{ readonly version: string; readonly apis: readonly string[] }>>;
  /** How a kind is served: in `version` when that is served, else in the preferred one; undefined when it is not. */
  served(
    group: string,
    kind: string,
    version?: string,
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<ServedKind | undefined>>;
  get(ref: ObjectRef, signal?: AbortSignal): Promise<ClusterAnswer<LiveObject>>;
  list(
    kind: ServedKind,
    options?: {
      readonly namespace?: string;
      readonly labelSelector?: string;
      /** Only each object's metadata is asked for. */
      readonly only?: 'metadata';
    },
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<readonly LiveObject[]>>;
  /** Lists, then follows, until the signal is aborted: bookmarks, resume, relist on 410 and backoff are inside. */
  watch(
    kind: ServedKind,
    options: { readonly namespace?: string; readonly labelSelector?: string },
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Server-side apply; with `dryRun` nothing is written and the answer is what would be stored. */
  apply(
    object: LiveObject,
    options: { readonly manager: string; readonly force: boolean; readonly dryRun: boolean },
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<LiveObject>>;
  /** A JSON merge patch, or a JSON patch when `patch` is an array; optionally of a subresource. */
  patch(
    ref: ObjectRef,
    patch: LiveObject | readonly LiveObject[],
    options: { readonly manager: string; readonly subresource?: 'status'; readonly dryRun?: boolean },
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<LiveObject>>;
  create(
    object: LiveObject,
    options: { readonly manager: string },
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<LiveObject>>;
  delete(
    ref: ObjectRef,
    options: {
      readonly uid?: string;
      readonly propagation: 'Background' | 'Foreground' | 'Orphan';
      readonly dryRun?: boolean;
    },
    signal?: AbortSignal,
  ): Promise<ClusterAnswer<LiveObject>>;
  /** Whether this user may patch every object of a kind in a namespace; empty: everywhere (SelfSubjectAccessReview). */
  mayPatch(kind: ServedKind, namespace: string, signal?: AbortSignal): Promise<ClusterAnswer<boolean>>;
  /**
   * Another cluster, by the text of a kubeconfig that this one holds (`spec.kubeConfig` of Flux). Only what stands in the
   * text itself is used: programs and files that it names are refused, as Flux refuses them. Nothing is sent yet.
   */
  remote(kubeconfig: string, title: string): ClusterAnswer<Cluster>;
  /**
   * The same cluster as another user sees it (`Impersonate-User`), as Flux asks it for an owner with a service account.
   * The server is asked once whether it lets this user do so; `forbidden` when not.
   */
  as(user: string, signal?: AbortSignal): Promise<ClusterAnswer<Cluster>>;
}
