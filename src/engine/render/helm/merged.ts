/**
 * The values that a release's templates see: the chart's defaults under `valuesFrom` under `values`, coalesced as Helm
 * does it. Each node keeps the origin of the file that won. What a Secret gave is masked here, so that no caller can show it.
 */
import { helmRelease } from '../../flux/index.ts';
import { finalValues, toMapping } from '../../helm/index.ts';
import { formsOf, hidden as hiddenText, hideForms, hideInProblems } from '../../objects/hide.ts';
import type { SourceFile } from '../../ports.ts';
import { error, type Problem } from '../../problem.ts';
import { type Mapping, type Node, str } from '../../yaml/node.ts';
import type { RenderContext } from '../context.ts';
import type { DesiredObject } from '../desired.ts';
import { renderRequest } from '../expand/helmrelease.ts';
import { chartFor } from './chart.ts';
import { type ReleaseValues, releaseValues } from './values.ts';

export interface MergedValues {
  /** Absent when they cannot be put together; `problems` says why. */
  readonly values?: Mapping;
  readonly problems: readonly Problem[];
  /** What is not in them though nothing failed: a chart or a ConfigMap that is not at hand. */
  readonly notes: readonly string[];
  /** The chart's values.schema.json. */
  readonly schema?: SourceFile;
}

/** Other kinds have no values: an empty answer. */
export function mergedValues(release: DesiredObject, context: RenderContext): MergedValues {
  const { node, id } = release;
  if (id.kind !== helmRelease.kind || id.group !== helmRelease.group) return { problems: [], notes: [] };
  const view = helmRelease.view(node);
  const given = releaseValues(view, release, context);
  const unknown = given.unknown.map((title) => `values of ${title} are not known here`);
  const hidden = hider(given);
  const own = (problems: readonly Problem[], notes: readonly string[]): MergedValues => ({
    values: hidden(toMapping(given.values)) as Mapping,
    problems: [...given.problems, ...hideInProblems(problems, given.secretValues)],
    notes: [...unknown, ...notes],
  });
  const chart = chartFor(view, id.namespace, context);
  if (chart === undefined)
    return own([error('flux-reference', 'a HelmRelease needs spec.chart or spec.chartRef', node.at)], []);
  if ('note' in chart) return own([], [`${chart.note}: its own defaults are missing here`]);
  if (chart.value === undefined) return own(chart.problems, []);
  const final = finalValues(renderRequest(view, id, context, chart.value, given));
  if (final.value === undefined) return own(final.problems, []);
  const { schema } = chart.value;
  return {
    values: hidden(toMapping(final.value)) as Mapping,
    problems: given.problems,
    notes: unknown,
    ...(schema === undefined ? {} : { schema }),
  };
}

/** Masks every scalar that a Secret wrote, or that holds a text which one gave. */
function hider({ isSecret, secretValues }: ReleaseValues): (node: Node) => Node {
  const forms = formsOf(secretValues);
  const hidden = (node: Node): Node => {
    if (node.kind === 'mapping')
      return { ...node, entries: node.entries.map(({ key, value }) => ({ key, value: hidden(value) })) };
    if (node.kind === 'sequence') return { ...node, items: node.items.map(hidden) };
    return isSecret(node.at) || hideForms(node.text, forms) !== node.text ? str(hiddenText, node.at) : node;
  };
  return hidden;
}
