/** The old transformer that does both: one configuration for a prefix and a suffix. */
import type { TransformerKind } from '../step.ts';
import { prefix } from './prefix.ts';
import { suffix } from './suffix.ts';

export const prefixSuffix: TransformerKind = {
  name: 'PrefixSuffixTransformer',
  fromConfig(node, context) {
    const both = [prefix.fromConfig(node, context), suffix.fromConfig(node, context)];
    return (map) => {
      for (const each of both) each(map);
    };
  },
};
