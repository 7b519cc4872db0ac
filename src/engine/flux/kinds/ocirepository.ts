/** OCIRepository (source.toolkit.fluxcd.io): a layer of an OCI artifact as a tree of files. */
import type { Mapping } from '../../yaml/node.ts';
import { boolean, type Field, mapping, node, string } from '../field.ts';
import { credentials, type FluxKind, type Reference, reference, secret } from '../kind.ts';

export interface OciRepositoryView {
  readonly suspend: boolean;
  readonly url?: Field<string> | undefined;
  /** digest wins over semver, semver over tag. */
  readonly ref: {
    readonly tag?: Field<string> | undefined;
    readonly semver?: Field<string> | undefined;
    readonly semverFilter?: Field<string> | undefined;
    readonly digest?: Field<string> | undefined;
  };
  readonly layerSelector: {
    readonly mediaType?: Field<string> | undefined;
    /** `extract` unless it is given. */
    readonly operation: string;
  };
  readonly interval?: Field<string> | undefined;
  readonly secretRef?: Field<string> | undefined;
  readonly provider: string;
  readonly ignore?: Field<string> | undefined;
  readonly insecure: boolean;
  readonly verify?: Mapping | undefined;
}

export const ociRepository: FluxKind<OciRepositoryView> = {
  group: 'source.toolkit.fluxcd.io',
  kind: 'OCIRepository',
  plural: 'ocirepositories',
  versions: ['v1beta2', 'v1'],
  deprecated: ['v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    const ref = (key: string) => string(spec, 'ref', key);
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      url: string(spec, 'url'),
      ref: { tag: ref('tag'), semver: ref('semver'), semverFilter: ref('semverFilter'), digest: ref('digest') },
      layerSelector: {
        mediaType: string(spec, 'layerSelector', 'mediaType'),
        operation: string(spec, 'layerSelector', 'operation')?.value ?? 'extract',
      },
      interval: string(spec, 'interval'),
      secretRef: string(spec, 'secretRef', 'name'),
      provider: string(spec, 'provider')?.value ?? 'generic',
      ignore: string(spec, 'ignore'),
      insecure: boolean(spec, 'insecure')?.value ?? false,
      verify: mapping(spec, 'verify'),
    };
  },
  references(object): readonly Reference[] {
    const spec = node(object, 'spec');
    return [...credentials(spec), ...reference(node(spec, 'verify', 'secretRef'), secret)];
  },
};
