/** The cluster of `--context`, or one sentence that says why there is none. Never writes a kubeconfig. */
import { homedir } from 'node:os';
import type { Cluster } from '../engine/index.ts';
import { connect } from '../io/cluster/connect.ts';
import { loadKubeconfig } from '../io/kubeconfig.ts';
import type { Invocation } from './command.ts';

/** The option that every command on a cluster has. */
export const contextOption = { context: { type: 'string' } } as const;

/** The cluster of a named context. A command line is trusted: its user chose the kubeconfig. */
export function clusterOf(invocation: Invocation, context: string): Cluster | { readonly message: string } {
  const { value, problems } = loadKubeconfig(invocation.env, invocation.env.HOME ?? homedir());
  if (value === undefined || value.contexts.length === 0) {
    return { message: problems.map(({ message }) => message).join('\n') };
  }
  for (const { message } of problems) invocation.err(`warning: ${message}\n`);
  const log = { info: () => {}, warn: (message: string) => invocation.err(`warning: ${message}\n`) };
  const answer = connect({ kubeconfig: value, context, trusted: true, env: invocation.env, log });
  return answer.ok ? answer.value : { message: answer.failure.message };
}

export function isRefusal<T extends object>(
  value: T | { readonly message: string },
): value is { readonly message: string } {
  return 'message' in value && Object.keys(value).length === 1;
}
