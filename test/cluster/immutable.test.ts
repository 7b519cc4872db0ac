/** The table of immutable fields, line by line against the real API server: it refuses exactly what the table names. */
import { expect, test } from 'vitest';
import type { LiveObject } from '../../src/engine/index.ts';
import { immutable } from '../../src/engine/plan/dangers/immutable-field.ts';
import { at } from '../../src/engine/status/fields.ts';
import { rig, value } from './rig.ts';

const how = { manager: 'kustomize-controller', force: true };
const pod = (image: string) => ({
  metadata: { labels: { a: 'x' } },
  spec: { containers: [{ name: 'c', image }] },
});
const job = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'a:1' }] };
const workload = { selector: { matchLabels: { a: 'x' } }, template: pod('a:1') };

interface Case {
  readonly apiVersion: string;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** For each fixed path, another value. */
  readonly others: Readonly<Record<string, unknown>>;
  /** Changes that the server allows, so that the table may not name them. */
  readonly free?: Readonly<Record<string, unknown>>;
  readonly name?: (namespace: string) => string;
  readonly clusterWide?: true;
}

const rbac = 'rbac.authorization.k8s.io/v1';
const cases: Readonly<Record<string, Case>> = {
  'apps/StatefulSet': {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    body: { spec: { ...workload, serviceName: 's' } },
    others: { 'spec.serviceName': 'other' },
    free: { 'spec.replicas': 3, 'spec.minReadySeconds': 5, 'spec.revisionHistoryLimit': 2 },
  },
  'apps/Deployment': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    body: { spec: workload },
    others: { 'spec.selector': { matchLabels: { b: 'x' } } },
    free: { 'spec.replicas': 3, 'spec.template': pod('a:2') },
  },
  'apps/DaemonSet': {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    body: { spec: workload },
    others: { 'spec.selector': { matchLabels: { b: 'x' } } },
  },
  'apps/ReplicaSet': {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    body: { spec: workload },
    others: { 'spec.selector': { matchLabels: { b: 'x' } } },
  },
  'batch/Job': {
    apiVersion: 'batch/v1',
    kind: 'Job',
    body: { spec: { completions: 1, completionMode: 'NonIndexed', template: { spec: job } } },
    others: {
      'spec.template': { spec: { ...job, containers: [{ name: 'c', image: 'a:2' }] } },
      'spec.completions': 2,
      'spec.completionMode': 'Indexed',
    },
    free: { 'spec.activeDeadlineSeconds': 100 },
  },
  PersistentVolumeClaim: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    body: {
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 's', resources: { requests: { storage: '1Gi' } } },
    },
    others: { 'spec.accessModes': ['ReadWriteMany'], 'spec.storageClassName': 'other', 'spec.volumeMode': 'Block' },
  },
  PersistentVolume: {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    clusterWide: true,
    body: { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' } } },
    others: { 'spec.hostPath.path': '/b' },
    free: { 'spec.persistentVolumeReclaimPolicy': 'Delete' },
  },
  Service: {
    apiVersion: 'v1',
    kind: 'Service',
    body: { spec: { ports: [{ port: 80 }] } },
    others: { 'spec.clusterIP': '10.0.0.250' },
    free: { 'spec.ports': [{ port: 81 }] },
  },
  'rbac.authorization.k8s.io/RoleBinding': {
    apiVersion: rbac,
    kind: 'RoleBinding',
    body: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' } },
    others: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'other' } },
  },
  'rbac.authorization.k8s.io/ClusterRoleBinding': {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    clusterWide: true,
    body: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' } },
    others: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'other' } },
  },
  'storage.k8s.io/StorageClass': {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    clusterWide: true,
    body: { provisioner: 'p', parameters: { a: 'b' }, reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    others: {
      provisioner: 'other',
      'parameters.a': 'c',
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    free: { allowVolumeExpansion: true },
  },
  'scheduling.k8s.io/PriorityClass': {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    clusterWide: true,
    body: { value: 1, preemptionPolicy: 'Never' },
    others: { value: 2, preemptionPolicy: 'PreemptLowerPriority' },
    free: { description: 'd' },
  },
  'networking.k8s.io/IngressClass': {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    clusterWide: true,
    body: { spec: { controller: 'a.test/b' } },
    others: { 'spec.controller': 'a.test/c' },
  },
  'node.k8s.io/RuntimeClass': {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    clusterWide: true,
    body: { handler: 'a' },
    others: { handler: 'b' },
  },
  'discovery.k8s.io/EndpointSlice': {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    body: { addressType: 'IPv4', endpoints: [] },
    others: { addressType: 'IPv6' },
  },
};

test.each(Object.entries(cases))('%s', async (key, { apiVersion, kind, body, others, free = {}, clusterWide }) => {
  const it = rig();
  const namespace = await it.namespace();
  const metadata = clusterWide ? { name: namespace } : { name: 'x', namespace };
  const base = { apiVersion, kind, metadata, ...body } as unknown as LiveObject;
  value(await it.cluster.apply(base, { ...how, dryRun: false }));
  try {
    for (const [path, other] of Object.entries(others)) {
      const answer = await it.cluster.apply(changed(base, path.split('.'), other), { ...how, dryRun: true });
      expect([path, answer.ok ? 'allowed' : answer.failure.reason]).toEqual([
        path,
        expect.stringMatching(/immutable|invalid/),
      ]);
      expect([path, isNamed(key, path.split('.'))]).toEqual([path, true]);
    }
    for (const [path, other] of Object.entries(free)) {
      const answer = await it.cluster.apply(changed(base, path.split('.'), other), { ...how, dryRun: true });
      expect([path, answer.ok ? 'allowed' : answer.failure.message]).toEqual([path, 'allowed']);
      expect([path, isNamed(key, path.split('.'))]).toEqual([path, false]);
    }
  } finally {
    const ref = {
      apiVersion,
      kind,
      namespace: clusterWide ? '' : namespace,
      name: String(at(base, 'metadata', 'name')),
    };
    await it.cluster.delete(ref, { propagation: 'Background' });
  }
});

function changed(object: LiveObject, [step, ...rest]: readonly string[], to: unknown): LiveObject {
  const inside = (object[step!] ?? {}) as LiveObject;
  return { ...object, [step!]: rest.length === 0 ? to : changed(inside, rest, to) } as LiveObject;
}

function isNamed(key: string, path: readonly string[]): boolean {
  return (immutable[key] ?? []).some(
    ({ fixed, but = [] }) =>
      fixed.every((step, index) => path[index] === step) && !but.includes(path[fixed.length] ?? ''),
  );
}
