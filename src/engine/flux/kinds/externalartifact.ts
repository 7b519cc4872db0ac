/** ExternalArtifact (source.toolkit.fluxcd.io): files that a third controller publishes, such as an ArtifactGenerator's. */
import { node } from '../field.ts';
import { type FluxKind, type Reference, reference } from '../kind.ts';

export interface ExternalArtifactView {
  /** The object that the artifact is made from. */
  readonly sourceRef?: Reference | undefined;
}

export const externalArtifact: FluxKind<ExternalArtifactView> = {
  group: 'source.toolkit.fluxcd.io',
  kind: 'ExternalArtifact',
  plural: 'externalartifacts',
  versions: ['v1'],
  deprecated: [],
  view: (object) => ({ sourceRef: reference(node(object, 'spec', 'sourceRef'), { role: 'source' })[0] }),
  references: (object) => reference(node(object, 'spec', 'sourceRef'), { role: 'source' }),
};
