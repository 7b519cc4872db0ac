/** Finding the one live object that a command is about, in the version in which the cluster serves its kind. */
import { type Cluster, type ClusterAnswer, type LiveObject, type ObjectRef, openRemote } from '../../engine/index.ts';
import { type Invocation, UsageError } from '../command.ts';
import { clusterOf, contextOption, isRefusal } from '../context.ts';
import { kindOf, namedOf } from './kinds.ts';

/** The options of every command on one Flux object. */
export const objectOptions = {
  ...contextOption,
  namespace: { type: 'string', short: 'n' },
} as const;

/** The way to an object that stands in another cluster: a kubeconfig's Secret for each step, as an apply names it. */
export const throughOption = { through: { type: 'string', multiple: true } } as const;

export interface Found {
  readonly cluster: Cluster;
  readonly ref: ObjectRef;
  readonly live: LiveObject;
}

/** The cluster that --context names; throws a UsageError without one. */
export function connected(invocation: Invocation): Cluster | { readonly message: string } {
  if (typeof invocation.options.context !== 'string') throw new UsageError('name the cluster with --context');
  return clusterOf(invocation, invocation.options.context);
}

/** The Flux object that the words name; the namespace is `flux-system` unless told. */
export async function findFlux(invocation: Invocation): Promise<Found | { readonly message: string }> {
  const { kind: word, name } = namedOf(invocation.words);
  const { group, kind } = kindOf(word);
  const cluster = await through(invocation, connected(invocation));
  if (isRefusal(cluster)) return cluster;
  const namespace = (invocation.options.namespace as string | undefined) ?? 'flux-system';
  return read(cluster, { group, kind, namespace, name }, invocation.signal);
}

async function through(
  { options, signal }: Invocation,
  first: Cluster | { readonly message: string },
): Promise<Cluster | { readonly message: string }> {
  let cluster = first;
  for (const way of (options.through as readonly string[] | undefined) ?? []) {
    if (isRefusal(cluster)) return cluster;
    const [namespace, name, key = '', ...more] = way.split('/');
    if (!namespace || !name || more.length > 0)
      throw new UsageError('--through wants NAMESPACE/SECRET or NAMESPACE/SECRET/KEY');
    const home = cluster;
    const get: Cluster['get'] = (ref) => home.get(ref, signal);
    const opened = await openRemote({ get, home, namespace, ref: { kind: 'Secret', name, key } });
    cluster = typeof opened === 'string' ? { message: opened } : opened;
  }
  return cluster;
}

export async function read(
  cluster: Cluster,
  {
    group,
    kind,
    namespace,
    name,
  }: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<Found | { readonly message: string }> {
  const served = await cluster.served(group, kind, undefined, signal);
  if (!served.ok) return { message: served.failure.message };
  if (served.value === undefined) {
    return {
      message: `${cluster.context} (${cluster.server}) does not know ${kind}${group === '' ? '' : ` of ${group}`}`,
    };
  }
  const { version, namespaced } = served.value;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const ref = { apiVersion, kind, namespace: namespaced ? namespace : '', name };
  const answer: ClusterAnswer<LiveObject> = await cluster.get(ref, signal);
  return answer.ok ? { cluster, ref, live: answer.value } : { message: answer.failure.message };
}
