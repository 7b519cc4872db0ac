/** The list of Flux kinds: one line each. What else the other rooms need of them is re-exported here. */
import type { ObjectId } from '../objects/object.ts';
import type { FluxKind } from './kind.ts';
import { alert } from './kinds/alert.ts';
import { artifactGenerator } from './kinds/artifactgenerator.ts';
import { bucket } from './kinds/bucket.ts';
import { externalArtifact } from './kinds/externalartifact.ts';
import { fluxInstance } from './kinds/fluxinstance.ts';
import { gitRepository } from './kinds/gitrepository.ts';
import { helmChart } from './kinds/helmchart.ts';
import { helmRelease } from './kinds/helmrelease.ts';
import { helmRepository } from './kinds/helmrepository.ts';
import { imagePolicy } from './kinds/imagepolicy.ts';
import { imageRepository } from './kinds/imagerepository.ts';
import { imageUpdateAutomation } from './kinds/imageupdateautomation.ts';
import { kustomization } from './kinds/kustomization.ts';
import { ociRepository } from './kinds/ocirepository.ts';
import { provider } from './kinds/provider.ts';
import { receiver } from './kinds/receiver.ts';
import { resourceSet } from './kinds/resourceset.ts';
import { resourceSetInputProvider } from './kinds/resourcesetinputprovider.ts';

export const fluxKinds: readonly FluxKind[] = [
  gitRepository,
  ociRepository,
  helmRepository,
  helmChart,
  bucket,
  externalArtifact,
  artifactGenerator,
  kustomization,
  helmRelease,
  imageRepository,
  imagePolicy,
  imageUpdateAutomation,
  alert,
  provider,
  receiver,
  fluxInstance,
  resourceSet,
  resourceSetInputProvider,
];

const byGroupKind = new Map(fluxKinds.map((kind) => [`${kind.group}/${kind.kind}`, kind]));

/** The Flux kind of an object, in whatever version it is written; undefined for anything else. */
export function fluxKindOf(id: Pick<ObjectId, 'group' | 'kind'>): FluxKind | undefined {
  return byGroupKind.get(`${id.group}/${id.kind}`);
}

/** The API version to write instead, for an object in a deprecated one. */
export function currentVersion(id: Pick<ObjectId, 'group' | 'kind' | 'version'>): string | undefined {
  const kind = fluxKindOf(id);
  return kind?.deprecated.includes(id.version) ? `${kind.group}/${kind.versions.at(-1)}` : undefined;
}

export * from './field.ts';
export * from './kind.ts';
export type * from './kinds/alert.ts';
export type * from './kinds/artifactgenerator.ts';
export type * from './kinds/bucket.ts';
export type * from './kinds/externalartifact.ts';
export type * from './kinds/fluxinstance.ts';
export type * from './kinds/gitrepository.ts';
export type * from './kinds/helmchart.ts';
export type * from './kinds/helmrelease.ts';
export type * from './kinds/helmrepository.ts';
export type * from './kinds/imagepolicy.ts';
export type * from './kinds/imagerepository.ts';
export type * from './kinds/imageupdateautomation.ts';
export type * from './kinds/kustomization.ts';
export type * from './kinds/ocirepository.ts';
export type * from './kinds/provider.ts';
export type * from './kinds/receiver.ts';
export type * from './kinds/resourceset.ts';
export type * from './kinds/resourcesetinputprovider.ts';
export {
  alert,
  artifactGenerator,
  bucket,
  externalArtifact,
  fluxInstance,
  gitRepository,
  helmChart,
  helmRelease,
  helmRepository,
  imagePolicy,
  imageRepository,
  imageUpdateAutomation,
  kustomization,
  ociRepository,
  provider,
  receiver,
  resourceSet,
  resourceSetInputProvider,
};
