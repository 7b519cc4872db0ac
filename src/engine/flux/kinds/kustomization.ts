/** Kustomization (kustomize.toolkit.fluxcd.io): a path of a source, built and applied. */
import type { Mapping, Node } from '../../yaml/node.ts';
import { boolean, type Field, items, mapping, node, type StringEntry, string, stringMap, strings } from '../field.ts';
import { configMap, type FluxKind, named, type Reference, reference, secret, serviceAccount } from '../kind.ts';

export interface SubstituteFrom {
  readonly kind: Field<string>;
  readonly name: Field<string>;
  readonly optional: boolean;
}

export interface KustomizationView {
  readonly suspend: boolean;
  readonly prune: boolean;
  readonly wait: boolean;
  readonly force: boolean;
  readonly interval?: Field<string> | undefined;
  readonly timeout?: Field<string> | undefined;
  readonly path?: Field<string> | undefined;
  readonly sourceRef?: Reference | undefined;
  readonly targetNamespace?: Field<string> | undefined;
  readonly namePrefix?: Field<string> | undefined;
  readonly nameSuffix?: Field<string> | undefined;
  readonly patches: readonly Node[];
  /** Only before v1. */
  readonly patchesStrategicMerge: readonly Node[];
  readonly patchesJson6902: readonly Node[];
  readonly images: readonly Node[];
  readonly components: readonly Field<string>[];
  readonly ignoreMissingComponents: boolean;
  readonly buildMetadata: readonly Field<string>[];
  readonly commonLabels: readonly StringEntry[];
  readonly commonAnnotations: readonly StringEntry[];
  /** Absent: nothing is substituted at all. */
  readonly postBuild?: Mapping | undefined;
  readonly substitute: readonly StringEntry[];
  readonly substituteFrom: readonly SubstituteFrom[];
  readonly substituteStrategy: 'WithVariables' | 'Always';
  readonly decryption?: { readonly provider: string; readonly secret?: string; readonly node: Node } | undefined;
  readonly kubeConfig?: Mapping | undefined;
  readonly serviceAccountName?: Field<string> | undefined;
  readonly deletionPolicy: string;
  readonly healthChecks: readonly Node[];
  readonly healthCheckExprs: readonly Node[];
  readonly dependsOn: readonly Node[];
  /** Drift-ignore rules: `{ paths, target }`. */
  readonly ignore: readonly Node[];
}

export const kustomization: FluxKind<KustomizationView> = {
  group: 'kustomize.toolkit.fluxcd.io',
  kind: 'Kustomization',
  plural: 'kustomizations',
  versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1beta1', 'v1beta2'],
  view,
  references,
};

function view(object: Mapping): KustomizationView {
  const spec = node(object, 'spec');
  const decryption = mapping(spec, 'decryption');
  const decryptionSecret = string(decryption, 'secretRef', 'name')?.value;
  return {
    suspend: boolean(spec, 'suspend')?.value ?? false,
    prune: boolean(spec, 'prune')?.value ?? false,
    wait: boolean(spec, 'wait')?.value ?? false,
    force: boolean(spec, 'force')?.value ?? false,
    interval: string(spec, 'interval'),
    timeout: string(spec, 'timeout'),
    path: string(spec, 'path'),
    sourceRef: reference(node(spec, 'sourceRef'), { role: 'source' })[0],
    targetNamespace: string(spec, 'targetNamespace'),
    namePrefix: string(spec, 'namePrefix'),
    nameSuffix: string(spec, 'nameSuffix'),
    patches: items(spec, 'patches'),
    patchesStrategicMerge: items(spec, 'patchesStrategicMerge'),
    patchesJson6902: items(spec, 'patchesJson6902'),
    images: items(spec, 'images'),
    components: strings(spec, 'components'),
    ignoreMissingComponents: boolean(spec, 'ignoreMissingComponents')?.value ?? false,
    buildMetadata: strings(spec, 'buildMetadata'),
    commonLabels: stringMap(spec, 'commonMetadata', 'labels'),
    commonAnnotations: stringMap(spec, 'commonMetadata', 'annotations'),
    postBuild: mapping(spec, 'postBuild'),
    substitute: stringMap(spec, 'postBuild', 'substitute'),
    substituteFrom: items(spec, 'postBuild', 'substituteFrom').flatMap((from) => {
      const kind = string(from, 'kind');
      const name = string(from, 'name');
      return kind && name ? [{ kind, name, optional: boolean(from, 'optional')?.value ?? false }] : [];
    }),
    substituteStrategy:
      string(spec, 'postBuild', 'substituteStrategy')?.value === 'Always' ? 'Always' : 'WithVariables',
    decryption: decryption && {
      provider: string(decryption, 'provider')?.value ?? '',
      ...(decryptionSecret === undefined ? {} : { secret: decryptionSecret }),
      node: decryption,
    },
    kubeConfig: mapping(spec, 'kubeConfig'),
    serviceAccountName: string(spec, 'serviceAccountName'),
    deletionPolicy: string(spec, 'deletionPolicy')?.value ?? 'MirrorPrune',
    healthChecks: items(spec, 'healthChecks'),
    healthCheckExprs: items(spec, 'healthCheckExprs'),
    dependsOn: items(spec, 'dependsOn'),
    ignore: items(spec, 'ignore'),
  };
}

function references(object: Mapping): readonly Reference[] {
  const spec = node(object, 'spec');
  return [
    ...reference(node(spec, 'sourceRef'), { role: 'source' }),
    ...items(spec, 'dependsOn').flatMap((item) =>
      reference(item, { role: 'depends-on', kind: 'Kustomization', group: kustomization.group }),
    ),
    ...items(spec, 'postBuild', 'substituteFrom').flatMap((item) => reference(item, { role: 'input' })),
    ...reference(node(spec, 'decryption', 'secretRef'), secret),
    ...named(string(spec, 'decryption', 'serviceAccountName'), serviceAccount),
    ...reference(node(spec, 'kubeConfig', 'secretRef'), secret),
    ...reference(node(spec, 'kubeConfig', 'configMapRef'), configMap),
    ...named(string(spec, 'serviceAccountName'), serviceAccount),
    ...items(spec, 'healthChecks').flatMap((item) => reference(item, { role: 'watched' })),
  ];
}
