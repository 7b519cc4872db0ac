/** `patches`: strategic merges or JSON patches, each on one object or on all that a target selects. */
import type { Mapping, Scalar } from '../../yaml/node.ts';
import { boolean, decodeMapping, string, struct } from '../decode.ts';
import { type Patch, selector } from '../kustomization.ts';
import { jsonPatch, mergePatch, type PatchOptions, patchForTarget } from '../patches/apply.ts';
import { type PatchText, patchFromFile, patchFromText } from '../patches/load.ts';
import { Refusal, within } from '../refusal.ts';
import type { ResMap } from '../resmap.ts';
import { currentId, idText, nameOrigin, remember, resource } from '../resource.ts';
import { select } from '../select.ts';
import { pluginReading, type StepContext, type Transform, type TransformerKind } from '../step.ts';

const config = struct('PatchTransformer', {
  path: string,
  patch: string,
  target: selector,
  options: struct('PatchArgs', { allowNameChange: boolean, allowKindChange: boolean }),
});

export const patches: TransformerKind = {
  name: 'PatchTransformer',
  fromKustomization({ patches: entries = [] }, context) {
    return entries.map((entry) => configure(entry, context));
  },
  fromConfig(node, context) {
    return configure(decodeMapping(config, node, pluginReading), context);
  },
};

function configure(entry: Patch, context: StepContext): Transform {
  const inline = entry.patch !== undefined && entry.patch.text.trim() !== '' ? trimmed(entry.patch) : undefined;
  const path = entry.path !== undefined && entry.path.text !== '' ? entry.path : undefined;
  if (inline === undefined && path === undefined) throw new Refusal('must specify one of patch and path', entry.at);
  if (inline !== undefined && path !== undefined) {
    throw new Refusal("patch and path can't be set at the same time", entry.at);
  }
  const source =
    path === undefined ? `[patch: ${JSON.stringify(inline!.text)}]` : `[path: ${JSON.stringify(path.text)}]`;
  const text =
    path === undefined
      ? patchFromText(inline!, context)
      : within(`failed to get the patch file from path(${path.text})`, path.at, () => patchFromFile(path, context));
  return choose(entry, text, source, context);
}

const trimmedTexts = new WeakMap<Scalar, Scalar>();

/** The patch without the space around it, which kustomize takes off; the same scalar each time, as caches ask. */
function trimmed(patch: Scalar): Scalar {
  let out = trimmedTexts.get(patch);
  if (out === undefined) {
    out = { ...patch, text: patch.text.trim() };
    trimmedTexts.set(patch, out);
  }
  return out;
}

function choose(entry: Patch, { objects, operations }: PatchText, source: string, context: StepContext): Transform {
  const hasObjects = !(objects instanceof Refusal);
  const hasOperations = !(operations instanceof Refusal);
  if (hasObjects && hasOperations && objects.length > 0 && operations.length > 0) {
    throw new Refusal(`illegally qualifies as both an SM and JSON patch: ${source}`, entry.at);
  }
  if (!hasObjects && !hasOperations) {
    throw new Refusal(`unable to parse SM or JSON patch from ${source}: ${objects.message}`, objects.at ?? entry.at);
  }
  if (hasObjects) return (map) => mergeAll(map, entry, objects, source, context);
  return (map) => patchAll(map, entry, hasOperations ? operations : [], source);
}

const optionsOf = ({ options }: Patch): PatchOptions => ({
  allowNameChange: options?.allowNameChange === true,
  allowKindChange: options?.allowKindChange === true,
});

function mergeAll(
  map: ResMap,
  entry: Patch,
  objects: readonly Mapping[],
  source: string,
  { openApi }: StepContext,
): void {
  const options = optionsOf(entry);
  if (entry.target !== undefined) {
    const [patch] = objects;
    if (objects.length > 1) {
      throw new Refusal(
        `Multiple Strategic-Merge Patches in one \`patches\` entry is not allowed to set \`patches.target\` field: ${source}`,
        entry.target.at,
      );
    }
    if (patch === undefined) return;
    mergeSelected(map, select(map, entry.target), patch, options, { openApi });
    return;
  }
  for (const patch of objects) {
    const id = currentId(resource(patch), map.isClusterScoped);
    const index = within(`no resource matches strategic merge patch "${idText(id)}"`, patch.at, () =>
      map.find(id, nameOrigin(patch)),
    );
    const merged = mergePatch(map.at(index), patch, options, map, openApi);
    if (merged !== undefined) map.replace(index, merged);
    else map.update((of, position) => (position === index ? undefined : of));
  }
}

/** Lays one patch over the resources at these indexes; those that it deletes are gone. */
export function mergeSelected(
  map: ResMap,
  indexes: readonly number[],
  patch: Mapping,
  options: PatchOptions,
  { openApi }: Pick<StepContext, 'openApi'>,
): void {
  const chosen = new Set(indexes);
  map.update((of, index) => {
    if (!chosen.has(index)) return of;
    return mergePatch(of, patchForTarget(patch, of.node), options, map, openApi);
  });
  if (options.allowNameChange || options.allowKindChange) map.reset(map.resources);
}

function patchAll(map: ResMap, entry: Patch, operations: Parameters<typeof jsonPatch>[1], source: string): void {
  if (operations.length === 0) return;
  if (entry.target === undefined) {
    throw new Refusal(`must specify a target for JSON patch ${source}`, entry.at);
  }
  const chosen = new Set(select(map, entry.target));
  map.update((of, index) => (chosen.has(index) ? jsonPatch(remember(of, map.isClusterScoped), operations) : of));
}
