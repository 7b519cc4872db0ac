/** The list: one line for each verb of the server. */
import type { Handler } from '../handler.ts';
import { act } from './act.ts';
import { apply } from './apply.ts';
import { codeActions } from './codeActions.ts';
import { completion } from './completion.ts';
import { contexts } from './contexts.ts';
import { definition } from './definition.ts';
import { diagnostics } from './diagnostics.ts';
import { documentLinks } from './documentLinks.ts';
import { documents } from './documents.ts';
import { fetchCharts } from './fetchCharts.ts';
import { files } from './files.ts';
import { hover } from './hover.ts';
import { left } from './left.ts';
import { plan } from './plan.ts';
import { preview } from './preview.ts';
import { tree } from './tree.ts';
import { wayback } from './wayback.ts';

export const handlers: readonly Handler[] = [
  //
  act,
  apply,
  codeActions,
  completion,
  contexts,
  definition,
  diagnostics,
  documentLinks,
  documents,
  fetchCharts,
  files,
  hover,
  left,
  plan,
  preview,
  tree,
  wayback,
];
