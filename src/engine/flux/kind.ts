/** The shape of a Flux kind: one file in `kinds/`, one line in `index.ts`. */
import type { Mapping, Node } from '../yaml/node.ts';
import { boolean, type Field, string } from './field.ts';

/** What one object says about another one. */
export type ReferenceRole =
  /** Where files come from: `sourceRef`, an ArtifactGenerator's sources, a GitRepository's includes. */
  | 'source'
  /** A Helm chart: `chartRef`, `chart.spec.sourceRef`. */
  | 'chart'
  | 'depends-on'
  /** Variables and values: `substituteFrom`, `valuesFrom`, `inputsFrom`. */
  | 'input'
  /** Credentials and keys. */
  | 'secret'
  | 'config-map'
  | 'service-account'
  | 'image-repository'
  | 'image-policy'
  | 'provider'
  /** An object whose events or health are watched. */
  | 'watched'
  /** What a webhook or a policy acts on. */
  | 'target';

export interface Reference {
  readonly role: ReferenceRole;
  readonly kind: string;
  /** Empty for core kinds; undefined where the kind alone decides (Flux's own). */
  readonly group?: string;
  /** A name, or `*` for every object of the kind. */
  readonly name: string;
  /** Undefined: the referring object's own namespace. */
  readonly namespace?: string;
  /** A missing object is no fault. */
  readonly optional: boolean;
  /** The scalar that names the object. */
  readonly node: Node;
}

export interface FluxKind<View = unknown> {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** Every API version that ever was, oldest first; the last one is what Flux 2.9 wants. */
  readonly versions: readonly string[];
  /** Those that Flux 2.9 still serves and calls deprecated, or no longer serves. */
  readonly deprecated: readonly string[];
  view(object: Mapping): View;
  references(object: Mapping): readonly Reference[];
}

/** What `reference` needs beside the node: defaults for what the reference itself leaves out. */
export interface ReferenceRule {
  readonly role: ReferenceRole;
  /** The kind, when the reference does not name one. */
  readonly kind?: string;
  readonly group?: string;
}

/** A reference object `{ kind, name, namespace, optional }`; nothing when it names nothing. */
export function reference(from: Node | undefined, rule: ReferenceRule): readonly Reference[] {
  const name = string(from, 'name');
  const kind = string(from, 'kind')?.value ?? rule.kind;
  if (name === undefined || kind === undefined) return [];
  const namespace = string(from, 'namespace')?.value;
  const group = groupOf(string(from, 'apiVersion')) ?? rule.group ?? coreKinds.get(kind);
  return [
    {
      role: rule.role,
      kind,
      ...(group === undefined ? {} : { group }),
      name: name.value,
      ...(namespace === undefined ? {} : { namespace }),
      optional: boolean(from, 'optional')?.value ?? false,
      node: name.node,
    },
  ];
}

/** A bare string that names an object of `kind` in the same namespace. */
export function named(name: Field<string> | undefined, rule: ReferenceRule & { kind: string }): readonly Reference[] {
  if (name === undefined) return [];
  const group = rule.group ?? coreKinds.get(rule.kind);
  const at = { role: rule.role, kind: rule.kind, name: name.value, optional: false, node: name.node };
  return [group === undefined ? at : { ...at, group }];
}

export const secret: ReferenceRule & { kind: string } = { role: 'secret', kind: 'Secret' };
export const configMap: ReferenceRule & { kind: string } = { role: 'config-map', kind: 'ConfigMap' };
export const serviceAccount: ReferenceRule & { kind: string } = { role: 'service-account', kind: 'ServiceAccount' };

const coreKinds: ReadonlyMap<string, string> = new Map([
  ['Secret', ''],
  ['ConfigMap', ''],
  ['ServiceAccount', ''],
]);

function groupOf(apiVersion: Field<string> | undefined): string | undefined {
  if (apiVersion === undefined) return undefined;
  const slash = apiVersion.value.indexOf('/');
  return slash < 0 ? '' : apiVersion.value.slice(0, slash);
}

/** `secretRef`, `certSecretRef`, `proxySecretRef` and `serviceAccountName`: what every source may name. */
export function credentials(spec: Node | undefined): readonly Reference[] {
  return [
    ...['secretRef', 'certSecretRef', 'proxySecretRef'].flatMap((key) => reference(getKey(spec, key), secret)),
    ...named(string(spec, 'serviceAccountName'), serviceAccount),
  ];
}

function getKey(from: Node | undefined, key: string): Node | undefined {
  return from?.kind === 'mapping' ? from.entries.find((entry) => entry.key.text === key)?.value : undefined;
}
