/** `commonAnnotations`: annotations on objects and their pod templates. */
import { specOf } from '../config.ts';
import { decodeMapping, list, pairs, struct } from '../decode.ts';
import { fieldSpecEntry } from '../kustomization.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { setEntries } from './setentries.ts';

const config = struct('AnnotationsTransformer', { annotations: pairs, fieldSpecs: list(fieldSpecEntry) });

export const annotations: TransformerKind = {
  name: 'AnnotationsTransformer',
  fromKustomization({ commonAnnotations }, { config: tables }) {
    if (commonAnnotations === undefined || commonAnnotations.length === 0) return [];
    return [(map) => setEntries(map, commonAnnotations, tables.commonAnnotations)];
  },
  fromConfig(node) {
    const read = decodeMapping(config, node, pluginReading);
    const specs = (read.fieldSpecs ?? []).map(specOf);
    return (map) => setEntries(map, read.annotations ?? [], specs);
  },
};
