/** The list: one line for each command. Commands load on use, so that a short one does not pay for a long one. */
import type { Command } from '../command.ts';

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  build: async () => (await import('./build.ts')).build,
  check: async () => (await import('./check.ts')).check,
  template: async () => (await import('./template.ts')).template,
};
