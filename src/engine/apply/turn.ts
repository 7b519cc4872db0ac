/** What the parts of an apply share: its options, its state, and one owner's turn. */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { Plan, PlanEntry, PlanGroup } from '../plan/plan.ts';
import type { Cluster, LiveObject, Timer } from '../ports.ts';
import type { ApplyEvent, ObjectOutcome, PlacedId } from './events.ts';
import type { Sent } from './send.ts';
import { clusterKey, homeKey, inCluster, type Site, type Sites } from './site.ts';

export interface ApplyOptions {
  readonly timer: Timer;
  readonly signal?: AbortSignal;
  /** all: deletes what the plan deletes · none: leaves it for another time. */
  readonly prune: 'all' | 'none';
  /** all: until everything is ready · dependencies: only where another owner of the plan depends on it. */
  readonly wait: 'all' | 'dependencies';
  /** Which entries to carry out; all when absent. */
  readonly selection?: (entry: PlanEntry, group: PlanGroup) => boolean;
  /** `inputsOf` of the workspace as it is now: the plan is refused when it was made from something else. */
  readonly inputs?: string;
  /** Who applies, for the annotation on suspended owners. */
  readonly by: string;
}

export interface Run {
  /** The cluster that the plan was made for. */
  readonly cluster: Cluster;
  readonly plan: Plan;
  readonly options: ApplyOptions;
  tell(event: ApplyEvent): void;
}

/** One owner's part: what to send, what to delete, and how it went. */
export interface Turn {
  readonly group: PlanGroup;
  /** Where its objects go. */
  readonly site: Site;
  /** Where the owner stands: its inventory and its suspension are written there. */
  readonly home: Site;
  readonly sends: readonly PlanEntry[];
  readonly deletes: readonly PlanEntry[];
  readonly outcomes: Map<PlanEntry, ObjectOutcome>;
  failed: boolean;
  /** Why nothing of this owner may be sent: it could not be suspended, its inventory not be written, or its cluster not be opened. */
  barred?: string;
}

export interface State extends Run {
  readonly sites: Sites;
  readonly live: ReadonlyMap<PlanEntry, LiveObject>;
  /** The owners that this apply suspended, by `keyIn`. */
  readonly suspended: Map<string, PlacedId>;
  /** The HelmReleases that it creates suspended, by `keyIn`, and where each stands. */
  readonly contested: ReadonlyMap<string, Site>;
}

export function signalOf(options: ApplyOptions): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

export function isBad(outcome: ObjectOutcome | undefined): boolean {
  return outcome === 'failed' || outcome === 'unknown' || outcome === 'not-sent';
}

/** What stands for an object in the cluster of a site: another cluster may have one of the same name. */
export function keyIn(site: Pick<Site, 'remote'>, id: ObjectId): string {
  return `${clusterKey(site)} ${keyOf(id)}`;
}

/** Why nothing more of a turn is sent; nothing goes to another cluster that could not be noted where the owner stands. */
export function stoppedFor({ site, home }: Pick<Turn, 'site' | 'home'>): string | undefined {
  return site.stopped ?? home.stopped;
}

/** What a turn sends, if that is where another turn's owner stands. */
export function sentHome({ site, sends }: Turn, to: Turn): readonly PlanEntry[] {
  return clusterKey(site) === clusterKey(to.home) ? sends : [];
}

/** Says that a request for an object is about to go out. */
export function sending(state: State, turn: Turn, id: ObjectId): void {
  state.tell({ type: 'sending', owner: turn.group.owner.id, id, ...inCluster(turn.site) });
}

export function told(state: State, turn: Turn, entry: PlanEntry, { outcome, message }: Sent): void {
  turn.outcomes.set(entry, outcome);
  if (isBad(outcome)) turn.failed = true;
  state.tell({ type: 'object', owner: turn.group.owner.id, id: entry.id, outcome, message, ...inCluster(turn.site) });
}

export function skipAll(state: State, turn: Turn, entries: readonly PlanEntry[], message: string): void {
  turn.failed = true;
  for (const entry of entries) told(state, turn, entry, { outcome: 'not-sent', message });
}

/** A new Kustomization is handled by controllers when others in its cluster are. */
export function runsControllers({ groups }: Plan, home: Site): boolean {
  const key = clusterKey(home);
  return groups.some((group) => homeKey(group) === key && group.state?.controlled === true);
}
