/** A Flux Kustomization to its objects, in the order in which Flux sends them. */
import { type KustomizationView, kustomization } from '../../flux/index.ts';
import type { FileTree } from '../../ports.ts';
import { error, type Problem } from '../../problem.ts';
import { artifactTree, defaultPatterns, joinPath, loadPatterns, parsePatterns, subTree } from '../../sources/index.ts';
import type { SourceFolder } from '../../workspace/index.ts';
import { get, type Mapping, str, text } from '../../yaml/node.ts';
import { type BuildResult, build } from '../build.ts';
import type { Expander, RenderContext } from '../context.ts';
import type { DesiredObject, DesiredSet, Owner } from '../desired.ts';
import { compareForApply } from '../order.ts';

export const kustomizationExpander: Expander = {
  group: kustomization.group,
  kind: kustomization.kind,
  expand(object, owner, context, turn) {
    const view = kustomization.view(object.node);
    if (turn === 'first' && waitsForInput(view, object, context)) return undefined;
    return renderView({ view, object, owner, context });
  },
};

/** Variables may come from objects that another Kustomization renders. */
function waitsForInput(view: KustomizationView, object: DesiredObject, context: RenderContext): boolean {
  return view.substituteFrom.some(({ kind, name }) => {
    if (kind.value !== 'ConfigMap' && kind.value !== 'Secret') return false;
    const query = { kind: kind.value, namespace: object.id.namespace, name: name.value } as const;
    return context.input(query).found === undefined;
  });
}

export interface ViewRequest {
  readonly view: KustomizationView;
  readonly object: DesiredObject;
  readonly owner: Owner;
  readonly context: RenderContext;
}

function renderView({ view, object, owner, context }: ViewRequest): DesiredSet {
  const empty = (more: Partial<DesiredSet>): DesiredSet => ({
    owner,
    objects: [],
    complete: false,
    problems: [],
    reads: new Set(),
    ...more,
  });
  const { sourceRef } = view;
  if (sourceRef === undefined) {
    const message = 'a Kustomization needs spec.sourceRef with kind and name';
    return empty({ problems: [error('flux-reference', message, object.node.at)] });
  }
  const namespace = sourceRef.namespace ?? object.id.namespace;
  const query = { kind: sourceRef.kind, namespace, name: sourceRef.name };
  const source = context.source(query);
  const folder = context.workspace.sources.folderOf(source === undefined ? query : { ...query, object: source });
  if (typeof folder === 'string') {
    const problem: Problem = {
      code: 'source-missing',
      severity: 'information',
      message: folder,
      at: sourceRef.node.at,
    };
    return empty({ note: folder, problems: [problem] });
  }
  const result = buildFolder({ view, object, context, folder, source });
  return setOf(
    owner,
    result,
    artifactOf(folder, source),
    view.suspend ? 'suspended: Flux does not apply it until it is resumed' : undefined,
  );
}

interface FolderRequest {
  readonly view: KustomizationView;
  readonly object: DesiredObject;
  readonly context: RenderContext;
  readonly folder: SourceFolder;
  readonly source?: Mapping | undefined;
}

function buildFolder({ view, object, context, folder, source }: FolderRequest): BuildResult {
  const { options, workspace } = context;
  const tree = artifactOf(folder, source);
  return build({
    kustomizer: options.kustomizer,
    tree,
    path: joinPath('/', view.path?.value ?? '/'),
    view,
    owner: { name: nameOf(object), namespace: object.id.namespace },
    at: object.node.at,
    as: 'controller',
    substitution: options.substitution ?? 'strict',
    namespace: object.id.namespace,
    input: context.input,
    ...(options.decrypt === undefined ? {} : { decrypt: options.decrypt }),
    textOf: (file) => workspace.textOf(file),
  });
}

function artifactOf(folder: SourceFolder, source: Mapping | undefined): FileTree {
  return artifact(folder, text(get(get(source, 'spec'), 'ignore')) ?? '');
}

function nameOf({ id, node }: DesiredObject) {
  const name = get(get(node, 'metadata'), 'name');
  return str(id.name, name?.at ?? node.at);
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
    tree = artifactTree(whole, [...defaultPatterns('/'), ...loadPatterns(whole, '/'), ...parsePatterns(ignore, '/')]);
    byRules.set(key, tree);
  }
  return tree;
}

/** A build's outcome as the owner's desired set. */
export function setOf(owner: Owner, result: BuildResult, tree: FileTree, note?: string): DesiredSet {
  const objects = [...result.objects].sort((a, b) => compareForApply(a.id, b.id));
  const notes = [...(note === undefined ? [] : [note]), ...result.notes];
  return {
    owner,
    objects,
    complete: result.complete,
    problems: result.problems,
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    reads: new Set([...result.reads].flatMap((path) => tree.file(path)?.name ?? [])),
  };
}
