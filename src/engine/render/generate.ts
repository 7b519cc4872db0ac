/**
 * The kustomization that Flux builds: the folder's own kustomization file, or one generated from its manifests, with the
 * fields of the Flux Kustomization merged into it. They are merged into the very file, not laid over it as another layer,
 * so that `spec.patches` see the names from before `namePrefix` and `namespace`.
 */
import type { Field, KustomizationView } from '../flux/index.ts';
import type { FileTree } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import { defaultPatterns, type IgnorePattern, isIgnored, joinPath, loadPatterns } from '../sources/index.ts';
import { fileNames, kustomizationFile } from '../workspace/index.ts';
import { get, type Mapping, mapping, type Node, type Origin, remove, sequence, set, str, text } from '../yaml/node.ts';
import { parseFile } from '../yaml/parse.ts';
import { resolve } from '../yaml/resolve.ts';
import { settle } from './settle.ts';

export interface GenerateRequest {
  /** The artifact: a tree whose root is the source's root. */
  readonly tree: FileTree;
  readonly path: string;
  readonly view: KustomizationView;
  /** What generated fields point at. */
  readonly at: Origin;
  /**
   * The command line filters what a kustomization file names by `.sourceignore`; in the cluster that was done when the
   * artifact was made.
   */
  readonly filter: 'as-command-line' | 'as-controller';
}

export interface Generated {
  readonly kustomization?: Mapping;
  readonly problems: readonly Problem[];
}

export function generateKustomization(request: GenerateRequest): Generated {
  const { tree, path, view } = request;
  const patterns = request.filter === 'as-command-line' ? loadPatterns(tree, path) : [];
  const file = kustomizationFile(tree, path);
  const start = file === undefined ? fromManifests(request, patterns) : fromFile(tree, file, path);
  if (start.kustomization === undefined) return start;
  const filtered =
    request.filter === 'as-command-line'
      ? filterNamed(start.kustomization, request, patterns)
      : { kustomization: start.kustomization, problems: [] };
  if (filtered.kustomization === undefined) return filtered;
  return merge(filtered.kustomization, view, tree, path);
}

/** The fields of kustomize's own type; Flux reads the file without strictness and so loses any other. */
const fields = new Map(
  [
    ...['apiVersion', 'kind', 'metadata', 'openapi', 'namePrefix', 'nameSuffix', 'namespace', 'commonLabels', 'labels'],
    ...['commonAnnotations', 'patchesStrategicMerge', 'patchesJson6902', 'patches', 'images', 'imageTags'],
    ...['replacements', 'replicas', 'vars', 'sortOptions', 'resources', 'components', 'crds', 'bases'],
    ...['configMapGenerator', 'secretGenerator', 'helmGlobals', 'helmCharts', 'helmChartInflationGenerator'],
    ...['generatorOptions', 'configurations', 'generators', 'transformers', 'validators', 'buildMetadata'],
  ].map((name) => [name.toLowerCase(), name]),
);

function fromFile(tree: FileTree, path: string, folder: string): Generated {
  const source = tree.file(path)!;
  const { documents, problems } = parseFile(source);
  const at = { file: source.name, start: 0, end: 0 };
  const others = fileNames.filter((name) => tree.file(joinPath(folder, name)) !== undefined);
  if (others.length > 1)
    return { problems: [error('kustomize-file', `Found multiple kustomization files under: ${folder}`, at)] };
  // Keys that are written twice are no error here: the last one counts.
  const errors = problems.filter(({ severity, code }) => severity === 'error' && code !== 'yaml-duplicate-key');
  if (errors.length > 0) return { problems: errors };
  const root = documents[0]?.root ?? mapping([], at);
  if (root.kind !== 'mapping') return { problems: [error('kustomize-file', 'a kustomization must be a mapping', at)] };
  let kustomization = mapping([], root.at);
  for (const { key, value } of root.entries) {
    // Go's JSON finds a field whatever the case of its letters.
    const name = fields.get(key.text.toLowerCase());
    if (name !== undefined) kustomization = set(kustomization, name, value, key.at);
  }
  for (const [key, value] of typeMeta) {
    if (text(get(kustomization, key)) === undefined) kustomization = set(kustomization, key, str(value, at));
  }
  // Flux keeps an otherwise empty file from being refused as empty; the cost is an annotation on every object.
  if (isEmptyList(get(kustomization, 'resources')))
    kustomization = set(kustomization, 'buildMetadata', sequence([str('originAnnotations', at)], at));
  return { kustomization, problems: [] };
}

const typeMeta = [
  ['apiVersion', 'kustomize.config.k8s.io/v1beta1'],
  ['kind', 'Kustomization'],
] as const;

function isEmptyList(node: Node | undefined): boolean {
  return node === undefined || (node.kind === 'sequence' ? node.items.length === 0 : node.kind === 'scalar');
}

/** A folder without a kustomization file: every manifest below it, and nested kustomizations as a whole. */
function fromManifests({ tree, path, at }: GenerateRequest, patterns: readonly IgnorePattern[]): Generated {
  const all = patterns.length === 0 ? [] : [...defaultPatterns(path), ...patterns];
  const found: Node[] = [];
  const problems: Problem[] = [];
  const walk = (folder: string) => {
    for (const entry of tree.directory(folder) ?? []) {
      const child = joinPath(folder, entry.name);
      const relative = `.${path === '/' ? child : child.slice(path.length)}`;
      if (entry.type === 'directory') {
        // filepath.Walk does not follow links.
        if (tree.realPath(child) !== child) continue;
        if (kustomizationFile(tree, child) !== undefined) found.push(str(relative, at));
        else walk(child);
      } else if (/\.ya?ml$/.test(entry.name) && !isIgnored(all, child, false)) {
        const file = tree.file(child);
        if (file === undefined) continue;
        problems.push(...manifestProblems(tree, child));
        found.push(str(relative, { file: file.name, start: 0, end: 0 }));
      }
    }
  };
  walk(path);
  if (problems.length > 0) return { problems };
  const rest =
    found.length === 0
      ? { key: str('namespace', at), value: str('_placeholder', at) }
      : { key: str('resources', at), value: sequence(found, at) };
  const entries = typeMeta.map(([key, value]) => ({ key: str(key, at), value: str(value, at) }));
  return { kustomization: mapping([...entries, rest], at), problems: [] };
}

/** Why Flux would refuse to take a file in: it must hold Kubernetes objects and nothing else. */
function manifestProblems(tree: FileTree, path: string): readonly Problem[] {
  const file = tree.file(path)!;
  const parsed = parseFile(file);
  const errors = parsed.problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) return errors;
  for (const { root } of parsed.documents) {
    if (root === undefined || (root.kind === 'scalar' && resolve(root, 'kyaml') === null)) continue;
    const what =
      root.kind !== 'mapping' || text(get(root, 'kind')) === undefined
        ? 'it has no kind'
        : text(get(root, 'apiVersion')) === undefined
          ? 'it has no apiVersion'
          : undefined;
    if (what === undefined) continue;
    const message =
      `${file.name} is not a Kubernetes manifest (${what}), and Flux takes in every YAML file of a folder ` +
      'without a kustomization.yaml; add one, or name the file in .sourceignore';
    return [error('flux-build', message, { ...root.at, end: root.at.start })];
  }
  return [];
}

/** `resources`, `components` and `crds` without what `.sourceignore` or Flux's own patterns leave out. */
function filterNamed(kustomization: Mapping, request: GenerateRequest, patterns: readonly IgnorePattern[]): Generated {
  const { tree, path } = request;
  const all = [...defaultPatterns(path), ...patterns];
  let result = kustomization;
  for (const key of ['resources', 'components', 'crds']) {
    const list = get(result, key);
    if (list?.kind !== 'sequence') continue;
    const kept: Node[] = [];
    for (const item of list.items) {
      const name = text(item) ?? '';
      if (key !== 'crds' && /^[a-z][a-z0-9+.-]*:/i.test(name)) {
        kept.push(item);
        continue;
      }
      const target = climb(path, name);
      if (tree.realPath(target) === undefined)
        return { problems: [error('file-missing', `${key} names ${name}, which does not exist`, item.at)] };
      if (!isIgnored(all, target, tree.file(target) === undefined)) kept.push(item);
    }
    if (kept.length < list.items.length) result = set(result, key, { ...list, items: kept });
  }
  return { kustomization: result, problems: [] };
}

/** `name` from the folder `path`, free to climb to the tree's root. */
function climb(path: string, name: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function merge(start: Mapping, view: KustomizationView, tree: FileTree, path: string): Generated {
  let result = start;
  const override = (key: string, field: Field<string> | undefined) => {
    if (field !== undefined) result = set(result, key, str(field.value, field.node.at), field.node.at);
  };
  override('namespace', view.targetNamespace);
  override('namePrefix', view.namePrefix);
  override('nameSuffix', view.nameSuffix);
  result = append(result, 'patches', view.patches.map(settled));
  const components: Node[] = [];
  for (const { value, node } of view.components) {
    if (isRemote(value)) {
      const message = `component path '${value}' must be local and relative`;
      return { problems: [error('flux-build', message, node.at)] };
    }
    if (view.ignoreMissingComponents && tree.realPath(climb(path, value)) === undefined) continue;
    components.push(str(value, node.at));
  }
  result = append(result, 'components', components);
  result = append(result, 'patchesStrategicMerge', view.patchesStrategicMerge.map(asText));
  result = append(result, 'patchesJson6902', view.patchesJson6902.map(withPatchAsText));
  result = mergeImages(result, view.images.map(settled));
  if (view.buildMetadata.length > 0) {
    const nodes = view.buildMetadata.map((field) => field.node);
    result = set(result, 'buildMetadata', sequence(nodes, nodes[0]!.at));
  }
  return { kustomization: result, problems: [] };
}

/** The object's own fields have types already; those of the file are still to be read. */
function settled(node: Node): Node {
  return settle(node, 'kyaml');
}

function append(to: Mapping, key: string, more: readonly Node[]): Mapping {
  if (more.length === 0) return to;
  const old = get(to, key);
  const items = old?.kind === 'sequence' ? old.items : [];
  return set(to, key, sequence([...items, ...more], old?.at ?? more[0]!.at));
}

function isRemote(path: string): boolean {
  return /^(git::|gh:|ssh:\/\/|https?:\/\/|git@|github\.com[:/]).|^(file:\/\/)?\//i.test(path);
}

/** Before v1, a strategic-merge patch was an object; kustomize takes it as text, and JSON is YAML. */
function asText(patch: Node): Node {
  return str(JSON.stringify(jsonOf(patch)), patch.at);
}

function withPatchAsText(entry: Node): Node {
  const patch = get(entry, 'patch');
  return entry.kind === 'mapping' && patch?.kind === 'sequence' ? set(entry, 'patch', asText(patch)) : entry;
}

function jsonOf(node: Node): unknown {
  if (node.kind === 'scalar') {
    const value = resolve(node, 'kyaml');
    return typeof value === 'bigint' ? Number(value) : value;
  }
  if (node.kind === 'sequence') return node.items.map(jsonOf);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, jsonOf(value)]));
}

/** Images are merged by name: a new name replaces the old one; tag and digest replace both as one. */
function mergeImages(to: Mapping, images: readonly Node[]): Mapping {
  if (images.length === 0) return to;
  const list = get(to, 'images');
  const merged: Node[] = list?.kind === 'sequence' ? [...list.items] : [];
  for (const image of images) {
    const name = text(get(image, 'name'));
    const index = merged.findIndex((other) => text(get(other, 'name')) === name);
    const old = merged[index];
    if (old?.kind !== 'mapping') {
      merged.push(image);
      continue;
    }
    let next = old;
    const field = (key: string) => {
      const value = get(image, key);
      return text(value) === '' ? undefined : value;
    };
    const newName = field('newName');
    if (newName !== undefined) next = set(next, 'newName', newName);
    const [tag, digest] = [field('newTag'), field('digest')];
    if (tag !== undefined || digest !== undefined) {
      next = tag === undefined ? remove(next, 'newTag') : set(next, 'newTag', tag);
      next = digest === undefined ? remove(next, 'digest') : set(next, 'digest', digest);
    }
    merged[index] = next;
  }
  return set(to, 'images', sequence(merged, list?.at ?? images[0]!.at));
}
