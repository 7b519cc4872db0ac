/** A HelmRelease to the objects that helm-controller would install: its chart rendered with its values. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type HelmReleaseView, helmRelease, string } from '../../flux/index.ts';
import {
  type Chart,
  defaultCapabilities,
  objectsOf,
  type RenderedChart,
  type RenderRequest,
  renderChart,
} from '../../helm/index.ts';
import { idOf, isObject, type ObjectId } from '../../objects/object.ts';
import type { Problem } from '../../problem.ts';
import { get, type Mapping, str } from '../../yaml/node.ts';
import { parseFile } from '../../yaml/parse.ts';
import type { Expander, RenderContext } from '../context.ts';
import type { DesiredObject, DesiredSet, Owner } from '../desired.ts';
import { chartFor, chartNotes } from '../helm/chart.ts';
import { postRender, withReleaseMetadata } from '../helm/postrender.ts';
import { type ReleaseValues, releaseValues } from '../helm/values.ts';

export const helmReleaseExpander: Expander = {
  group: helmRelease.group,
  kind: helmRelease.kind,
  expand(object, owner, context, turn) {
    const view = helmRelease.view(object.node);
    if (turn === 'first' && waitsForInput(view, object, context)) return undefined;
    return expandRelease(view, object, owner, context);
  },
};

/** Values may come from objects that a Kustomization renders later. */
function waitsForInput(view: HelmReleaseView, { id }: DesiredObject, context: RenderContext): boolean {
  return view.valuesFrom.some(({ kind, name }) => {
    if (kind.value !== 'ConfigMap' && kind.value !== 'Secret') return false;
    return context.input({ kind: kind.value, namespace: id.namespace, name: name.value }).found === undefined;
  });
}

function expandRelease(view: HelmReleaseView, object: DesiredObject, owner: Owner, context: RenderContext): DesiredSet {
  const empty = (more: Partial<DesiredSet>): DesiredSet => ({
    owner,
    objects: [],
    complete: false,
    problems: [],
    reads: new Set([object.node.at.file]),
    ...more,
  });
  const chart = chartFor(view, object.id.namespace, context);
  if (chart === undefined) {
    const message = 'a HelmRelease needs spec.chart or spec.chartRef';
    return empty({ problems: [{ code: 'flux-reference', severity: 'error', message, at: object.node.at }] });
  }
  if ('note' in chart) {
    const problem: Problem = { code: 'source-missing', severity: 'information', message: chart.note, at: chart.at };
    return empty({ note: chart.note, problems: [problem] });
  }
  if (chart.value === undefined) return empty({ problems: chart.problems });
  const values = releaseValues(view, object.id.namespace, object.node.at, context);
  const reads = new Set([object.node.at.file, ...filesOf(chart.value)]);
  if (values.problems.some(({ severity }) => severity === 'error')) return empty({ problems: values.problems, reads });
  return { ...install(view, object, owner, context, chart.value, values), reads };
}

function install(
  view: HelmReleaseView,
  object: DesiredObject,
  owner: Owner,
  context: RenderContext,
  chart: Chart,
  values: ReleaseValues,
): DesiredSet {
  const failed = (problems: readonly Problem[]): DesiredSet => ({
    owner,
    objects: [],
    complete: false,
    problems: [...values.problems, ...problems],
    reads: new Set(),
  });
  const rendered = renderChart(renderRequest(view, object.id, context, chart, values));
  if (rendered.value === undefined) return failed(rendered.problems);
  const { value } = rendered;
  const templates = value.manifests.flatMap((manifest) => objectsOf(manifest, value.segments(manifest.source)));
  const post = postRender(view, templates, context.options.kustomizer);
  if (post.problems.length > 0) return failed(post.problems);
  const { name, namespace } = object.id;
  const nameNode = get(get(object.node, 'metadata'), 'name') ?? str(name, object.node.at);
  const labelled = post.objects.map((node) => withReleaseMetadata(node, view, nameNode, str(namespace, nameNode.at)));
  const objects = [...crdsOf(view, value), ...labelled].map((node): DesiredObject => {
    const secretValues = [...values.secretValues, ...(object.secretValues ?? [])];
    return secretValues.length === 0 ? { id: idOf(node), node } : { id: idOf(node), node, secretValues };
  });
  const notes = [
    ...(view.suspend ? ['suspended: Flux does not apply it until it is resumed'] : []),
    ...chartNotes(view, object, context),
    ...values.unknown.map((title) => `values of ${title} are not known here`),
  ];
  const problems = [...values.problems, ...rendered.problems.filter(({ severity }) => severity === 'error')];
  // With values missing, an object may be missing too: nothing may be deleted on the strength of this set.
  const set = { owner, objects, complete: values.unknown.length === 0, problems, reads: new Set<string>() };
  return notes.length === 0 ? set : { ...set, note: notes.join('; ') };
}

/** What helm-controller hands to Helm for a release. */
export function renderRequest(
  view: HelmReleaseView,
  id: ObjectId,
  { options }: RenderContext,
  chart: Chart,
  { values }: Pick<ReleaseValues, 'values'>,
): RenderRequest {
  return {
    chart,
    values,
    release: {
      name: releaseName(view, id),
      namespace: view.targetNamespace?.value ?? id.namespace,
      isUpgrade: options.isUpgrade?.(id) ?? false,
      revision: 1,
    },
    capabilities: options.capabilities ?? defaultCapabilities(4),
    skipSchemaValidation: string(view.install, 'disableSchemaValidation')?.value === 'true',
    ...(options.clock && { clock: options.clock }),
    ...(options.random && { random: options.random }),
  };
}

/** crds/ is applied apart from the release, by its own policy; by default on installation only. */
function crdsOf(view: HelmReleaseView, rendered: RenderedChart): readonly Mapping[] {
  const policy = string(view.install, 'crds')?.value ?? 'Create';
  if (policy === 'Skip') return [];
  return rendered.crds.flatMap(({ file }) =>
    parseFile(file).documents.flatMap(({ root }) =>
      root?.kind === 'mapping' && isObject(root) && idOf(root).kind === 'CustomResourceDefinition' ? [root] : [],
    ),
  );
}

/** `releaseName`, else `targetNamespace-name`, else the name; shortened with a hash as helm-controller does it. */
export function releaseName(view: HelmReleaseView, id: { readonly name: string }): string {
  const target = view.targetNamespace?.value;
  const name = view.releaseName?.value ?? (target === undefined || target === '' ? id.name : `${target}-${id.name}`);
  if (name.length <= 53) return name;
  return `${name.slice(0, 40)}-${bytesToHex(sha256(utf8ToBytes(name))).slice(0, 12)}`;
}

function filesOf(chart: Chart): readonly string[] {
  const own = [...chart.templates, ...chart.files].map(({ file }) => file.name);
  return [chart.chartYaml.at.file, chart.values.at.file, ...own, ...chart.dependencies.flatMap(filesOf)];
}
