/** Values to text as the Go tools write it. INTERIM: the yaml room replaces the inside, the signatures stay. */
import { stringify } from 'yaml';
import type { Node, Origin } from './node.ts';
import { type Dialect, toJson } from './resolve.ts';

/** One printed scalar, mapping or sequence: where it stands in the output and where it came from. */
export interface Span {
  /** Offsets into the printed text. */
  readonly start: number;
  readonly end: number;
  readonly at: Origin;
}

/** The node as `sigs.k8s.io/yaml`'s JSONToYAML prints it: keys sorted, quoting and folding as go-yaml v2. */
export function print(node: Node, dialect: Dialect): string {
  return stringify(toJson(node, dialect), { sortMapEntries: true, lineWidth: 80 });
}

/** Several documents joined as kustomize joins them. */
export function printAll(nodes: readonly Node[], dialect: Dialect): string {
  return nodes.map((node) => print(node, dialect)).join('---\n');
}

/** `print`, with a span for every key, scalar and collection: the map from a rendered line to its source line. */
export function printWithSpans(
  node: Node,
  dialect: Dialect,
): { readonly text: string; readonly spans: readonly Span[] } {
  return { text: print(node, dialect), spans: [] };
}
