/**
 * The editors that show changes of the plan. The editor of all changes keeps the list that it was opened with, so it is
 * opened anew when there are other changes, and closed with the last one; a plan that is put away takes all along.
 */
import { commands, type Disposable, l10n, type Tab, TabInputTextDiff, Uri, window } from 'vscode';
import type { PlanItem, PlanView } from '../../protocol/index.ts';
import { scheme } from '../contributions.ts';

export interface Changes extends Disposable {
  /** Opens every change of the plan in one editor. */
  open(plan: PlanView): Promise<void>;
  /** Another plan is shown, or none. */
  follow(plan: PlanView | undefined): Promise<void>;
}

/** What a comparison can show. */
export function changedItems(plan: PlanView | undefined): readonly PlanItem[] {
  const items = (plan?.groups ?? []).flatMap((group) => group.items);
  return items.filter(({ action }) => ['create', 'configure', 'recreate', 'delete'].includes(action));
}

export function createChanges(): Changes {
  let shown: { readonly title: string; readonly what: string } | undefined;
  let latest: PlanView | undefined;

  /** What it shows no extension may ask; its label is our title and how many files there are. */
  const tab = (): Tab | undefined =>
    window.tabGroups.all
      .flatMap((group) => group.tabs)
      .find(({ label }) => shown !== undefined && label.startsWith(`${shown.title} (`));

  async function open(plan: PlanView): Promise<void> {
    shown = { title: titleOf(plan), what: whatOf(plan) };
    await commands.executeCommand('vscode.changes', shown.title, changedItems(plan).map(resourcesOf));
  }

  async function close(): Promise<void> {
    const open = tab();
    shown = undefined;
    if (open !== undefined) await window.tabGroups.close(open, true);
  }

  /** Only while a person looks at it: elsewhere it would come to the front by itself. */
  async function renew(): Promise<void> {
    const looked = tab();
    if (latest === undefined || shown === undefined || !looked?.isActive || !looked.group.isActive) return;
    if (shown.what === whatOf(latest)) return;
    await close();
    await open(latest);
  }

  const tabs = window.tabGroups.onDidChangeTabs(() => void renew());

  return {
    open,
    async follow(plan) {
      latest = plan;
      if (plan !== undefined && shown?.title !== titleOf(plan)) {
        await close();
        // A window that was loaded again has the editor of before.
        shown = { title: titleOf(plan), what: '' };
      }
      if (changedItems(plan).length === 0) await close();
      else await renew();
      if (plan === undefined) await closeDiffs();
    },
    dispose: () => tabs.dispose(),
  };
}

function titleOf({ label }: PlanView): string {
  return l10n.t('Plan: {0}', label);
}

/** Which changes there are, and of which sort: what an open editor of them cannot follow by itself. */
function whatOf(plan: PlanView): string {
  return changedItems(plan)
    .map(({ action, id }) => `${action} ${id}`)
    .join('\n');
}

/** Nothing stands on the other side of what is created or deleted. */
function resourcesOf({ action, before, after }: PlanItem): readonly (Uri | undefined)[] {
  const [old, now] = [Uri.parse(before), Uri.parse(after)];
  return [now, action === 'create' ? undefined : old, action === 'delete' ? undefined : now];
}

async function closeDiffs(): Promise<void> {
  const all = window.tabGroups.all.flatMap((group) => group.tabs);
  const ours = all.filter(
    ({ input }) =>
      input instanceof TabInputTextDiff && input.modified.scheme === scheme && input.modified.path.startsWith('/plan/'),
  );
  if (ours.length > 0) await window.tabGroups.close(ours, true);
}
