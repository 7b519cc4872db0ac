/** The values that a HelmRelease's chart is rendered with, and for each the file and line that won. */
import { openRelease } from '../views/preview.ts';
import type { Command } from './command.ts';

export const showMergedValues: Command = {
  id: 'sluice.showMergedValues',
  run: (sluice, argument) => openRelease(sluice, argument, 'values'),
};
