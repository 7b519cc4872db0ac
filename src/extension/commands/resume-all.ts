/** Lets Flux take care again of all that applies suspended. */
import { l10n, window } from 'vscode';
import { askToWrite, guardsOf } from '../views/guard.ts';
import { actOn } from './act.ts';
import type { Command } from './command.ts';

export const resumeAll: Command = {
  id: 'sluice.resumeAll',
  async run(sluice) {
    const { suspended } = sluice.plan.left;
    if (suspended.length === 0) {
      return void window.showInformationMessage(l10n.t('Nothing is suspended by an apply in this cluster.'));
    }
    const title = l10n.t('Resume');
    const objects = suspended.map(({ object }) => object);
    const permission = await askToWrite(sluice, title, guardsOf(sluice.plan.left, objects));
    if (permission === undefined) return;
    for (const object of objects) await actOn(sluice, { action: 'resume', object, title }, permission);
  },
};
