/**
 * Values that stand in several places of an object at once. When kustomize adds a label to an object, its selector and
 * its pod template, it puts one node in all of them; what later changes that node in one place (a patch, another label
 * transformer, a replacement) changes it in the others, too. Objects come out of real builds that way, so it is kept:
 * such a node is marked, and a change of it is carried to wherever else it stands.
 */
import type { Mapping, Node, Scalar } from '../yaml/node.ts';
import { mapItems } from './tree.ts';

const shared = new WeakSet<Node>();

/** Marks a node that is put in more than one place. */
export function share(node: Scalar): Scalar {
  shared.add(node);
  return node;
}

/** The changes of shared nodes that one step made in one object. */
export class Overwrites {
  private readonly changes = new Map<Node, Node>();

  /** Notes that `old` became `changed` in its place. */
  note(old: Node, changed: Node): void {
    if (!shared.has(old) || old === changed) return;
    this.changes.set(old, changed);
    shared.add(changed);
  }

  /** The object with every noted change made in the other places, too. */
  carry(root: Mapping): Mapping {
    return this.changes.size === 0 ? root : (this.visit(root) as Mapping);
  }

  private visit(node: Node): Node {
    const changed = this.changes.get(node);
    if (changed !== undefined) return changed;
    if (node.kind === 'scalar') return node;
    if (node.kind === 'sequence') return mapItems(node, (item) => this.visit(item));
    const entries = node.entries.map((entry) => {
      const value = this.visit(entry.value);
      return value === entry.value ? entry : { key: entry.key, value };
    });
    return entries.some((entry, index) => entry !== node.entries[index]) ? { ...node, entries } : node;
  }
}
