/**
 * What a render has to know of the cluster that it is for: Flux's version, because what it does with unset variables
 * changed, and what charts may ask (the Kubernetes version and the APIs).
 */
import { coerce, gte } from 'semver';
import { type Cluster, helm, type RendererOptions } from '../../engine/index.ts';

export interface ClusterFacts {
  /** `v2.9.5`; absent when nothing in the cluster says it. */
  readonly fluxVersion?: string;
  readonly substitution: NonNullable<RendererOptions['substitution']>;
  readonly capabilities?: helm.Capabilities;
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
  const [installed, served] = await Promise.all([cluster.get(crd, signal), cluster.capabilities(signal)]);
  const metadata = installed.ok
    ? (installed.value.metadata as { labels?: Record<string, string> } | undefined)
    : undefined;
  const fluxVersion = metadata?.labels?.[versionLabel];
  const version = coerce(fluxVersion);
  const kubeVersion = served.ok ? helm.parseKubeVersion(served.value.version) : undefined;
  return {
    ...(fluxVersion === undefined ? {} : { fluxVersion }),
    substitution: version !== null && !gte(version, strictSince) ? 'lenient' : 'strict',
    ...(served.ok && kubeVersion !== undefined
      ? { capabilities: { kubeVersion, apiVersions: served.value.apis, helm: 4 } }
      : {}),
  };
}
