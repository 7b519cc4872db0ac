/** A Flux Kustomization to its objects, in the order in which Flux sends them. */
import { type KustomizationView, kustomization } from '../../flux/index.ts';
import type { FileTree } from '../../ports.ts';
import { error, type Problem } from '../../problem.ts';
import { joinPath } from '../../sources/index.ts';
import { type BuildResult, build, ownerOf } from '../build.ts';
import type { Expander, RenderContext } from '../context.ts';
import { type DesiredObject, type DesiredSet, hideInSet, type Owner } from '../desired.ts';
import { compareForApply } from '../order.ts';
import { isEncrypted, type OpenKey } from '../sops.ts';
import { sourceTree, waitsForSource } from '../source.ts';

export const kustomizationExpander: Expander = {
  group: kustomization.group,
  kind: kustomization.kind,
  expand(object, owner, context, turn) {
    const view = kustomization.view(object.node);
    if (turn === 'first' && (waitsForInput(view, object, context) || waitsForSource(view, object, context)))
      return undefined;
    return hideInSet(renderView({ view, object, owner, context }), object.secretValues);
  },
};

/** Variables may come from objects that another Kustomization renders. */
function waitsForInput(view: KustomizationView, object: DesiredObject, context: RenderContext): boolean {
  return view.substituteFrom.some(({ kind, name }) => {
    if (kind.value !== 'ConfigMap' && kind.value !== 'Secret') return false;
    const query = { kind: kind.value, namespace: object.id.namespace, name: name.value } as const;
    const { found } = context.input(query);
    // As a file declares it, it may still be closed; rendered, it is open.
    return found === undefined || isEncrypted(found);
  });
}

/** The ConfigMaps and Secrets of `substituteFrom` that are known, with whose they are. */
function inputsOf(view: KustomizationView, { id }: DesiredObject, context: RenderContext): Inputs {
  return view.substituteFrom.flatMap(({ kind, name }) => {
    if (kind.value !== 'ConfigMap' && kind.value !== 'Secret') return [];
    const answer = context.input({ kind: kind.value, namespace: id.namespace, name: name.value });
    const title = `${kind.value} ${id.namespace}/${name.value}`;
    return answer.found === undefined ? [] : [{ title, from: answer.from, at: answer.found.at }];
  });
}

type Inputs = NonNullable<DesiredSet['inputs']>;

function fromCluster(inputs: Inputs): string | undefined {
  const live = inputs.filter(({ from }) => from === 'cluster').map(({ title }) => title);
  return live.length === 0 ? undefined : `variables come from the cluster's ${live.join(', ')}`;
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
  const source = sourceTree(query, context);
  if (typeof source === 'string') {
    const problem: Problem = {
      code: 'source-missing',
      severity: 'information',
      message: source,
      at: sourceRef.node.at,
    };
    return empty({ note: source, problems: [problem] });
  }
  if (source.tree === undefined)
    return empty({ problems: source.problems, ...(source.note === undefined ? {} : { note: source.note }) });
  const result = buildFolder({ view, object, context, tree: source.tree });
  const suspended = view.suspend ? 'suspended: Flux does not apply it until it is resumed' : undefined;
  const inputs = inputsOf(view, object, context);
  const notes = [suspended, source.note, fromCluster(inputs)].filter((note) => note !== undefined);
  const set = setOf(owner, result, source.tree, notes.length === 0 ? undefined : notes.join('; '));
  return inputs.length === 0 ? set : { ...set, inputs };
}

interface FolderRequest {
  readonly view: KustomizationView;
  readonly object: DesiredObject;
  readonly context: RenderContext;
  readonly tree: FileTree;
}

function buildFolder({ view, object, context, tree }: FolderRequest): BuildResult {
  const { options, workspace } = context;
  return build({
    kustomizer: options.kustomizer,
    tree,
    path: joinPath('/', view.path?.value ?? '/'),
    view,
    owner: ownerOf(object),
    at: object.node.at,
    as: 'controller',
    substitution: options.substitution ?? 'strict',
    namespace: object.id.namespace,
    ...(object.secretValues && { secretValues: object.secretValues }),
    input: context.input,
    openKey: openKeyFor(view, object, options),
    textOf: (file) => workspace.textOf(file),
  });
}

/** Keys may lie in the Secret that the Kustomization names. */
function openKeyFor(view: KustomizationView, object: DesiredObject, { key }: RenderContext['options']): OpenKey {
  const name = view.decryption?.secret;
  const secret = name === undefined ? {} : { secret: { namespace: object.id.namespace, name } };
  return (locked) => key?.({ locked, ...secret });
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

export { artifact } from '../source.ts';
