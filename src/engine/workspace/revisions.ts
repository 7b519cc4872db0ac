/**
 * Several revisions of one repository. The open folder is one working tree: it stands for what the clusters are rooted in
 * and for the branch that is checked out; a source that follows another revision of the same repository is elsewhere.
 */
import { gitRepository } from '../flux/index.ts';
import type { ObjectId } from '../objects/object.ts';
import { normalizeUrl } from '../sources/index.ts';
import type { Mapping } from '../yaml/node.ts';

/** What a source follows; where several fields are set, the one that source-controller obeys. */
export interface Revision {
  readonly kind: 'branch' | 'tag' | 'semver' | 'commit' | 'name';
  readonly value: string;
}

/** What of the repository is checked out. */
export interface Checkout {
  /** Absent on a detached HEAD. */
  readonly branch?: string;
  readonly commit?: string;
  /** The branch that the remote calls its own; what no file declares is taken to follow it. */
  readonly trunk?: string;
}

/** The revision that a GitRepository follows; undefined where it says none. */
export function revisionOf(object: Mapping): Revision | undefined {
  const { ref } = gitRepository.view(object);
  for (const kind of ['commit', 'name', 'semver', 'tag', 'branch'] as const) {
    const value = ref[kind]?.value;
    if (value) return kind === 'name' ? named(value) : { kind, value };
  }
  return undefined;
}

/** The revision that a source of any kind follows, as far as a repository's other revisions are told apart. */
export function followed({ id, node }: { readonly id: ObjectId; readonly node: Mapping }): Revision | undefined {
  return id.kind === gitRepository.kind ? revisionOf(node) : undefined;
}

/** A full reference name as what it names. */
export function named(name: string): Revision {
  const [, folder, value] = /^refs\/(heads|tags)\/(.+)$/.exec(name) ?? [];
  if (value === undefined) return { kind: 'name', value: name };
  return { kind: folder === 'heads' ? 'branch' : 'tag', value };
}

export function titleOfRevision({ kind, value }: Revision): string {
  return kind === 'name' ? value : `${kind} ${value}`;
}

/** Something that follows a repository. */
export interface Follower {
  readonly url: string | undefined;
  readonly revision: Revision | undefined;
}

export interface Revisions {
  readonly head: Checkout;
  /** What roots the clusters. */
  readonly syncs: readonly Follower[];
  /** Every GitRepository that a file declares. */
  readonly declared: readonly Follower[];
  /** Whether a source that no file declares is taken to be the folder. */
  readonly assumed: boolean;
}

/** Whether a source that follows `revision` of the folder's repository is something else than the folder. */
export function isElsewhere(revision: Revision, url: string, { head, syncs, declared, assumed }: Revisions): boolean {
  if (revision.kind === 'commit' && revision.value === head.commit) return false;
  const same = (other: Follower) => other.url !== undefined && normalizeUrl(other.url) === normalizeUrl(url);
  const homes = branches(syncs.filter(same));
  // The branch that is checked out counts where something follows it: a feature branch is on its way to another one.
  const followed = branches(declared.filter(same));
  if (head.branch !== undefined && followed.has(head.branch)) homes.add(head.branch);
  if (assumed && head.trunk !== undefined) homes.add(head.trunk);
  return homes.size > 0 && !(revision.kind === 'branch' && homes.has(revision.value));
}

function branches(followers: readonly Follower[]): Set<string> {
  return new Set(followers.flatMap(({ revision }) => (revision?.kind === 'branch' ? [revision.value] : [])));
}
