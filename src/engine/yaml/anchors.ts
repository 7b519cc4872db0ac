/** Anchors and aliases of one document, and the budget that keeps a few lines from unfolding into billions. */
import { fail } from './cursor.ts';
import type { Node } from './node.ts';

export interface Anchors {
  /** Made with the first anchor: few documents have any. */
  named: Map<string, Anchored> | undefined;
  /** Anchors whose node is still being read, and how many nodes had been counted when it began. */
  open: Map<string, number> | undefined;
  /** Nodes so far, each alias counted as everything that it stands for. */
  count: number;
  /** The part of `count` that came through aliases. */
  aliased: number;
}

interface Anchored {
  readonly node: Node;
  readonly size: number;
}

export function anchorsOf(): Anchors {
  return { named: undefined, open: undefined, count: 0, aliased: 0 };
}

export function openAnchor(anchors: Anchors, name: string | undefined): void {
  if (name === undefined) return;
  anchors.open ??= new Map();
  anchors.open.set(name, anchors.count);
}

/** Gives the node that was just read its anchor's name. Answers the node. */
export function closeAnchor<T extends Node>(anchors: Anchors, name: string | undefined, node: T): T {
  if (name === undefined) return node;
  anchors.named ??= new Map();
  anchors.named.set(name, { node, size: anchors.count - (anchors.open?.get(name) ?? anchors.count) });
  anchors.open?.delete(name);
  return node;
}

export function resolveAlias(anchors: Anchors, name: string, start: number, end: number): Node {
  if (anchors.open?.has(name)) fail(`anchor '${name}' value contains itself`, start, end);
  const found = anchors.named?.get(name);
  if (found === undefined) fail(`unknown anchor '${name}' referenced`, start, end);
  anchors.count += found.size + 1;
  anchors.aliased += found.size;
  if (anchors.aliased > 100 && anchors.count > 1000 && anchors.aliased / anchors.count > allowedShare(anchors.count)) {
    fail('document contains excessive aliasing', start, end);
  }
  return found.node;
}

/** go-yaml's budget: small documents may be 99 % aliases, from four million nodes on only 10 %. */
function allowedShare(count: number): number {
  const low = 400_000;
  const high = 4_000_000;
  if (count <= low) return 0.99;
  return count >= high ? 0.1 : 0.99 - 0.89 * ((count - low) / (high - low));
}
