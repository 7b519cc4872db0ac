/** The order in which Flux sends objects (fluxcd/pkg/ssa): by kind, then group, namespace and name. */
import type { ObjectId } from '../objects/object.ts';

const first = [
  'CustomResourceDefinition',
  'Namespace',
  'ClusterRole',
  'ClusterClass',
  'RuntimeClass',
  'PriorityClass',
  'StorageClass',
  'VolumeSnapshotClass',
  'IngressClass',
  'GatewayClass',
  'ClusterRoleBinding',
  'ResourceQuota',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Secret',
  'Service',
  'LimitRange',
  'Deployment',
  'StatefulSet',
  'CronJob',
  'PodDisruptionBudget',
];
const last = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

const rank = new Map([
  ...first.map((kind, index) => [kind, index - first.length] as const),
  ...last.map((kind, index) => [kind, index + 1] as const),
]);

export function fluxOrder(a: ObjectId, b: ObjectId): number {
  const kinds = (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0);
  if (kinds !== 0) return kinds;
  return text(a.group, b.group) || text(a.kind, b.kind) || text(a.namespace, b.namespace) || text(a.name, b.name);
}

export function byFluxOrder(a: { readonly id: ObjectId }, b: { readonly id: ObjectId }): number {
  return fluxOrder(a.id, b.id);
}

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** definitions: CRDs, Namespaces, ClusterRoles, waited for · classes: kinds ending in Class, waited for · rest. */
export type Stage = 'definitions' | 'classes' | 'rest';

export const stages: readonly Stage[] = ['definitions', 'classes', 'rest'];

export function stageOf(id: ObjectId): Stage {
  const kind = id.kind.toLowerCase();
  if (kind === 'customresourcedefinition' && id.group === 'apiextensions.k8s.io') return 'definitions';
  if (kind === 'namespace' && id.group === '' && id.version === 'v1') return 'definitions';
  if (kind === 'clusterrole' && id.group === 'rbac.authorization.k8s.io') return 'definitions';
  return id.kind.endsWith('Class') ? 'classes' : 'rest';
}
