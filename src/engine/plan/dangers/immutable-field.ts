/** Fields that the API server does not let change: the object has to be deleted and created again. */
import { titleOf } from '../../objects/object.ts';
import { at } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';
import { pathText } from '../changes.ts';
import type { PlanEntry } from '../plan.ts';
import type { DangerRule } from './rule.ts';

export const immutableField: DangerRule = {
  name: 'immutable-field',
  check({ entry, before, after }) {
    if (before === undefined || after === undefined) return [];
    const change = immutableChange(entry, before);
    if (change === undefined && entry.action !== 'recreate') return [];
    const field = change === undefined ? 'an immutable field' : pathText(change);
    const message =
      entry.action === 'recreate'
        ? `${titleOf(entry.id)} is deleted and created again: ${field} cannot change in place`
        : `${field} of ${titleOf(entry.id)} cannot change in place: Flux fails until it is deleted or forced`;
    return [{ severity: 'danger', message, ...(change === undefined ? {} : { path: change }) }];
  },
};

/**
 * By kind, paths below which nothing may change, and below those what still may. The API server is asked for every line of
 * it in test/cluster/immutable.test.ts.
 */
interface Fixed {
  readonly fixed: readonly string[];
  readonly but?: readonly string[];
}

export const immutable: Readonly<Record<string, readonly Fixed[]>> = {
  'apps/StatefulSet': [
    {
      fixed: ['spec'],
      but: [
        'replicas',
        'ordinals',
        'template',
        'updateStrategy',
        'persistentVolumeClaimRetentionPolicy',
        'minReadySeconds',
        'revisionHistoryLimit',
      ],
    },
  ],
  'apps/Deployment': [{ fixed: ['spec', 'selector'] }],
  'apps/DaemonSet': [{ fixed: ['spec', 'selector'] }],
  'apps/ReplicaSet': [{ fixed: ['spec', 'selector'] }],
  'batch/Job': [
    { fixed: ['spec', 'template'] },
    { fixed: ['spec', 'selector'] },
    { fixed: ['spec', 'completions'] },
    { fixed: ['spec', 'completionMode'] },
    { fixed: ['spec', 'podFailurePolicy'] },
  ],
  PersistentVolumeClaim: [{ fixed: ['spec'], but: ['resources', 'volumeAttributesClassName'] }],
  PersistentVolume: [{ fixed: ['spec', 'hostPath'] }, { fixed: ['spec', 'csi'] }, { fixed: ['spec', 'nfs'] }],
  Service: [{ fixed: ['spec', 'clusterIP'] }],
  'rbac.authorization.k8s.io/RoleBinding': [{ fixed: ['roleRef'] }],
  'rbac.authorization.k8s.io/ClusterRoleBinding': [{ fixed: ['roleRef'] }],
  'storage.k8s.io/StorageClass': [
    { fixed: ['provisioner'] },
    { fixed: ['parameters'] },
    { fixed: ['reclaimPolicy'] },
    { fixed: ['volumeBindingMode'] },
  ],
  'scheduling.k8s.io/PriorityClass': [{ fixed: ['value'] }, { fixed: ['preemptionPolicy'] }],
  'networking.k8s.io/IngressClass': [{ fixed: ['spec', 'controller'] }],
  'node.k8s.io/RuntimeClass': [{ fixed: ['handler'] }],
  'discovery.k8s.io/EndpointSlice': [{ fixed: ['addressType'] }],
  'apiextensions.k8s.io/CustomResourceDefinition': [
    { fixed: ['spec', 'group'] },
    { fixed: ['spec', 'scope'] },
    { fixed: ['spec', 'names', 'kind'] },
    { fixed: ['spec', 'names', 'plural'] },
  ],
};

/** A Secret or ConfigMap that is marked so keeps what it holds. */
const marked: readonly Fixed[] = [
  { fixed: ['data'] },
  { fixed: ['stringData'] },
  { fixed: ['binaryData'] },
  { fixed: ['immutable'] },
];

function immutableChange({ id, changes }: PlanEntry, live: Json): readonly (string | number)[] | undefined {
  const isMarked = (id.kind === 'Secret' || id.kind === 'ConfigMap') && at(live, 'immutable') === true;
  const always = id.kind === 'Secret' && id.group === '' ? [{ fixed: ['type'] }] : [];
  const rules = isMarked ? marked : (immutable[`${id.group === '' ? '' : `${id.group}/`}${id.kind}`] ?? always);
  // Setting what was not set is a change too, except where the server chooses a value by itself.
  return changes.find(
    ({ path, before }) => (before !== undefined || isMarked) && rules.some((rule) => forbids(rule, path)),
  )?.path;
}

function forbids({ fixed, but = [] }: Fixed, path: readonly (string | number)[]): boolean {
  if (!fixed.every((step, index) => path[index] === step)) return false;
  return !but.includes(String(path[fixed.length] ?? ''));
}
