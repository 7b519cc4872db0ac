/**
 * `spec.postRenderers`, then `spec.commonMetadata`, then the origin labels, as helm-controller does them. The kustomize
 * engine works on files, so the objects are printed into one, and what comes out is led back through the printed text.
 */
import { node as field, type HelmReleaseView } from '../../flux/index.ts';
import type { Kustomizer } from '../../kustomize/index.ts';
import { error, type Problem } from '../../problem.ts';
import { get, type Mapping, mapping, type Node, type Origin, sequence, set, str } from '../../yaml/node.ts';
import { printWithSpans, type Span } from '../../yaml/print.ts';

const resource = 'helm-release.yaml';

export interface PostRendered {
  readonly objects: readonly Mapping[];
  readonly problems: readonly Problem[];
}

export function postRender(view: HelmReleaseView, objects: readonly Mapping[], kustomizer: Kustomizer): PostRendered {
  let current = objects;
  for (const renderer of view.postRenderers) {
    const kustomize = field(renderer, 'kustomize');
    if (kustomize?.kind !== 'mapping') continue;
    const unknown = kustomize.entries.find(({ key }) => !supported.includes(key.text));
    if (unknown !== undefined) {
      const message = `postRenderers: kustomize.${unknown.key.text} is not supported`;
      return { objects: [], problems: [error('kustomize-unsupported', message, unknown.key.at)] };
    }
    if (current.length === 0) continue;
    const done = runKustomize(kustomize, current, kustomizer);
    if (done.problems.some(({ severity }) => severity === 'error')) return { objects: [], problems: done.problems };
    current = done.objects;
  }
  return { objects: current, problems: [] };
}

const supported = ['patches', 'patchesStrategicMerge', 'patchesJson6902', 'images'];

function runKustomize(spec: Mapping, objects: readonly Mapping[], kustomizer: Kustomizer): PostRendered {
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

/** Labels and annotations of `commonMetadata`, then `helm.toolkit.fluxcd.io/{name,namespace}`, which always win. */
export function withReleaseMetadata(node: Mapping, view: HelmReleaseView, name: Node, namespace: Node): Mapping {
  let out = node;
  for (const { key, value } of view.commonLabels) out = withMetadata(out, 'labels', key.text, value.node, key.at);
  for (const { key, value } of view.commonAnnotations)
    out = withMetadata(out, 'annotations', key.text, value.node, key.at);
  out = withMetadata(out, 'labels', 'helm.toolkit.fluxcd.io/name', name, name.at);
  return withMetadata(out, 'labels', 'helm.toolkit.fluxcd.io/namespace', namespace, namespace.at);
}

function withMetadata(node: Mapping, section: 'labels' | 'annotations', key: string, value: Node, at: Origin): Mapping {
  const metadata = asMapping(get(node, 'metadata'), at);
  const old = asMapping(get(metadata, section), at);
  return set(node, 'metadata', set(metadata, section, set(old, key, value, at), at), at);
}

function asMapping(node: Node | undefined, at: Origin): Mapping {
  return node?.kind === 'mapping' ? node : mapping([], at);
}
