/** Field specs: which field of which kinds a transformer changes, and the walk that finds and makes it. */
import type { Mapping, Node, Origin } from '../yaml/node.ts';
import { Refusal } from './refusal.ts';
import { entryOf, isNull, type Kind, mapItems, splitPath, withEntry } from './tree.ts';

export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface FieldSpec extends Gvk {
  /** Keys joined by `/`; `\/` stands for a slash inside a key, `key[]` for a key that holds a list. */
  readonly path: string;
  /** The path, split once. */
  readonly parts: readonly string[];
  /** Whether the field is made where it is absent. */
  readonly create: boolean;
}

export function fieldSpec(path: string, create: boolean, gvk: Partial<Gvk> = {}): FieldSpec {
  const { group = '', version = '', kind = '' } = gvk;
  return { group, version, kind, path, parts: splitPath(path, '/'), create };
}

/** Whether `gvk` is one that `selector` names; an empty part of the selector names all. */
export function isSelected(gvk: Gvk, selector: Gvk): boolean {
  return (
    (selector.group === '' || selector.group === gvk.group) &&
    (selector.version === '' || selector.version === gvk.version) &&
    (selector.kind === '' || selector.kind === gvk.kind)
  );
}

export interface Visit {
  /** Answers the node that takes the place of the one found. */
  set(found: Node): Node;
  /** What kind of node to make where a spec with `create` finds nothing; absent: nothing is ever made. */
  readonly createKind?: Kind;
  /** Origin of what is made. */
  readonly at: Origin;
}

/** The object with `visit.set` done at every place that the spec's path leads to. The kind is the caller's to check. */
export function visitField(object: Mapping, spec: FieldSpec, visit: Visit): Mapping {
  try {
    return walk(object, spec, 0, visit) as Mapping;
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown.within(`considering field '${spec.path}'`, object.at);
    throw thrown;
  }
}

function walk(node: Node, spec: FieldSpec, index: number, visit: Visit): Node {
  if (index === spec.parts.length) return visit.set(node);
  if (node.kind === 'sequence') return mapItems(node, (item) => walk(item, spec, index, visit));
  if (node.kind === 'mapping') return walkMapping(node, spec, index, visit);
  if (isNull(node)) return node;
  throw new Refusal('expected sequence or mapping node', node.at);
}

function walkMapping(node: Mapping, spec: FieldSpec, index: number, visit: Visit): Node {
  const part = spec.parts[index]!;
  const isList = part.endsWith('[]');
  const name = isList ? part.slice(0, -2) : part;
  if (name === '') throw new Refusal('cannot set or create an empty field name', node.at);
  let kind: Kind | undefined;
  if (isList) kind = 'sequence';
  else if (spec.create && visit.createKind !== undefined) {
    kind = index === spec.parts.length - 1 ? visit.createKind : 'mapping';
  }
  const found = entryOf(node, name)?.value;
  if (found === undefined && (isList || kind === undefined)) return node;
  const field = found === undefined || (isNull(found) && kind !== undefined) ? make(kind!, visit.at) : found;
  return withEntry(node, name, walk(field, spec, index + 1, visit), visit.at);
}

function make(kind: Kind, at: Origin): Node {
  if (kind === 'mapping') return { kind, entries: [], at };
  if (kind === 'sequence') return { kind, items: [], at };
  return { kind, text: '', style: 'plain', tag: '!!str', at };
}
