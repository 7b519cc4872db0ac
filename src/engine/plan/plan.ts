/** What applying would do, object by object, each with its reason and the lines that cause it. */
import type { ObjectId } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import type { Owner } from '../render/desired.ts';
import type { Origin } from '../yaml/node.ts';
import type { Json } from '../yaml/resolve.ts';
import type { DefaultAccounts } from './accounts.ts';
import type { OwnerSpec } from './owner.ts';
import type { KubeConfigRef } from './remote.ts';

/**
 * create: not there yet · configure: there and different · unchanged · recreate: an immutable field differs and force is
 * on · delete: in the owner's inventory and no longer wanted · keep: no longer wanted but not pruned (an orphan) ·
 * skip: Flux would not touch it (an annotation says so) · unknown: could not be asked (its kind is created by this plan,
 * or the cluster refused); the reason says why.
 */
export type Action = 'create' | 'configure' | 'unchanged' | 'recreate' | 'delete' | 'keep' | 'skip' | 'unknown';

export const actions: readonly Action[] = [
  'create',
  'configure',
  'recreate',
  'delete',
  'keep',
  'unknown',
  'skip',
  'unchanged',
];

export interface FieldChange {
  /** Mapping keys and sequence indexes, from the object's root; an index counts in `after`, for a removal in `before`. */
  readonly path: readonly (string | number)[];
  readonly before?: Json;
  readonly after?: Json;
  /** The workspace line that caused it; absent for a removal whose line is gone. */
  readonly at?: Origin;
  /** The field manager that owns the live value. */
  readonly manager?: string;
}

/** Something to look at twice before applying. `rule` names the file of the rule in `plan/dangers/`. */
export interface Danger {
  readonly rule: string;
  readonly severity: 'warning' | 'danger';
  /** One sentence: what would happen. */
  readonly message: string;
  /** The field that it is about. */
  readonly path?: readonly (string | number)[];
  readonly at?: Origin;
}

export interface PlanEntry {
  readonly id: ObjectId;
  readonly action: Action;
  /** One sentence: why this action. */
  readonly reason: string;
  /** What the cluster (or the baseline commit) has, secrets masked; absent when there is nothing. */
  readonly before?: Json;
  /** What it would have after the apply, secrets masked; absent for deletions. */
  readonly after?: Json;
  readonly changes: readonly FieldChange[];
  /** Lists whose items only stand in another order: no field changes, but the object is written. */
  readonly reordered?: readonly (readonly (string | number)[])[];
  /** Of one that is unchanged: it differs, and only in fields that an ignore rule of its owner leaves alone. */
  readonly ignored?: readonly (readonly (string | number)[])[];
  /** The line that declares the object; absent when nothing declares it any more. */
  readonly at?: Origin;
  /** The Flux object that takes this object over: it moves, and is not deleted. */
  readonly movesTo?: ObjectId;
  /** The CustomResourceDefinition of this plan that has to be there first: the object is sent after it, unasked. */
  readonly awaits?: ObjectId;
  /** What the plan saw: the apply refuses when the object was replaced, or when its content changed. */
  readonly seen?: {
    readonly uid: string;
    readonly resourceVersion: string;
    /** Hash of all but status and server bookkeeping: it stays when only the status moved on. */
    readonly content?: string;
  };
  readonly dangers?: readonly Danger[];
  /** The next revision of a release of which nothing else is written: Helm runs all the same, with its hooks. */
  readonly revision?: true;
  /** How `after` was found when not by asking the server to dry-run it: a merge by managed fields, of lower fidelity. */
  readonly estimated?: boolean;
}

/** One entry of a Flux object's inventory: `namespace_name_group_kind` and the version. */
export interface InventoryEntry {
  readonly id: string;
  readonly v: string;
}

/** What the apply has to know of the live owner. */
export interface OwnerState {
  /** The owner exists in the cluster. */
  readonly exists: boolean;
  readonly suspended: boolean;
  /** A Flux controller has handled it (its finalizer is set), so it would act beside Sluice. */
  readonly controlled: boolean;
  readonly inventory: readonly InventoryEntry[];
  /** uid of the live owner, when it exists. */
  readonly uid?: string;
  /** Of a HelmRelease: its release as Helm's storage has it. */
  readonly release?: ReleaseState;
}

export interface ReleaseState {
  /** The newest revision; 0 when there is none. */
  readonly revision: number;
  /** Helm's words: deployed, failed, pending-upgrade, uninstalled; absent and unknown are ours. */
  readonly status: string;
  /** Why it is unknown. */
  readonly trouble?: string;
  /** The version of the chart that it was made with. */
  readonly chart?: string;
  /** Its newest revision was applied client-side, and so would Flux go on unless it is told not to. */
  readonly clientSide?: true;
  /** The release that is uninstalled first, in the place of which this one comes. */
  readonly leaves?: LeftRelease;
}

export interface LeftRelease {
  readonly name: string;
  readonly namespace: string;
  readonly storageNamespace: string;
  readonly revision: number;
  /** A sentence's part: why it does not go on. */
  readonly why: string;
}

/** The other cluster that an owner's objects go to (`spec.kubeConfig`), as it was when the plan was made. */
export interface RemoteTarget {
  readonly context: string;
  readonly server: string;
  readonly identity: string;
  /** What holds its kubeconfig: `openRemote` opens it again. */
  readonly namespace: string;
  readonly from: KubeConfigRef;
  /** The cluster that holds that, where it is not the plan's own. */
  readonly through?: RemoteTarget;
}

/** The entries of one Flux object. */
export interface PlanGroup {
  readonly owner: Owner;
  readonly entries: readonly PlanEntry[];
  /** What its inventory lists and nothing is to be done about: gone, or with another owner. An apply strikes it out. */
  readonly settled?: readonly ObjectId[];
  /** Why the group is empty or partial. */
  readonly note?: string;
  /** What the owner says about prune, force, wait and health checks. */
  readonly spec?: OwnerSpec;
  /** Live state of the owner; absent against a commit. */
  readonly state?: OwnerState;
  /** Its objects are in another cluster than the one the plan is against. */
  readonly remote?: RemoteTarget;
  /** The user that its objects are asked about and sent as: the owner's service account, as Flux acts for it. */
  readonly as?: string;
  /** The owner itself stands in another cluster than the one the plan is against. */
  readonly standsIn?: RemoteTarget;
  /** False after a failed render or a refused request: then nothing of this group is pruned. */
  readonly complete?: boolean;
  /** Dangers of the group as a whole; those of one object are with its entry. */
  readonly dangers?: readonly Danger[];
}

export interface Plan {
  /** What it is against: a context with its server and cluster identity, or a Git commit. */
  readonly target:
    | { readonly kind: 'cluster'; readonly context: string; readonly server: string; readonly identity: string }
    | { readonly kind: 'commit'; readonly revision: string };
  readonly groups: readonly PlanGroup[];
  /** Dangers of the plan as a whole. */
  readonly dangers?: readonly Danger[];
  /** Of a live cluster: the service accounts that its controllers act as where an owner names none. */
  readonly accounts?: DefaultAccounts;
  readonly problems: readonly Problem[];
  /** Hash of every file that was read and of what was rendered: the apply refuses when it changed. */
  readonly inputs: string;
}

export type Counts = Readonly<Record<Action, number>>;

/** How many entries have each action, in all groups. */
export function countsOf(plan: Plan): Counts {
  const counts = Object.fromEntries(actions.map((action) => [action, 0])) as Record<Action, number>;
  for (const group of plan.groups) for (const entry of group.entries) counts[entry.action] += 1;
  return counts;
}

/** Whether applying the plan would write or delete anything. */
export function changesAnything(plan: Plan): boolean {
  return plan.groups.some((group) => group.entries.some(writes));
}

/** Whether applying an entry writes to the cluster. */
export function writes(entry: PlanEntry): boolean {
  return ['create', 'configure', 'recreate', 'delete'].includes(entry.action) || entry.awaits !== undefined;
}

/** Whether an entry is wanted and could not be asked about: it is not sent, and beside it nothing is pruned. */
export function isNotCompared({ action, awaits, at }: PlanEntry): boolean {
  return action === 'unknown' && awaits === undefined && at !== undefined;
}

/** Every danger of a plan, in the order of its entries. */
export function dangersOf(plan: Plan): readonly Danger[] {
  const inGroups = plan.groups.flatMap((group) => [
    ...(group.dangers ?? []),
    ...group.entries.flatMap((entry) => entry.dangers ?? []),
  ]);
  return [...(plan.dangers ?? []), ...inGroups];
}

/** The other clusters that an apply of the plan would write to, each once. */
export function otherClustersOf({ groups }: Plan): readonly RemoteTarget[] {
  const acting = groups.filter(({ entries }) => entries.some(writes));
  // Where an owner stands its inventory and its suspension are written.
  const remotes = acting.flatMap(({ remote, standsIn }) => [remote ?? [], standsIn ?? []].flat());
  return [...new Map(remotes.map((remote) => [`${remote.server} ${remote.context}`, remote])).values()];
}
