/** The plan as a tree: Flux objects, what would happen to each of their objects, and the problems that were in the way. */
import {
  EventEmitter,
  l10n,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  workspace,
} from 'vscode';
import type {
  ApplyStep,
  Left,
  PlanAction,
  PlanDanger,
  PlanGroupView,
  PlanItem,
  PlanProblem,
  PlanView,
} from '../../protocol/index.ts';
import type { CommandId } from '../contributions.ts';
import { type LeftElement, leftItem, leftOf, stepLooks, titleOf, underLeft } from './left.ts';

export type PlanElement =
  | { readonly type: 'group'; readonly group: PlanGroupView }
  | { readonly type: 'item'; readonly item: PlanItem }
  /** What stays as it is, folded away. */
  | { readonly type: 'quiet'; readonly items: readonly PlanItem[] }
  | { readonly type: 'problem'; readonly problem: PlanProblem }
  | LeftElement
  | { readonly type: 'message'; readonly id: string; readonly text: string };

/** What menus offer depends on it: against a commit there is nothing live, and nothing to apply to. */
type Against = PlanView['against']['kind'] | undefined;

export class PlanTree implements TreeDataProvider<PlanElement> {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  #plan: PlanView | undefined;

  get plan(): PlanView | undefined {
    return this.#plan;
  }

  #left: Left = { suspended: [] };
  /** How far the objects of an apply are, by entry; what went wrong stays until the next plan or apply. */
  readonly #steps = new Map<string, ApplyStep>();
  /** What is being done about what was suspended. */
  #following = '';
  #timer: NodeJS.Timeout | undefined;

  get #against(): Against {
    return this.#plan?.against.kind;
  }

  get left(): Left {
    return this.#left;
  }

  show(plan: PlanView | undefined): void {
    this.#plan = plan;
    if (plan === undefined) this.#steps.clear();
    for (const [entry, { state }] of this.#steps) if (state === 'done') this.#steps.delete(entry);
    this.#changed.fire(undefined);
  }

  showLeft(left: Left): void {
    this.#left = left;
    if (left.suspended.length === 0) this.#following = '';
    this.#changed.fire(undefined);
  }

  /** Said beside what was suspended, while it is followed. */
  follow(message: string): void {
    this.#following = message;
    this.#later();
  }

  /** An apply begins: these entries wait for their turn. */
  begin(entries: readonly string[]): void {
    this.#steps.clear();
    for (const entry of entries) this.#steps.set(entry, { entry, state: 'waiting', message: '' });
    this.#changed.fire(undefined);
  }

  step(step: ApplyStep): void {
    this.#steps.set(step.entry, step);
    this.#later();
  }

  /** What never had its turn is waiting no longer. */
  end(): void {
    for (const [entry, { state }] of this.#steps) {
      if (state === 'waiting' || state === 'sending') this.#steps.delete(entry);
    }
    this.#changed.fire(undefined);
  }

  /** A thousand answers in a second are a few repaints. */
  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire(undefined);
    }, 100);
  }

  getChildren(element?: PlanElement): PlanElement[] {
    if (element === undefined) return [...leftOf(this.#left), ...(this.#plan === undefined ? [] : rootsOf(this.#plan))];
    if (element.type === 'quiet') return element.items.map((item) => ({ type: 'item', item }));
    if (element.type === 'suspended' || element.type === 'unfinished') return underLeft(element);
    return element.type === 'group' ? childrenOf(element.group) : [];
  }

  getTreeItem(element: PlanElement): TreeItem {
    switch (element.type) {
      case 'group':
        return groupItem(element.group, this.#against);
      case 'item':
        return changeItem(element.item, this.#steps.get(element.item.id), this.#against);
      case 'quiet':
        return quietItem(element.items);
      case 'problem':
        return problemItem(element.problem);
      case 'suspended':
      case 'suspension':
      case 'unfinished':
      case 'remnant':
        return leftItem(element, this.#following);
      case 'message':
        return messageItem(element.id, element.text);
    }
  }
}

/** What the view's title says: what it is against, and how much there is. */
export function planTitle(plan: PlanView): string {
  const dangers = dangersOf(plan).length;
  const parts = [countWords(plan.counts), dangers === 0 ? '' : `⚠${dangers}`, scopeWords(plan), plan.label];
  return parts.filter((part) => part !== '').join(' · ');
}

/** The number on the view: how much an apply would do; hovered, it says it in words. */
export function planBadge(plan: PlanView): { readonly value: number; readonly tooltip: string } {
  const value = actingItems(plan).length;
  const dangers = dangersOf(plan).length;
  const warned = dangers === 0 ? '' : `, ${l10n.t('{0} to look at twice', dangers)}`;
  return { value, tooltip: `${countSentence(plan.counts)}${warned}` };
}

export function dangersOf(plan: PlanView): readonly PlanDanger[] {
  const inGroups = plan.groups.flatMap((group) => [
    ...(group.dangers ?? []),
    ...group.items.flatMap(({ dangers }) => dangers ?? []),
  ]);
  return [...(plan.dangers ?? []), ...inGroups];
}

/** Entries to which an apply would do something. */
export function actingItems(plan: PlanView): readonly PlanItem[] {
  return plan.groups.flatMap((group) => group.items.filter(({ acts }) => acts));
}

export function countsOf(items: readonly PlanItem[]): PlanView['counts'] {
  const counts = { create: 0, configure: 0, unchanged: 0, recreate: 0, delete: 0, keep: 0, skip: 0, unknown: 0 };
  for (const { action } of items) counts[action]++;
  return counts;
}

/** The part of the workspace that the plan is of; empty for all of it. */
export function scopeWords({ scope }: PlanView): string {
  if (scope === undefined) return '';
  if (scope.kind === 'object') return titleOf(scope.object);
  const file = workspace.asRelativePath(Uri.parse(scope.uri));
  const { lines } = scope;
  if (lines === undefined) return file;
  return lines.first === lines.last ? `${file}:${lines.first + 1}` : `${file}:${lines.first + 1}-${lines.last + 1}`;
}

/** `+2 ~1 −1`: creates, changes, deletes. Empty when nothing would change. */
export function countWords(counts: Readonly<Partial<Record<PlanAction, number>>>): string {
  const parts = [
    ['+', counts.create ?? 0],
    ['~', (counts.configure ?? 0) + (counts.recreate ?? 0)],
    ['−', counts.delete ?? 0],
  ] as const;
  return parts
    .filter(([, count]) => count > 0)
    .map(([sign, count]) => `${sign}${count}`)
    .join(' ');
}

/** The same for a sentence: `2 to create, 1 to change, 1 to delete`. */
export function countSentence(counts: Readonly<Record<PlanAction, number>>): string {
  const parts = [
    [counts.create, l10n.t('to create')],
    [counts.configure, l10n.t('to change')],
    [counts.recreate, l10n.t('to delete and create again')],
    [counts.delete, l10n.t('to delete')],
    [counts.keep, l10n.t('kept, though no longer wanted')],
    [counts.skip, l10n.t('skipped')],
    [counts.unknown, l10n.t('unknown until applied')],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return words.length === 0 ? l10n.t('nothing to do') : words.join(', ');
}

/** Errors first, for the plan is not whole; then what changes; then what to know; last what stays as it is. */
function rootsOf(plan: PlanView): PlanElement[] {
  const groups = (quiet: boolean): PlanElement[] =>
    plan.groups.filter((group) => isQuiet(group) === quiet).map((group) => ({ type: 'group', group }));
  const problems = (errors: boolean): PlanElement[] =>
    plan.problems
      .filter((problem) => (problem.severity === 'error') === errors)
      .map((problem) => ({ type: 'problem', problem }));
  // Dangers of the plan as a whole have no row of their own otherwise.
  const whole = (plan.dangers ?? []).map(
    ({ message }): PlanElement => ({ type: 'problem', problem: { severity: 'warning', message } }),
  );
  return [...problems(true), ...whole, ...groups(false), ...problems(false), ...groups(true)];
}

/** Nothing of it changes: it stays folded, and a note of it stands beside it. */
function isQuiet(group: PlanGroupView): boolean {
  return group.items.every((item) => item.action === 'unchanged');
}

function childrenOf(group: PlanGroupView): PlanElement[] {
  const loud = group.items.filter((item) => item.action !== 'unchanged');
  const quiet = group.items.filter((item) => item.action === 'unchanged');
  const said = saidOf(group) === group.note;
  const note: PlanElement[] =
    said || group.note === undefined ? [] : [{ type: 'message', id: `note:${group.id}`, text: group.note }];
  const rest: PlanElement[] = quiet.length === 0 ? [] : [{ type: 'quiet', items: quiet }];
  return [...note, ...loud.map((item): PlanElement => ({ type: 'item', item })), ...rest];
}

function groupItem(group: PlanGroupView, against: Against): TreeItem {
  const { owner } = group;
  const quiet = isQuiet(group);
  const item = new TreeItem(titleOf(owner), folding(group));
  // The editor keeps what was folded by id: a group that begins to change opens by itself.
  item.id = quiet ? `still:${group.id}` : group.id;
  const said = saidOf(group);
  item.description = group.fetchable && said === group.note ? l10n.t('not fetched') : said;
  const dangers = (group.dangers ?? []).map(({ message }) => `⚠ ${message}`);
  if (dangers.length > 0) item.description = `⚠ ${item.description}`;
  const lines = [`${owner.kind} ${owner.namespace}/${owner.name}`, group.note ?? '', ...dangers];
  item.tooltip = lines.filter(Boolean).join('\n');
  item.iconPath = group.held
    ? new ThemeIcon('history', new ThemeColor('list.warningForeground'))
    : new ThemeIcon(owner.kind === 'HelmRelease' ? 'package' : 'layers');
  const acts = against === 'cluster' && group.items.some((one) => one.acts);
  item.contextValue = ['group', acts ? 'acts' : '', group.fetchable ? 'fetch' : ''].filter(Boolean).join(' ');
  // `+1 ~2` is for the eye.
  const spoken = said === countWords(tally(group.items)) ? countSentence(countsOf(group.items)) : said;
  item.accessibilityInformation = { label: [titleOf(owner), spoken, ...dangers].join(', ') };
  return item;
}

/** The few words beside a group's name: what changes, and else its note. */
function saidOf({ items, note, held }: PlanGroupView): string {
  const counts = countWords(tally(items));
  return (held === true ? note : counts || note) || l10n.t('no change');
}

function folding(group: PlanGroupView): TreeItemCollapsibleState {
  if (childrenOf(group).length === 0) return TreeItemCollapsibleState.None;
  return isQuiet(group) ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.Expanded;
}

export function tally(items: readonly PlanItem[]): Partial<Record<PlanAction, number>> {
  const counts: Partial<Record<PlanAction, number>> = {};
  for (const { action } of items) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

const looks: Readonly<Record<PlanAction, readonly [icon: string, color: string, words: string]>> = {
  create: ['diff-added', 'gitDecoration.addedResourceForeground', 'create'],
  configure: ['diff-modified', 'gitDecoration.modifiedResourceForeground', 'change'],
  recreate: ['replace-all', 'gitDecoration.conflictingResourceForeground', 'delete and create again'],
  delete: ['diff-removed', 'gitDecoration.deletedResourceForeground', 'delete'],
  keep: ['archive', 'gitDecoration.ignoredResourceForeground', 'keep'],
  skip: ['debug-step-over', 'gitDecoration.ignoredResourceForeground', 'skip'],
  unchanged: ['pass', 'gitDecoration.ignoredResourceForeground', 'unchanged'],
  unknown: ['question', 'charts.yellow', 'unknown'],
};

function changeItem(change: PlanItem, step: ApplyStep | undefined, against: Against): TreeItem {
  const [icon, color, words] = step === undefined ? looks[change.action] : stepLooks[step.state];
  const command: CommandId = 'sluice.openChange';
  const item = new TreeItem(titleOf(change.object));
  item.id = change.id;
  const what = step === undefined ? change.summary || words : [words, step.message].filter(Boolean).join(': ');
  item.description = change.object.namespace === '' ? what : `${what} · ${change.object.namespace}`;
  const dangers = (change.dangers ?? []).map((danger) => `⚠ ${danger.message}`);
  item.tooltip = [`${looks[change.action][2]}: ${change.reason}`, what, ...change.changes, ...dangers].join('\n');
  if (dangers.length > 0 && step === undefined) item.description = `⚠ ${item.description}`;
  item.iconPath = new ThemeIcon(icon, new ThemeColor(color));
  const live = against === 'cluster';
  const can = [
    change.declared ? 'source' : '',
    change.masked ? 'masked' : '',
    live ? 'live' : '',
    live && change.acts ? 'acts' : '',
  ];
  item.contextValue = ['change', ...can].filter(Boolean).join(' ');
  item.command = { command, title: l10n.t('Open Change'), arguments: [{ type: 'item', item: change }] };
  const warned = dangers.length === 0 ? '' : `${l10n.t('look twice')}: ${dangers.join(', ')}`;
  const said = step === undefined ? change.summary : step.message;
  const spoken = [`${words} ${titleOf(change.object)}`, said, change.object.namespace, warned];
  item.accessibilityInformation = { label: spoken.filter(Boolean).join(', ') };
  return item;
}

function quietItem(items: readonly PlanItem[]): TreeItem {
  const item = new TreeItem(l10n.t('{0} unchanged', items.length), TreeItemCollapsibleState.Collapsed);
  item.id = `quiet:${items[0]!.id}`;
  item.iconPath = new ThemeIcon('pass', new ThemeColor('gitDecoration.ignoredResourceForeground'));
  return item;
}

const severities: Readonly<Record<PlanProblem['severity'], readonly [icon: string, color?: string]>> = {
  error: ['error', 'list.errorForeground'],
  warning: ['warning', 'list.warningForeground'],
  information: ['info'],
  hint: ['info'],
};

function problemItem(problem: PlanProblem): TreeItem {
  const item = new TreeItem(problem.message);
  const [icon, color] = severities[problem.severity];
  item.iconPath = color === undefined ? new ThemeIcon(icon) : new ThemeIcon(icon, new ThemeColor(color));
  item.accessibilityInformation = { label: `${problem.severity}: ${problem.message}` };
  item.tooltip = problem.message;
  if (problem.uri !== undefined) {
    const uri = Uri.parse(problem.uri);
    const line = problem.line ?? 0;
    item.description = `${workspace.asRelativePath(uri)}:${line + 1}`;
    const selection = { start: { line, character: 0 }, end: { line, character: 0 } };
    item.command = { command: 'vscode.open', title: l10n.t('Open'), arguments: [uri, { selection }] };
  }
  return item;
}

function messageItem(id: string, text: string): TreeItem {
  const item = new TreeItem(text);
  item.id = id;
  item.tooltip = text;
  item.iconPath = new ThemeIcon('info');
  return item;
}
