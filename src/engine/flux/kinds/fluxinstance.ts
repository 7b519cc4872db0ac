/** FluxInstance (fluxcd.controlplane.io): Flux itself as Flux Operator installs it, with the sync that roots a cluster. */
import type { Mapping, Node } from '../../yaml/node.ts';
import { boolean, type Field, items, mapping, node, type StringEntry, string, stringMap, strings } from '../field.ts';
import { type FluxKind, named, secret } from '../kind.ts';

/** The source and Kustomization that the operator makes in the instance's namespace. */
export interface InstanceSync {
  /** `flux-system` and such; the namespace's name when it is not given. */
  readonly name?: Field<string> | undefined;
  readonly kind: string;
  readonly url?: Field<string> | undefined;
  readonly ref?: Field<string> | undefined;
  readonly path?: Field<string> | undefined;
  readonly pullSecret?: Field<string> | undefined;
  readonly provider?: Field<string> | undefined;
  readonly interval?: Field<string> | undefined;
  readonly node: Mapping;
}

export interface FluxInstanceView {
  readonly version?: Field<string> | undefined;
  readonly components: readonly Field<string>[];
  readonly sync?: InstanceSync | undefined;
  /** Patches over what the operator installs. */
  readonly patches: readonly Node[];
  /** Whether tenants are locked down: the root Kustomization then acts as its controller's own account. */
  readonly multitenant: boolean;
  readonly commonLabels: readonly StringEntry[];
  readonly commonAnnotations: readonly StringEntry[];
}

export const fluxInstance: FluxKind<FluxInstanceView> = {
  group: 'fluxcd.controlplane.io',
  kind: 'FluxInstance',
  plural: 'fluxinstances',
  versions: ['v1'],
  deprecated: [],
  view(object) {
    const spec = node(object, 'spec');
    const sync = mapping(spec, 'sync');
    return {
      version: string(spec, 'distribution', 'version'),
      components: strings(spec, 'components'),
      sync: sync && {
        name: string(sync, 'name'),
        kind: string(sync, 'kind')?.value ?? 'GitRepository',
        url: string(sync, 'url'),
        ref: string(sync, 'ref'),
        path: string(sync, 'path'),
        pullSecret: string(sync, 'pullSecret'),
        provider: string(sync, 'provider'),
        interval: string(sync, 'interval'),
        node: sync,
      },
      patches: items(spec, 'kustomize', 'patches'),
      multitenant: boolean(spec, 'cluster', 'multitenant')?.value ?? false,
      commonLabels: stringMap(spec, 'commonMetadata', 'labels'),
      commonAnnotations: stringMap(spec, 'commonMetadata', 'annotations'),
    };
  },
  references(object) {
    return [
      ...named(string(object, 'spec', 'sync', 'pullSecret'), secret),
      ...named(string(object, 'spec', 'distribution', 'artifactPullSecret'), secret),
    ];
  },
};
