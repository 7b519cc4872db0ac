/**
 * A cluster whose dry runs are remembered for a moment: while a person types, a plan is made again and again, and most of
 * its objects are sent as they were before. What Flux changes meanwhile makes it forget; an apply never asks it.
 */
import type { Cluster, ClusterAnswer, LiveObject } from '../engine/index.ts';

export interface Remembering {
  readonly cluster: Cluster;
  forget(): void;
}

export interface RememberOptions {
  /** How long an answer counts, in milliseconds. */
  readonly keep: number;
  now(): number;
}

export function rememberDryRuns(cluster: Cluster, { keep, now }: RememberOptions): Remembering {
  const answers = new Map<string, { readonly at: number; readonly answer: ClusterAnswer<LiveObject> }>();
  /** The same for the clusters that are reached through this one. */
  const remotes = new Map<Cluster, Remembering>();
  const reached = (opened: ClusterAnswer<Cluster>): ClusterAnswer<Cluster> => {
    if (!opened.ok) return opened;
    const known = remotes.get(opened.value) ?? rememberDryRuns(opened.value, { keep, now });
    remotes.set(opened.value, known);
    return { ok: true, value: known.cluster };
  };
  return {
    forget() {
      answers.clear();
      remotes.clear();
    },
    cluster: {
      ...cluster,
      remote: (kubeconfig, title) => reached(cluster.remote(kubeconfig, title)),
      as: async (user, signal) => reached(await cluster.as(user, signal)),
      async apply(object, options, signal) {
        if (!options.dryRun) return await cluster.apply(object, options, signal);
        const key = JSON.stringify([object, options], exact);
        const known = answers.get(key);
        if (known !== undefined && now() - known.at < keep) return known.answer;
        const answer = await cluster.apply(object, options, signal);
        // Only what the server said of the object is worth keeping: a refused connection may be better next time.
        if (answer.ok) answers.set(key, { at: now(), answer });
        for (const [old, { at }] of answers) {
          if (now() - at < keep) break;
          answers.delete(old);
        }
        return answer;
      },
    },
  };
}

/** Integers beyond 2^53 are told apart from numbers and texts. */
function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
