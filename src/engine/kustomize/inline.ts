/**
 * YAML inside a YAML scalar (an inline patch, a generator given in place): its nodes get the origins that they have in the
 * file around it, so that a patched field leads to its own line of the kustomization and not just to the block it is in.
 */
import type { Node, Origin, Scalar } from '../yaml/node.ts';

/** `node`, parsed from `scalar.text`, with every origin moved to where its text stands in `source`. */
export function rebase(node: Node, scalar: Scalar, source: string | undefined): Node {
  const starts = source === undefined ? undefined : lineOffsets(scalar, source);
  const move = (at: Origin): Origin => (starts === undefined ? scalar.at : starts(at));
  const visit = (each: Node): Node => {
    if (each.kind === 'scalar') return { ...each, at: move(each.at) };
    if (each.kind === 'sequence') return { ...each, items: each.items.map(visit), at: move(each.at) };
    const entries = each.entries.map(({ key, value }) => ({ key: visit(key) as Scalar, value: visit(value) }));
    return { ...each, entries, at: move(each.at) };
  };
  return visit(node);
}

/** For a literal block: from offsets in its text to offsets in the file. Other styles have no simple map. */
function lineOffsets(scalar: Scalar, source: string): ((at: Origin) => Origin) | undefined {
  const { text, at } = scalar;
  if (scalar.style === 'plain' && source.slice(at.start, at.start + text.length) === text) {
    return (inner) => ({ file: at.file, start: at.start + inner.start, end: at.start + inner.end });
  }
  if (scalar.style !== 'literal') return undefined;
  const textStarts: number[] = [];
  const sourceStarts: number[] = [];
  let inText = 0;
  let inSource = source.indexOf('\n', source.indexOf('|', at.start)) + 1;
  let indent = -1;
  for (const line of text.split('\n')) {
    const lineEnd = source.indexOf('\n', inSource);
    const written = source.slice(inSource, lineEnd < 0 ? undefined : lineEnd);
    if (indent < 0 && line !== '') indent = written.indexOf(line);
    if (line !== '' && (indent < 0 || written.slice(indent, indent + line.length) !== line)) return undefined;
    textStarts.push(inText);
    sourceStarts.push(inSource + (line === '' ? 0 : indent));
    inText += line.length + 1;
    if (lineEnd < 0) break;
    inSource = lineEnd + 1;
  }
  const find = (offset: number): number => {
    let low = 0;
    let high = textStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (textStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return sourceStarts[low]! + (offset - textStarts[low]!);
  };
  return (inner) => ({ file: at.file, start: find(inner.start), end: find(inner.end) });
}
