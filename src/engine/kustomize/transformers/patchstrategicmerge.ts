/** `patchesStrategicMerge`: strategic merges, each on the one object that has or had its id. */
import type { Mapping, Scalar } from '../../yaml/node.ts';
import { decodeMapping, string, strings, struct } from '../decode.ts';
import { load } from '../loader.ts';
import { readInline, readObjects } from '../read.ts';
import { Refusal } from '../refusal.ts';
import { currentId, nameOrigin, resource } from '../resource.ts';
import { pluginReading, type StepContext, type Transform, type TransformerKind } from '../step.ts';
import { mergeSelected } from './patches.ts';

const config = struct('PatchStrategicMergeTransformer', { paths: strings, patches: string });

export const patchStrategicMerge: TransformerKind = {
  name: 'PatchStrategicMergeTransformer',
  fromKustomization({ patchesStrategicMerge: entries = [] }, context) {
    if (entries.length === 0) return [];
    const objects = entries.flatMap((entry) => objectsOf(entry, context));
    if (objects.length === 0) throw new Refusal('patch appears to be empty', entries[0]!.at);
    return [apply(objects, context)];
  },
  fromConfig(node, context) {
    const { paths = [], patches } = decodeMapping(config, node, pluginReading);
    if (paths.length === 0 && !patches?.text) throw new Refusal('empty file path and empty patch content', node.at);
    const objects = paths.flatMap((entry) => objectsOf(entry, context));
    if (patches?.text) objects.push(...readInline(patches, context.sourceOf(patches)));
    if (objects.length === 0) throw new Refusal('patch appears to be empty', node.at);
    return apply(objects, context);
  },
};

/** An entry is a patch written in place when it reads as one, else the path of a file. */
function objectsOf(entry: Scalar, context: StepContext): readonly Mapping[] {
  try {
    return readInline(entry, context.sourceOf(entry));
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
  }
  return readObjects(load(context.loader, entry.text, entry.at));
}

function apply(objects: readonly Mapping[], context: StepContext): Transform {
  return (map) => {
    for (const patch of objects) {
      const index = map.find(currentId(resource(patch), map.isClusterScoped), nameOrigin(patch));
      mergeSelected(map, [index], patch, { allowNameChange: false, allowKindChange: false }, context);
    }
  };
}
