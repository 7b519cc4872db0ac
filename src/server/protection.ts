/** Whether the settings let a context be written to. The extension asks the person; the server does not take its word. */
import { type Protection, protectionOf } from '../engine/index.ts';
import { protectionSettings } from '../io/protection.ts';
import type { Settings } from '../protocol/index.ts';

export function protectionFor(context: string, settings: Settings): Protection {
  const { protectedContexts = [], readOnlyContexts = [] } = settings;
  return protectionOf(
    context,
    protectionSettings(process.env, { protected: protectedContexts, readOnly: readOnlyContexts }),
  );
}

/** Why nothing may be written; undefined when it may. A protected context wants its own name. */
export function barred(context: string, settings: Settings, confirmed: string | undefined): string | undefined {
  const protection = protectionFor(context, settings);
  if (protection === 'read-only')
    return `${context} is read-only here (sluice.readOnlyContexts, SLUICE_READ_ONLY): nothing is written to it.`;
  if (protection === 'open' || confirmed === context) return undefined;
  return `${context} is protected here (sluice.protectedContexts, SLUICE_PROTECTED): its name has to be typed first.`;
}
