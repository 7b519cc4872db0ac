/** The list: one line for each verb of the server. */
import type { Handler } from '../handler.ts';
import { act } from './act.ts';
import { contexts } from './contexts.ts';
import { documents } from './documents.ts';
import { files } from './files.ts';
import { plan } from './plan.ts';
import { preview } from './preview.ts';
import { tree } from './tree.ts';

export const handlers: readonly Handler[] = [
  //
  act,
  contexts,
  documents,
  files,
  plan,
  preview,
  tree,
];
