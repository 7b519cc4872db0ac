/** `nameSuffix`. */
import { specOf } from '../config.ts';
import { decodeMapping, list, string, struct } from '../decode.ts';
import { fieldSpecEntry } from '../kustomization.ts';
import { Refusal } from '../refusal.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { addAffix } from './affix.ts';

const config = struct('SuffixTransformer', { suffix: string, fieldSpecs: list(fieldSpecEntry) });

export const suffix: TransformerKind = {
  name: 'SuffixTransformer',
  fromKustomization({ nameSuffix: text }, { config: tables }) {
    if (text === undefined || text.text === '') return [];
    return [(map) => addAffix(map, { text, side: 'suffix', specs: tables.nameSuffix })];
  },
  fromConfig(node) {
    const { suffix: text, fieldSpecs } = decodeMapping(config, node, pluginReading);
    if (fieldSpecs === undefined) throw new Refusal('fieldSpecs is not expected to be nil', node.at);
    const specs = fieldSpecs.map(specOf);
    return (map) => text !== undefined && addAffix(map, { text, side: 'suffix', specs });
  },
};
