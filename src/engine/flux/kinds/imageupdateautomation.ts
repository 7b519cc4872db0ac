/** ImageUpdateAutomation (image.toolkit.fluxcd.io): commits the latest tags into marked lines of a GitRepository. */
import type { Mapping } from '../../yaml/node.ts';
import { boolean, type Field, mapping, node, string } from '../field.ts';
import { type FluxKind, type Reference, reference, secret } from '../kind.ts';

export interface ImageUpdateAutomationView {
  readonly suspend: boolean;
  readonly sourceRef?: Reference | undefined;
  readonly interval?: Field<string> | undefined;
  /** The folder of the repository whose files are updated. */
  readonly path?: Field<string> | undefined;
  readonly strategy: string;
  /** A label selector over the ImagePolicies that count; all of them when it is absent. */
  readonly policySelector?: Mapping | undefined;
  readonly git?: Mapping | undefined;
}

export const imageUpdateAutomation: FluxKind<ImageUpdateAutomationView> = {
  group: 'image.toolkit.fluxcd.io',
  kind: 'ImageUpdateAutomation',
  plural: 'imageupdateautomations',
  versions: ['v1alpha1', 'v1alpha2', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1alpha2', 'v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      sourceRef: source(object)[0],
      interval: string(spec, 'interval'),
      path: string(spec, 'update', 'path'),
      strategy: string(spec, 'update', 'strategy')?.value ?? 'Setters',
      policySelector: mapping(spec, 'policySelector'),
      git: mapping(spec, 'git'),
    };
  },
  references: (object) => [
    ...source(object),
    ...reference(node(object, 'spec', 'git', 'commit', 'signingKey', 'secretRef'), secret),
  ],
};

function source(object: Mapping): readonly Reference[] {
  const ref = node(object, 'spec', 'sourceRef');
  return reference(ref, { role: 'source', kind: 'GitRepository', group: 'source.toolkit.fluxcd.io' });
}
