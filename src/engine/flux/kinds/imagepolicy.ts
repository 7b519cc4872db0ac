/** ImagePolicy (image.toolkit.fluxcd.io): which tag of an ImageRepository is the latest. */
import { boolean, type Field, node, string } from '../field.ts';
import { type FluxKind, type Reference, reference } from '../kind.ts';

export type PolicyRule =
  | { readonly type: 'semver'; readonly range?: Field<string> | undefined }
  | { readonly type: 'alphabetical' | 'numerical'; readonly order: 'asc' | 'desc' };

export interface ImagePolicyView {
  readonly suspend: boolean;
  readonly repository?: Reference | undefined;
  readonly policy?: PolicyRule | undefined;
  readonly filter: { readonly pattern?: Field<string> | undefined; readonly extract?: Field<string> | undefined };
  readonly digestReflectionPolicy: string;
}

export const imagePolicy: FluxKind<ImagePolicyView> = {
  group: 'image.toolkit.fluxcd.io',
  kind: 'ImagePolicy',
  plural: 'imagepolicies',
  versions: ['v1alpha1', 'v1alpha2', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1alpha2', 'v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    const rule = (type: 'alphabetical' | 'numerical'): PolicyRule => ({
      type,
      order: string(spec, 'policy', type, 'order')?.value === 'desc' ? 'desc' : 'asc',
    });
    const has = (type: string) => node(spec, 'policy', type) !== undefined;
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      repository: repository(object)[0],
      policy: has('semver')
        ? { type: 'semver', range: string(spec, 'policy', 'semver', 'range') }
        : has('alphabetical')
          ? rule('alphabetical')
          : has('numerical')
            ? rule('numerical')
            : undefined,
      filter: { pattern: string(spec, 'filterTags', 'pattern'), extract: string(spec, 'filterTags', 'extract') },
      digestReflectionPolicy: string(spec, 'digestReflectionPolicy')?.value ?? 'Never',
    };
  },
  references: (object) => repository(object),
};

function repository(object: Parameters<typeof node>[0]): readonly Reference[] {
  const ref = node(object, 'spec', 'imageRepositoryRef');
  return reference(ref, { role: 'image-repository', kind: 'ImageRepository', group: 'image.toolkit.fluxcd.io' });
}
