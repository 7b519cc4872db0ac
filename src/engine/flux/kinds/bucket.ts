/** Bucket (source.toolkit.fluxcd.io): the objects of an S3-compatible bucket as a tree of files. */
import { boolean, type Field, node, string } from '../field.ts';
import { credentials, type FluxKind, reference, secret } from '../kind.ts';

export interface BucketView {
  readonly suspend: boolean;
  readonly bucketName?: Field<string> | undefined;
  readonly endpoint?: Field<string> | undefined;
  readonly region?: Field<string> | undefined;
  readonly prefix?: Field<string> | undefined;
  readonly interval?: Field<string> | undefined;
  readonly secretRef?: Field<string> | undefined;
  readonly provider: string;
  readonly ignore?: Field<string> | undefined;
  readonly insecure: boolean;
}

export const bucket: FluxKind<BucketView> = {
  group: 'source.toolkit.fluxcd.io',
  kind: 'Bucket',
  plural: 'buckets',
  versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      bucketName: string(spec, 'bucketName'),
      endpoint: string(spec, 'endpoint'),
      region: string(spec, 'region'),
      prefix: string(spec, 'prefix'),
      interval: string(spec, 'interval'),
      secretRef: string(spec, 'secretRef', 'name'),
      provider: string(spec, 'provider')?.value ?? 'generic',
      ignore: string(spec, 'ignore'),
      insecure: boolean(spec, 'insecure')?.value ?? false,
    };
  },
  references(object) {
    const spec = node(object, 'spec');
    return [...credentials(spec), ...reference(node(spec, 'sts', 'secretRef'), secret)];
  },
};
