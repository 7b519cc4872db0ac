/** The list: one line for each recipe. */
import { fluxSchemas } from './flux-schemas.ts';
import { goTypes } from './go-types.ts';
import { kubernetesSchemas } from './kubernetes-schemas.ts';
import { kustomize } from './kustomize.ts';
import type { Recipe } from './recipe.ts';

export const recipes: readonly Recipe[] = [fluxSchemas, kubernetesSchemas, goTypes, kustomize];
