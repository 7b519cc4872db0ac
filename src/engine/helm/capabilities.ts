/** What a chart may ask about the cluster: its version and the APIs it serves. */

export interface Capabilities {
  /** `v1.37.0`. */
  readonly kubeVersion: KubeVersion;
  /** `v1`, `apps/v1` and, from a live cluster, `apps/v1/Deployment`. */
  readonly apiVersions: readonly string[];
  readonly helm: 3 | 4;
}

export interface KubeVersion {
  /** As given, with a leading `v`. */
  readonly version: string;
  /** Without any suffix: what constraints are checked against (Helm 4). */
  readonly normalized: string;
  readonly major: string;
  readonly minor: string;
}

/** `1.31`, `v1.31.2-gke.5`, …; undefined when it is no version. */
export function parseKubeVersion(text: string): KubeVersion | undefined {
  const match = /^\s*v?([0-9]+(?:\.[0-9]+){1,})(?:[^0-9.].*)?\s*$/.exec(text);
  if (match === null) return undefined;
  const parts = match[1]!.split('.').map(Number);
  const normalized = `v${parts[0]}.${parts[1]}.${parts[2] ?? 0}`;
  const version = text.startsWith('v') ? text : `v${text}`;
  return { version, normalized, major: String(parts[0]), minor: String(parts[1]) };
}

/** Helm's own when it has no cluster: what its version of client-go knows (Helm 4.3). */
export function defaultCapabilities(helm: 3 | 4): Capabilities {
  return { kubeVersion: parseKubeVersion(helm === 4 ? 'v1.37.0' : 'v1.34.0')!, apiVersions: builtin, helm };
}

const builtin: readonly string[] = [
  ['', 'v1'],
  ['admissionregistration.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['internal.apiserver.k8s.io', 'v1alpha1'],
  ['apps', 'v1', 'v1beta1', 'v1beta2'],
  ['authentication.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['authorization.k8s.io', 'v1', 'v1beta1'],
  ['autoscaling', 'v1', 'v2'],
  ['batch', 'v1', 'v1beta1'],
  ['certificates.k8s.io', 'v1', 'v1beta1', 'v1alpha1'],
  ['coordination.k8s.io', 'v1alpha2', 'v1beta1', 'v1'],
  ['discovery.k8s.io', 'v1', 'v1beta1'],
  ['events.k8s.io', 'v1', 'v1beta1'],
  ['extensions', 'v1beta1'],
  ['flowcontrol.apiserver.k8s.io', 'v1', 'v1beta1', 'v1beta2', 'v1beta3'],
  ['lifecycle.k8s.io', 'v1alpha1'],
  ['networking.k8s.io', 'v1', 'v1beta1'],
  ['node.k8s.io', 'v1', 'v1alpha1', 'v1beta1'],
  ['policy', 'v1', 'v1beta1'],
  ['rbac.authorization.k8s.io', 'v1', 'v1beta1', 'v1alpha1'],
  ['resource.k8s.io', 'v1', 'v1beta2', 'v1beta1', 'v1alpha3'],
  ['scheduling.k8s.io', 'v1alpha3', 'v1beta1', 'v1'],
  ['storage.k8s.io', 'v1beta1', 'v1', 'v1alpha1'],
  ['storagemigration.k8s.io', 'v1', 'v1beta1'],
  ['apiextensions.k8s.io', 'v1beta1', 'v1'],
].flatMap(([group, ...versions]) => versions.map((version) => (group === '' ? version : `${group}/${version}`)));
