/** What the parts of an apply share: its options, its state, and one owner's turn. */
import type { ObjectId } from '../objects/object.ts';
import type { Plan, PlanEntry, PlanGroup } from '../plan/plan.ts';
import type { Cluster, LiveObject, Timer } from '../ports.ts';
import type { ApplyEvent, ObjectOutcome } from './events.ts';
import type { Sent } from './send.ts';
import { inCluster, type Site } from './site.ts';

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
  /** The cluster that the plan was made for: the owners of all turns stand in it. */
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
  readonly sends: readonly PlanEntry[];
  readonly deletes: readonly PlanEntry[];
  readonly outcomes: Map<PlanEntry, ObjectOutcome>;
  failed: boolean;
  /** Why nothing of this owner may be sent: it could not be suspended, its inventory not be written, or its cluster not be opened. */
  barred?: string;
}

export interface State extends Run {
  readonly here: Site;
  readonly live: ReadonlyMap<PlanEntry, LiveObject>;
  /** Keys of the owners that this apply suspended. */
  readonly suspended: Set<string>;
  /** Keys of the HelmReleases that it creates suspended. */
  readonly contested: ReadonlySet<string>;
}

export function signalOf(options: ApplyOptions): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

export function isBad(outcome: ObjectOutcome | undefined): boolean {
  return outcome === 'failed' || outcome === 'unknown' || outcome === 'not-sent';
}

/** Why nothing more of a turn is sent; nothing goes to another cluster that could not be noted in this one. */
export function stoppedFor({ here }: Pick<State, 'here'>, { site }: Pick<Turn, 'site'>): string | undefined {
  return site.stopped ?? here.stopped;
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

/** A new Kustomization is handled by controllers when others in the plan are. */
export function runsControllers(plan: Plan): boolean {
  return plan.groups.some((group) => group.standsIn === undefined && group.state?.controlled === true);
}
