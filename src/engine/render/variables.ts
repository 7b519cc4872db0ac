/** The variables of a Flux Kustomization: `substituteFrom` in its order, then `substitute`, the later one winning. */
import { node as field, type KustomizationView } from '../flux/index.ts';
import { formsOf, hideForms } from '../objects/hide.ts';
import { error, type Problem } from '../problem.ts';
import type { Mapping, Node, Origin } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import type { Variable } from './substitute.ts';

/** A ConfigMap or Secret that variables or Helm values come from. */
export interface InputQuery {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

/** What is known of one: its object, or who will make it in the cluster. */
export type InputAnswer =
  | {
      readonly found: Mapping;
      readonly from: 'fleet' | 'cluster';
      /** Values in it that came from a Secret themselves. */
      readonly secretValues?: readonly string[];
    }
  | { readonly found: undefined; readonly producer?: string };

export interface Variables {
  readonly values: ReadonlyMap<string, Variable>;
  /** Sources that could not be read: their variables are unknown. */
  readonly unknown: readonly string[];
  /** The objects that were read. */
  readonly inputs: readonly Mapping[];
  readonly problems: readonly Problem[];
}

export interface VariablesRequest {
  readonly view: KustomizationView;
  readonly namespace: string;
  /** Values in the Kustomization itself that came from a Secret. */
  readonly secretValues?: readonly string[];
  /** Absent: `substituteFrom` is left out, as `flux build --dry-run` does. */
  input?(query: InputQuery): InputAnswer;
}

const nameForm = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

export function readVariables({ view, namespace, secretValues = [], input }: VariablesRequest): Variables {
  const values = new Map<string, Variable>();
  const unknown: string[] = [];
  const inputs: Mapping[] = [];
  const problems: Problem[] = [];
  for (const from of input === undefined ? [] : view.substituteFrom) {
    const kind = from.kind.value;
    if (kind !== 'ConfigMap' && kind !== 'Secret') continue;
    const title = `${kind} ${namespace}/${from.name.value}`;
    const answer = input!({ kind, namespace, name: from.name.value });
    if (answer.found === undefined) {
      if (from.optional && answer.producer === undefined) continue;
      unknown.push(title);
      problems.push(unknownInput(title, answer.producer, from.name.node.at));
      continue;
    }
    inputs.push(answer.found);
    for (const [key, variable] of inputEntries(answer.found, kind)) {
      if (variable === undefined) unknown.push(`${title} (encrypted)`);
      else {
        const secret = variable.secret || holdsAny(variable.value, answer.secretValues ?? []);
        values.set(key, { ...variable, value: variable.value.replaceAll('\n', ''), secret });
      }
    }
  }
  for (const { key, value } of view.substitute) {
    const read = resolve(value.node as Extract<Node, { kind: 'scalar' }>, 'kyaml');
    if (read !== null && typeof read !== 'string') {
      const message = `the value of ${key.text} must be a string: put it in quotes`;
      problems.push(error('flux-build', message, value.node.at));
    }
    const text = read === null ? '' : value.value;
    const secret = holdsAny(text, secretValues);
    values.set(key.text, { value: text.replaceAll('\n', ''), at: value.node.at, secret });
  }
  for (const [name, { at }] of values) {
    if (nameForm.test(name)) continue;
    const message = `'${name}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'`;
    problems.push(error('flux-substitution', message, at));
  }
  return { values, unknown, inputs, problems };
}

/** Whether a text that was handed on holds what once came from a Secret. */
function holdsAny(text: string, secrets: readonly string[]): boolean {
  return secrets.length > 0 && hideForms(text, formsOf(secrets)) !== text;
}

function unknownInput(title: string, producer: string | undefined, at: Origin): Problem {
  if (producer !== undefined) {
    const message = `${title} is made in the cluster by ${producer}: its variables are not known here`;
    return { code: 'flux-substitution', severity: 'information', message, at };
  }
  const message = `${title} is in no file of the fleet: its variables are not known here`;
  return { code: 'flux-substitution', severity: 'warning', message, at };
}

/** Keys and values of a ConfigMap or Secret; a value is undefined where it is still encrypted. */
export function* inputEntries(
  object: Mapping,
  kind: 'ConfigMap' | 'Secret',
): Generator<readonly [string, Variable | undefined]> {
  const encrypted = field(object, 'sops', 'mac') !== undefined;
  const sections = kind === 'ConfigMap' ? (['data'] as const) : (['data', 'stringData'] as const);
  for (const section of sections) {
    const map = field(object, section);
    if (map?.kind !== 'mapping') continue;
    for (const { key, value } of map.entries) {
      if (value.kind !== 'scalar') continue;
      const isEncrypted = encrypted && value.text.startsWith('ENC[');
      const decoded = kind === 'Secret' && section === 'data' ? fromBase64(value.text) : value.text;
      const variable = { value: decoded, at: value.at, secret: kind === 'Secret' };
      yield [key.text, isEncrypted ? undefined : variable];
    }
  }
}

/** Bytes as UTF-8 text; what is not base64 reads as nothing. */
export function fromBase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text.replace(/\s/g, '')), (c) => c.charCodeAt(0)));
  } catch {
    return '';
  }
}
