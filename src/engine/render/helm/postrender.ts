/**
 * `spec.postRenderers`, then `spec.commonMetadata`, then the origin labels, as helm-controller does them. The kustomize
 * engine works on files, so the objects are printed into one, and what comes out is led back through the printed text.
 */
import { node as field, type HelmReleaseView, type StringEntry } from '../../flux/index.ts';
import type { Hook } from '../../helm/index.ts';
import type { Kustomizer } from '../../kustomize/index.ts';
import { idOf, keyOf } from '../../objects/object.ts';
import { error, type Problem } from '../../problem.ts';
import { get, type Mapping, mapping, type Node, type Origin, remove, sequence, set, str } from '../../yaml/node.ts';
import { printWithSpans, type Span } from '../../yaml/print.ts';
import { settle } from '../settle.ts';

const resource = 'helm-release.yaml';

/** An object of a release and the template that made it; what came out of a List has none. */
export interface Piece {
  readonly source?: string;
  readonly node: Mapping;
  readonly hook?: Hook;
}

export interface PostRenderRequest {
  readonly view: HelmReleaseView;
  /** In the order of their templates. */
  readonly pieces: readonly Piece[];
  readonly labels: OriginLabels;
}

/** Whose release it is: what the labels `helm.toolkit.fluxcd.io/{name,namespace}` say. */
export interface OriginLabels {
  readonly name: Node;
  readonly namespace: string;
}

export interface PostRendered {
  readonly pieces: readonly (Piece & { readonly source: string })[];
  readonly problems: readonly Problem[];
}

/** The objects of the release and its hooks, which take part in the rendering as the strategy says. */
export function postRender(request: PostRenderRequest, kustomizer: Kustomizer): PostRendered {
  const { view, pieces } = request;
  const strategy = view.postRenderStrategy?.value ?? 'combined';
  const hooks = pieces.filter(({ hook }) => hook !== undefined);
  const manifests = pieces.filter(({ hook }) => hook === undefined);
  const run = (group: readonly Piece[], name = '') => renderGroup(group, name, request, kustomizer);
  if (strategy === 'combined') return run(pieces);
  if (strategy === 'separate') return joined(run(hooks, 'hooks-'), run(manifests, 'manifests-'));
  if (strategy === 'nohooks')
    return joined({ pieces: hooks.map(named('')), problems: [] }, run(manifests, 'manifests-'));
  const message = `unknown post-render strategy: '${strategy}'`;
  return { pieces: [], problems: [error('helm-chart', message, view.postRenderStrategy!.node.at)] };
}

function joined(a: PostRendered, b: PostRendered): PostRendered {
  return { pieces: [...a.pieces, ...b.pieces], problems: [...a.problems, ...b.problems] };
}

/** What has no file gets one of Helm's. */
const named = (group: string) => (piece: Piece, index: number) => ({
  ...piece,
  source: piece.source ?? `generated-by-postrender-${group}${index}.yaml`,
});

function renderGroup(
  pieces: readonly Piece[],
  group: string,
  request: PostRenderRequest,
  kustomizer: Kustomizer,
): PostRendered {
  // Whatever Helm would make of them: kustomize reads them first, and `yes` is a string to it.
  const nodes = pieces.map(({ node }) => asKustomizeReads(node));
  const { objects, problems } = renderAll(nodes, request, kustomizer);
  const before = new Map(pieces.map((piece) => [keyOf(idOf(piece.node)), piece]));
  const after = objects.map((node, index): Piece => {
    // Where nothing was taken out or put in, the place tells; else the name.
    const same = objects.length === pieces.length ? pieces[index] : before.get(keyOf(idOf(node)));
    return same?.source === undefined ? { node } : { source: same.source, node };
  });
  return { pieces: after.map(named(group)), problems };
}

/** The same for the same, so that what an edit does not touch is not walked again. */
const readBefore = new WeakMap<Mapping, Mapping>();

function asKustomizeReads(node: Mapping): Mapping {
  const known = readBefore.get(node) ?? (settle(node, 'kyaml') as Mapping);
  readBefore.set(node, known);
  return known;
}

interface Rendered {
  readonly objects: readonly Mapping[];
  readonly problems: readonly Problem[];
}

function failed(problems: readonly Problem[]): Rendered {
  return { objects: [], problems };
}

function renderAll(objects: readonly Mapping[], { view, labels }: PostRenderRequest, kustomizer: Kustomizer): Rendered {
  let current = objects;
  for (const renderer of view.postRenderers) {
    const kustomize = field(renderer, 'kustomize');
    if (kustomize?.kind !== 'mapping') continue;
    const unknown = kustomize.entries.find(({ key }) => !supported.includes(key.text));
    if (unknown !== undefined) {
      const message = `postRenderers: kustomize.${unknown.key.text} is not supported`;
      return failed([error('kustomize-unsupported', message, unknown.key.at)]);
    }
    if (current.length === 0) continue;
    const done = runKustomize(kustomize, current, kustomizer);
    if (done.problems.some(({ severity }) => severity === 'error')) return failed(done.problems);
    current = done.objects;
  }
  const twice = duplicate(current);
  if (twice !== undefined) return failed([twice]);
  const isPlain = view.commonLabels.length === 0 && view.commonAnnotations.length === 0;
  const key = JSON.stringify(labels);
  const finished = (node: Mapping) =>
    isPlain ? labelledOnce(node, labels, key) : withOriginLabels(withCommonMetadata(withoutEmpty(node), view), labels);
  return { objects: current.map(finished), problems: [] };
}

const labelledBefore = new WeakMap<Mapping, { readonly key: string; readonly labelled: Mapping }>();

/** The same object for the same one: most objects of a release are as they were before the last edit. */
function labelledOnce(node: Mapping, labels: OriginLabels, key: string): Mapping {
  const known = labelledBefore.get(node);
  if (known?.key === key) return known.labelled;
  const labelled = withOriginLabels(withoutEmpty(node), labels);
  labelledBefore.set(node, { key, labelled });
  return labelled;
}

/** The labels are set by kustomize, too, and it takes no two objects of one id. */
function duplicate(objects: readonly Mapping[]): Problem | undefined {
  const seen = new Set<string>();
  for (const node of objects) {
    const { group, version, kind, namespace, name } = idOf(node);
    const key = JSON.stringify([group, version, kind, namespace || 'default', name]);
    if (seen.has(key)) {
      const id = `${kind}.${version}.${group || '[noGrp]'}/${name}.${namespace || '[noNs]'}`;
      const message = `error while running post render: may not add resource with an already registered id: ${id}`;
      return error('helm-chart', message, get(get(node, 'metadata'), 'name')?.at ?? node.at);
    }
    seen.add(key);
  }
  return undefined;
}

const supported = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'images'];

function runKustomize(spec: Mapping, objects: readonly Mapping[], kustomizer: Kustomizer): Rendered {
  let printed = '';
  const spans: Span[] = [];
  for (const object of objects) {
    const one = printWithSpans(object, 'sigs');
    const offset = printed.length + 4;
    for (const span of one.spans) spans.push({ ...span, start: span.start + offset, end: span.end + offset });
    printed += `---\n${one.text}`;
  }
  const bytes = new TextEncoder().encode(printed);
  const file = { name: resource, bytes, text: printed };
  const tree = {
    file: (path: string) => (path === `/${resource}` ? file : undefined),
    directory: (path: string) => (path === '/' ? [{ name: resource, type: 'file' as const }] : undefined),
    realPath: (path: string) => (path === '/' || path === `/${resource}` ? path : undefined),
  };
  const list = sequence([str(resource, spec.at)], spec.at);
  const inline = patchesAsYaml(spec);
  const kustomization = mapping([{ key: str('resources', spec.at), value: list }, ...inline.entries], spec.at);
  const built = kustomizer.build({ tree, path: '/', kustomization });
  const origins = new Map(spans.map((span) => [`${span.start}:${span.end}`, span.at]));
  return {
    objects: built.objects.map(({ node }) => relocate(node, origins) as Mapping),
    problems: built.problems.map((problem) => (problem.at?.file === resource ? { ...problem, at: spec.at } : problem)),
  };
}

/** `patchesStrategicMerge` of a HelmRelease holds objects, kustomize's holds their text. */
function patchesAsYaml(spec: Mapping): Mapping {
  const patches = get(spec, 'patchesStrategicMerge');
  if (patches?.kind !== 'sequence') return spec;
  const texts = patches.items.map((item) =>
    item.kind === 'scalar' ? item : str(printWithSpans(item, 'sigs').text, item.at),
  );
  return set(spec, 'patchesStrategicMerge', { ...patches, items: texts });
}

function relocate(node: Node, origins: ReadonlyMap<string, Origin>): Node {
  const at = node.at.file === resource ? (origins.get(`${node.at.start}:${node.at.end}`) ?? node.at) : node.at;
  if (node.kind === 'scalar') return { ...node, at };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => relocate(item, origins)), at };
  const entries = node.entries.map(({ key, value }) => ({
    key: relocate(key, origins) as typeof key,
    value: relocate(value, origins),
  }));
  return { ...node, entries, at };
}

/** Helm notes the template in an annotation on the way, and takes the annotations with it when they are empty again. */
function withoutEmpty(node: Mapping): Mapping {
  const metadata = get(node, 'metadata');
  const annotations = get(metadata, 'annotations');
  if (metadata?.kind !== 'mapping' || annotations === undefined) return node;
  const empty = annotations.kind === 'scalar' || (annotations.kind === 'mapping' && annotations.entries.length === 0);
  return empty ? set(node, 'metadata', remove(metadata, 'annotations')) : node;
}

function withCommonMetadata(node: Mapping, { commonLabels, commonAnnotations }: HelmReleaseView): Mapping {
  return withEach(withEach(node, 'labels', commonLabels), 'annotations', commonAnnotations);
}

function withEach(node: Mapping, section: 'labels' | 'annotations', entries: readonly StringEntry[]): Mapping {
  return entries.reduce(
    (out, { key, value }) => withMetadata(out, section, key.text, str(value.value, value.node.at), key.at),
    node,
  );
}

/** `helm.toolkit.fluxcd.io/{name,namespace}`, which win over anything. */
export function withOriginLabels(node: Mapping, { name, namespace }: OriginLabels): Mapping {
  const out = withMetadata(node, 'labels', 'helm.toolkit.fluxcd.io/name', name, name.at);
  return withMetadata(out, 'labels', 'helm.toolkit.fluxcd.io/namespace', str(namespace, name.at), name.at);
}

function withMetadata(node: Mapping, section: 'labels' | 'annotations', key: string, value: Node, at: Origin): Mapping {
  const metadata = asMapping(get(node, 'metadata'), at);
  const old = asMapping(get(metadata, section), at);
  return set(node, 'metadata', set(metadata, section, set(old, key, value, at), at), at);
}

function asMapping(node: Node | undefined, at: Origin): Mapping {
  return node?.kind === 'mapping' ? node : mapping([], at);
}
