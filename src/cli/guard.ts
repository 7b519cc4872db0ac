/** Contexts that a command must not write to, or only when their name was typed: `SLUICE_READ_ONLY`, `SLUICE_PROTECTED`. */
import { homedir } from 'node:os';
import { type Protection, protectionOf } from '../engine/index.ts';
import { loadKubeconfig } from '../io/kubeconfig.ts';
import { protectionSettings } from '../io/protection.ts';
import type { Invocation } from './command.ts';

export function protectionHere({ env }: Invocation, context: string): Protection {
  const known = loadKubeconfig(env, env.HOME ?? homedir()).value?.contexts.find(({ name }) => name === context);
  return protectionOf([context, ...(known?.server === undefined ? [] : [known.server])], protectionSettings(env));
}

/** Why a command that writes must not; undefined when it may. `--confirm NAME` stands for typing the name. */
export function refusal(invocation: Invocation, context: string): string | undefined {
  return refusalOf(invocation, context, protectionHere(invocation, context));
}

/** The same for the clusters that `spec.kubeConfig` leads to, by their servers' addresses. */
export function remoteRefusal(invocation: Invocation, servers: readonly string[]): string | undefined {
  const settings = protectionSettings(invocation.env);
  return servers
    .map((server) => refusalOf(invocation, server, protectionOf([server], settings)))
    .find((message) => message !== undefined);
}

function refusalOf(invocation: Invocation, what: string, protection: Protection): string | undefined {
  if (protection === 'read-only') return `${what} is read-only here (SLUICE_READ_ONLY): nothing is written to it`;
  // Who repeats the name of the context has read the question, which names the other clusters, too.
  const { confirm, context } = invocation.options;
  if (protection === 'open' || (confirm !== undefined && confirm === context)) return undefined;
  return `${what} is protected (SLUICE_PROTECTED): repeat the name of the context with --confirm ${String(context)}`;
}

export const confirmOption = { confirm: { type: 'string' } } as const;
