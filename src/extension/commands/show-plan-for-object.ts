/** The plan of one Flux object, with all that it applies. */
import { l10n } from 'vscode';
import type { Command } from './command.ts';
import { pickObject } from './pick.ts';
import { planAgainst } from './show-plan.ts';

export const showPlanForObject: Command = {
  id: 'sluice.showPlanForObject',
  async run(sluice, argument) {
    const object = await pickObject(sluice, argument, 'preview', l10n.t('Show the plan for'));
    if (object === undefined) return;
    await planAgainst(sluice, { kind: 'cluster' }, { scope: { kind: 'object', object } });
  },
};
