/** The list: one line for each verb of the server. */
import type { Handler } from '../handler.ts';
import { act } from './act.ts';
import { contexts } from './contexts.ts';
import { files } from './files.ts';
import { tree } from './tree.ts';

export const handlers: readonly Handler[] = [
  //
  act,
  contexts,
  files,
  tree,
];
