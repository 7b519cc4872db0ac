/** `configMapGenerator`. */
import type { Entry, Mapping, Origin } from '../../yaml/node.ts';
import { decodeMapping, struct } from '../decode.ts';
import { type GeneratorArgs, generatorFields, mergeOptions, objectMeta } from '../kustomization.ts';
import { type Generate, type GeneratorKind, pluginReading, type StepContext } from '../step.ts';
import { collect } from './data.ts';
import { dataEntries, generated, named } from './object.ts';

const config = struct('ConfigMapGenerator', { metadata: objectMeta, ...generatorFields });

export const configMap: GeneratorKind = {
  name: 'ConfigMapGenerator',
  fromKustomization({ configMapGenerator: entries = [], generatorOptions }, context) {
    return entries.map((entry) =>
      generate({ ...entry, ...withOptions(mergeOptions(entry.options, generatorOptions)) }, context),
    );
  },
  fromConfig(node, context) {
    const read = decodeMapping(config, node, pluginReading);
    return generate(named(read, read.metadata), context);
  },
};

const withOptions = (options: GeneratorArgs['options']): Pick<GeneratorArgs, 'options'> =>
  options === undefined ? {} : { options };

function generate(args: GeneratorArgs, context: StepContext): Generate {
  return () => {
    const values = collect(args, context, 'ConfigMap');
    const make = (key: string, binary: boolean): readonly Entry[] => {
      const chosen = values.filter((value) => value.isText !== binary);
      return chosen.length === 0 ? [] : [mapEntry(key, dataEntries(chosen, binary), args.at)];
    };
    return [generated('ConfigMap', args, [...make('data', false), ...make('binaryData', true)])];
  };
}

export function mapEntry(key: string, entries: readonly Entry[], at: Origin): Entry {
  const value: Mapping = { kind: 'mapping', entries, at };
  return { key: { kind: 'scalar', text: key, style: 'plain', tag: '!!str', at }, value };
}
