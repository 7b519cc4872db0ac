/** Which node stands at an offset, and the way to it from the document's root. */
import type { Entry, Mapping, Node, Path, WorkspaceFile } from '../engine/index.ts';

export interface Located {
  readonly root: Mapping;
  /** To the node, or to the entry whose key is there. */
  readonly path: Path;
  /** The value at the path. */
  readonly node: Node;
  /** The entry, when the offset is on its key; the path then ends with the key. */
  readonly key?: Entry;
}

/** The innermost key or scalar at `offset`; undefined between them and in documents that do not parse. */
export function locate(file: Pick<WorkspaceFile, 'parsed' | 'source'>, offset: number): Located | undefined {
  for (const { root, at } of file.parsed.documents) {
    if (root?.kind === 'mapping' && at.start <= offset && offset <= at.end) {
      const found = below(root, root, [], offset, file.source.name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function below(root: Mapping, node: Node, path: Path, offset: number, name: string): Located | undefined {
  if (node.kind === 'scalar') return covers(node, offset, name) ? { root, path, node } : undefined;
  if (node.kind === 'sequence') {
    for (const [index, item] of node.items.entries()) {
      const found = below(root, item, [...path, index], offset, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const entry of node.entries) {
    const to = [...path, entry.key.text];
    if (covers(entry.key, offset, name)) return { root, path: to, node: entry.value, key: entry };
    const found = below(root, entry.value, to, offset, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Nodes that came through an alias stand elsewhere, perhaps in another place of the same file: both places count. */
function covers(node: Node, offset: number, name: string): boolean {
  return node.at.file === name && node.at.start <= offset && offset <= node.at.end;
}
