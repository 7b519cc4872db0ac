/** A HelmRelease to the objects that helm-controller would install: its chart rendered with its values. */
import { boolean, type HelmReleaseView, helmRelease, string } from '../../flux/index.ts';
import {
  type Chart,
  chartWork,
  defaultCapabilities,
  drawnPlace,
  isList,
  isSecretPlace,
  type Manifest,
  objectsOf,
  type RenderedChart,
  type RenderRequest,
  refusalOf,
  renderChart,
  sortObjects,
  toMapping,
  withinLimit,
  wrongName,
} from '../../helm/index.ts';
import { hideInProblems } from '../../objects/hide.ts';
import { idOf, isObject, type ObjectId } from '../../objects/object.ts';
import { error, type Problem } from '../../problem.ts';
import { get, type Mapping, str } from '../../yaml/node.ts';
import { parseFile } from '../../yaml/parse.ts';
import { toJson } from '../../yaml/resolve.ts';
import type { Expander, RenderContext } from '../context.ts';
import { type DesiredObject, type DesiredSet, hideInSet, type Owner, type ReleaseContent } from '../desired.ts';
import { chartFor, chartNotes } from '../helm/chart.ts';
import { fieldNotes, keepsOldValues } from '../helm/fields.ts';
import { lookupsOf, printedSecrets } from '../helm/lookups.ts';
import { shortenedName } from '../helm/name.ts';
import { type Piece, type PostRendered, postRender, withOriginLabels } from '../helm/postrender.ts';
import { type ReleaseValues, releaseValues } from '../helm/values.ts';

export const helmReleaseExpander: Expander = {
  group: helmRelease.group,
  kind: helmRelease.kind,
  expand(object, owner, context, turn) {
    const view = helmRelease.view(object.node);
    if (turn === 'first' && waitsForInput(view, object, context)) return undefined;
    return hideInSet(expandRelease(view, object, owner, context), object.secretValues);
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
  const values = releaseValues(view, object, context);
  const reads = new Set([object.node.at.file, ...filesOf(chart.value)]);
  if (values.problems.some(({ severity }) => severity === 'error')) return empty({ problems: values.problems, reads });
  const set = install(view, object, owner, context, chart.value, values);
  const notes = [set.note, chart.caveat].filter((note) => note !== undefined);
  const { digest } = chart;
  const release = set.release !== undefined && digest !== undefined && { release: { ...set.release, digest } };
  return { ...set, ...release, ...(notes.length > 0 && { note: notes.join('; ') }), reads };
}

function install(
  view: HelmReleaseView,
  object: DesiredObject,
  owner: Owner,
  context: RenderContext,
  chart: Chart,
  values: ReleaseValues,
): DesiredSet {
  const lookups = lookupsOf(object.node, object.id.namespace, context);
  const failed = (problems: readonly Problem[]): DesiredSet => ({
    owner,
    objects: [],
    complete: false,
    problems: hideInProblems([...values.problems, ...problems], [...values.secretValues, ...lookups.secretValues()]),
    reads: new Set(),
    ...(lookups.notes().length > 0 && { note: lookups.notes().join('; ') }),
  });
  const wrong = wrongName(releaseName(view, object.id));
  if (wrong !== undefined) {
    const at = view.releaseName?.node.at ?? get(get(object.node, 'metadata'), 'name')?.at ?? object.node.at;
    return failed([error('helm-chart', wrong, at)]);
  }
  const action = storedRevision(view, object.id, context) === undefined ? 'install' : 'upgrade';
  const policy = crdPolicy(view, action);
  if (typeof policy !== 'string') return failed([policy]);
  const request = renderRequest(view, object.id, context, chart, values);
  const rendered = renderChart({ ...request, lookup: lookups.lookup });
  if (rendered.value === undefined) return failed(rendered.problems);
  const { value } = rendered;
  const { name, namespace } = object.id;
  const labels = { name: get(get(object.node, 'metadata'), 'name') ?? str(name, object.node.at), namespace };
  const progress = { doing: 'the reading of its output and its post renderers' };
  const finished = withinLimit(context.options.limit, chartWork(chart), progress, () => {
    const asked = view.postRenderStrategy?.value === 'nohooks' ? value.manifests : manifestsOf(value);
    const wrong = asked.map((one) => refusalOf(one, value.segments(one.source))).find((one) => one !== undefined);
    if (wrong !== undefined) return { problems: [wrong] };
    const { pieces, problems } = postRender({ view, pieces: piecesOf(value), labels }, context.options.kustomizer);
    if (problems.length > 0) return { problems };
    const secrets = [
      ...lookups.secretValues(),
      ...printedSecrets(value, (at) => isSecretPlace(at) || values.isSecret(at)),
    ];
    return { value: { release: releaseContent(value, values, pieces), crds: crdsOf(policy, value), secrets } };
  });
  if (finished.value === undefined) return failed(finished.problems);
  const { release, crds, secrets } = finished.value;
  const secretValues = [...values.secretValues, ...secrets];
  const desired = (node: Mapping): DesiredObject =>
    secretValues.length === 0 ? { id: idOf(node), node } : { id: idOf(node), node, secretValues };
  const beside = crds.map((node) => withOriginLabels(node, labels));
  const objects = [
    ...beside.map((node) => ({ ...desired(node), beside: true as const })),
    ...release.manifest.map(({ node }) => desired(node)),
  ];
  const notes = [
    ...(view.suspend ? ['suspended: Flux does not apply it until it is resumed'] : []),
    ...chartNotes(view, object, context),
    ...values.unknown.map((title) => `values of ${title} are not known here`),
    ...fieldNotes(object.node, action),
    ...lookups.notes(),
  ];
  const told = [...values.problems, ...rendered.problems.filter(({ severity }) => severity === 'error')];
  const problems = hideInProblems(told, secretValues);
  // With values missing, an object may be missing too: nothing may be deleted on the strength of this set.
  const complete = values.unknown.length === 0 && !keepsOldValues(object.node, action) && !lookups.isPending();
  const inputs = lookups.inputs(object.node.at);
  const found = inputs.length > 0 && { inputs };
  const set = { owner, objects, complete, problems, reads: new Set<string>(), release, ...found };
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
  const stored = storedRevision(view, id, context);
  const upgrade = stored !== undefined;
  const random = options.dice?.(`${id.namespace}/${id.name}`);
  return {
    chart,
    values,
    release: {
      name: releaseName(view, id),
      namespace: view.targetNamespace?.value ?? id.namespace,
      isUpgrade: upgrade,
      // Whatever was uninstalled before: for Helm an installation renders as the first.
      revision: upgrade ? stored + 1 : 1,
    },
    capabilities: options.capabilities ?? defaultCapabilities(4),
    skipSchemaValidation: boolean(view[upgrade ? 'upgrade' : 'install'], 'disableSchemaValidation')?.value === true,
    ...(options.limit && { limit: options.limit }),
    ...(options.clock && { clock: options.clock }),
    ...(random && { random, drawn: drawnPlace }),
  };
}

/** The newest revision that is in the cluster. */
function storedRevision(view: HelmReleaseView, id: ObjectId, { options }: RenderContext): number | undefined {
  const namespace = view.storageNamespace?.value || id.namespace;
  return options.releases?.[`${namespace}/${releaseName(view, id)}`];
}

/** In the order of their templates, hooks among them: so Helm 4 sends them through the post renderers. */
function manifestsOf(value: RenderedChart): readonly Manifest[] {
  return [...value.manifests, ...value.hooks].sort((a, b) =>
    a.source === b.source ? a.offset - b.offset : a.source < b.source ? -1 : 1,
  );
}

function piecesOf(value: RenderedChart): readonly Piece[] {
  return manifestsOf(value).flatMap((manifest) =>
    objectsOf(manifest, value.segments(manifest.source)).map((node) => ({
      node,
      ...(isList(manifest) ? {} : { source: manifest.source }),
      ...(manifest.hook === undefined ? {} : { hook: manifest.hook }),
    })),
  );
}

function releaseContent(
  rendered: RenderedChart,
  { values }: ReleaseValues,
  pieces: PostRendered['pieces'],
): ReleaseContent {
  const { manifests, hooks } = sortObjects(pieces);
  return {
    chart: rendered.chart,
    notes: rendered.notes,
    definitions: definitionsIn(rendered).map(idOf),
    config: toJson(toMapping(values), 'sigs'),
    manifest: manifests.map(({ source, node }) => ({ source, node })),
    hooks: hooks.map(({ source, node, hook }) => ({ source, node, hook })),
  };
}

type CrdPolicy = 'Skip' | 'Create' | 'CreateReplace';

/** Without a policy, `Create` for an installation and for an upgrade, whatever the field's own description says. */
function crdPolicy(view: HelmReleaseView, action: 'install' | 'upgrade'): CrdPolicy | Problem {
  const given = string(view[action], 'crds');
  const policy = given?.value ?? 'Create';
  if (policy === 'Skip' || policy === 'Create' || policy === 'CreateReplace') return policy;
  const message = `invalid CRD upgrade policy '${policy}', valid values are 'Skip', 'Create' or 'CreateReplace'`;
  return error('helm-chart', message, given!.node.at);
}

/**
 * crds/ is applied apart from the release. Both policies apply what is there already as well: helm-controller creates by
 * server-side apply, which knows no "already exists". What is no definition is left out, as there.
 */
function crdsOf(policy: CrdPolicy, rendered: RenderedChart): readonly Mapping[] {
  return policy === 'Skip' ? [] : definitionsIn(rendered);
}

function definitionsIn(rendered: RenderedChart): readonly Mapping[] {
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
