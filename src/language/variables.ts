/**
 * Flux's substitution variables: where `${VAR}` stands in a file, which Kustomizations build that file, and what each
 * of them sets. A file may be built by several Kustomizations, each with values of its own.
 */
import {
  flux,
  get,
  type Mapping,
  type Node,
  type Origin,
  text,
  titleOf,
  type Workspace,
  type WorkspaceFile,
  type WorkspaceObject,
} from '../engine/index.ts';
import type { Knowledge } from './answer.ts';
import { inClusterOf } from './names.ts';
import { patchedOf } from './patched.ts';

/** One `${…}` in a text. */
export interface Token {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Whether it has a value of its own when the variable is not set: `:=`, `:-`, `=`, `-` and the like. */
  readonly hasDefault: boolean;
}

export interface Definition {
  /** Undefined for what a Secret says. */
  readonly value?: string;
  readonly at: Origin;
  /** The ConfigMap or Secret that says it; absent: the Kustomization itself. */
  readonly from?: Supply;
}

/** A ConfigMap or Secret that variables come from. */
export interface Supply {
  readonly title: string;
  /** The file that declares it; absent: no file does, and it is the cluster's. */
  readonly path?: string;
}

type ClusterInput = Knowledge['clusterInput'];

/** What one Flux Kustomization sets for the files that it builds. */
export interface Scope {
  readonly by: WorkspaceObject;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Whether that is all: false when some substituteFrom is not in the workspace. */
  readonly complete: boolean;
}

const token = /(\$+)\{([A-Za-z_]\w*)([^}]*)\}/g;

/** Every variable that a file uses, comments and escaped ones (`$${VAR}`) left out. */
export function tokensIn({ source, parsed }: WorkspaceFile): readonly Token[] {
  if (!source.text.includes('${')) return [];
  const tokens: Token[] = [];
  for (const match of source.text.matchAll(token)) {
    const [whole, dollars, name, rest] = match as unknown as [string, string, string, string];
    if (dollars.length % 2 === 0) continue;
    const start = match.index + dollars.length - 1;
    if (parsed.comments.some((comment) => comment.start <= start && start < comment.end)) continue;
    tokens.push({ name, start, end: match.index + whole.length, hasDefault: /^:?[-=]/.test(rest) });
  }
  return tokens;
}

const builders = new WeakMap<Workspace, ReadonlyMap<string, readonly WorkspaceObject[]>>();

/** The Flux Kustomizations that build a file. */
export function buildersOf(workspace: Workspace, path: string): readonly WorkspaceObject[] {
  let known = builders.get(workspace);
  if (known === undefined) {
    const found = new Map<string, WorkspaceObject[]>();
    for (const object of workspace.objects) {
      if (object.flux !== flux.kustomization) continue;
      for (const file of workspace.contents(object)) {
        const list = found.get(file);
        if (list === undefined) found.set(file, [object]);
        else list.push(object);
      }
    }
    known = found;
    builders.set(workspace, known);
  }
  return known.get(path) ?? [];
}

/**
 * The scopes of a file: one for each Kustomization that builds it and substitutes at all. With `clusterInput`, what no file
 * declares is the cluster's.
 */
export function scopesOf(workspace: Workspace, path: string, clusterInput?: ClusterInput): readonly Scope[] {
  return buildersOf(workspace, path).flatMap((by) => scopeOf(workspace, by, clusterInput) ?? []);
}

function scopeOf(workspace: Workspace, by: WorkspaceObject, clusterInput?: ClusterInput): Scope | undefined {
  const view = flux.kustomization.view(by.node);
  if (view.postBuild === undefined) return undefined;
  const definitions = new Map<string, Definition>();
  // A parent may patch further variables into its children, which is how many fleets share them.
  let complete = !patchedOf(workspace).has(by.node);
  for (const from of view.substituteFrom) {
    const query = { kind: from.kind.value, namespace: by.id.namespace, name: from.name.value };
    const targets = inClusterOf(workspace, by, workspace.find(query));
    if (targets.length === 0) complete = false;
    for (const { id, node, path } of targets)
      for (const [name, definition] of keysOf(id.kind, node))
        definitions.set(name, { ...definition, from: { title: titleOf(id), path } });
    if (targets.length > 0 || (query.kind !== 'ConfigMap' && query.kind !== 'Secret')) continue;
    const live = clusterInput?.({ ...query, kind: query.kind });
    if (live === undefined) continue;
    const title = `${query.kind} ${query.namespace}/${query.name}`;
    for (const [name, definition] of keysOf(query.kind, live))
      definitions.set(name, { ...definition, from: { title } });
  }
  for (const { key, value } of view.substitute) definitions.set(key.text, { value: value.value, at: key.at });
  const substitutes = definitions.size > 0 || !complete || view.substituteStrategy === 'Always';
  return substitutes ? { by, definitions, complete } : undefined;
}

/** The variables that a ConfigMap or Secret holds. */
export function keysOf(kind: string, node: Mapping): readonly (readonly [string, Definition])[] {
  const secret = kind === 'Secret';
  return ['data', 'stringData'].flatMap((field) => {
    const data: Node | undefined = get(node, field);
    if (data?.kind !== 'mapping') return [];
    return data.entries.map(({ key, value }): [string, Definition] => {
      const content = secret ? undefined : text(value);
      return [key.text, content === undefined ? { at: key.at } : { value: content, at: key.at }];
    });
  });
}
