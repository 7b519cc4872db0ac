/**
 * The current plan: made on request, made anew a moment after a file changes, and never overwritten by an older answer.
 * What it renders and what it asks of the cluster is handed in as doors, so that it can be tested with plain values.
 */
import {
  actions,
  type Cluster,
  type ClusterRoot,
  type DesiredObject,
  type DesiredSet,
  keyOf,
  openTarget,
  type Plan,
  type PlanEntry,
  type PlanGroup,
  type PlanLiveOptions,
  partOf,
  planAgainst,
  planLive,
  type RevealedValue,
  revealed,
  revealLive,
  type Scope,
  toJson,
  type Workspace,
  whyUnread,
} from '../engine/index.ts';
import type { PlanAgainst, PlanChoice, PlanScope, PlanView, Revealed } from '../protocol/index.ts';
import { linesOf } from './convert.ts';
import type { Files, Folder } from './files.ts';
import { type Shown, shownBeside } from './held.ts';
import type { Link, Linked } from './link.ts';
import { at, textAt } from './live.ts';
import { entryId, nameOfId, planView, renderSide } from './plan-view.ts';
import type { Session } from './session.ts';
import { queryOf, type Rendered } from './virtual.ts';

export interface PlannerDoors {
  /** Every Flux object of a cluster directory, rendered, in order. */
  render(workspace: Workspace, root: ClusterRoot, signal: AbortSignal): Promise<readonly DesiredSet[]>;
  /** The same as it was in a commit; nothing when the commit has no such directory. */
  renderCommit(folder: Folder, revision: string, root: string, signal: AbortSignal): Promise<readonly DesiredSet[]>;
}

export interface PlanRequest {
  readonly against: PlanAgainst;
  /** Only this part of it. */
  readonly scope?: PlanScope;
  /** The cluster directory, where the person chose one. */
  readonly cluster?: string;
  progress(message: string): void;
}

/** A plan and all that it was made from. */
export interface Current {
  readonly id: string;
  readonly request: PlanRequest;
  readonly folder: Folder;
  readonly root: ClusterRoot;
  readonly wanted: readonly DesiredSet[];
  readonly plan: Plan;
  /** The same as the view and its documents show it. */
  readonly shown: Shown;
  readonly view: PlanView;
}

export interface Planner {
  make(request: PlanRequest, signal: AbortSignal): Promise<PlanView>;
  current(): Current | undefined;
  forget(): void;
  /** One side of an entry of the current plan. */
  render(entry: string, side: 'before' | 'after'): Rendered;
  /** The masked values of an entry, read now and kept nowhere. */
  reveal(plan: string, entry: string, signal: AbortSignal): Promise<Revealed>;
  /** Makes the current plan anew, after an apply or a change. */
  renew(): Promise<void>;
  onChange(listener: (view: PlanView, queries: readonly string[]) => void): void;
}

export interface PlannerOptions {
  readonly doors: PlannerDoors;
  /** How long typing must have paused, in milliseconds, before the plan is made anew. */
  readonly pause: number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** How long the cluster's answers count while a person types, in milliseconds. */
const keepAnswers = 30_000;

export type Rooms = Pick<Session, 'workspace' | 'place'> & { readonly files: Files; readonly link: Link };

export function createPlanner(rooms: Rooms, { doors, pause, now }: PlannerOptions): Planner {
  const { files, link } = rooms;
  let current: Current | undefined;
  let running: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let count = 0;
  /** Something changed while a plan was being made. */
  let again = false;
  /** How long the last plan took: a fleet that takes long to render leaves the server free for most of the time. */
  let lasted = 0;
  let applied: string | undefined;
  /** The last plan and when all of it was asked about: while somebody types, only what the edit touched is asked again. */
  let asked: { readonly of: Current; readonly at: number } | undefined;
  const listeners: ((view: PlanView, queries: readonly string[]) => void)[] = [];

  function forgetAnswers(): void {
    asked = undefined;
  }

  /** `last`: what is shown while this one is made, whose good parts stay where this one has errors. */
  async function plan(request: PlanRequest, signal: AbortSignal, last?: Current): Promise<Current | Refusal> {
    const target = await chooseRoot(rooms, request);
    if ('message' in target) return target;
    const { folder, root } = target;
    request.progress(`Rendering ${root.folder.slice(1)}`);
    const wanted = await doors.render(rooms.workspace(folder), root, signal);
    if (signal.aborted) return canceled;
    const known = asked !== undefined && now() - asked.at < keepAnswers ? asked : undefined;
    const at = known?.at ?? now();
    const earlier = known === undefined ? {} : { earlier: known.of.plan };
    const against = await planned(rooms, doors, request, { folder, root, wanted, ...earlier }, signal);
    if ('message' in against) return against;
    const id = `plan-${++count}`;
    const shown = shownBeside(last?.shown, against, wanted);
    const view = planView({
      id,
      plan: shown.plan,
      held: shown.held,
      against: request.against,
      ...(request.scope === undefined ? {} : { scope: request.scope }),
      place: (at) => rooms.place(folder, at),
      protection: (server) => rooms.link.protection(server),
    });
    const made: Current = { id, request, folder, root, wanted, plan: against, shown, view };
    asked = { of: made, at };
    return made;
  }

  /** Makes a plan; a later request ends an earlier one, whose answer is then dropped. */
  async function start(request: PlanRequest, outer: AbortSignal, last?: Current): Promise<Current | Refusal> {
    running?.abort();
    clearTimeout(timer);
    const own = new AbortController();
    running = own;
    const version = files.version();
    const started = now();
    const answer = await plan(request, AbortSignal.any([outer, own.signal]), last);
    if (running === own) running = undefined;
    lasted = now() - started;
    if (own.signal.aborted || outer.aborted) return canceled;
    if (!('message' in answer)) {
      current = answer;
      if (again || files.version() !== version) later();
      again = false;
    }
    return answer;
  }

  async function follow(): Promise<void> {
    const old = current;
    // What is being made is made to its end, for a person may wait for it; then it is seen whether it is still true.
    again = running !== undefined;
    if (old === undefined || again) return;
    const quiet = { ...old.request, progress: () => undefined };
    const answer = await start(quiet, new AbortController().signal, old);
    if (answer === canceled) return;
    if ('message' in answer) return tell({ ...old.view, behind: answer.message, applicable: false }, []);
    tell(answer.view, [...new Set([...queriesOf(old), ...queriesOf(answer)])]);
  }

  function tell(view: PlanView, queries: readonly string[]): void {
    for (const listener of listeners) listener(view, queries);
  }

  function later(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void follow(), Math.max(pause, 2 * lasted));
  }

  files.onChange(() => {
    if (current === undefined) return;
    later();
  });
  // Flux changed something: the live side of the plan is another now.
  link.onLive(async () => {
    if (current?.request.against.kind !== 'cluster') return;
    const linked = await link.linked();
    const now = linked && appliedBy(linked);
    if (now === undefined || now === applied) return;
    const first = applied === undefined;
    applied = now;
    if (first) return;
    linked?.planning.forget();
    forgetAnswers();
    later();
  });
  link.onState((state) => {
    const target = current?.plan.target;
    if (target?.kind === 'cluster' && target.context !== state.context) forget();
  });

  function forget(): void {
    running?.abort();
    clearTimeout(timer);
    current = undefined;
    forgetAnswers();
  }

  return {
    async make(request, signal) {
      // Asked by a person: as the cluster is now, whatever was remembered.
      forgetAnswers();
      if (request.against.kind === 'cluster') (await link.linked())?.planning.forget();
      const answer = await start(request, signal);
      return 'message' in answer ? withoutPlan(request.against, answer) : answer.view;
    },
    current: () => current,
    forget,
    async renew() {
      forgetAnswers();
      await follow();
    },
    render(entry, side) {
      const found = current && entryOf(current, entry);
      if (current === undefined)
        return { text: '# This plan is no longer shown. Run "Sluice: Show Plan".\n', spans: [] };
      if (found === undefined) return { text: '', spans: [] };
      return renderSide(found.entry, side, found.object?.node, current.folder);
    },
    async reveal(plan, entry, signal) {
      const found = current && entryOf(current, entry);
      if (current?.id !== plan || found === undefined)
        return { values: [], message: 'The plan was made anew in the meantime; look at the new one.' };
      const values = await revealedOf({ rooms, doors }, current, found, signal);
      if (typeof values === 'string') return { values: [], message: values };
      return values.length > 0 ? { values } : { values, message: 'Nothing in this entry is masked.' };
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

/** The masked values of an entry: asked and rendered again, and handed out once. */
async function revealedOf(
  { rooms: { link }, doors }: { readonly rooms: Rooms; readonly doors: PlannerDoors },
  { plan, folder, root }: Current,
  { entry, group, object }: FoundEntry,
  signal: AbortSignal,
): Promise<readonly RevealedValue[] | string> {
  if (plan.target.kind === 'commit') {
    const baseline = await doors.renderCommit(folder, plan.target.revision, root.folder, signal);
    const set = baseline.find((one) => keyOf(one.owner.id) === keyOf(group.owner.id));
    const old = set?.objects.find((one) => sameObject(one, entry));
    const plain = (one: DesiredObject | undefined) => (one === undefined ? undefined : toJson(one.node, 'sigs'));
    return revealed({ shown: entry.before, plain: plain(old) }, { shown: entry.after, plain: plain(object) });
  }
  const linked = await link.linked();
  if (linked === undefined) return link.state().message;
  const { cluster } = linked;
  const opened = await clusterOfGroup(cluster, group, signal);
  return typeof opened === 'string' ? opened : await revealLive(opened, entry, signal);
}

/** The cluster that a group's objects are in, as the account that the plan asked it as. */
async function clusterOfGroup(
  home: Cluster,
  { remote, as }: PlanGroup,
  signal: AbortSignal,
): Promise<Cluster | string> {
  const cluster = remote === undefined ? home : await openTarget(home, remote, signal);
  if (typeof cluster === 'string' || as === undefined) return cluster;
  const entered = await cluster.as(as, signal);
  return entered.ok ? entered.value : entered.failure.message;
}

async function planned(
  rooms: Rooms,
  doors: PlannerDoors,
  { against, scope, progress }: PlanRequest,
  { folder, root, wanted, earlier }: Target & { readonly wanted: readonly DesiredSet[]; readonly earlier?: Plan },
  signal: AbortSignal,
): Promise<Plan | Refusal> {
  const { link } = rooms;
  const part = scope === undefined ? undefined : partOf(wanted, [scopeOf(rooms, folder, scope)]);
  if (against.kind === 'commit') {
    if (!link.trusted()) return { message: 'Trust this workspace to compare with a commit: that starts git.' };
    progress(`Rendering ${against.revision}`);
    const baseline = await doors.renderCommit(folder, against.revision, root.folder, signal);
    if (signal.aborted) return canceled;
    const whole = planAgainst(baseline, wanted, against.revision);
    return part === undefined ? whole : part.of(whole);
  }
  const linked = await link.linked();
  if (linked === undefined) return { message: link.state().message };
  const options: PlanLiveOptions = {
    signal,
    ...(part === undefined ? {} : { part }),
    ...(earlier === undefined ? {} : { earlier }),
    onProgress: (done, total) => progress(`Asking ${linked.cluster.context} (${done} of ${total})`),
  };
  const plan = await planLive(linked.planning.cluster, wanted, options);
  return signal.aborted ? canceled : plan;
}

/** The editor's words for a part, in those of the engine. */
function scopeOf({ files, workspace }: Rooms, folder: Folder, scope: PlanScope): Scope {
  if (scope.kind === 'object') {
    const { apiVersion, kind, namespace, name } = scope.object;
    const slash = apiVersion.indexOf('/');
    return { kind: 'object', object: { group: slash < 0 ? '' : apiVersion.slice(0, slash), kind, namespace, name } };
  }
  const located = files.locate(scope.uri);
  const path = located?.folder.uri === folder.uri ? located.path : '/';
  const text = files.tree(folder).file(path)?.text;
  const file = path.slice(1);
  const unread = () => whyUnread(workspace(folder), path);
  if (scope.lines === undefined || text === undefined) return { kind: 'file', file, unread };
  const lines = linesOf(text);
  const start = lines.offsetAt({ line: scope.lines.first, character: 0 });
  return {
    kind: 'file',
    file,
    unread,
    lines: { start, end: lines.offsetAt({ line: scope.lines.last + 1, character: 0 }) },
  };
}

/** What the cluster's Kustomizations and releases say that they applied; another text means other live objects. */
function appliedBy({ store }: Linked): string {
  return owners
    .flatMap((kind) => {
      const seen = store.seen(kind);
      return 'objects' in seen ? [...seen.objects] : [];
    })
    .map(([key, object]) => {
      const revision =
        textAt(object, 'status', 'lastAppliedRevision') + textAt(object, 'status', 'lastAttemptedRevision');
      return `${key} ${at(object, 'metadata', 'generation')} ${revision}`;
    })
    .join('\n');
}

const owners = [
  { group: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization' },
  { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease' },
];

/** Why there is no plan: a sentence, or cluster directories of which the person has to choose one. */
interface Refusal {
  readonly message: string;
  readonly choices?: readonly PlanChoice[];
}

const canceled: Refusal = { message: 'The plan was canceled.' };

interface Target {
  readonly folder: Folder;
  readonly root: ClusterRoot;
}

/** Which cluster directory a plan is for: the chosen one, the only one, or the one that the cluster itself syncs. */
export async function chooseRoot({ files, workspace, link }: Rooms, request: PlanRequest): Promise<Target | Refusal> {
  const all = files.folders().flatMap((folder) => workspace(folder).clusters.map((root): Target => ({ folder, root })));
  if (all.length === 0) {
    const looked = 'no gotk-sync.yaml, no FluxInstance and no Flux Kustomization';
    return { message: `No cluster directory was found: there is ${looked} in the open folders.` };
  }
  // Asked for a part, it is that part's folder which counts.
  const home = request.scope !== undefined && 'uri' in request.scope ? files.locate(request.scope.uri) : undefined;
  const here = all.filter(({ folder }) => home === undefined || folder.uri === home.folder.uri);
  if (here.length === 0) return { message: 'The folder of this file has no cluster directory.' };
  const within = ({ root }: Target) => home !== undefined && `${home.path}/`.startsWith(`${root.folder}/`);
  const chosen = here.find((target) => clusterId(target) === request.cluster) ?? here.find(within);
  if (chosen !== undefined) return chosen;
  if (here.length === 1) return here[0]!;
  const synced = request.against.kind === 'cluster' ? await syncedRoot(link, here) : undefined;
  const several = new Set(here.map(({ folder }) => folder.uri)).size > 1;
  const choices = here.map((target): PlanChoice => {
    const choice = { cluster: clusterId(target), label: target.root.folder.slice(1) };
    return several ? { ...choice, description: target.folder.path } : choice;
  });
  return synced ?? { message: 'There are several cluster directories; choose the one to plan for.', choices };
}

function clusterId({ folder, root }: Target): string {
  return `${folder.uri}#${root.folder}`;
}

/** The directory whose path the cluster's own Flux syncs; undefined when it is none of them, or more than one. */
async function syncedRoot(link: Link, all: readonly Target[]): Promise<Target | undefined> {
  const linked = await link.linked();
  if (linked === undefined) return undefined;
  const synced = await Promise.all(
    all.map(async (target) => {
      const { sync } = target.root;
      const id = sync?.kustomization?.id;
      if (id === undefined) return [];
      const live = await linked.cluster.get(nameOfId(id), linked.signal);
      const path = live.ok ? textAt(live.value, 'spec', 'path') : undefined;
      return path !== undefined && clean(path) === target.root.folder ? [target] : [];
    }),
  );
  const found = synced.flat();
  return found.length === 1 ? found[0] : undefined;
}

/** `./clusters/production/` → `/clusters/production`. */
function clean(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

function withoutPlan(against: PlanAgainst, { message, choices }: Refusal): PlanView {
  const counts = Object.fromEntries(actions.map((action) => [action, 0])) as PlanView['counts'];
  const empty = {
    id: '',
    against,
    target: '',
    label: '',
    groups: [],
    counts,
    problems: [],
    message,
    applicable: false,
  };
  return choices === undefined ? empty : { ...empty, choices };
}

interface FoundEntry {
  readonly entry: PlanEntry;
  readonly group: PlanGroup;
  readonly object: DesiredObject | undefined;
}

function entryOf({ shown: { plan, wanted } }: Current, id: string): FoundEntry | undefined {
  for (const group of plan.groups) {
    const owner = keyOf(group.owner.id);
    const entry = group.entries.find((one) => entryId(owner, one) === id);
    if (entry === undefined) continue;
    const set = wanted.find((one) => keyOf(one.owner.id) === owner);
    return { entry, group, object: set?.objects.find((one) => sameObject(one, entry)) };
  }
  return undefined;
}

/** The plan knows the namespace that Flux gives an object; the rendered object may not have it. */
function sameObject({ id }: DesiredObject, { id: other }: PlanEntry): boolean {
  return (
    keyOf(id) === keyOf(other) || (id.namespace === '' && keyOf({ ...id, namespace: other.namespace }) === keyOf(other))
  );
}

function queriesOf({ shown: { plan } }: Current): readonly string[] {
  return plan.groups.flatMap((group) =>
    group.entries.flatMap((one) => {
      const entry = entryId(keyOf(group.owner.id), one);
      return [queryOf({ of: 'plan', side: 'before', entry }), queryOf({ of: 'plan', side: 'after', entry })];
    }),
  );
}
