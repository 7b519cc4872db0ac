/** Manifests to objects: each rendered node gets the origin of the value that printed it, or of its template line. */
import type { Segment } from '../gotemplate/index.ts';
import { isObject } from '../objects/object.ts';
import { get, type Mapping, type Node, type Origin } from '../yaml/node.ts';
import type { Manifest } from './manifests.ts';
import { readDocuments } from './yaml.ts';

/** Every object of a manifest (lists opened), its origins led back through the template. */
export function objectsOf(manifest: Manifest, segments: readonly Segment[]): readonly Mapping[] {
  const locate = (at: Origin) => originAt(segments, at.start + manifest.offset, at.end + manifest.offset) ?? at;
  return documentsOf(manifest)
    .flatMap(flatten)
    .map((node) => relocate(node, locate) as Mapping);
}

/** A manifest is one document as Helm cuts it, yet a marker inside it may still end one. */
function documentsOf(manifest: Manifest): readonly Node[] {
  const first = manifest.root === undefined ? [] : [manifest.root];
  if (!/^(---|\.\.\.)/m.test(manifest.text)) return first;
  return readDocuments(manifest.text, manifest.source).roots;
}

function flatten(node: Node): readonly Mapping[] {
  if (!isObject(node)) return [];
  const items = get(node, 'items');
  const kind = get(node, 'kind');
  if (kind?.kind === 'scalar' && kind.text.endsWith('List') && items?.kind === 'sequence')
    return items.items.flatMap(flatten);
  return [node];
}

function relocate(node: Node, locate: (at: Origin) => Origin): Node {
  const at = locate(node.at);
  if (node.kind === 'scalar') return { ...node, at };
  if (node.kind === 'sequence') return { ...node, items: node.items.map((item) => relocate(item, locate)), at };
  const entries = node.entries.map(({ key, value }) => ({
    key: { ...key, at: locate(key.at) },
    value: relocate(value, locate),
  }));
  return { ...node, entries, at };
}

/**
 * The best origin of a range of rendered text: a value printed in it, by way of the template that printed it; else the
 * template position at its beginning.
 */
export function originAt(segments: readonly Segment[], start: number, end: number): Origin | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.end <= start) low = middle + 1;
    else high = middle;
  }
  const first = segments[low];
  if (first === undefined) return undefined;
  for (let i = low; i < segments.length && (segments[i]!.start < end || i === low); i++) {
    const value = segments[i]!.values[0];
    if (value !== undefined)
      return { file: value.file, start: value.start, end: value.end, via: segments[i]!.template };
  }
  const { template } = first;
  if (template.end - template.start !== first.end - first.start) return template;
  // Text that the template wrote itself: the very characters.
  const offset = Math.max(0, start - first.start);
  return {
    ...template,
    start: template.start + offset,
    end: Math.min(template.end, template.start + offset + (end - start)),
  };
}
