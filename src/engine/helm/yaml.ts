/** YAML as Helm reads it: sigs.k8s.io/yaml without strictness, so that of a key written twice the last one counts. */
import { error, type Problem } from '../problem.ts';
import type { Node } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { keyText } from '../yaml/resolve.ts';
import { unprintableIn } from './unprintable.ts';

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

/**
 * The first document, as Go's Unmarshal reads a text: what stands after it is not looked at. Helm 4 reads every document
 * of a values file so, cut at lines of `---` (`rest` of a comment alone).
 */
export function readFirst(text: string, name: string, start = 0, stop = text.length): Documents {
  const own = text.slice(start, stop);
  const prefix = /^\uFEFF?(?:%.*\r?\n|[ \t]*(?:#.*)?\r?\n)*(?:---(?=\s|$))?/.exec(own)![0].length;
  const marker = /^(?:---|\.\.\.)(?=\s|$)/gm;
  marker.lastIndex = prefix;
  const end = marker.exec(own)?.index ?? own.length;
  const at = { file: name, start, end: start };
  const fail = (message: string) => ({ roots: [], duplicates: [], problems: [error('yaml-syntax', message, at)] });
  if (own.startsWith('%') && !/---$/.test(own.slice(0, prefix))) return fail('did not find expected <document start>');
  const read = readDocuments(text.slice(0, start).replace(/[^\n]/g, ' ') + own.slice(0, end), name);
  const unprintable = read.problems.length === 0 ? unprintableIn(own, read.roots[0]) : undefined;
  return unprintable === undefined ? read : fail(unprintable);
}

/** Where the documents of a values file stand in Helm 4; the error is Helm's text. */
export function separate(
  text: string,
): readonly (readonly [start: number, end: number])[] | { readonly error: string } {
  const out: (readonly [number, number])[] = [];
  let from = 0;
  for (const { 0: line, 1: rest, index } of text.matchAll(/^---(.*)\n?/gm)) {
    const after = rest!.trim();
    if (after !== '' && !after.startsWith('#'))
      return { error: `error reading yaml document: invalid Yaml document separator: ${after}` };
    if (index === from) continue;
    out.push([from, index]);
    from = index + line.length;
  }
  return [...out, [from, text.length]];
}

function lastOfEachKey(node: Node): Node {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'sequence') return { ...node, items: node.items.map(lastOfEachKey) };
  const entries = new Map(node.entries.map((entry) => [keyText(entry.key, 'sigs'), entry]));
  return { ...node, entries: [...entries.values()].map(({ key, value }) => ({ key, value: lastOfEachKey(value) })) };
}
