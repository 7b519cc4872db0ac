/** The list: one line for each recipe. */
import type { Recipe } from './recipe.ts';

export const recipes: readonly Recipe[] = [];
