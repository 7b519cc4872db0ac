/** Applies the plan, after a modal that names the context and the counts, with progress and a way to stop. */
import { l10n, ProgressLocation, window } from 'vscode';
import type { ApplyOutcome, PlanView } from '../../protocol/index.ts';
import { countSentence } from '../views/plan.ts';
import { complain } from './act.ts';
import type { Command, Sluice } from './command.ts';
import { planAgainst } from './show-plan.ts';

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
    if (outcome.ok) void window.showInformationMessage(outcome.message);
    else await complain(sluice, [outcome.message, ...outcome.failures.map(failure)].join('\n'), outcome.stale === true);
  },
};

async function confirm(plan: PlanView): Promise<boolean> {
  const yes = l10n.t('Apply');
  const { state } = { state: plan.target };
  const detail = l10n.t('{0}.\n\nOnly what the plan shows is sent.', capital(countSentence(plan.counts)));
  const answer = await window.showWarningMessage(l10n.t('Apply to {0}?', state), { modal: true, detail }, yes);
  return answer === yes;
}

async function send(sluice: Sluice, plan: PlanView): Promise<ApplyOutcome | undefined> {
  const run = sluice.newRun();
  return await window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Applying to {0}', plan.target) },
    async (progress, token) => {
      const heard = sluice.client.on('sluice/progress', (news) => {
        if (news.run !== run) return;
        const step = news.total ? { increment: 100 / news.total } : {};
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

function failure({ object, message }: ApplyOutcome['failures'][number]): string {
  return `${object.kind} ${object.name}: ${message ?? ''}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
