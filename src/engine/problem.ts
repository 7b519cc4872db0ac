/** What is wrong, where. Bad input is a result with problems; only a caller's bug is thrown. */
import type { Origin } from './yaml/node.ts';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** The closed union of codes; one line each, grouped by the room that reports it. */
export type ProblemCode =
  // yaml
  | 'yaml-syntax'
  | 'yaml-duplicate-key'
  | 'yaml-limit'
  // files and sources
  | 'file-missing'
  | 'file-outside-root'
  | 'source-missing'
  // kustomize
  | 'kustomize-file'
  | 'kustomize-build'
  | 'kustomize-unsupported'
  // flux
  | 'flux-build'
  | 'flux-substitution'
  | 'flux-reference'
  | 'flux-deprecated'
  // sops
  | 'sops-locked'
  | 'sops-decrypt'
  | 'sops-mac'
  // helm
  | 'helm-chart'
  | 'helm-values'
  | 'helm-template'
  | 'helm-limit'
  // schema
  | 'schema-unknown-kind'
  | 'schema-unknown-field'
  | 'schema-type'
  | 'schema-enum'
  | 'schema-required'
  | 'schema-value'
  | 'schema-rule'
  // cluster
  | 'cluster-unreachable'
  | 'cluster-forbidden'
  | 'cluster-unknown-kind'
  | 'cluster-rejected'
  | 'cluster-conflict'
  | 'kubeconfig';

export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** One sentence that says what is wrong and, where it is known, what to do. Never a secret's value. */
  readonly message: string;
  readonly at?: Origin;
  readonly related?: readonly { readonly message: string; readonly at: Origin }[];
}

/** Either a value (perhaps with warnings) or the errors that stood in its way. */
export interface Result<T> {
  readonly value?: T;
  readonly problems: readonly Problem[];
}

export function error(code: ProblemCode, message: string, at?: Origin): Problem {
  return at === undefined ? { code, severity: 'error', message } : { code, severity: 'error', message, at };
}
