/** An apply from the question to the end: what is asked first, the progress in the Plan view, and what is said of it. */
import { l10n, window } from 'vscode';
import type { ApplyOutcome, PlanItem, PlanView } from '../../protocol/index.ts';
import { complain } from '../commands/act.ts';
import type { Sluice } from '../commands/command.ts';
import { askToWrite, type Permission } from './guard.ts';
import { titleOf } from './left.ts';
import { actingItems, countSentence, countsOf, scopeWords } from './plan.ts';
import { withProgress } from './progress.ts';

/** Warnings, and names, that a dialog tells in full. */
const told = 5;

export async function applyItems(sluice: Sluice, plan: PlanView, items: readonly PlanItem[]): Promise<void> {
  const permission = await ask(sluice, plan, items);
  if (permission === undefined) return;
  const outcome = await send(sluice, plan, items, permission);
  if (outcome === undefined) return;
  if (!outcome.ok) {
    const failures = outcome.failures.slice(0, told).map(({ object, message }) => `${titleOf(object)}: ${message}`);
    await complain(sluice, [outcome.message, ...failures].join('\n'), outcome.stale || outcome.canceled);
    return;
  }
  // What stays suspended has a row of its own in the Plan view, until the way back is taken.
  void window.setStatusBarMessage(`$(check) ${outcome.message}`, 8000);
}

async function ask(sluice: Sluice, plan: PlanView, items: readonly PlanItem[]): Promise<Permission | undefined> {
  if (sluice.cluster().protection === 'read-only') return await askToWrite(sluice, l10n.t('Apply'));
  const yes = l10n.t('Apply');
  const detail = [`${capital(countSentence(countsOf(items)))}.`, leftOut(plan, items), ...warnings(plan, items)];
  const question = l10n.t('Apply to {0}?', [plan.target, ...otherClusters(plan, items)].join(', '));
  const shown = { modal: true, detail: detail.filter(Boolean).join('\n\n') };
  if ((await window.showWarningMessage(question, shown, yes)) !== yes) return undefined;
  if (!(await askOfGraveDeletions(plan, items))) return undefined;
  return await askToWrite(sluice, l10n.t('Apply'), protectedClusters(plan, items));
}

/** Of the clusters beside the plan's own those that are not written to without more ado. */
function protectedClusters(plan: PlanView, items: readonly PlanItem[]) {
  const chosen = new Set(items);
  return plan.groups.flatMap(({ cluster: name, protection, items: all }) =>
    name !== undefined && protection !== undefined && all.some((item) => chosen.has(item))
      ? [{ name, protection }]
      : [],
  );
}

/** The clusters beside the plan's own that the chosen objects go to. */
function otherClusters(plan: PlanView, items: readonly PlanItem[]): readonly string[] {
  const chosen = new Set(items);
  const groups = plan.groups.filter((group) => group.items.some((item) => chosen.has(item)));
  return [...new Set(groups.flatMap(({ cluster }) => cluster ?? []))];
}

/** What is not chosen is said, so that nobody takes a part for the whole. */
function leftOut(plan: PlanView, items: readonly PlanItem[]): string {
  const chosen = new Set(items);
  const rest = actingItems(plan).filter((item) => !chosen.has(item));
  const scope = plan.scope === undefined ? '' : l10n.t('Only what {0} causes.', scopeWords(plan));
  if (rest.length === 0) return scope;
  const names = rest.slice(0, told).map(({ object }) => titleOf(object));
  if (rest.length > told) names.push(l10n.t('{0} more', rest.length - told));
  return [scope, l10n.t('Left out: {0}.', names.join(', '))].filter(Boolean).join(' ');
}

function warnings(plan: PlanView, items: readonly PlanItem[]): readonly string[] {
  const chosen = new Set(items);
  const whole = items.length === actingItems(plan).length ? (plan.dangers ?? []) : [];
  const inGroups = plan.groups.flatMap((group) => [
    ...(group.items.some((item) => chosen.has(item)) ? (group.dangers ?? []) : []),
    ...group.items.filter((item) => chosen.has(item)).flatMap(({ dangers }) => dangers ?? []),
  ]);
  const all = [...whole, ...inGroups];
  const shown = all.slice(0, told).map(({ message }) => `⚠ ${capital(message)}`);
  return all.length > told ? [...shown, l10n.t('and {0} more warnings', all.length - told)] : shown;
}

/** What takes with it more than itself is asked for on its own: the first question may be answered out of habit. */
async function askOfGraveDeletions(plan: PlanView, items: readonly PlanItem[]): Promise<boolean> {
  const grave = items.filter((item) => item.grave === true);
  if (grave.length === 0) return true;
  const yes = l10n.t('Delete {0}', grave.length === 1 ? titleOf(grave[0]!.object) : l10n.t('All {0}', grave.length));
  const lines = grave.map(({ object, dangers }) => `${capital(dangers?.[0]?.message ?? titleOf(object))}.`);
  const question = l10n.t('Delete what takes other things with it, in {0}?', plan.label);
  return (await window.showWarningMessage(question, { modal: true, detail: lines.join('\n') }, yes)) === yes;
}

async function send(
  sluice: Sluice,
  plan: PlanView,
  items: readonly PlanItem[],
  permission: Permission,
): Promise<ApplyOutcome | undefined> {
  const entries = items.map(({ id }) => id);
  try {
    return await withProgress(
      sluice,
      l10n.t('Applying to {0}', plan.label),
      (run, token) => {
        sluice.applying({ run, entries });
        return sluice.client.request('sluice/apply', { plan: plan.id, entries, run, ...permission }, token);
      },
      ({ message }) => sluice.log.info(message),
    );
  } finally {
    sluice.applying(undefined);
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
