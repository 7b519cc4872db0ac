/** The fields of a Kustomization (or HelmRelease) that decide how its objects are planned, applied and pruned. */
import { keyOf, type ObjectId } from '../objects/object.ts';
import type { DesiredSet } from '../render/desired.ts';
import { at, listAt, stringAt, stringsAt } from '../status/fields.ts';
import { isSuspended } from '../status/health.ts';
import type { Mapping } from '../yaml/node.ts';
import { type Json, toJson } from '../yaml/resolve.ts';
import { parseDuration } from './duration.ts';
import { type ReleaseSpec, releaseSpec } from './releasespec.ts';
import type { KubeConfigRef } from './remote.ts';

export interface IgnoreRule {
  readonly paths: readonly string[];
  readonly target: Readonly<Record<string, string>>;
}

export interface HealthCheck {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface OwnerSpec {
  readonly kind: 'Kustomization' | 'HelmRelease' | 'other';
  readonly prune: boolean;
  readonly force: boolean;
  readonly suspend: boolean;
  readonly wait: boolean;
  /** `spec.timeout`, or what Flux takes when it is absent, in milliseconds. */
  readonly timeout: number;
  readonly healthChecks: readonly HealthCheck[];
  readonly healthCheckExprs: readonly Json[];
  readonly ignore: readonly IgnoreRule[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly deletionPolicy: string;
  /** `spec.targetNamespace`; for a HelmRelease where its objects go. */
  readonly targetNamespace: string;
  /** It applies to another cluster, by `spec.kubeConfig`. */
  readonly remote: boolean;
  /** What holds the kubeconfig of that cluster. */
  readonly kubeConfig?: KubeConfigRef;
  /** `spec.serviceAccountName`: whom Flux acts as; empty for the controller's own choice. */
  readonly serviceAccountName: string;
  readonly dependsOn: readonly {
    readonly namespace: string;
    readonly name: string;
    /** Flux asks an expression whether it is ready. */
    readonly readyExpr?: true;
  }[];
  /** Of a HelmRelease. */
  readonly release?: ReleaseSpec;
}

export function isKustomization(id: ObjectId): boolean {
  return id.kind === 'Kustomization' && id.group === 'kustomize.toolkit.fluxcd.io';
}

export function isHelmRelease(id: ObjectId): boolean {
  return id.kind === 'HelmRelease' && id.group === 'helm.toolkit.fluxcd.io';
}

/** Reads an owner's spec from its object as rendered or as live; what is not set has Flux's default. */
export function ownerSpec(id: ObjectId, object: Json | undefined): OwnerSpec {
  const kind = isKustomization(id) ? 'Kustomization' : isHelmRelease(id) ? 'HelmRelease' : 'other';
  const namespace = id.namespace;
  return {
    kind,
    prune: kind === 'HelmRelease' || at(object, 'spec', 'prune') === true,
    force: kind === 'Kustomization' && at(object, 'spec', 'force') === true,
    suspend: object !== undefined && isSuspended(object),
    wait: at(object, 'spec', 'wait') === true,
    timeout: parseDuration(stringAt(object, 'spec', 'timeout')) ?? defaultTimeout(object),
    healthChecks: listAt(object, 'spec', 'healthChecks').map((check) => ({
      apiVersion: stringAt(check, 'apiVersion') || 'apps/v1',
      kind: stringAt(check, 'kind'),
      namespace: stringAt(check, 'namespace'),
      name: stringAt(check, 'name'),
    })),
    healthCheckExprs: listAt(object, 'spec', 'healthCheckExprs'),
    ignore: listAt(object, 'spec', ...(kind === 'HelmRelease' ? ['driftDetection', 'ignore'] : ['ignore'])).map(
      (rule) => ({
        paths: listAt(rule, 'paths').filter((path): path is string => typeof path === 'string'),
        target: stringsAt(rule, 'target'),
      }),
    ),
    labels: stringsAt(object, 'spec', 'commonMetadata', 'labels'),
    annotations: stringsAt(object, 'spec', 'commonMetadata', 'annotations'),
    deletionPolicy: stringAt(object, 'spec', 'deletionPolicy') || 'MirrorPrune',
    targetNamespace: stringAt(object, 'spec', 'targetNamespace'),
    remote: at(object, 'spec', 'kubeConfig') !== undefined,
    ...kubeConfigOf(object),
    serviceAccountName: stringAt(object, 'spec', 'serviceAccountName'),
    dependsOn: listAt(object, 'spec', 'dependsOn').map((dependency) => ({
      namespace: stringAt(dependency, 'namespace') || namespace,
      name: stringAt(dependency, 'name'),
      ...(stringAt(dependency, 'readyExpr') === '' ? {} : { readyExpr: true as const }),
    })),
    ...(kind === 'HelmRelease' ? { release: releaseSpec(id, object) } : {}),
  };
}

function kubeConfigOf(object: Json | undefined): { readonly kubeConfig?: KubeConfigRef } {
  if (at(object, 'spec', 'kubeConfig') === undefined) return {};
  const map = stringAt(object, 'spec', 'kubeConfig', 'configMapRef', 'name');
  if (map !== '') return { kubeConfig: { kind: 'ConfigMap', name: map } };
  const [name, key] = ['name', 'key'].map((field) => stringAt(object, 'spec', 'kubeConfig', 'secretRef', field));
  return { kubeConfig: { kind: 'Secret', name: name!, key: key! } };
}

/** Flux takes the interval less half a minute, and at least half a minute. */
function defaultTimeout(object: Json | undefined): number {
  const interval = parseDuration(stringAt(object, 'spec', 'interval')) ?? 600_000;
  return Math.max(30_000, interval - 30_000);
}

/** Whether Flux deletes what a Kustomization applied when the Kustomization itself is deleted (its finalizer). */
export function deletesWithOwner(spec: OwnerSpec): boolean {
  if (spec.suspend) return false;
  if (spec.kind === 'HelmRelease') return true;
  if (spec.deletionPolicy === 'MirrorPrune') return spec.prune;
  return spec.deletionPolicy === 'Delete' || spec.deletionPolicy === 'WaitForTermination';
}

/** The rendered objects of the owners themselves, by key: a Kustomization is an object in its parent's set. */
export function renderedOwners(sets: readonly DesiredSet[]): ReadonlyMap<string, Mapping> {
  const owners = new Map<string, Mapping>();
  const wanted = new Set(sets.map((set) => keyOf(set.owner.id)));
  for (const set of sets) {
    for (const object of set.objects) {
      const key = keyOf(object.id);
      // The first one is rendered: another of its name goes to another cluster, or is a mistake that is told.
      if (wanted.has(key) && !owners.has(key)) owners.set(key, object.node);
    }
  }
  return owners;
}

export function jsonOf(node: Mapping | undefined): Json | undefined {
  return node === undefined ? undefined : toJson(node, 'sigs');
}
