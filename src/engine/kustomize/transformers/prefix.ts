/** `namePrefix`. */
import { specOf } from '../config.ts';
import { decodeMapping, list, string, struct } from '../decode.ts';
import { fieldSpecEntry } from '../kustomization.ts';
import { Refusal } from '../refusal.ts';
import { pluginReading, type TransformerKind } from '../step.ts';
import { addAffix } from './affix.ts';

const config = struct('PrefixTransformer', { prefix: string, fieldSpecs: list(fieldSpecEntry) });

export const prefix: TransformerKind = {
  name: 'PrefixTransformer',
  fromKustomization({ namePrefix: text }, { config: tables }) {
    if (text === undefined || text.text === '') return [];
    return [(map) => addAffix(map, { text, side: 'prefix', specs: tables.namePrefix })];
  },
  fromConfig(node) {
    const { prefix: text, fieldSpecs } = decodeMapping(config, node, pluginReading);
    if (fieldSpecs === undefined) throw new Refusal('fieldSpecs is not expected to be nil', node.at);
    const specs = fieldSpecs.map(specOf);
    return (map) => text !== undefined && addAffix(map, { text, side: 'prefix', specs });
  },
};
