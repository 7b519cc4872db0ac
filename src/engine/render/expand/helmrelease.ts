/** A HelmRelease to the objects that helm-controller would install: its chart rendered with its values. */
import { type HelmReleaseView, helmRelease, string } from '../../flux/index.ts';
import {
  type Chart,
  defaultCapabilities,
  type Hook,
  objectsOf,
  type RenderedChart,
  type RenderRequest,
  renderChart,
  toMapping,
} from '../../helm/index.ts';
import { idOf, isObject, keyOf, type ObjectId } from '../../objects/object.ts';
import type { Problem } from '../../problem.ts';
import { get, type Mapping, str } from '../../yaml/node.ts';
import { parseFile } from '../../yaml/parse.ts';
import { toJson } from '../../yaml/resolve.ts';
import type { Expander, RenderContext } from '../context.ts';
import type { DesiredObject, DesiredSet, Owner, ReleaseContent, ReleaseObject } from '../desired.ts';
import { chartFor, chartNotes } from '../helm/chart.ts';
import { shortenedName } from '../helm/name.ts';
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
  const pieces = piecesOf(value);
  const post = postRender(
    view,
    pieces.map(({ node }) => node),
    context.options.kustomizer,
  );
  if (post.problems.length > 0) return failed(post.problems);
  const { name, namespace } = object.id;
  const nameNode = get(get(object.node, 'metadata'), 'name') ?? str(name, object.node.at);
  const labelled = post.objects.map((node) => withReleaseMetadata(node, view, nameNode, str(namespace, nameNode.at)));
  const release = releaseContent(value, values, pieces, labelled);
  const secretValues = [...values.secretValues, ...(object.secretValues ?? [])];
  const desired = (node: Mapping): DesiredObject =>
    secretValues.length === 0 ? { id: idOf(node), node } : { id: idOf(node), node, secretValues };
  const objects = [
    ...crdsOf(view, value, isUpgrade(view, object.id, context)).map((node) => ({
      ...desired(withReleaseMetadata(node, view, nameNode, str(namespace, nameNode.at))),
      beside: true as const,
    })),
    ...release.manifest.map(({ node }) => desired(node)),
  ];
  const notes = [
    ...(view.suspend ? ['suspended: Flux does not apply it until it is resumed'] : []),
    ...chartNotes(view, object, context),
    ...values.unknown.map((title) => `values of ${title} are not known here`),
  ];
  const problems = [...values.problems, ...rendered.problems.filter(({ severity }) => severity === 'error')];
  // With values missing, an object may be missing too: nothing may be deleted on the strength of this set.
  const set = { owner, objects, complete: values.unknown.length === 0, problems, reads: new Set<string>(), release };
  return notes.length === 0 ? set : { ...set, note: notes.join('; ') };
}

/** What helm-controller hands to Helm for a release. */
export function renderRequest(
  view: HelmReleaseView,
  id: ObjectId,
  context: RenderContext,
  chart: Chart,
  { values }: Pick<ReleaseValues, 'values'>,
): RenderRequest {
  const { options } = context;
  return {
    chart,
    values,
    release: {
      name: releaseName(view, id),
      namespace: view.targetNamespace?.value ?? id.namespace,
      isUpgrade: isUpgrade(view, id, context),
      revision: 1,
    },
    capabilities: options.capabilities ?? defaultCapabilities(4),
    skipSchemaValidation: string(view.install, 'disableSchemaValidation')?.value === 'true',
    ...(options.clock && { clock: options.clock }),
    ...(options.random && { random: options.random }),
  };
}

function isUpgrade(view: HelmReleaseView, id: ObjectId, { options }: RenderContext): boolean {
  const namespace = view.storageNamespace?.value || id.namespace;
  return options.releases?.includes(`${namespace}/${releaseName(view, id)}`) ?? false;
}

/** A rendered object and the piece of a template that it came from. */
type Piece = ReleaseObject & { readonly hook?: Hook };

/** Hooks go through the post renderers with everything else, as Helm 4 has it (`postRenderStrategy: combined`). */
function piecesOf(value: RenderedChart): readonly Piece[] {
  return [...value.manifests, ...value.hooks].flatMap((manifest) =>
    objectsOf(manifest, value.segments(manifest.source)).map((node) => ({
      source: manifest.source,
      node,
      ...(manifest.hook === undefined ? {} : { hook: manifest.hook }),
    })),
  );
}

function releaseContent(
  { chart, notes }: RenderedChart,
  { values }: ReleaseValues,
  pieces: readonly Piece[],
  rendered: readonly Mapping[],
): ReleaseContent {
  const before = new Map(pieces.map((piece) => [keyOf(idOf(piece.node)), piece]));
  const after = rendered.map((node, index): Piece => {
    // Where nothing was taken out or put in, the place tells; else the name.
    const same = rendered.length === pieces.length ? pieces[index] : before.get(keyOf(idOf(node)));
    const { source, hook } = same ?? { source: `generated-by-postrender-${index}.yaml` };
    return hook === undefined ? { source, node } : { source, node, hook };
  });
  return {
    chart,
    notes,
    config: toJson(toMapping(values), 'sigs'),
    manifest: after.flatMap(({ source, node, hook }) => (hook === undefined ? [{ source, node }] : [])),
    hooks: after.flatMap(({ source, node, hook }) => (hook === undefined ? [] : [{ source, node, hook }])),
  };
}

/** crds/ is applied apart from the release, by the policy of what is done: with Helm 4, `Create` replaces, too. */
function crdsOf(view: HelmReleaseView, rendered: RenderedChart, upgrade: boolean): readonly Mapping[] {
  const policy = string(upgrade ? view.upgrade : view.install, 'crds')?.value ?? 'Create';
  if (policy === 'Skip') return [];
  return rendered.crds.flatMap(({ file }) =>
    parseFile(file).documents.flatMap(({ root }) =>
      root?.kind === 'mapping' && isObject(root) && idOf(root).kind === 'CustomResourceDefinition' ? [root] : [],
    ),
  );
}

export function releaseName(view: HelmReleaseView, id: { readonly name: string }): string {
  return shortenedName(view.releaseName?.value, view.targetNamespace?.value, id.name);
}

function filesOf(chart: Chart): readonly string[] {
  const own = [...chart.templates, ...chart.files].map(({ file }) => file.name);
  return [chart.chartYaml.at.file, chart.values.at.file, ...own, ...chart.dependencies.flatMap(filesOf)];
}
