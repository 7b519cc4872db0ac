/** Scalars to values in a dialect. INTERIM: the yaml room replaces the inside, the signatures stay. */
import type { Node, Origin, Scalar } from './node.ts';

/** `kyaml` reads as kustomize does, `sigs` as sigs.k8s.io/yaml does (Helm values, kubectl, Flux apply). */
export type Dialect = 'kyaml' | 'sigs';

/** JSON as Go's decoders see it: integers beyond 2^53 are bigint, a float is a number whatever its text was. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };

export function resolve(scalar: Scalar, _dialect: Dialect): null | boolean | number | bigint | string {
  if (scalar.tag === '!!str' || (scalar.style !== 'plain' && scalar.tag === undefined)) return scalar.text;
  const t = scalar.text;
  if (t === '' || t === '~' || t === 'null' || t === 'Null' || t === 'NULL') return null;
  if (/^(true|True|TRUE)$/.test(t)) return true;
  if (/^(false|False|FALSE)$/.test(t)) return false;
  if (/^[-+]?[0-9]+$/.test(t)) return Number.isSafeInteger(Number(t)) ? Number(t) : BigInt(t);
  if (/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(t)) return Number(t);
  return t;
}

/** The whole tree as plain JSON values (null-prototype objects, so that no key is special). */
export function toJson(node: Node, dialect: Dialect): Json {
  if (node.kind === 'scalar') return resolve(node, dialect);
  if (node.kind === 'sequence') return node.items.map((item) => toJson(item, dialect));
  const out: Record<string, Json> = Object.create(null);
  for (const { key, value } of node.entries) out[key.text] = toJson(value, dialect);
  return out;
}

/** Plain JSON values as a tree whose every node has the origin `at`. */
export function fromJson(value: Json, at: Origin): Node {
  if (value === null) return { kind: 'scalar', text: 'null', style: 'plain', tag: '!!null', at };
  if (typeof value === 'string') return { kind: 'scalar', text: value, style: 'plain', tag: '!!str', at };
  if (typeof value !== 'object') return { kind: 'scalar', text: String(value), style: 'plain', at };
  if (Array.isArray(value)) return { kind: 'sequence', items: value.map((item) => fromJson(item, at)), at };
  const entries = Object.entries(value as { [key: string]: Json }).map(([key, item]) => ({
    key: { kind: 'scalar' as const, text: key, style: 'plain' as const, tag: '!!str', at },
    value: fromJson(item, at),
  }));
  return { kind: 'mapping', entries, at };
}
