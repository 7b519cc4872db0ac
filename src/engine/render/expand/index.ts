/** The list of kinds that make objects: one line each, in the order in which they are expanded. */
import type { Expander } from '../context.ts';
import { fluxInstanceExpander } from './fluxinstance.ts';
import { helmReleaseExpander } from './helmrelease.ts';
import { kustomizationExpander } from './kustomization.ts';
import { resourceSetExpander } from './resourceset.ts';

export const expanders: readonly Expander[] = [
  kustomizationExpander,
  fluxInstanceExpander,
  resourceSetExpander,
  helmReleaseExpander,
];
