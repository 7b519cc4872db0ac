/**
 * Whether anything in the cluster could change or refuse an update that changes nothing: webhooks and admission policies,
 * told by their rules alone (groups, operations, resources; no selectors, versions or conditions, as these only narrow
 * them), and what the server itself looks at beside the object.
 */
import type { LiveObject, ServedKind } from '../../ports.ts';
import { at, listAt } from '../../status/fields.ts';
import type { Json } from '../../yaml/resolve.ts';

/** The kinds by which a cluster has its say in what is written. A server that does not know a policy's kind has none. */
export const admissionKinds = [
  { kind: 'MutatingWebhookConfiguration', always: true },
  { kind: 'ValidatingWebhookConfiguration', always: true },
  { kind: 'MutatingAdmissionPolicy', always: false },
  { kind: 'ValidatingAdmissionPolicy', always: false },
] as const;

export const admissionGroup = 'admissionregistration.k8s.io';

/** Whether one of these configurations and policies could be asked about an update of this kind. */
export function couldTouch(configurations: readonly LiveObject[], kind: Pick<ServedKind, 'group' | 'plural'>): boolean {
  return configurations.some((one) => rulesOf(one).some((rule) => matches(rule, kind)));
}

function rulesOf(configuration: LiveObject): readonly Json[] {
  const constraints = at(configuration, 'spec', 'matchConstraints');
  return constraints === undefined
    ? listAt(configuration, 'webhooks').flatMap((webhook) => listAt(webhook, 'rules'))
    : listAt(constraints, 'resourceRules');
}

function matches(rule: Json, { group, plural }: Pick<ServedKind, 'group' | 'plural'>): boolean {
  const [groups, operations] = [listAt(rule, 'apiGroups'), listAt(rule, 'operations')];
  if (!operations.includes('*') && !operations.includes('UPDATE')) return false;
  // Rules for kinds that have moved out of it match where they are now (`matchPolicy: Equivalent`).
  const moved = groups.includes('extensions') && ['apps', 'networking.k8s.io', 'policy'].includes(group);
  if (!groups.includes('*') && !groups.includes(group) && !moved) return false;
  return listAt(rule, 'resources').some((resource) => {
    const [name, subresource = ''] = String(resource).split('/');
    return (name === '*' || name === plural) && (subresource === '' || subresource === '*');
  });
}

/**
 * Kinds of the server itself whose update is judged by the change alone: what was valid and stays as it is stays valid, as
 * the validation of its own kinds is only ever tightened for changes. Others are not here because something else is
 * looked at (a PersistentVolumeClaim's LimitRange, a PriorityClass' rivals, a Pod's node), or because they are rare.
 */
const builtin: ReadonlySet<string> = new Set([
  '/ConfigMap',
  '/LimitRange',
  '/Namespace',
  '/ResourceQuota',
  '/Secret',
  '/Service',
  '/ServiceAccount',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/StatefulSet',
  'autoscaling/HorizontalPodAutoscaler',
  'batch/CronJob',
  'batch/Job',
  'networking.k8s.io/Ingress',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
]);

export function isBuiltin({ group, kind }: Pick<ServedKind, 'group' | 'kind'>): boolean {
  return builtin.has(`${group}/${kind}`);
}
