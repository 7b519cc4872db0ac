/** Fields that the API server does not let change: the object has to be deleted and created again. */
import { titleOf } from '../../objects/object.ts';
import { pathText } from '../changes.ts';
import type { PlanEntry } from '../plan.ts';
import type { DangerRule } from './rule.ts';

export const immutableField: DangerRule = {
  name: 'immutable-field',
  check({ entry, before, after }) {
    if (before === undefined || after === undefined) return [];
    const change = immutableChange(entry);
    if (change === undefined && entry.action !== 'recreate') return [];
    const field = change === undefined ? 'an immutable field' : pathText(change);
    const message =
      entry.action === 'recreate'
        ? `${titleOf(entry.id)} is deleted and created again: ${field} cannot change in place`
        : `${field} of ${titleOf(entry.id)} cannot change in place: Flux fails until it is deleted or forced`;
    return [{ severity: 'danger', message, ...(change === undefined ? {} : { path: change }) }];
  },
};

/** By kind, paths below which nothing may change. */
const immutable: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'apps/StatefulSet': [
    ['spec', 'volumeClaimTemplates'],
    ['spec', 'serviceName'],
    ['spec', 'podManagementPolicy'],
    ['spec', 'selector'],
  ],
  'apps/Deployment': [['spec', 'selector']],
  'apps/DaemonSet': [['spec', 'selector']],
  'apps/ReplicaSet': [['spec', 'selector']],
  'batch/Job': [
    ['spec', 'template'],
    ['spec', 'selector'],
    ['spec', 'completionMode'],
  ],
  PersistentVolumeClaim: [
    ['spec', 'storageClassName'],
    ['spec', 'accessModes'],
    ['spec', 'volumeMode'],
    ['spec', 'volumeName'],
  ],
  Service: [['spec', 'clusterIP']],
  'rbac.authorization.k8s.io/RoleBinding': [['roleRef']],
  'rbac.authorization.k8s.io/ClusterRoleBinding': [['roleRef']],
  'storage.k8s.io/StorageClass': [['provisioner'], ['parameters'], ['reclaimPolicy'], ['volumeBindingMode']],
};

function immutableChange({ id, changes }: PlanEntry): readonly (string | number)[] | undefined {
  const paths = immutable[`${id.group === '' ? '' : `${id.group}/`}${id.kind}`] ?? [];
  // Setting what was not set is a change too, except where the server chooses a value by itself.
  return changes.find(
    ({ path, before }) => before !== undefined && paths.some((p) => p.every((step, i) => path[i] === step)),
  )?.path;
}
