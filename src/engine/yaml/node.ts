/**
 * The value tree: YAML as values that remember where they stood.
 *
 * It keeps a scalar's text and style rather than a resolved number or boolean, as Go's yaml.Node does, because the
 * two dialects of this world (kyaml for kustomize, sigs.k8s.io/yaml for Helm values and apply) read the same text
 * differently and kustomize moves the text itself. `resolve.ts` turns a scalar into a value in a dialect.
 *
 * Nodes are immutable and freely shared: a transformer makes new nodes along the path it changes and keeps the rest,
 * so that parsed files and finished bases can be cached. A node that a transformer makes has the origin of the line
 * that asked for it.
 */

/** A place in a file: UTF-16 offsets into its text, `end` exclusive. */
export interface Origin {
  /** The file's name as its `FileTree` gives it (workspace-relative for the workspace, a URI for fetched content). */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** A second line that this value came through: the template action, the patch entry, the substitution token. */
  readonly via?: Origin;
}

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded';

export interface Scalar {
  readonly kind: 'scalar';
  /** The text after unquoting, unescaping and folding. */
  readonly text: string;
  readonly style: ScalarStyle;
  /** An explicit tag (`!!str`, `!!int`, `!!null`, …), or the one a transformer forces; absent: resolved by dialect. */
  readonly tag?: string;
  readonly at: Origin;
}

export interface Entry {
  readonly key: Scalar;
  readonly value: Node;
}

export interface Mapping {
  readonly kind: 'mapping';
  readonly entries: readonly Entry[];
  /** Written in braces: kustomize turns an empty value inside them (`{a: }`) into an empty string when it prints. */
  readonly flow?: true;
  readonly at: Origin;
}

export interface Sequence {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
  readonly at: Origin;
}

export type Node = Scalar | Mapping | Sequence;

/** The value of `key` in a mapping; undefined when absent or when `node` is not a mapping. */
export function get(node: Node | undefined, key: string): Node | undefined {
  if (node?.kind !== 'mapping') return undefined;
  const { entries } = node;
  for (let i = 0; i < entries.length; i++) if (entries[i]!.key.text === key) return entries[i]!.value;
  return undefined;
}

/** The node at a path of mapping keys and sequence indexes. */
export function getPath(node: Node | undefined, path: readonly (string | number)[]): Node | undefined {
  let at = node;
  for (const step of path) {
    at = typeof step === 'number' ? (at?.kind === 'sequence' ? at.items[step] : undefined) : get(at, step);
    if (at === undefined) return undefined;
  }
  return at;
}

/** A copy of `mapping` with `key` set, in place where it exists and at the end where it does not. */
export function set(mapping: Mapping, key: string, value: Node, keyAt: Origin = value.at): Mapping {
  const index = mapping.entries.findIndex((entry) => entry.key.text === key);
  const entries = mapping.entries.slice();
  const old = entries[index];
  if (old === undefined) entries.push({ key: str(key, keyAt), value });
  else entries[index] = { key: old.key, value };
  return { ...mapping, entries };
}

/** A copy of `mapping` without `key`; `mapping` itself when it has none. */
export function remove(mapping: Mapping, key: string): Mapping {
  if (!mapping.entries.some((entry) => entry.key.text === key)) return mapping;
  return { ...mapping, entries: mapping.entries.filter((entry) => entry.key.text !== key) };
}

/** A string scalar: always a string, however its text looks. */
export function str(text: string, at: Origin): Scalar {
  return { kind: 'scalar', text, style: 'plain', tag: '!!str', at };
}

export function mapping(entries: readonly Entry[], at: Origin): Mapping {
  return { kind: 'mapping', entries, at };
}

export function sequence(items: readonly Node[], at: Origin): Sequence {
  return { kind: 'sequence', items, at };
}

/** The text of a scalar; undefined for anything else. */
export function text(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' ? node.text : undefined;
}
