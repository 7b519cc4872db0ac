/** ResourceSet (fluxcd.controlplane.io): templates of objects, made once for each set of inputs. */
import type { Mapping, Node } from '../../yaml/node.ts';
import { boolean, type Field, items, mapping, node, type StringEntry, string, stringMap } from '../field.ts';
import { type FluxKind, named, reference, serviceAccount } from '../kind.ts';

export interface ResourceSetView {
  readonly inputs: readonly Node[];
  readonly inputsFrom: readonly Node[];
  readonly inputStrategy: 'Flatten' | 'Permute';
  /** Whether one provider without inputs leaves no permutation. */
  readonly includeEmptyProviders: boolean;
  readonly resources: readonly Node[];
  readonly resourcesTemplate?: Field<string> | undefined;
  readonly commonLabels: readonly StringEntry[];
  readonly commonAnnotations: readonly StringEntry[];
  readonly dependsOn: readonly Node[];
  readonly metadata?: Mapping | undefined;
}

export const resourceSet: FluxKind<ResourceSetView> = {
  group: 'fluxcd.controlplane.io',
  kind: 'ResourceSet',
  plural: 'resourcesets',
  versions: ['v1'],
  deprecated: [],
  view(object) {
    const spec = node(object, 'spec');
    return {
      inputs: items(spec, 'inputs'),
      inputsFrom: items(spec, 'inputsFrom'),
      inputStrategy: string(spec, 'inputStrategy', 'name')?.value === 'Permute' ? 'Permute' : 'Flatten',
      includeEmptyProviders: boolean(spec, 'inputStrategy', 'includeEmptyProviders')?.value ?? false,
      resources: items(spec, 'resources'),
      resourcesTemplate: string(spec, 'resourcesTemplate'),
      commonLabels: stringMap(spec, 'commonMetadata', 'labels'),
      commonAnnotations: stringMap(spec, 'commonMetadata', 'annotations'),
      dependsOn: items(spec, 'dependsOn'),
      metadata: mapping(object, 'metadata'),
    };
  },
  references(object) {
    const spec = node(object, 'spec');
    return [
      ...items(spec, 'inputsFrom').flatMap((item) =>
        reference(item, { role: 'input', kind: 'ResourceSetInputProvider', group: resourceSet.group }),
      ),
      ...items(spec, 'dependsOn').flatMap((item) => reference(item, { role: 'depends-on' })),
      ...named(string(spec, 'serviceAccountName'), serviceAccount),
    ];
  },
};
