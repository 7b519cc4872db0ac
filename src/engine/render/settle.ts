/** Fixes the types of a tree's scalars and keys as one dialect reads them; after that, every reader sees the same. */
import { type Node, str } from '../yaml/node.ts';
import { quoteEmpty, scalarValue } from '../yaml/print.ts';
import { type Dialect, fromJson, resolve } from '../yaml/resolve.ts';

export function settle(node: Node, dialect: Dialect): Node {
  if (node.kind === 'scalar') return fromJson(scalarValue(node, dialect), node.at);
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => settle(item, dialect)) };
  const entries = node.entries.map(({ key, value }) => ({
    key: str(String(resolve(key, dialect)), key.at),
    value: settle(node.flow && dialect === 'kyaml' ? quoteEmpty(value) : value, dialect),
  }));
  return { ...node, entries };
}
