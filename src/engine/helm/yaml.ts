/** YAML as Helm reads it: sigs.k8s.io/yaml without strictness, so that of a key written twice the last one counts. */
import type { Problem } from '../problem.ts';
import type { Node } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { keyText } from '../yaml/resolve.ts';

export interface Documents {
  /** Every document that holds something. */
  readonly roots: readonly Node[];
  readonly problems: readonly Problem[];
  /** Keys that are written twice: no problem to Helm, one to kustomize. */
  readonly duplicates: readonly Problem[];
}

export function readDocuments(text: string, name: string): Documents {
  const parsed = parse(text, name, 'sigs');
  const problems = parsed.problems.filter(({ code }) => code !== 'yaml-duplicate-key');
  const roots = parsed.documents.flatMap(({ root }) => (root === undefined ? [] : [root]));
  const duplicates = parsed.problems.filter(({ code }) => code === 'yaml-duplicate-key');
  return { roots: duplicates.length > 0 ? roots.map(lastOfEachKey) : roots, problems, duplicates };
}

function lastOfEachKey(node: Node): Node {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'sequence') return { ...node, items: node.items.map(lastOfEachKey) };
  const entries = new Map(node.entries.map((entry) => [keyText(entry.key, 'sigs'), entry]));
  return { ...node, entries: [...entries.values()].map(({ key, value }) => ({ key, value: lastOfEachKey(value) })) };
}
