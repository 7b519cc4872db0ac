/** What the walkers over a node and its schema share: how they look up schemas and report what they find. */
import type { Problem, ProblemCode } from '../problem.ts';
import type { Node, Origin, Scalar } from '../yaml/node.ts';
import type { Schema } from './schema.ts';

/** Mapping keys and sequence indexes, from the object's root. */
export type Path = readonly (string | number)[];

/** A problem with what a quick fix needs to know. */
export interface SchemaProblem extends Problem {
  readonly path: Path;
  /** For an unknown field or a wrong value: what was probably meant. */
  readonly suggestion?: string;
}

export interface Judge {
  /** The schema with its reference followed. */
  readonly lookup: (schema: Schema) => Schema;
  /** A kustomize patch: what is required may stand elsewhere, and `$patch` directives may stand anywhere. */
  readonly partial: boolean;
  /** Built-in kinds are decoded by Go, for which null and an empty enumeration value mean "not set". */
  readonly builtin: boolean;
  /** Kustomize finds a field in whatever case it is written. */
  readonly foldCase: boolean;
  /** Values of a Secret are never repeated in a message. */
  readonly secret: boolean;
  report(problem: SchemaProblem): void;
  /** How many problems were reported so far. */
  failures(): number;
  /** Tells a node that passed every other check against a schema with CEL rules; absent when rules are not evaluated. */
  readonly rules?: (node: Node, schema: Schema, path: Path, anchor: Origin) => void;
}

export function report(
  judge: Judge,
  code: ProblemCode,
  path: Path,
  at: Origin,
  message: string,
  more: Partial<Pick<SchemaProblem, 'suggestion' | 'related' | 'severity'>> = {},
): void {
  judge.report({ code, severity: 'error', message, at, path, ...more });
}

/** `spec.template.spec.containers[0].name`; `the object` for the root. */
export function pathText(path: Path): string {
  let out = '';
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) out += out === '' ? step : `.${step}`;
    else out += `["${step}"]`;
  }
  return out === '' ? 'the object' : out;
}

/** A value as a message quotes it: short, and never a secret's. */
export function quoted(judge: Judge, scalar: Scalar): string {
  if (judge.secret) return 'this value';
  const text = scalar.text.length > 60 ? `${scalar.text.slice(0, 57)}...` : scalar.text;
  return `"${text}"`;
}
