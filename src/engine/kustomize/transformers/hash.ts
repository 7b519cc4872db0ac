/** The suffix of generated names: a hash of the object's content, so that a change of content is a change of name. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { get, type Mapping, type Node } from '../../yaml/node.ts';
import { type Json, toJson } from '../../yaml/resolve.ts';
import { goJson } from '../gojson.ts';
import type { ResMap } from '../resmap.ts';
import { kindOf, nameOf, nameOrigin, remember } from '../resource.ts';
import type { TransformerKind } from '../step.ts';
import { setText, updateAt } from '../tree.ts';

export const hash: TransformerKind = {
  name: 'HashTransformer',
  fromConfig() {
    return addHashes;
  },
};

/** Adds the hash to the name of every resource that was generated with one. */
export function addHashes(map: ResMap): void {
  if (!map.resources.some((of) => of.needsHash)) return;
  map.update((of) => {
    if (!of.needsHash) return of;
    const kept = remember(of, map.isClusterScoped);
    const name = `${nameOf(of.node)}-${hashOf(of.node)}`;
    const node = updateAt(of.node, ['metadata'], of.node.at, (metadata) =>
      setText(metadata as Mapping, 'name', name, nameOrigin(of.node)),
    );
    return { ...kept, node };
  });
}

/** The ten characters that kustomize adds to the name of this object. */
function hashOf(node: Mapping): string {
  const hex = bytesToHex(sha256(utf8ToBytes(goJson(contentOf(node))))).slice(0, 10);
  const letters: Record<string, string> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };
  return hex.replace(/[013ae]/g, (digit) => letters[digit]!);
}

function contentOf(node: Mapping): Json {
  const kind = kindOf(node);
  // kustomize means to hash the name, too, and looks for it where it never is.
  const name = '';
  const data = contentValue(get(node, 'data'));
  if (kind === 'ConfigMap') return withMap({ kind, name, data }, 'binaryData', get(node, 'binaryData'));
  if (kind === 'Secret') {
    const type = contentValue(get(node, 'type'));
    return withMap({ kind, type, name, data }, 'stringData', get(node, 'stringData'));
  }
  return toJson(node, 'kyaml');
}

function contentValue(node: Node | undefined): Json {
  if (node === undefined) return '';
  return node.kind === 'scalar' ? node.text : toJson(node, 'kyaml');
}

function withMap(content: { readonly [key: string]: Json }, key: string, node: Node | undefined): Json {
  return node?.kind === 'mapping' ? { ...content, [key]: toJson(node, 'kyaml') } : content;
}
