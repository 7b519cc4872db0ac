/**
 * The order in which Flux sends objects: what others build on first (definitions, namespaces, roles, classes), then by
 * kind, then the rest, webhooks last. Ties are broken by group, kind, namespace and name.
 */
import type { ObjectId } from '../objects/object.ts';
import { compareBytes } from '../sources/index.ts';

const first = [
  ...['CustomResourceDefinition', 'Namespace', 'ClusterRole', 'ClusterClass', 'RuntimeClass', 'PriorityClass'],
  ...['StorageClass', 'VolumeSnapshotClass', 'IngressClass', 'GatewayClass', 'ClusterRoleBinding', 'ResourceQuota'],
  ...['ServiceAccount', 'Role', 'RoleBinding', 'ConfigMap', 'Secret', 'Service', 'LimitRange', 'Deployment'],
  ...['StatefulSet', 'CronJob', 'PodDisruptionBudget'],
];
const last = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

const index = new Map([
  ...first.map((kind, i) => [kind, i - first.length] as const),
  ...last.map((kind, i) => [kind, i + 1] as const),
]);

/** Flux applies in stages and waits between them: definitions, then classes, then everything else. */
export function stageOf(id: ObjectId): 0 | 1 | 2 {
  const kind = id.kind.toLowerCase();
  if (kind === 'customresourcedefinition' && id.group === 'apiextensions.k8s.io') return 0;
  if (kind === 'namespace' && id.group === '') return 0;
  if (kind === 'clusterrole' && id.group === 'rbac.authorization.k8s.io') return 0;
  return id.kind.endsWith('Class') ? 1 : 2;
}

export function compareForApply(a: ObjectId, b: ObjectId): number {
  return (
    stageOf(a) - stageOf(b) ||
    (index.get(a.kind) ?? 0) - (index.get(b.kind) ?? 0) ||
    compareBytes(a.group, b.group) ||
    compareBytes(a.kind, b.kind) ||
    compareBytes(a.namespace, b.namespace) ||
    compareBytes(a.name, b.name)
  );
}
