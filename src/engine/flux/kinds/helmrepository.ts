/** HelmRepository (source.toolkit.fluxcd.io): an index of charts over HTTP, or a registry of them. */
import { boolean, type Field, node, string } from '../field.ts';
import { credentials, type FluxKind } from '../kind.ts';

export interface HelmRepositoryView {
  readonly suspend: boolean;
  readonly url?: Field<string> | undefined;
  readonly type: 'default' | 'oci';
  readonly interval?: Field<string> | undefined;
  readonly secretRef?: Field<string> | undefined;
  readonly certSecretRef?: Field<string> | undefined;
  readonly passCredentials: boolean;
  readonly provider: string;
  readonly insecure: boolean;
}

export const helmRepository: FluxKind<HelmRepositoryView> = {
  group: 'source.toolkit.fluxcd.io',
  kind: 'HelmRepository',
  plural: 'helmrepositories',
  versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      url: string(spec, 'url'),
      type: string(spec, 'type')?.value === 'oci' ? 'oci' : 'default',
      interval: string(spec, 'interval'),
      secretRef: string(spec, 'secretRef', 'name'),
      certSecretRef: string(spec, 'certSecretRef', 'name'),
      passCredentials: boolean(spec, 'passCredentials')?.value ?? false,
      provider: string(spec, 'provider')?.value ?? 'generic',
      insecure: boolean(spec, 'insecure')?.value ?? false,
    };
  },
  references: (object) => credentials(node(object, 'spec')),
};
