/** `images`: another name, tag or digest for the images of a name, wherever an object lists containers. */
import { compileRegexp } from '../../go/regexp.ts';
import type { Mapping, Node, Origin } from '../../yaml/node.ts';
import { specOf } from '../config.ts';
import { decodeMapping, list, struct } from '../decode.ts';
import { type FieldSpec, isSelected, visitField } from '../fieldspec.ts';
import { fieldSpecEntry, type Image, image } from '../kustomization.ts';
import type { ResMap } from '../resmap.ts';
import { gvkOf, kindOf } from '../resource.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { demand, entryOf, isNull, mapItems, withEntry, withText } from '../tree.ts';

const config = struct('ImageTagTransformer', { imageTag: image, fieldSpecs: list(fieldSpecEntry) });

export const images: TransformerKind = {
  name: 'ImageTagTransformer',
  fromKustomization({ images: entries = [] }, { config: tables }) {
    return entries.map((entry) => (map: ResMap) => setImages(map, entry, tables.images));
  },
  fromConfig(node) {
    const read = decodeMapping(config, node, pluginReading);
    const specs = (read.fieldSpecs ?? []).map(specOf);
    return (map) => setImages(map, read.imageTag ?? { at: node.at }, specs);
  },
};

function setImages(map: ResMap, entry: Image, specs: readonly FieldSpec[]): void {
  // The name is part of a pattern as it stands; one that is no pattern matches nothing.
  const name = entry.name?.text ?? '';
  const matcher = compileRegexp(
    `^${name}(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$`,
  );
  const isPlain = /^[\w/:-]*$/.test(name);
  const set = (found: Node): Node => {
    demand(found, 'scalar');
    if (found.kind !== 'scalar' || isNull(found)) return found;
    if (!matcher.ok || (isPlain && !found.text.startsWith(name)) || !matcher.regexp.test(found.text)) return found;
    const [text, at] = rename(found.text, entry);
    return withText(found, text, { ...at, via: found.at });
  };
  map.update((of) => {
    if (kindOf(of.node) === 'CustomResourceDefinition') return of;
    const gvk = gvkOf(of.node);
    let node = inContainers(of.node, set) as Mapping;
    for (const spec of specs) {
      if (isSelected(gvk, spec)) node = visitField(node, spec, { set, at: entry.at });
    }
    return node === of.node ? of : { ...of, node };
  });
}

/** Every `image` of the items of a list called `containers` or `initContainers`, however deep it lies. */
function inContainers(node: Node, set: (found: Node) => Node): Node {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'sequence') return mapItems(node, (item) => inContainers(item, set));
  let entries: Mapping['entries'][number][] | undefined;
  for (const [index, entry] of node.entries.entries()) {
    let value = inContainers(entry.value, set);
    if (entry.key.text === 'containers' || entry.key.text === 'initContainers') value = ofItems(value, set);
    if (value === entry.value) continue;
    entries ??= [...node.entries];
    entries[index] = { key: entry.key, value };
  }
  return entries === undefined ? node : { ...node, entries };
}

function ofItems(containers: Node, set: (found: Node) => Node): Node {
  if (containers.kind !== 'sequence') return containers;
  return mapItems(containers, (item) => {
    demand(item, 'mapping');
    const found = item.kind === 'mapping' ? entryOf(item, 'image')?.value : undefined;
    return item.kind === 'mapping' && found !== undefined ? withEntry(item, 'image', set(found)) : item;
  });
}

/** The image's new text, and the line that decided it. */
function rename(old: string, entry: Image): readonly [string, Origin] {
  const { newName, newTag, tagSuffix } = entry;
  let { name, tag, digest } = splitImage(old);
  let at = entry.name?.at ?? entry.at;
  if (newName !== undefined && newName.text !== '') {
    name = newName.text;
    at = newName.at;
  }
  const wantsTag = newTag !== undefined && newTag.text !== '';
  const wantsDigest = entry.digest !== undefined && entry.digest.text !== '';
  if (wantsTag || wantsDigest) {
    tag = wantsTag ? newTag.text : '';
    digest = wantsDigest ? entry.digest.text : '';
    at = wantsTag ? newTag.at : entry.digest!.at;
  } else if (tagSuffix !== undefined && tagSuffix.text !== '') {
    tag += tagSuffix.text;
    digest = '';
    at = tagSuffix.at;
  }
  return [`${name}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`, at];
}

function splitImage(image: string): { readonly name: string; readonly tag: string; readonly digest: string } {
  const slash = Math.max(image.indexOf('/'), 0);
  const colon = image.indexOf(':', slash);
  const at = image.indexOf('@', slash);
  if (at >= 0 && (at < colon || colon < 0)) return { name: image.slice(0, at), tag: '', digest: image.slice(at + 1) };
  if (colon < 0) return { name: image, tag: '', digest: '' };
  if (at < 0) return { name: image.slice(0, colon), tag: image.slice(colon + 1), digest: '' };
  return { name: image.slice(0, colon), tag: image.slice(colon + 1, at), digest: image.slice(at + 1) };
}
