/** HelmRelease (helm.toolkit.fluxcd.io): a chart with values, installed and kept. */
import type { Mapping, Node } from '../../yaml/node.ts';
import { boolean, type Field, items, mapping, node, type StringEntry, string, stringMap, strings } from '../field.ts';
import { configMap, type FluxKind, named, type Reference, reference, secret, serviceAccount } from '../kind.ts';

export interface ValuesFrom {
  readonly kind: Field<string>;
  readonly name: Field<string>;
  /** `values.yaml` when it is not given. */
  readonly valuesKey?: Field<string> | undefined;
  readonly targetPath?: Field<string> | undefined;
  readonly literal: boolean;
  readonly optional: boolean;
  readonly node: Node;
}

export interface ChartTemplate {
  readonly chart?: Field<string> | undefined;
  /** A semver range; `*` when it is not given. */
  readonly version?: Field<string> | undefined;
  readonly sourceRef?: Reference | undefined;
  readonly reconcileStrategy: string;
  readonly valuesFiles: readonly Field<string>[];
  readonly ignoreMissingValuesFiles: boolean;
  readonly node: Node;
}

export interface HelmReleaseView {
  readonly suspend: boolean;
  readonly chart?: ChartTemplate | undefined;
  readonly chartRef?: Reference | undefined;
  readonly releaseName?: Field<string> | undefined;
  readonly targetNamespace?: Field<string> | undefined;
  readonly storageNamespace?: Field<string> | undefined;
  readonly interval?: Field<string> | undefined;
  readonly values?: Mapping | undefined;
  readonly valuesFrom: readonly ValuesFrom[];
  readonly postRenderers: readonly Node[];
  readonly postRenderStrategy?: Field<string> | undefined;
  readonly commonLabels: readonly StringEntry[];
  readonly commonAnnotations: readonly StringEntry[];
  readonly dependsOn: readonly Node[];
  readonly install?: Mapping | undefined;
  readonly upgrade?: Mapping | undefined;
  readonly driftDetection?: Mapping | undefined;
  readonly kubeConfig?: Mapping | undefined;
  readonly serviceAccountName?: Field<string> | undefined;
}

export const helmRelease: FluxKind<HelmReleaseView> = {
  group: 'helm.toolkit.fluxcd.io',
  kind: 'HelmRelease',
  plural: 'helmreleases',
  versions: ['v2alpha1', 'v2beta1', 'v2beta2', 'v2'],
  deprecated: ['v2alpha1', 'v2beta1', 'v2beta2'],
  view,
  references,
};

function view(object: Mapping): HelmReleaseView {
  const spec = node(object, 'spec');
  const chart = mapping(spec, 'chart', 'spec');
  return {
    suspend: boolean(spec, 'suspend')?.value ?? false,
    chart: chart && {
      chart: string(chart, 'chart'),
      version: string(chart, 'version'),
      sourceRef: reference(node(chart, 'sourceRef'), { role: 'chart' })[0],
      reconcileStrategy: string(chart, 'reconcileStrategy')?.value ?? 'ChartVersion',
      valuesFiles: strings(chart, 'valuesFiles'),
      ignoreMissingValuesFiles: boolean(chart, 'ignoreMissingValuesFiles')?.value ?? false,
      node: chart,
    },
    chartRef: reference(node(spec, 'chartRef'), { role: 'chart' })[0],
    releaseName: string(spec, 'releaseName'),
    targetNamespace: string(spec, 'targetNamespace'),
    storageNamespace: string(spec, 'storageNamespace'),
    interval: string(spec, 'interval'),
    values: mapping(spec, 'values'),
    valuesFrom: items(spec, 'valuesFrom').flatMap((item) => valuesFrom(item) ?? []),
    postRenderers: items(spec, 'postRenderers'),
    postRenderStrategy: string(spec, 'postRenderStrategy'),
    commonLabels: stringMap(spec, 'commonMetadata', 'labels'),
    commonAnnotations: stringMap(spec, 'commonMetadata', 'annotations'),
    dependsOn: items(spec, 'dependsOn'),
    install: mapping(spec, 'install'),
    upgrade: mapping(spec, 'upgrade'),
    driftDetection: mapping(spec, 'driftDetection'),
    kubeConfig: mapping(spec, 'kubeConfig'),
    serviceAccountName: string(spec, 'serviceAccountName'),
  };
}

function valuesFrom(from: Node): ValuesFrom | undefined {
  const kind = string(from, 'kind');
  const name = string(from, 'name');
  return kind && name
    ? {
        kind,
        name,
        valuesKey: string(from, 'valuesKey'),
        targetPath: string(from, 'targetPath'),
        literal: boolean(from, 'literal')?.value ?? false,
        optional: boolean(from, 'optional')?.value ?? false,
        node: from,
      }
    : undefined;
}

function references(object: Mapping): readonly Reference[] {
  const spec = node(object, 'spec');
  return [
    ...reference(node(spec, 'chart', 'spec', 'sourceRef'), { role: 'chart' }),
    ...reference(node(spec, 'chart', 'spec', 'verify', 'secretRef'), secret),
    ...reference(node(spec, 'chartRef'), { role: 'chart' }),
    ...items(spec, 'valuesFrom').flatMap((item) => reference(item, { role: 'input' })),
    ...items(spec, 'dependsOn').flatMap((item) =>
      reference(item, { role: 'depends-on', kind: 'HelmRelease', group: helmRelease.group }),
    ),
    ...reference(node(spec, 'kubeConfig', 'secretRef'), secret),
    ...reference(node(spec, 'kubeConfig', 'configMapRef'), configMap),
    ...named(string(spec, 'serviceAccountName'), serviceAccount),
  ];
}
