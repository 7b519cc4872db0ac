/** Whether the settings let a context be written to. The extension asks the person; the server does not take its word. */
import { type Protection, protectionOf } from '../engine/index.ts';
import { protectionSettings } from '../io/protection.ts';
import type { ClusterState, Settings } from '../protocol/index.ts';

/** What keeps a cluster from being written to, and which setting or variable says so; undefined: nothing does. */
export type Guard = Pick<Required<ClusterState>, 'protection' | 'protectedBy'>;

const rules = {
  'read-only': ['sluice.readOnlyContexts', 'SLUICE_READ_ONLY'],
  protected: ['sluice.protectedContexts', 'SLUICE_PROTECTED'],
} as const;

/** `names`: what the cluster goes by, its context and its server's address. */
export function guardOf(names: readonly string[], settings: Settings): Guard | undefined {
  const { protectedContexts = [], readOnlyContexts = [] } = settings;
  const lists = { protected: protectedContexts, readOnly: readOnlyContexts };
  const by = (env: typeof process.env): Protection => protectionOf(names, protectionSettings(env, lists));
  const protection = by(process.env);
  if (protection === 'open') return undefined;
  const [setting, variable] = rules[protection];
  return { protection, protectedBy: by({}) === protection ? setting : variable };
}

export interface Target {
  readonly context: string;
  readonly server?: string | undefined;
  /** Addresses of the servers that `spec.kubeConfig` leads to. */
  readonly others?: readonly string[];
}

/** Why nothing may be written; undefined when it may. What is protected wants the name of the context. */
export function barred(
  { context, server, others = [] }: Target,
  settings: Settings,
  confirmed: string | undefined,
): string | undefined {
  const here = server === undefined ? [context] : [context, server];
  const reasons = [here, ...others.map((one) => [one])].flatMap((names) => {
    const guard = guardOf(names, settings);
    if (guard?.protection === 'read-only')
      return [`${names[0]} is read-only here (${guard.protectedBy}): nothing is written to it.`];
    if (guard === undefined || confirmed === context) return [];
    const name = names === here ? 'its name' : `the name ${context}`;
    return [`${names[0]} is protected here (${guard.protectedBy}): ${name} has to be typed first.`];
  });
  return reasons.find((reason) => reason.includes('read-only')) ?? reasons[0];
}
