/** `secretGenerator`. */
import { decodeMapping, string, struct } from '../decode.ts';
import { type GeneratorArgs, generatorFields, mergeOptions, objectMeta } from '../kustomization.ts';
import { type Generate, type GeneratorKind, pluginReading, type StepContext } from '../step.ts';
import { mapEntry } from './configmap.ts';
import { collect } from './data.ts';
import { dataEntries, generated, named } from './object.ts';

const config = struct('SecretGenerator', { metadata: objectMeta, ...generatorFields, type: string });

export const secret: GeneratorKind = {
  name: 'SecretGenerator',
  fromKustomization({ secretGenerator: entries = [], generatorOptions }, context) {
    return entries.map((entry) => {
      const options = mergeOptions(entry.options, generatorOptions);
      return generate({ ...entry, ...(options && { options }) }, context);
    });
  },
  fromConfig(node, context) {
    const read = decodeMapping(config, node, pluginReading);
    return generate(named(read, read.metadata), context);
  },
};

function generate(args: GeneratorArgs, context: StepContext): Generate {
  return () => {
    const at = args.type?.at ?? args.at;
    const key = { kind: 'scalar', text: 'type', style: 'plain', tag: '!!str', at } as const;
    const type = { key, value: { ...key, text: args.type?.text || 'Opaque' } };
    return [
      generated('Secret', args, [type, mapEntry('data', dataEntries(collect(args, context, 'Secret'), true), args.at)]),
    ];
  };
}
