/** What applies left behind, as rows above the plan: what is suspended, and what an ended process did not finish. */
import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { ApplyStep, Left, ObjectName, PlacedName, Suspension } from '../../protocol/index.ts';

type Remnant = 'done' | 'unknown' | 'not-sent';

export type LeftElement =
  /** What an apply suspended, until it is resumed: the way back stands here, and not in a notification that goes. */
  | { readonly type: 'suspended'; readonly suspended: readonly Suspension[] }
  | { readonly type: 'suspension'; readonly suspension: Suspension }
  /** An apply whose process ended before it did. */
  | { readonly type: 'unfinished'; readonly left: NonNullable<Left['unfinished']> }
  | { readonly type: 'remnant'; readonly object: PlacedName; readonly state: Remnant; readonly words: string };

/** What applies left behind stands above the plan: it concerns the cluster, whatever is planned. */
export function leftOf({ suspended, unfinished }: Left): LeftElement[] {
  return [
    ...(unfinished === undefined ? [] : [{ type: 'unfinished', left: unfinished } as const]),
    ...(suspended.length === 0 ? [] : [{ type: 'suspended', suspended } as const]),
  ];
}

function remnantsOf({ done, unknown, notSent }: NonNullable<Left['unfinished']>): LeftElement[] {
  const rows = (objects: readonly PlacedName[], state: Remnant, words: string): LeftElement[] =>
    objects.map((object) => ({ type: 'remnant', object, state, words }));
  return [
    ...rows(unknown, 'unknown', l10n.t('unknown: sent, its answer was not heard')),
    ...rows(notSent, 'not-sent', l10n.t('not sent')),
    ...done.map(({ object, outcome }): LeftElement => ({ type: 'remnant', object, state: 'done', words: outcome })),
  ];
}

export function underLeft(element: Extract<LeftElement, { readonly type: 'suspended' | 'unfinished' }>): LeftElement[] {
  if (element.type === 'unfinished') return remnantsOf(element.left);
  return element.suspended.map((suspension) => ({ type: 'suspension', suspension }));
}

/** `following` is said while the way back is taken. */
export function leftItem(element: LeftElement, following: string): TreeItem {
  switch (element.type) {
    case 'suspended':
      return suspendedItem(element.suspended, following);
    case 'suspension':
      return suspensionItem(element.suspension);
    case 'unfinished':
      return unfinishedItem(element.left);
    case 'remnant':
      return remnantItem(element);
  }
}

/** How far one object of an apply is: icon, colour and words. */
export const stepLooks: Readonly<Record<ApplyStep['state'], readonly [icon: string, color: string, words: string]>> = {
  waiting: ['circle-outline', 'descriptionForeground', 'waiting'],
  sending: ['loading~spin', 'charts.blue', 'applying'],
  done: ['pass-filled', 'testing.iconPassed', 'applied'],
  failed: ['error', 'testing.iconFailed', 'failed'],
  unknown: ['question', 'charts.yellow', 'unknown: its answer was not heard'],
  'not-sent': ['circle-slash', 'descriptionForeground', 'not sent'],
};

export function titleOf({ kind, name }: ObjectName): string {
  return `${kind} ${name}`;
}

/** With the server where it is in another cluster than the chosen one. */
export function placedTitle(object: PlacedName): string {
  return object.cluster === undefined ? titleOf(object) : l10n.t('{0} in {1}', titleOf(object), object.cluster);
}

function suspendedItem(suspended: readonly Suspension[], following: string): TreeItem {
  const names = suspended.map(({ object }) => placedTitle(object)).join(', ');
  const item = new TreeItem(l10n.t('Suspended by an apply: {0}', names), TreeItemCollapsibleState.Collapsed);
  item.id = 'left:suspended';
  item.description = following;
  item.tooltip = l10n.t(
    'Suspended so that Flux does not undo what was applied. The way back: commit, push and follow; or resume, and Flux goes by what is pushed.',
  );
  const icon = following === '' ? 'debug-pause' : 'loading~spin';
  item.iconPath = new ThemeIcon(icon, new ThemeColor('charts.yellow'));
  item.contextValue = 'suspended';
  item.accessibilityInformation = { label: [String(item.label), following].filter(Boolean).join(', ') };
  return item;
}

function suspensionItem({ object, note }: Suspension): TreeItem {
  const item = new TreeItem(placedTitle(object));
  item.id = `left:suspended:${object.cluster ?? ''}/${object.kind}/${object.namespace}/${object.name}`;
  item.description = note;
  item.tooltip = [`${object.kind} ${object.namespace}/${object.name}`, object.cluster, note].filter(Boolean).join('\n');
  item.iconPath = new ThemeIcon('debug-pause', new ThemeColor('charts.yellow'));
  item.contextValue = 'suspension';
  return item;
}

function unfinishedItem({ sent, unknown, notSent, done }: NonNullable<Left['unfinished']>): TreeItem {
  const label = sent
    ? l10n.t('The last apply sent everything, and was cut off while it waited')
    : l10n.t('The last apply did not come to its end');
  const item = new TreeItem(label, TreeItemCollapsibleState.Expanded);
  item.id = 'left:unfinished';
  item.description = sent
    ? l10n.t('{0} sent', done.length)
    : l10n.t('{0} answered, {1} unknown, {2} not sent', done.length, unknown.length, notSent.length);
  item.tooltip = sent
    ? l10n.t('Sluice ended before it knew whether what it sent became ready. The Cluster view shows how it is now.')
    : l10n.t('Sluice ended while it applied. A new plan shows what is still to do.');
  item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  item.contextValue = 'unfinished';
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  return item;
}

function remnantItem({ object, state, words }: Extract<LeftElement, { readonly type: 'remnant' }>): TreeItem {
  const [icon, color] = stepLooks[state];
  const item = new TreeItem(titleOf(object));
  item.id = `left:unfinished:${object.cluster ?? ''}/${object.kind}/${object.namespace}/${object.name}`;
  item.description = [words, object.namespace, object.cluster].filter(Boolean).join(' · ');
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  item.iconPath = new ThemeIcon(icon, new ThemeColor(color));
  item.contextValue = 'remnant';
  return item;
}
