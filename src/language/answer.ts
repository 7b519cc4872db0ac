/** What the room is asked with, and what it answers: plain data, offsets into the file's text, no editor types. */
import type {
  InputQuery,
  Mapping,
  MergedValues,
  OpenKey,
  Origin,
  Problem,
  Schemas,
  Workspace,
} from '../engine/index.ts';

/** All that answers are made from. */
export interface Knowledge {
  readonly workspace: Workspace;
  readonly schemas: Schemas;
  /** Data keys of encrypted files that are open; absent: nobody looks for keys here. */
  readonly openKey?: OpenKey;
  /** ConfigMaps and Secrets of the chosen cluster, as far as they were read; absent: there is none. */
  readonly clusterInput?: (query: InputQuery) => Mapping | undefined;
  /** The values that the chart of a HelmRelease is rendered with; absent: charts are not looked at here. */
  readonly releaseValues?: (release: { readonly node: Mapping }) => MergedValues;
}

/** A change of text. `file` is the name that origins carry. */
export interface Edit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** A problem with what an editor can do about it. */
export interface Diagnostic extends Problem {
  readonly fixes?: readonly Fix[];
  /** How the line looks besides its underline: struck through. */
  readonly tag?: 'deprecated';
}

export function replace(at: Origin, text: string): Edit {
  return { file: at.file, start: at.start, end: at.end, text };
}
