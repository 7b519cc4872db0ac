/** Manifests to objects: each rendered node gets the origin of the value that printed it, or of its template line. */
import type { Segment } from '../gotemplate/index.ts';
import { isObject } from '../objects/object.ts';
import { error, type Problem } from '../problem.ts';
import { get, getPath, type Mapping, type Node, type Origin, type Scalar, text } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import type { Manifest } from './manifests.ts';
import { readDocuments } from './yaml.ts';

const readBefore = new WeakMap<
  Manifest,
  { readonly segments: readonly Segment[]; readonly objects: readonly Mapping[] }
>();

/** Every object of a manifest (lists opened), its origins led back through the template: the same ones for the same. */
export function objectsOf(manifest: Manifest, segments: readonly Segment[]): readonly Mapping[] {
  const known = readBefore.get(manifest);
  if (known?.segments === segments) return known.objects;
  const objects = located(manifest, segments);
  readBefore.set(manifest, { segments, objects });
  return objects;
}

function located(manifest: Manifest, segments: readonly Segment[]): readonly Mapping[] {
  const locate = (at: Origin, skipped = 0) =>
    originAt(segments, at.start + manifest.offset + skipped, at.end + manifest.offset) ?? at;
  return documentsOf(manifest)
    .flatMap(flatten)
    .map((node) => relocate(node, locate, manifest.text) as Mapping);
}

/** What kustomize, through which helm-controller sends every release, does not take of a manifest. */
export function refusalOf(manifest: Manifest, segments: readonly Segment[]): Problem | undefined {
  const wrong = manifest.duplicate?.message ?? documentsOf(manifest).flatMap(wrongIn)[0];
  if (wrong === undefined) return undefined;
  const message = `error while running post render: ${manifest.source}: ${wrong}`;
  return error('helm-chart', message, originAt(segments, manifest.offset, manifest.offset + 1));
}

function wrongIn(root: Node): readonly string[] {
  if (root.kind === 'scalar' && resolve(root, 'sigs') === null) return [];
  const kind = text(get(root, 'kind')) ?? '';
  if (kind === '') return ['missing kind in object'];
  if (kind.endsWith('List')) return [];
  if ((text(getPath(root, ['metadata', 'name'])) ?? '') === '') return ['missing metadata.name in object'];
  return (text(get(root, 'apiVersion')) ?? '') === '' ? ['apiVersion not set'] : [];
}

/** Whether it stands for the objects in it. */
export function isList({ root }: Manifest): boolean {
  return root !== undefined && isObject(root) && flatten(root)[0] !== root;
}

/** The origin of a range of the manifest, its first characters (a block's header) left out of account. */
type Locate = (at: Origin, skipped?: number) => Origin;

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

function relocate(node: Node, locate: Locate, printed: string): Node {
  if (node.kind === 'scalar') return { ...node, at: locate(node.at, headerOf(node, printed)) };
  // A collection comes from where it begins: the values inside it have places of their own.
  const at = locate({ ...node.at, end: node.at.start + 1 });
  if (node.kind === 'sequence')
    return { ...node, items: node.items.map((item) => relocate(item, locate, printed)), at };
  const entries = node.entries.map(({ key, value }) => ({
    key: { ...key, at: locate(key.at) },
    value: relocate(value, locate, printed),
  }));
  return { ...node, entries, at };
}

/** How long a block scalar's first line (`|2-`) with its indentation is: what is in the block decides its value. */
function headerOf({ style, at }: Scalar, printed: string): number {
  if (style !== 'literal' && style !== 'folded') return 0;
  const body = /^[^\n]*\n\s*/.exec(printed.slice(at.start, at.end));
  return body === null || at.start + body[0].length >= at.end ? 0 : body[0].length;
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
