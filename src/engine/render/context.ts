/** What a render knows while it goes on: the folder, its options, and every object that it has found so far. */
import type { SourceQuery, Workspace } from '../workspace/index.ts';
import type { Mapping } from '../yaml/node.ts';
import type { Decrypt, KustomizeEngine } from './build.ts';
import type { DesiredObject, DesiredSet, Owner } from './desired.ts';
import type { InputAnswer, InputQuery } from './variables.ts';

export interface RendererOptions {
  readonly kustomizer: KustomizeEngine;
  /** Flux 2.9 refuses unset variables (`strict`, the default); before, they were empty. */
  readonly substitution?: 'strict' | 'lenient';
  /** ConfigMaps and Secrets of the chosen cluster, for what no file of the fleet declares. */
  readonly input?: (query: InputQuery) => Mapping | undefined;
  readonly decrypt?: Decrypt;
}

export interface RenderContext {
  readonly workspace: Workspace;
  readonly options: RendererOptions;
  /** The source object as it will be in the cluster: rendered before, else as a file declares it. */
  source(query: SourceQuery): Mapping | undefined;
  /** A ConfigMap or Secret: rendered before, declared in a file, or of the cluster. */
  input(query: InputQuery): InputAnswer;
  /** Every object rendered so far of a kind. */
  rendered(kind: string): readonly DesiredObject[];
}

/** Turns one object into the objects that its controller would make of it. One file in `expand/`, one line in its list. */
export interface Expander {
  readonly group: string;
  readonly kind: string;
  /**
   * Undefined: it has to wait for objects that are not rendered yet (a ConfigMap, a source); it is asked again later,
   * and with `last` when nothing more will come.
   */
  expand(object: DesiredObject, owner: Owner, context: RenderContext, turn: 'first' | 'last'): DesiredSet | undefined;
}
