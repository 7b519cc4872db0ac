/** Failed requests as problems: one that hits many objects alike is told once. */
import type { Cluster, ClusterFailure } from '../ports.ts';
import { error, type Problem, type ProblemCode } from '../problem.ts';

/** One problem for each kind of failure that hits many objects alike, instead of one for each of them. */
export interface Gathered {
  /** `as`: the service account that was asked as; what is refused to it, Flux is refused, too. */
  add(answered: { readonly problems: readonly Problem[]; readonly failure?: ClusterFailure }, as?: string): void;
  problems(): readonly Problem[];
}

export function gather(cluster: Cluster): Gathered {
  const problems: Problem[] = [];
  const common = new Map<
    string,
    { readonly failure: ClusterFailure; readonly as: string | undefined; count: number }
  >();
  return {
    add({ problems: more, failure }, as) {
      problems.push(...more);
      if (failure === undefined || !['unreachable', 'unauthorized', 'forbidden', 'canceled'].includes(failure.reason))
        return;
      const key = `${failure.reason} ${as ?? ''}`;
      const known = common.get(key);
      if (known === undefined) common.set(key, { failure, as, count: 1 });
      else known.count += 1;
    },
    problems() {
      const summed = [...common.values()].map(({ failure, as, count }): Problem => {
        const more = count > 1 ? ` (and ${count - 1} more like it)` : '';
        const where = failure.message.includes(cluster.context) ? '' : `${cluster.context} (${cluster.server}): `;
        const problem = failureProblem({ ...failure, message: `${where}${failure.message}${more}` });
        return failure.reason === 'forbidden' && as === undefined ? { ...problem, severity: 'warning' } : problem;
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
