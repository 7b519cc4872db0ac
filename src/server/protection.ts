/** Whether the settings let a context be written to. The extension asks the person; the server does not take its word. */
import { type Protection, protectionOf } from '../engine/index.ts';
import { protectionSettings } from '../io/protection.ts';
import type { Settings } from '../protocol/index.ts';

/** `names`: what the cluster goes by, its context and its server's address. */
export function protectionFor(names: readonly string[], settings: Settings): Protection {
  const { protectedContexts = [], readOnlyContexts = [] } = settings;
  return protectionOf(
    names,
    protectionSettings(process.env, { protected: protectedContexts, readOnly: readOnlyContexts }),
  );
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
    const protection = protectionFor(names, settings);
    if (protection === 'read-only')
      return [`${names[0]} is read-only here (sluice.readOnlyContexts, SLUICE_READ_ONLY): nothing is written to it.`];
    if (protection === 'open' || confirmed === context) return [];
    const name = names === here ? 'its name' : `the name ${context}`;
    return [
      `${names[0]} is protected here (sluice.protectedContexts, SLUICE_PROTECTED): ${name} has to be typed first.`,
    ];
  });
  return reasons.find((reason) => reason.includes('read-only')) ?? reasons[0];
}
