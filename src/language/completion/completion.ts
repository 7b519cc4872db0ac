/** What a completion is: plain data, and the shape of a source of completions. */
import type { WorkspaceFile } from '../../engine/index.ts';
import type { Knowledge } from '../answer.ts';
import type { Cursor } from '../cursor.ts';
import type { KustomizationFile } from '../roles.ts';

export interface Completion {
  readonly label: string;
  readonly kind: 'field' | 'value' | 'kind' | 'object' | 'file' | 'folder' | 'variable';
  /** A few words behind the label. */
  readonly detail?: string;
  /** Markdown, escaped. */
  readonly documentation?: string;
  /** The text to put in; `$0` is where the cursor goes when `snippet` is set. */
  readonly insert: string;
  readonly snippet?: boolean;
  /** The range to replace. */
  readonly start: number;
  readonly end: number;
  /** Less comes first; by default 5. */
  readonly rank?: number;
  readonly deprecated?: boolean;
}

/** One question for completions, as every source sees it. */
export interface Asked extends Knowledge {
  readonly file: WorkspaceFile;
  /** The text as it is typed now; the file is parsed from the same. */
  readonly text: string;
  readonly offset: number;
  readonly kustomization?: KustomizationFile;
  /** What the document says it is, or what its file name says. */
  readonly apiVersion: string;
  readonly kind: string;
}

/** A source that needs to know where in the document the cursor is. */
export type Source = (asked: Asked, cursor: Cursor) => Iterable<Completion>;
