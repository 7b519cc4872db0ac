/** What a HelmRelease installs: its chart rendered with its values, side by side and live. */
import { openRelease } from '../views/preview.ts';
import type { Command } from './command.ts';

export const previewHelm: Command = {
  id: 'sluice.previewHelm',
  run: (sluice, argument) => openRelease(sluice, argument, 'objects'),
};
