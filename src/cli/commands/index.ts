/** The list: one line for each command. Commands load on use, so that a short one does not pay for a long one. */
import type { Command } from '../command.ts';

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  apply: async () => (await import('./apply.ts')).apply,
  build: async () => (await import('./build.ts')).build,
  check: async () => (await import('./check.ts')).check,
  diff: async () => (await import('./diff.ts')).diff,
  events: async () => (await import('./events.ts')).events,
  follow: async () => (await import('./follow.ts')).follow,
  get: async () => (await import('./get.ts')).get,
  kustomize: async () => (await import('./kustomize.ts')).kustomize,
  push: async () => (await import('./push.ts')).push,
  reconcile: async () => (await import('./reconcile.ts')).reconcile,
  resume: async () => (await import('./resume.ts')).resume,
  suspend: async () => (await import('./suspend.ts')).suspend,
  template: async () => (await import('./template.ts')).template,
  trace: async () => (await import('./trace.ts')).trace,
  tree: async () => (await import('./tree.ts')).tree,
};
