/** From a `sourceRef` to a tree of files: the open folder, a mapped one, or what an ArtifactGenerator puts together. */
import { artifactGenerator, type GitRepositoryView, gitRepository, type KustomizationView } from '../flux/index.ts';
import { idOf } from '../objects/object.ts';
import type { FileTree } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import {
  artifactTree,
  composeArtifact,
  joinPath,
  loadPatterns,
  mountTree,
  parsePatterns,
  plannedArtifacts,
  sourcePatterns,
  subTree,
  unionTree,
} from '../sources/index.ts';
import type { SourceFolder, SourceQuery } from '../workspace/index.ts';
import { get, type Mapping, text } from '../yaml/node.ts';
import type { FetchedArtifact, RenderContext } from './context.ts';
import type { DesiredObject } from './desired.ts';

/** A source's artifact; without a tree, the problems say why. */
export interface SourceTree {
  readonly tree?: FileTree;
  readonly problems: readonly Problem[];
  /** Why the files may not be those that the cluster has. */
  readonly note?: string;
}

/** Generators that take each other as sources go no deeper than this. */
const maxDepth = 8;

/** The artifact of a source; one sentence when its files are not at hand. */
export function sourceTree(query: SourceQuery, context: RenderContext, depth = 0): SourceTree | string {
  if (query.kind === 'ExternalArtifact') return generated(query, context, depth);
  const object = context.source(query);
  const known = object === undefined ? query : { ...query, object };
  const local = context.workspace.sources.folderOf(known);
  const fetched = typeof local === 'string' ? context.options.artifact?.(known) : undefined;
  const folder = fetched ?? local;
  if (typeof folder === 'string') return folder;
  if (!('tree' in folder))
    return folder.problem === undefined ? folder.note : { problems: [folder.problem], note: folder.note };
  const own = fetched !== undefined && isWhole(fetched) ? folder.tree : artifact(folder, ignoreOf(object));
  const caveat = fetched !== undefined && 'tree' in fetched ? fetched.caveat : undefined;
  if (object === undefined || query.kind !== 'GitRepository')
    return { tree: own, problems: [], ...(caveat === undefined ? {} : { note: caveat }) };
  const view = gitRepository.view(object);
  const note = fetched === undefined ? pinned(query, view) : caveat;
  const included = view.include.length === 0 ? own : withIncludes(view, query.namespace, folder, context, depth);
  if (typeof included === 'string') return included;
  return { tree: included, problems: [], ...(note === undefined ? {} : { note }) };
}

function isWhole(fetched: FetchedArtifact): boolean {
  return 'tree' in fetched && fetched.whole === true;
}

function ignoreOf(object: Mapping | undefined): string {
  return text(get(get(object, 'spec'), 'ignore')) ?? '';
}

/**
 * The folder with the files of other repositories in it: each at a path that is not there yet, and all of it under the rules
 * of the one that includes.
 */
function withIncludes(
  view: GitRepositoryView,
  namespace: string,
  folder: SourceFolder,
  context: RenderContext,
  depth: number,
): FileTree | string {
  if (depth > maxDepth) return 'GitRepositories include each other';
  let tree = subTree(folder.tree, folder.root);
  for (const { repository, fromPath, toPath } of view.include) {
    const found = sourceTree({ kind: 'GitRepository', namespace, name: repository.value }, context, depth + 1);
    if (typeof found === 'string') return found;
    const title = `GitRepository ${namespace}/${repository.value}`;
    if (found.tree === undefined) return found.note ?? `${title}, which is included, has no files`;
    const from = joinPath('/', fromPath?.value ?? '/');
    if (found.tree.realPath(from) === undefined) return `${title} has no ${from.slice(1)}, which is included`;
    const to = joinPath('/', toPath?.value ?? repository.value);
    if (to !== '/' && (tree.directory(to)?.length ?? 0) > 0)
      return `${title} cannot be included at ${to.slice(1)}: it is there`;
    tree = unionTree([mountTree(subTree(found.tree, from), to), tree]);
  }
  const patterns = loadPatterns(tree, '/');
  return artifactTree(tree, sourcePatterns([...patterns, ...parsePatterns(view.ignore?.value ?? '', '/')]));
}

/** The open folder stands for the repository at whatever revision; where the cluster holds another one, that is said. */
function pinned({ namespace, name }: SourceQuery, { ref }: GitRepositoryView): string | undefined {
  const revision = ref.commit ?? ref.semver ?? ref.tag;
  if (revision === undefined) return undefined;
  return `GitRepository ${namespace}/${name} is pinned to ${revision.value}; shown are the files of the open folder`;
}

/** Whether the files would come from a generator that is not rendered yet. */
export function waitsForSource(view: KustomizationView, { id }: DesiredObject, context: RenderContext): boolean {
  const { sourceRef } = view;
  if (sourceRef?.kind !== 'ExternalArtifact') return false;
  const namespace = sourceRef.namespace ?? id.namespace;
  return typeof sourceTree({ kind: sourceRef.kind, namespace, name: sourceRef.name }, context) === 'string';
}

function generated(query: SourceQuery, context: RenderContext, depth: number): SourceTree | string {
  const mapped = context.workspace.sources.folderOf(query);
  if (typeof mapped !== 'string') return { tree: artifact(mapped, ''), problems: [] };
  const title = `ExternalArtifact ${query.namespace}/${query.name}`;
  if (depth > maxDepth) return `${title}: ArtifactGenerators take each other as sources`;
  for (const node of generators(query.namespace, context)) {
    const view = artifactGenerator.view(node);
    const trees = new Map<string, SourceTree | string>();
    const treeOf = (alias: string): FileTree | undefined => {
      if (!trees.has(alias)) trees.set(alias, aliasTree(alias, node, context, depth));
      const found = trees.get(alias)!;
      return typeof found === 'string' ? undefined : found.tree;
    };
    const { artifacts, fault } = plannedArtifacts(view, treeOf);
    const plan = artifacts.find((artifact) => artifact.name === query.name);
    if (plan === undefined) continue;
    if (fault !== undefined) return { problems: [fault] };
    const composed = composeArtifact(plan, treeOf);
    return composed.tree === undefined ? (closedAmong(trees.values()) ?? composed) : composed;
  }
  return `${title} is made by no ArtifactGenerator of the fleet`;
}

/** What is said of a source whose files are not at hand: the generator is not at fault. */
function closedAmong(trees: Iterable<SourceTree | string>): SourceTree | string | undefined {
  for (const found of trees) if (typeof found === 'string' || found.tree === undefined) return found;
  return undefined;
}

function aliasTree(alias: string, node: Mapping, context: RenderContext, depth: number): SourceTree | string {
  const source = artifactGenerator.view(node).sources.find((each) => each.alias.value === alias)?.source;
  if (source === undefined)
    return { problems: [error('flux-reference', `source alias '${alias}' not found`, node.at)] };
  const namespace = source.namespace ?? idOf(node).namespace;
  return sourceTree({ kind: source.kind, namespace, name: source.name }, context, depth + 1);
}

/** Generators of a namespace: those rendered so far. */
function generators(namespace: string, context: RenderContext): readonly Mapping[] {
  return context
    .rendered('ArtifactGenerator')
    .filter((object) => object.id.namespace === namespace)
    .map((object) => object.node);
}

const artifacts = new WeakMap<FileTree, Map<string, FileTree>>();

/** The files of a source as its artifact holds them; made once for each tree and set of rules. */
export function artifact(folder: SourceFolder, ignore: string): FileTree {
  const byRules = artifacts.get(folder.tree) ?? new Map<string, FileTree>();
  artifacts.set(folder.tree, byRules);
  const key = `${folder.root}\0${ignore}`;
  let tree = byRules.get(key);
  if (tree === undefined) {
    const whole = subTree(folder.tree, folder.root);
    const written = folder.patterns ?? loadPatterns(whole, '/');
    tree = artifactTree(whole, sourcePatterns([...written, ...parsePatterns(ignore, '/')]));
    byRules.set(key, tree);
  }
  return tree;
}
