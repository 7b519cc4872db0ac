/** Failed requests as problems: one that hits many objects alike is told once. */
import type { Cluster, ClusterFailure } from '../ports.ts';
import { error, type Problem, type ProblemCode } from '../problem.ts';

/** One problem for each kind of failure that hits many objects alike, instead of one for each of them. */
export interface Gathered {
  add(answered: { readonly problems: readonly Problem[]; readonly failure?: ClusterFailure }): void;
  problems(): readonly Problem[];
}

export function gather(cluster: Cluster): Gathered {
  const problems: Problem[] = [];
  const common = new Map<string, { readonly failure: ClusterFailure; count: number }>();
  return {
    add({ problems: more, failure }) {
      problems.push(...more);
      if (failure === undefined || !['unreachable', 'unauthorized', 'forbidden', 'canceled'].includes(failure.reason))
        return;
      const known = common.get(failure.reason);
      if (known === undefined) common.set(failure.reason, { failure, count: 1 });
      else known.count += 1;
    },
    problems() {
      const summed = [...common.values()].map(({ failure, count }): Problem => {
        const more = count > 1 ? ` (and ${count - 1} more like it)` : '';
        const where = failure.message.includes(cluster.context) ? '' : `${cluster.context} (${cluster.server}): `;
        const problem = failureProblem({ ...failure, message: `${where}${failure.message}${more}` });
        return failure.reason === 'forbidden' ? { ...problem, severity: 'warning' } : problem;
      });
      return [...summed, ...problems];
    },
  };
}

export function failureProblem(failure: ClusterFailure): Problem {
  const codes: Partial<Record<ClusterFailure['reason'], ProblemCode>> = {
    unreachable: 'cluster-unreachable',
    unauthorized: 'cluster-forbidden',
    forbidden: 'cluster-forbidden',
    'unknown-kind': 'cluster-unknown-kind',
    conflict: 'cluster-conflict',
    canceled: 'cluster-unreachable',
  };
  return error(codes[failure.reason] ?? 'cluster-rejected', failure.message);
}
