/** Kubernetes objects as values: identity and the few fields that every room reads. */
import { get, type Mapping, type Node, text } from '../yaml/node.ts';

/** What names an object in a cluster. `namespace` is empty for cluster-scoped objects and where it is not set. */
export interface ObjectId {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function idOf(node: Mapping): ObjectId {
  const apiVersion = text(get(node, 'apiVersion')) ?? '';
  const slash = apiVersion.indexOf('/');
  const metadata = get(node, 'metadata');
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: slash < 0 ? apiVersion : apiVersion.slice(slash + 1),
    kind: text(get(node, 'kind')) ?? '',
    namespace: text(get(metadata, 'namespace')) ?? '',
    name: text(get(metadata, 'name')) ?? '',
  };
}

/** `kind.group/namespace/name` without the version: what stays the same when an API version changes. */
export function keyOf(id: ObjectId): string {
  return `${id.kind}${id.group === '' ? '' : `.${id.group}`}/${id.namespace}/${id.name}`;
}

/** What a person reads: `Deployment apps/api`. */
export function titleOf(id: ObjectId): string {
  return `${id.kind} ${id.namespace === '' ? '' : `${id.namespace}/`}${id.name}`;
}

/** Whether a node looks like a Kubernetes object: a mapping with apiVersion and kind. */
export function isObject(node: Node | undefined): node is Mapping {
  return (
    node?.kind === 'mapping' && text(get(node, 'apiVersion')) !== undefined && text(get(node, 'kind')) !== undefined
  );
}
