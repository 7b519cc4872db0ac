/** HelmChart (source.toolkit.fluxcd.io): one chart of a HelmRepository, GitRepository or Bucket. */
import type { Mapping } from '../../yaml/node.ts';
import { boolean, type Field, mapping, node, string, strings } from '../field.ts';
import { type FluxKind, type Reference, reference, secret } from '../kind.ts';

export interface HelmChartView {
  readonly suspend: boolean;
  readonly chart?: Field<string> | undefined;
  /** A semver range; `*` when it is not given. */
  readonly version?: Field<string> | undefined;
  readonly sourceRef?: Reference | undefined;
  readonly interval?: Field<string> | undefined;
  readonly reconcileStrategy: string;
  readonly valuesFiles: readonly Field<string>[];
  readonly ignoreMissingValuesFiles: boolean;
  readonly verify?: Mapping | undefined;
}

export const helmChart: FluxKind<HelmChartView> = {
  group: 'source.toolkit.fluxcd.io',
  kind: 'HelmChart',
  plural: 'helmcharts',
  versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1'],
  deprecated: ['v1alpha1', 'v1beta1', 'v1beta2'],
  view(object) {
    const spec = node(object, 'spec');
    return {
      suspend: boolean(spec, 'suspend')?.value ?? false,
      chart: string(spec, 'chart'),
      version: string(spec, 'version'),
      sourceRef: reference(node(spec, 'sourceRef'), { role: 'chart' })[0],
      interval: string(spec, 'interval'),
      reconcileStrategy: string(spec, 'reconcileStrategy')?.value ?? 'ChartVersion',
      valuesFiles: strings(spec, 'valuesFiles'),
      ignoreMissingValuesFiles: boolean(spec, 'ignoreMissingValuesFiles')?.value ?? false,
      verify: mapping(spec, 'verify'),
    };
  },
  references(object) {
    const spec = node(object, 'spec');
    return [
      ...reference(node(spec, 'sourceRef'), { role: 'chart' }),
      ...reference(node(spec, 'verify', 'secretRef'), secret),
    ];
  },
};
