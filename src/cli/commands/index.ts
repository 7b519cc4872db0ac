/** The list: one line for each command. Commands load on use, so that a short one does not pay for a long one. */
import type { Command } from '../command.ts';

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  apply: async () => (await import('./apply.ts')).apply,
  build: async () => (await import('./build.ts')).build,
  check: async () => (await import('./check.ts')).check,
  diff: async () => (await import('./diff.ts')).diff,
  kustomize: async () => (await import('./kustomize.ts')).kustomize,
  template: async () => (await import('./template.ts')).template,
};
