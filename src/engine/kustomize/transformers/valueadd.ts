/** ValueAddTransformer: one value into a field of many objects, whole or as a part of a path. Only in `transformers`. */
import type { Mapping, Node, Scalar } from '../../yaml/node.ts';
import { decodeMapping, integer, list, string, struct } from '../decode.ts';
import { selector } from '../kustomization.ts';
import { load } from '../loader.ts';
import { readDocument } from '../read.ts';
import { Refusal } from '../refusal.ts';
import { gvkOf } from '../resource.ts';
import { select } from '../select.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { bare, demand, isIndex, lookup, splitPath, updateAt, withText } from '../tree.ts';
import { withNamespace } from './namespace.ts';

const target = struct('Target', { selector, fieldPath: string, filePathPosition: integer });
const targets = list(target);
const config = struct('ValueAddTransformer', { value: string, targets, targetFilePath: string });

export const valueAdd: TransformerKind = {
  name: 'ValueAddTransformer',
  fromConfig(node, { loader }) {
    const read = decodeMapping(config, node, pluginReading);
    const trimmed = read.value?.text.trim() ?? '';
    const directory = loader.root.slice(loader.root.lastIndexOf('/') + 1);
    const at = read.value?.at ?? node.at;
    const value: Scalar = { kind: 'scalar', text: trimmed || directory, style: 'plain', tag: '!!str', at };
    const all = [...(read.targets ?? [])];
    if (read.targetFilePath?.text) {
      const file = readDocument(load(loader, read.targetFilePath.text, read.targetFilePath.at));
      if (file?.kind === 'mapping')
        all.push(
          ...(decodeMapping(struct('Targets', { targets }), file, {
            dialect: 'sigs',
            strict: false,
            texts: 'converted',
          }).targets ?? []),
        );
    }
    if (all.length === 0) throw new Refusal('must specify at least one target', node.at);
    for (const each of all) {
      if (!each.fieldPath?.text) throw new Refusal('fieldPath cannot be empty', each.at);
      if ((each.filePathPosition?.value ?? 0) < 0) {
        throw new Refusal(`value of FilePathPosition (${each.filePathPosition!.value}) cannot be negative`, each.at);
      }
    }
    return (map) => {
      for (const each of all) {
        const chosen = each.selector === undefined ? undefined : new Set(select(map, each.selector));
        map.update((of, index) => {
          if (chosen !== undefined && !chosen.has(index)) return of;
          return { ...of, node: add(of.node, value, each, map.isClusterScoped(gvkOf(of.node))) };
        });
      }
    };
  },
};

type Target = NonNullable<ReturnType<typeof target>>;

function add(node: Mapping, value: Scalar, { fieldPath, filePathPosition }: Target, isClusterScoped: boolean): Mapping {
  const path = fieldPath!.text;
  if (path === 'metadata/namespace') {
    return withNamespace(
      node,
      { namespace: value, specs: [], unsetOnly: false, subjects: 'defaultOnly' },
      isClusterScoped,
    );
  }
  const position = filePathPosition?.value ?? 0;
  return putAt(node, splitPath(`/${path}`, '/'), value, (old) => {
    demand(old, 'scalar');
    const text = old?.kind === 'scalar' ? old.text : '';
    const written = position > 0 ? insertPathPart(text, position - 1, value.text) : value.text;
    return old?.kind === 'scalar' ? withText(old, written, value.at) : bare(written, value.at);
  });
}

/** Changes the value at a path, making mappings where there is nothing; an index only finds what is there. */
function putAt(
  node: Mapping,
  path: readonly string[],
  value: Scalar,
  change: (old: Node | undefined) => Node,
): Mapping {
  const index = path.findIndex(isIndex);
  if (index < 0) return updateAt(node, path, value.at, change);
  const list = lookup(node, path.slice(0, index));
  demand(list, 'sequence');
  const item = list?.kind === 'sequence' ? list.items[Number(path[index])] : undefined;
  if (item === undefined || list?.kind !== 'sequence') return node;
  const rest = path.slice(index + 1);
  if (rest.length > 0) demand(item, 'mapping');
  const changed = rest.length === 0 || item.kind !== 'mapping' ? change(item) : putAt(item, rest, value, change);
  const items = list.items.with(Number(path[index]), changed);
  return updateAt(node, path.slice(0, index), value.at, () => ({ ...list, items }));
}

/** A path with a part put in at a position, or at the end when it is shorter. */
function insertPathPart(path: string, position: number, part: string): string {
  if (path === '' || path === '/') return part;
  const isAbsolute = path.startsWith('/');
  const parts = path.split('/').filter((each) => each !== '');
  parts.splice(Math.min(position, parts.length), 0, part);
  return (isAbsolute ? '/' : '') + parts.join('/');
}
