/** ResourceSetInputProvider (fluxcd.controlplane.io): inputs of ResourceSets, static or read from a Git host or registry. */
import type { Mapping } from '../../yaml/node.ts';
import { type Field, mapping, node, string } from '../field.ts';
import { credentials, type FluxKind } from '../kind.ts';

export interface ResourceSetInputProviderView {
  /** `Static`, `GitHubBranch`, `OCIArtifactTag`, … */
  readonly type?: Field<string> | undefined;
  readonly url?: Field<string> | undefined;
  readonly defaultValues?: Mapping | undefined;
}

export const resourceSetInputProvider: FluxKind<ResourceSetInputProviderView> = {
  group: 'fluxcd.controlplane.io',
  kind: 'ResourceSetInputProvider',
  plural: 'resourcesetinputproviders',
  versions: ['v1'],
  deprecated: [],
  view(object) {
    const spec = node(object, 'spec');
    return {
      type: string(spec, 'type'),
      url: string(spec, 'url'),
      defaultValues: mapping(spec, 'defaultValues'),
    };
  },
  references: (object) => credentials(node(object, 'spec')),
};
