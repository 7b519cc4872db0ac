/** `patchesJson6902`: JSON patches, applied after names and namespaces have changed. */

import type { Origin, Scalar } from '../../yaml/node.ts';
import { decodeMapping, string, struct } from '../decode.ts';
import { type Selector, selector } from '../kustomization.ts';
import { jsonPatch } from '../patches/apply.ts';
import { patchFromFile, patchFromText } from '../patches/load.ts';
import { Refusal } from '../refusal.ts';
import { select } from '../select.ts';
import { pluginReading, type StepContext, type Transform, type TransformerKind } from '../step.ts';

const config = struct('PatchJson6902Transformer', { target: selector, path: string, jsonOp: string });

interface Entry {
  readonly target?: Selector | undefined;
  readonly path?: Scalar | undefined;
  readonly jsonOp?: Scalar | undefined;
  readonly at: Origin;
}

export const patchJson6902: TransformerKind = {
  name: 'PatchJson6902Transformer',
  fromKustomization({ patchesJson6902: entries = [] }, context) {
    return entries.map(({ target, path, patch, at }) => configure({ target, path, jsonOp: patch, at }, context));
  },
  fromConfig(node, context) {
    return configure(decodeMapping(config, node, pluginReading), context);
  },
};

function configure(entry: Entry, context: StepContext): Transform {
  const { target } = entry;
  if (target === undefined || target.name === undefined || target.name.text === '') {
    throw new Refusal('must specify the target name', target?.at ?? entry.at);
  }
  const path = entry.path?.text ? entry.path : undefined;
  const inline = entry.jsonOp?.text ? entry.jsonOp : undefined;
  if (path === undefined && inline === undefined) throw new Refusal('empty file path and empty jsonOp', entry.at);
  if (path !== undefined && inline !== undefined) {
    throw new Refusal('must specify a file path or jsonOp, not both', entry.at);
  }
  const { operations } = path === undefined ? patchFromText(inline!, context) : patchFromFile(path, context);
  if (operations instanceof Refusal) throw operations.within('decoding the JSON patch', (path ?? inline!).at);
  if (operations.length === 0) throw new Refusal('patch appears to be empty', (path ?? inline!).at);
  return (map) => {
    const chosen = new Set(select(map, target));
    map.update((of, index) => (chosen.has(index) ? jsonPatch(of, operations) : of));
  };
}
