/** The list: one line for each generator, in the order in which a kustomization's own fields are generated. */
import type { GeneratorKind } from '../step.ts';
import { configMap } from './configmap.ts';
import { helm } from './helm.ts';
import { iamPolicy } from './iampolicy.ts';
import { secret } from './secret.ts';

export const generators: readonly GeneratorKind[] = [configMap, secret, helm, iamPolicy];
