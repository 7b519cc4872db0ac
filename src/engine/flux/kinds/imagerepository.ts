/** ImageRepository (image.toolkit.fluxcd.io): the tags of an image, scanned. */
import { boolean, type Field, node, string, strings } from '../field.ts';
import { credentials, type FluxKind } from '../kind.ts';

export interface ImageRepositoryView {
  readonly suspend: boolean;
  readonly image?: Field<string> | undefined;
  readonly interval?: Field<string> | undefined;
  readonly secretRef?: Field<string> | undefined;
  readonly provider: string;
  readonly insecure: boolean;
  /** Regular expressions of tags that are left out. */
  readonly exclusionList: readonly Field<string>[];
}

export const imageRepository: FluxKind<ImageRepositoryView> = {
  group: 'image.toolkit.fluxcd.io',
  kind: 'ImageRepository',
  plural: 'imagerepositories',
  versions: ['v1alpha1', 'v1alpha2', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1alpha2', 'v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      image: string(spec, 'image'),
      interval: string(spec, 'interval'),
      secretRef: string(spec, 'secretRef', 'name'),
      provider: string(spec, 'provider')?.value ?? 'generic',
      insecure: boolean(spec, 'insecure')?.value ?? false,
      exclusionList: strings(spec, 'exclusionList'),
    };
  },
  references: (object) => credentials(node(object, 'spec')),
};
