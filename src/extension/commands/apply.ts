/** Applies the plan, after a modal that names the context and the counts, with progress and a way to stop. */
import { l10n, ProgressLocation, window } from 'vscode';
import type { ApplyOutcome, PlanView } from '../../protocol/index.ts';
import { countSentence } from '../views/plan.ts';
import { complain } from './act.ts';
import type { Command, Sluice } from './command.ts';
import { planAgainst } from './show-plan.ts';

/** Warnings that the modal tells in full. */
const dangersShown = 4;

export const apply: Command = {
  id: 'sluice.apply',
  async run(sluice) {
    if (sluice.plan.plan?.against.kind !== 'cluster') await planAgainst(sluice, { kind: 'cluster' });
    const plan = sluice.plan.plan;
    if (plan === undefined) return;
    if (!plan.applicable) {
      return void window.showInformationMessage(plan.message ?? l10n.t('The plan has nothing to apply.'));
    }
    if (!(await confirm(plan))) return;
    const outcome = await send(sluice, plan);
    if (outcome === undefined) return;
    if (!outcome.ok) {
      await complain(sluice, [outcome.message, ...outcome.failures.map(failure)].join('\n'), outcome.stale === true);
    }
    if (outcome.suspended.length > 0) await offerResume(sluice, outcome);
    else if (outcome.ok) void window.showInformationMessage(outcome.message);
  },
};

async function confirm(plan: PlanView): Promise<boolean> {
  const yes = l10n.t('Apply');
  const dangers = plan.groups.flatMap((group) => group.items.flatMap((item) => item.dangers ?? []));
  const shown = dangers.slice(0, dangersShown).map((danger) => `⚠ ${danger}`);
  if (dangers.length > dangersShown) shown.push(l10n.t('and {0} more warnings', dangers.length - dangersShown));
  const detail = [`${capital(countSentence(plan.counts))}.`, ...shown].join('\n\n');
  const answer = await window.showWarningMessage(l10n.t('Apply to {0}?', plan.target), { modal: true, detail }, yes);
  return answer === yes;
}

async function send(sluice: Sluice, plan: PlanView): Promise<ApplyOutcome | undefined> {
  const run = sluice.newRun();
  let last = 0;
  return await window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Applying to {0}', plan.target) },
    async (progress, token) => {
      const heard = sluice.client.on('sluice/progress', (news) => {
        if (news.run !== run) return;
        const step = news.total && news.done ? { increment: ((news.done - last) * 100) / news.total } : {};
        last = news.done ?? last;
        progress.report({ message: news.message, ...step });
        sluice.log.info(news.message);
      });
      try {
        return await sluice.client.request('sluice/apply', { plan: plan.id, run }, token);
      } catch (error) {
        if (!token.isCancellationRequested) throw error;
        return undefined;
      } finally {
        heard.dispose();
      }
    },
  );
}

/** What was suspended so that Flux does not undo the apply stays so until the change is pushed: the way back. */
async function offerResume(sluice: Sluice, { message, suspended }: ApplyOutcome): Promise<void> {
  const names = suspended.map((object) => `${object.kind} ${object.name}`).join(', ');
  const text = l10n.t(
    '{0} {1} stays suspended, so that Flux does not undo this. Push the change, then resume.',
    message,
    names,
  );
  const yes = l10n.t('Resume');
  if ((await window.showInformationMessage(text, yes)) !== yes) return;
  for (const object of suspended) {
    const outcome = await sluice.client.request('sluice/act', { action: 'resume', object, run: sluice.newRun() });
    if (!outcome.ok) await complain(sluice, outcome.message);
  }
}

function failure({ object, message }: ApplyOutcome['failures'][number]): string {
  return `${object.kind} ${object.name}: ${message ?? ''}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
