/** `sluice follow`: a commit on its way through the cluster, step by step, until it is ready or it is clear that it is not. */
import { resolve } from 'node:path';
import { findRepository, headOf } from '../../io/git.ts';
import { commitOf } from '../../io/push.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { clusterOf, contextOption, isRefusal } from '../context.ts';
import { followHere, followOptions, followRequest } from '../live/follow.ts';

export const follow: Command = {
  name: 'follow',
  usage: '[COMMIT] --context NAME [--path PATH] [--until source|kustomizations|releases|workloads] [--timeout SECONDS]',
  summary: 'follows a pushed commit until its workloads are ready; only looks',
  options: { ...contextOption, ...followOptions, path: { type: 'string' } },
  async run(invocation) {
    const { words, options, cwd, signal, err } = invocation;
    if (typeof options.context !== 'string') throw new UsageError('name the cluster with --context');
    if (words.length > 1) throw new UsageError('give one COMMIT');
    const request = followRequest(invocation);
    const refuse = (message: string) => {
      err(`sluice follow: ${message}\n`);
      return 2 as const;
    };
    const folder = resolve(cwd, (options.path as string | undefined) ?? '.');
    const repository = findRepository(folder);
    if (repository === undefined) return refuse(`${folder} is in no Git repository`);
    const commit = await commitOf(repository, words[0] ?? 'HEAD', signal);
    if (commit === undefined) return refuse(`there is no commit ${words[0] ?? 'HEAD'} here`);
    const cluster = clusterOf(invocation, options.context);
    if (isRefusal(cluster)) return refuse(cluster.message);
    const { branch } = headOf(repository);
    return followHere(invocation, cluster, repository, {
      ...request,
      commit,
      how: 'watch',
      ...(branch === undefined || words[0] !== undefined ? {} : { branch }),
    });
  },
};
