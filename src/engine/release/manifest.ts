/** The manifest of a stored release, back to objects. */
import { isObject } from '../objects/object.ts';
import { get, type Mapping, type Node, text } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';

/** The objects of a manifest's text, lists opened; what is no object is left out. */
export function objectsIn(manifest: string): readonly Mapping[] {
  return parse(manifest, 'manifest', 'sigs').documents.flatMap(({ root }) => opened(root));
}

function opened(node: Node | undefined): readonly Mapping[] {
  if (!isObject(node)) return [];
  const items = get(node, 'items');
  const isList = (text(get(node, 'kind')) ?? '').endsWith('List') && items?.kind === 'sequence';
  return isList ? items.items.flatMap(opened) : [node];
}
