/**
 * The other cluster that a Kustomization or HelmRelease applies to (`spec.kubeConfig`): its kubeconfig is read from the
 * cluster that holds the owner, as Flux reads it. Whoever applies opens it again by this, and compares the identity.
 */
import type { Cluster, ClusterAnswer, LiveObject, ObjectRef } from '../ports.ts';
import { stringAt, stringsAt } from '../status/fields.ts';
import type { RemoteTarget } from './plan.ts';
import { decodeBase64 } from './text.ts';

/** `spec.kubeConfig`: a Secret and the key in it, or (newer Flux) a ConfigMap that says how to log in to a cloud. */
export type KubeConfigRef =
  | { readonly kind: 'Secret'; readonly name: string; readonly key: string }
  | { readonly kind: 'ConfigMap'; readonly name: string };

export interface RemoteRequest {
  /** Reads from the cluster that holds the owner. */
  get(ref: ObjectRef): Promise<ClusterAnswer<LiveObject>>;
  readonly home: Cluster;
  /** The owner's namespace. */
  readonly namespace: string;
  readonly ref: KubeConfigRef;
}

/** The cluster of a plan's group, by the way that the plan took to it. */
export async function openTarget(
  first: Cluster,
  { namespace, from: ref, through }: RemoteTarget,
  signal?: AbortSignal,
): Promise<Cluster | string> {
  const home = through === undefined ? first : await openTarget(first, through, signal);
  if (typeof home === 'string') return home;
  return openRemote({ get: (wanted) => home.get(wanted, signal), home, namespace, ref });
}

/** The cluster, connected on first use; or one sentence that says why it cannot be opened from here. */
export async function openRemote({ get, home, namespace, ref }: RemoteRequest): Promise<Cluster | string> {
  const title = `${ref.kind} ${namespace}/${ref.name}`;
  const answer = await get({ apiVersion: 'v1', kind: ref.kind, namespace, name: ref.name });
  if (!answer.ok) return `${title} cannot be read (${answer.failure.message})`;
  if (ref.kind === 'ConfigMap') {
    const provider = stringAt(answer.value, 'data', 'provider') || 'generic';
    return `${title} logs in by the provider ${provider}, with an identity that only the controller has`;
  }
  const data = stringsAt(answer.value, 'data');
  const keys = ref.key === '' ? ['value', 'value.yaml'] : [ref.key];
  const found = keys.map((key) => data[key]).find((text) => text !== undefined);
  if (found === undefined) return `${title} has no key ${keys.join(' or ')}`;
  const opened = home.remote(decodeBase64(found) ?? '', title);
  return opened.ok ? opened.value : opened.failure.message;
}
