/**
 * What a render has to know of the cluster that it is for: Flux's version, because what it does with unset variables
 * changed, what charts may ask (the Kubernetes version and the APIs), and which releases are installed.
 */
import { coerce, gte } from 'semver';
import { type Cluster, helm, type RendererOptions } from '../../engine/index.ts';

export interface ClusterFacts {
  /** `v2.9.5`; absent when nothing in the cluster says it. */
  readonly fluxVersion?: string;
  readonly substitution: NonNullable<RendererOptions['substitution']>;
  readonly capabilities?: helm.Capabilities;
  /** The newest revision of each release that Helm has stored, by `namespace/name`; absent where that may not be seen. */
  readonly releases?: Readonly<Record<string, number>>;
}

/** From this version on, kustomize-controller refuses a variable without a value unless told otherwise. */
const strictSince = '2.9.0';
const versionLabel = 'app.kubernetes.io/version';

/** Asks the cluster; what it does not answer is as with the newest Flux and Helm's own defaults. */
export async function clusterFacts(cluster: Cluster, signal?: AbortSignal): Promise<ClusterFacts> {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    namespace: '',
    name: 'kustomizations.kustomize.toolkit.fluxcd.io',
  };
  const [installed, served, releases, gate] = await Promise.all([
    cluster.get(crd, signal),
    cluster.capabilities(signal),
    storedReleases(cluster, signal),
    strictnessGate(cluster, signal),
  ]);
  const metadata = installed.ok
    ? (installed.value.metadata as { labels?: Record<string, string> } | undefined)
    : undefined;
  const fluxVersion = metadata?.labels?.[versionLabel];
  const version = coerce(fluxVersion);
  const kubeVersion = served.ok ? helm.parseKubeVersion(served.value.version) : undefined;
  return {
    ...(fluxVersion === undefined ? {} : { fluxVersion }),
    substitution: gate ?? (version !== null && !gte(version, strictSince) ? 'lenient' : 'strict'),
    ...(releases === undefined ? {} : { releases }),
    ...(served.ok && kubeVersion !== undefined
      ? { capabilities: { kubeVersion, apiVersions: served.value.apis, helm: 4 } }
      : {}),
    ...(releases && { releases }),
  };
}

const deployments = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

/** What the controller was told on its command line, whatever its version does by itself. */
async function strictnessGate(
  cluster: Cluster,
  signal: AbortSignal | undefined,
): Promise<ClusterFacts['substitution'] | undefined> {
  const labelSelector = 'app.kubernetes.io/component=kustomize-controller,app.kubernetes.io/part-of=flux';
  const answer = await cluster.list(deployments, { labelSelector }, signal);
  if (!answer.ok) return undefined;
  const [, set] = /\bStrictPostBuildSubstitutions=(true|false)\b/.exec(JSON.stringify(answer.value)) ?? [];
  return set === undefined ? undefined : set === 'true' ? 'strict' : 'lenient';
}

const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

/** Of every release whose newest revision stands; their content is not asked for. */
async function storedReleases(
  cluster: Cluster,
  signal: AbortSignal | undefined,
): Promise<Record<string, number> | undefined> {
  const labelSelector = 'owner=helm,status!=superseded';
  const answer = await cluster.list(secrets, { labelSelector, only: 'metadata' }, signal);
  if (!answer.ok) return undefined;
  const newest = new Map<string, { readonly revision: number; readonly status: string | undefined }>();
  for (const { metadata } of answer.value) {
    const { namespace, labels } = metadata as { namespace?: string; labels?: Record<string, string> };
    const title = `${namespace}/${labels?.name}`;
    const revision = Number(labels?.version);
    if (revision > (newest.get(title)?.revision ?? 0)) newest.set(title, { revision, status: labels?.status });
  }
  const standing = [...newest].filter(([, { status }]) => status !== 'uninstalled');
  return Object.fromEntries(standing.map(([title, { revision }]) => [title, revision] as const).sort());
}
