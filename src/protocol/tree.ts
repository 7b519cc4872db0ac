/** The tree as the server tells it: nodes in plain data, which the extension turns into tree items. */

/** Names one object for a request: as the API server knows it. */
export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export type NodeStatus = 'ready' | 'progressing' | 'failed' | 'suspended' | 'terminating' | 'unknown' | 'stale';

export interface TreeNode {
  /** Stays the same while the node means the same thing. */
  readonly id: string;
  /** `group`: a heading · `flux`: a Flux object · `applied`: what one of them applied · `message`: a sentence. */
  readonly kind: 'group' | 'flux' | 'applied' | 'message';
  readonly label: string;
  /** Short text beside the label: the revision, or what is wrong. */
  readonly description?: string;
  /** Lines for the tooltip, plain text. */
  readonly details?: readonly string[];
  /** Absent for headings without trouble. */
  readonly status?: NodeStatus;
  readonly expandable?: 'collapsed' | 'expanded';
  readonly object?: ObjectName;
  /** Which actions make sense: words that the menus match. */
  readonly can?: readonly (
    | 'reconcile'
    | 'with-source'
    | 'suspend'
    | 'resume'
    | 'preview'
    | 'values'
    | 'live'
    | 'source'
  )[];
}
