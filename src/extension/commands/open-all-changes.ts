/** Every change of the plan in one multi-file diff editor. */
import { l10n, window } from 'vscode';
import { changedItems } from '../views/changes.ts';
import type { Command } from './command.ts';

export const openAllChanges: Command = {
  id: 'sluice.openAllChanges',
  async run({ plan: { plan }, changes }) {
    if (plan !== undefined && changedItems(plan).length > 0) return await changes.open(plan);
    void window.showInformationMessage(l10n.t('There is no change to open.'));
  },
};
