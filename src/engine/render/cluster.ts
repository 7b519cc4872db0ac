/**
 * A whole cluster: from its directory through every object that makes objects, to any depth, each owner once. What has
 * to wait for another one's output (a ConfigMap with variables, a source) is asked again when there is more.
 */
import { kustomization } from '../flux/index.ts';
import { idOf, keyOf, type ObjectId, titleOf } from '../objects/object.ts';
import type { Problem } from '../problem.ts';
import { joinPath } from '../sources/index.ts';
import type { ClusterRoot, Workspace } from '../workspace/index.ts';
import { get, type Mapping, mapping, type Node, type Origin } from '../yaml/node.ts';
import { build } from './build.ts';
import type { Expander, RenderContext, RendererOptions } from './context.ts';
import { inOrder, withDependencies } from './dependencies.ts';
import type { DesiredObject, DesiredSet, Owner } from './desired.ts';
import { syncObjects } from './expand/fluxinstance.ts';
import { expanders } from './expand/index.ts';
import { setOf } from './expand/kustomization.ts';
import { type RenderState, renderState } from './lookup.ts';
import type { Memo } from './memo.ts';
import { artifact, sourceTree } from './source.ts';

interface Pending {
  readonly object: DesiredObject;
  readonly owner: Owner;
  /** Keys of the owners above, the root first. */
  readonly above: readonly string[];
}

/** More rounds than any fleet needs: a safety net under generators that generate generators. */
const maxOwners = 20_000;

export interface RenderedCluster {
  readonly sets: readonly DesiredSet[];
  /** What is known once all of it is rendered, for questions about one of its objects. */
  readonly context: RenderContext;
}

export function renderCluster(
  workspace: Workspace,
  folder: string,
  options: RendererOptions,
  memo: Memo,
): RenderedCluster {
  const state = renderState(workspace, options, folder);
  const root = renderRoot(workspace, folder, state, memo);
  const sets = new Map<string, DesiredSet>([[root.key, root.set]]);
  const parents = new Map<string, string>();
  const seen = new Map<string, Owner>([[root.key, root.set.owner]]);
  const pending: Pending[] = [];
  const problems = new Map<string, Problem[]>();

  const accept = (key: string, set: DesiredSet, above: readonly string[]) => {
    sets.set(key, set);
    state.add(set.objects);
    for (const object of set.objects) {
      if (expanderOf(object.id) === undefined) continue;
      const child = keyOf(object.id);
      const known = seen.get(child);
      if (known === undefined) {
        const owner = { id: object.id, at: object.node.at };
        seen.set(child, owner);
        parents.set(child, key);
        pending.push({ object, owner, above: [...above, key] });
      } else if (child !== key && !isRootAgain(object, known)) note(key, child, object, known, above);
    }
  };

  /** A FluxInstance makes the very Kustomization that the cluster was entered by. */
  const isRootAgain = (object: DesiredObject, known: Owner) =>
    known === root.set.owner && object.node.at.file === known.at.file && object.node.at.start === known.at.start;

  const titleOfKey = (key: string) => titleOf(seen.get(key)!.id);

  const note = (key: string, child: string, object: DesiredObject, known: Owner, above: readonly string[]) => {
    const cycle = [...above, key].includes(child);
    const title = titleOf(object.id);
    const message = cycle
      ? `${title} contains itself: ${[...above.slice(above.indexOf(child)), key, child].map(titleOfKey).join(' → ')}`
      : `${title} is applied by two owners, which will undo each other's changes`;
    const problem: Problem = { code: 'flux-reference', severity: 'warning', message, at: object.node.at };
    const list = problems.get(key) ?? [];
    list.push({ ...problem, related: [{ message: 'it is also here', at: known.at }] });
    problems.set(key, list);
  };

  accept(root.key, root.set, []);
  while (pending.length > 0 && sets.size < maxOwners) {
    const next = step(pending, state.context, memo);
    pending.splice(pending.indexOf(next.item), 1);
    accept(keyOf(next.item.owner.id), next.set, next.item.above);
  }
  const objects = new Map<string, Mapping>();
  for (const set of sets.values()) for (const object of set.objects) objects.set(keyOf(object.id), object.node);
  const ordered = inOrder(sets.keys(), parents, objects).map((key) => {
    const set = sets.get(key)!;
    const more = problems.get(key);
    return more === undefined ? set : { ...set, problems: [...set.problems, ...more] };
  });
  return { sets: withDependencies(ordered, objects), context: state.context };
}

/** The next one that can be done: kinds in the order of the list, then as they were found; at last without waiting. */
function step(pending: readonly Pending[], context: RenderContext, memo: Memo): { item: Pending; set: DesiredSet } {
  for (const turn of ['first', 'last'] as const) {
    for (const expander of expanders) {
      for (const item of pending) {
        if (expanderOf(item.object.id) !== expander) continue;
        const set = memo.expand(expander, { object: item.object, owner: item.owner, turn }, context);
        if (set !== undefined) return { item, set };
      }
    }
  }
  throw new Error('an expander must answer at its last turn');
}

function expanderOf(id: ObjectId): Expander | undefined {
  return expanders.find((expander) => expander.group === id.group && expander.kind === id.kind);
}

interface Root {
  readonly key: string;
  readonly set: DesiredSet;
}

function renderRoot(workspace: Workspace, folder: string, state: RenderState, memo: Memo): Root {
  const cluster = workspace.clusters.find((c) => c.folder === folder);
  const synced = cluster?.sync?.kustomization?.node ?? instanceKustomization(cluster, state.context.options);
  const plain = synced === undefined ? plainRoot(workspace, folder, state.context) : undefined;
  const declared = synced ?? selfApplied(plain!, folder, state.context);
  if (declared === undefined) return plain!;
  let node = declared;
  // The first Kustomization usually applies itself, with the patches of its own folder: what counts is that form.
  for (let round = 0; ; round++) {
    const object: DesiredObject = { id: idOf(node), node };
    const owner: Owner = { id: object.id, at: declared.at };
    const key = keyOf(object.id);
    const set = memo.expand(rootExpander, { object, owner, turn: 'last' }, state.context)!;
    const self = set.objects.find((o) => keyOf(o.id) === key)?.node;
    if (self === undefined || round === 3 || sameSpec(self, node)) return { key, set };
    node = self;
  }
}

/** The Kustomization that a directory's own output applies the directory with: what a bootstrap left, under another name. */
function selfApplied({ set }: Root, folder: string, context: RenderContext): Mapping | undefined {
  const applies = ({ id, node }: DesiredObject) => {
    const { path, sourceRef } = kustomization.view(node);
    if (sourceRef === undefined || path === undefined || joinPath('/', path.value) !== folder) return false;
    const { kind, name, namespace = id.namespace } = sourceRef;
    return typeof sourceTree({ kind, name, namespace }, context) !== 'string';
  };
  const found = set.objects.filter((object) => expanderOf(object.id) === rootExpander && applies(object));
  return found.length === 1 ? found[0]!.node : undefined;
}

const rootExpander = expanders.find((expander) => expander.kind === kustomization.kind)!;

function sameSpec(a: Mapping, b: Mapping): boolean {
  return sameValue(get(a, 'spec'), get(b, 'spec'));
}

/** Whether two trees hold the same values; places and styles do not count, nor the order of keys. */
function sameValue(a: Node | undefined, b: Node | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === 'scalar') return b.kind === 'scalar' && a.text === b.text;
  if (a.kind === 'sequence')
    return (
      b.kind === 'sequence' && a.items.length === b.items.length && a.items.every((v, i) => sameValue(v, b.items[i]))
    );
  return (
    b.kind === 'mapping' &&
    a.entries.length === b.entries.length &&
    a.entries.every(({ key, value }) => sameValue(value, get(b, key.text)))
  );
}

/** The Kustomization that Flux Operator makes for a FluxInstance's `sync`. */
function instanceKustomization(cluster: ClusterRoot | undefined, options: RendererOptions): Mapping | undefined {
  const instance = cluster?.sync?.instance;
  if (instance === undefined) return undefined;
  return syncObjects(instance, options).nodes.find((node) => idOf(node).kind === kustomization.kind);
}

/** A directory that nothing declares as synced: built as Flux would, without an owner's labels. */
function plainRoot(workspace: Workspace, folder: string, context: RenderContext): Root {
  const at: Origin = workspace.clusters.find((c) => c.folder === folder)?.at ?? { file: folder, start: 0, end: 0 };
  const id: ObjectId = { group: '', version: '', kind: 'Directory', namespace: '', name: folder.slice(1) || '.' };
  const tree = artifact({ tree: workspace.tree, root: '/', reason: 'the open folder' }, '');
  const result = build({
    kustomizer: context.options.kustomizer,
    tree,
    path: joinPath('/', folder),
    view: kustomization.view(mapping([], at)),
    at,
    as: 'controller',
    substitution: 'lenient',
    namespace: '',
    textOf: (file) => workspace.textOf(file),
  });
  return { key: keyOf(id), set: setOf({ id, at }, result, tree) };
}
