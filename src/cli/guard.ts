/** Contexts that a command must not write to, or only when their name was typed: `SLUICE_READ_ONLY`, `SLUICE_PROTECTED`. */
import { type Protection, protectionOf } from '../engine/index.ts';
import { protectionSettings } from '../io/protection.ts';
import type { Invocation } from './command.ts';

export function protectionHere({ env }: Invocation, context: string): Protection {
  return protectionOf(context, protectionSettings(env));
}

/** Why a command that writes must not; undefined when it may. `--confirm NAME` stands for typing the name. */
export function refusal(invocation: Invocation, context: string): string | undefined {
  const protection = protectionHere(invocation, context);
  if (protection === 'read-only') return `${context} is read-only here (SLUICE_READ_ONLY): nothing is written to it`;
  if (protection === 'open' || invocation.options.confirm === context) return undefined;
  return `${context} is protected (SLUICE_PROTECTED): repeat its name with --confirm ${context}`;
}

export const confirmOption = { confirm: { type: 'string' } } as const;
