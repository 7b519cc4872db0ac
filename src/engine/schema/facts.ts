/**
 * What the API server's own code asks of the built-in kinds beyond their published schema, for the fields that people
 * write most: as additions to the definitions, so that validation, completion and hover know them alike. Found by
 * asking a real API server (`test/cluster/schema.test.ts`).
 */
import type { Schema } from './schema.ts';

interface Facts {
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: Partial<Schema> };
}

const some: Partial<Schema> = { minItems: 1 };
const filled: Partial<Schema> = { minLength: 1 };
const natural: Partial<Schema> = { minimum: 0 };
const positive: Partial<Schema> = { minimum: 1 };
const port: Partial<Schema> = { minimum: 1, maximum: 65535 };
const dnsLabel: Partial<Schema> = { format: 'dns-label' };
const dnsName: Partial<Schema> = { format: 'dns-name' };
const portName: Partial<Schema> = { format: 'port-name' };
const unixId: Partial<Schema> = { minimum: 0, maximum: 2147483647 };
const workload = { properties: { replicas: natural, minReadySeconds: natural, revisionHistoryLimit: natural } };
const keyed = { required: ['name'], properties: { name: filled, key: filled } };
const probe = {
  properties: {
    initialDelaySeconds: natural,
    timeoutSeconds: natural,
    periodSeconds: natural,
    successThreshold: natural,
    failureThreshold: natural,
  },
};

const core: { readonly [definition: string]: Facts } = {
  PodTemplateSpec: { required: ['spec'] },
  PodSpec: { properties: { containers: some, serviceAccountName: dnsName } },
  Container: { required: ['image'], properties: { name: dnsLabel, image: filled } },
  ContainerPort: { properties: { containerPort: port, name: portName } },
  EnvVar: { properties: { name: filled } },
  SecretKeySelector: keyed,
  ConfigMapKeySelector: keyed,
  VolumeMount: { properties: { name: filled, mountPath: filled } },
  Volume: { properties: { name: dnsLabel } },
  ConfigMapVolumeSource: { required: ['name'], properties: { name: filled } },
  KeyToPath: { properties: { key: filled, path: filled, mode: { minimum: 0, maximum: 0o777 } } },
  Probe: probe,
  PodSecurityContext: { properties: { runAsUser: unixId, runAsGroup: unixId, fsGroup: unixId } },
  SecurityContext: { properties: { runAsUser: unixId, runAsGroup: unixId } },
  ServicePort: { properties: { port, name: { format: 'dns-label-or-empty' } } },
  PersistentVolumeClaimSpec: { properties: { accessModes: some } },
};

const byDefinition: { readonly [definition: string]: Facts } = {
  ...Object.fromEntries(Object.entries(core).map(([name, facts]) => [`io.k8s.api.core.v1.${name}`, facts])),
  'io.k8s.api.apps.v1.DeploymentSpec': workload,
  'io.k8s.api.apps.v1.StatefulSetSpec': workload,
  'io.k8s.api.apps.v1.ReplicaSetSpec': workload,
  'io.k8s.api.apps.v1.DaemonSetSpec': workload,
  'io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy': { properties: { partition: natural } },
  'io.k8s.api.batch.v1.CronJobSpec': {
    properties: { schedule: filled, successfulJobsHistoryLimit: natural, failedJobsHistoryLimit: natural },
  },
  'io.k8s.api.batch.v1.JobTemplateSpec': { required: ['spec'] },
  'io.k8s.api.batch.v1.JobSpec': { properties: { backoffLimit: natural, parallelism: natural, completions: natural } },
  'io.k8s.api.networking.v1.IngressSpec': { properties: { ingressClassName: dnsName } },
  'io.k8s.api.networking.v1.IngressRule': { properties: { host: { format: 'host-pattern' } } },
  'io.k8s.api.networking.v1.HTTPIngressRuleValue': { properties: { paths: some } },
  'io.k8s.api.networking.v1.IngressServiceBackend': { required: ['port'], properties: { name: filled } },
  'io.k8s.api.networking.v1.IPBlock': { properties: { cidr: { format: 'cidr' } } },
  'io.k8s.api.autoscaling.v2.CrossVersionObjectReference': { properties: { kind: filled, name: filled } },
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec': {
    properties: { minReplicas: natural, maxReplicas: positive },
  },
  'io.k8s.api.autoscaling.v2.MetricSpec': {
    properties: { type: { enum: ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'] } },
  },
  'io.k8s.api.autoscaling.v2.MetricTarget': {
    properties: { type: { enum: ['Utilization', 'Value', 'AverageValue'] } },
  },
  'io.k8s.api.autoscaling.v2.HPAScalingPolicy': {
    properties: { type: { enum: ['Pods', 'Percent'] }, value: positive, periodSeconds: positive },
  },
  'io.k8s.api.rbac.v1.PolicyRule': { properties: { verbs: some } },
  'io.k8s.api.rbac.v1.RoleRef': {
    properties: {
      apiGroup: { enum: ['rbac.authorization.k8s.io'] },
      kind: { enum: ['Role', 'ClusterRole'] },
      name: filled,
    },
  },
  'io.k8s.api.rbac.v1.Subject': { properties: { kind: { enum: ['ServiceAccount', 'User', 'Group'] }, name: filled } },
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement': {
    properties: { operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] }, key: filled },
  },
  'io.k8s.api.storage.v1.StorageClass': { properties: { provisioner: filled } },
};

/** A built-in definition with what is known beyond it. */
export function withFacts(name: string, schema: Schema): Schema {
  const facts = Object.hasOwn(byDefinition, name) ? byDefinition[name]! : undefined;
  if (facts === undefined || schema.properties === undefined) return schema;
  const properties: Record<string, Schema> = { ...schema.properties };
  for (const [field, more] of Object.entries(facts.properties ?? {})) {
    const known = properties[field];
    if (known !== undefined) properties[field] = { ...known, ...more };
  }
  return { ...schema, properties, required: [...(schema.required ?? []), ...(facts.required ?? [])] };
}
