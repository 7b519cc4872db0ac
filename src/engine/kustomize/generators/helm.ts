/**
 * `helmCharts`: a chart's objects among the resources. Rendering charts is another room's work, behind a port; without
 * the flag and the port a chart is refused, as Flux refuses it.
 */
import type { Mapping, Scalar } from '../../yaml/node.ts';
import { decodeMapping, struct } from '../decode.ts';
import { type HelmChart, type HelmGlobals, helmChartFields, helmGlobalsFields } from '../kustomization.ts';
import type { Loader } from '../loader.ts';
import { Refusal } from '../refusal.ts';
import { resource } from '../resource.ts';
import { type Generate, type GeneratorKind, pluginReading, type StepContext } from '../step.ts';

/** Renders one chart for a kustomization; refuses by throwing nothing: the reason is in the answer. */
export type HelmInflator = (request: {
  readonly chart: HelmChart;
  readonly globals: HelmGlobals | undefined;
  /** The kustomization's directory, through which every file of the chart is read. */
  readonly loader: Loader;
  readonly namespace: Scalar | undefined;
}) => { readonly objects: readonly Mapping[] } | { readonly error: string };

const config = struct('HelmChartInflationGenerator', { ...helmGlobalsFields, ...helmChartFields });

export const helm: GeneratorKind = {
  name: 'HelmChartInflationGenerator',
  fromKustomization({ helmCharts = [], helmGlobals, namespace }, context) {
    const own = namespace?.text ? namespace : context.helmNamespace;
    return helmCharts.map((chart) =>
      inflate(chart, helmGlobals, chart.namespace?.text ? chart.namespace : own, context),
    );
  },
  fromConfig(node, context) {
    const read = decodeMapping(config, node, pluginReading);
    return inflate(read, read, read.namespace, context);
  },
};

function inflate(
  chart: HelmChart,
  globals: HelmGlobals | undefined,
  namespace: Scalar | undefined,
  { helm: inflator, loader }: StepContext,
): Generate {
  if (inflator === undefined) {
    throw new Refusal(
      `must specify --enable-helm: the chart '${chart.name?.text ?? ''}' in helmCharts is not rendered`,
      chart.at,
      'kustomize-unsupported',
    );
  }
  return () => {
    const answer = inflator({ chart, globals, loader, namespace });
    if ('error' in answer) throw new Refusal(answer.error, chart.at);
    return answer.objects.map((node) => ({ ...resource(node), fromHelm: true }));
  };
}
