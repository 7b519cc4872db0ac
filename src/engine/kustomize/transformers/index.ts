/** The list: one line for each transformer, in the order in which a kustomization's own fields are applied. */
import type { TransformerKind } from '../step.ts';
import { annotations } from './annotations.ts';
import { hash } from './hash.ts';
import { images } from './images.ts';
import { labels } from './labels.ts';
import { namespace } from './namespace.ts';
import { patches } from './patches.ts';
import { patchJson6902 } from './patchjson6902.ts';
import { patchStrategicMerge } from './patchstrategicmerge.ts';
import { prefix } from './prefix.ts';
import { prefixSuffix } from './prefixsuffix.ts';
import { replacements } from './replacements.ts';
import { replicas } from './replicas.ts';
import { suffix } from './suffix.ts';
import { valueAdd } from './valueadd.ts';

export const transformers: readonly TransformerKind[] = [
  patchStrategicMerge,
  patches,
  namespace,
  prefix,
  suffix,
  labels,
  annotations,
  patchJson6902,
  replicas,
  images,
  replacements,
  // Only in `transformers`: no field of the kustomization asks for these.
  prefixSuffix,
  valueAdd,
  hash,
];
