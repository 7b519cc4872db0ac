/** Takes generated objects into the resources: added, or merged into or put in place of what has their id. */

import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Entry, get, type Mapping, type Node, type Origin, type Scalar } from '../yaml/node.ts';
import { compareText } from './decode.ts';
import { base64 } from './generators/base64.ts';
import { Refusal } from './refusal.ts';
import type { ResMap } from './resmap.ts';
import { apiVersionOf, idText, kindOf, nameOrigin, type Resource } from './resource.ts';
import { isMissing, settle, updateAt, withEntry } from './tree.ts';

export function absorb(map: ResMap, added: Resource): void {
  const id = map.current(added);
  const matches = map.matchingAny(id);
  const [index] = matches;
  const { behavior } = added;
  const at = nameOrigin(added.node);
  if (index === undefined) {
    if (behavior === 'merge' || behavior === 'replace') {
      throw new Refusal(`id ${idText(id)} does not exist; cannot merge or replace`, at);
    }
    map.append(added);
    return;
  }
  if (matches.length > 1) {
    throw new Refusal(`found multiple objects that could accept merge of ${idText(id)}`, at);
  }
  if (behavior !== 'merge' && behavior !== 'replace') {
    throw new Refusal(
      `id ${idText(id)} exists; can not use behavior: '${behavior}', behavior must be merge or replace`,
      at,
    );
  }
  const old = map.at(index);
  map.replace(index, behavior === 'merge' ? merged(old, added) : replaced(old, added));
}

/** The new object under the old one's name and history, its labels and annotations laid over the old ones. */
function replaced(old: Resource, added: Resource): Resource {
  const metadata = get(old.node, 'metadata');
  let { node } = added;
  for (const field of ['labels', 'annotations']) {
    const joined = joinMaps(get(metadata, field), get(get(node, 'metadata'), field));
    node = updateAt(node, ['metadata', field], node.at, () => joined);
  }
  for (const field of ['name', 'namespace']) {
    const value = get(metadata, field);
    node = updateAt(node, ['metadata', field], node.at, () => value);
  }
  return {
    ...added,
    node,
    previous: old.previous,
    prefixes: old.prefixes,
    suffixes: old.suffixes,
    vars: old.vars,
    transformations: old.transformations,
    needsHash: old.needsHash && added.needsHash,
    behavior: old.behavior,
  };
}

function merged(old: Resource, added: Resource): Resource {
  const out = replaced(old, added);
  const oldData = isSecret(out.node) ? secretData(old.node) : get(old.node, 'data');
  let node = withMap(out.node, 'data', joinMaps(oldData, get(out.node, 'data')));
  node = withMap(node, 'binaryData', joinMaps(get(old.node, 'binaryData'), get(out.node, 'binaryData')));
  return { ...out, node, provenance: old.provenance ?? out.provenance };
}

function withMap(node: Mapping, key: string, value: Mapping | undefined): Mapping {
  return withEntry(withEntry(node, key, undefined), key, value);
}

const isSecret = (node: Mapping): boolean => apiVersionOf(node) === 'v1' && kindOf(node) === 'Secret';

/** A secret's data with `stringData` encoded into it. */
function secretData(node: Mapping): Node | undefined {
  const plain = get(node, 'stringData');
  if (isMissing(plain) || plain.kind !== 'mapping') return get(node, 'data');
  const entries = plain.entries.map(({ key, value }) => {
    if (value.kind !== 'scalar') {
      throw new Refusal(`stringData value for key "${key.text}" must be a scalar`, value.at);
    }
    return { key, value: { ...str(base64(utf8ToBytes(value.text)), value.at) } };
  });
  return joinMaps(get(node, 'data'), { ...plain, entries });
}

const str = (text: string, at: Origin): Scalar => ({
  kind: 'scalar',
  text,
  style: text.includes('\n') ? 'literal' : 'plain',
  tag: '!!str',
  at,
});

/** Both maps in one, all values strings, sorted by key; undefined when there is nothing. */
function joinMaps(base: Node | undefined, over: Node | undefined): Mapping | undefined {
  const entries = new Map<string, Entry>();
  let at: Origin | undefined;
  for (const map of [base, over]) {
    if (map?.kind !== 'mapping') continue;
    at = map.at;
    for (const { key, value } of map.entries) {
      entries.set(key.text, { key, value: settle(str(value.kind === 'scalar' ? value.text : '', value.at)) });
    }
  }
  if (entries.size === 0 || at === undefined) return undefined;
  const sorted = [...entries.values()].sort((a, b) => compareText(a.key.text, b.key.text));
  return { kind: 'mapping', entries: sorted, at };
}
