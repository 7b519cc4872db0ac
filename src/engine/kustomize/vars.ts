/** `vars`: `$(NAME)` in the fields that the configuration lists, replaced by a field of an object. */
import type { Node, Origin, Scalar } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { compareText } from './decode.ts';
import { type FieldSpec, isSelected, visitField } from './fieldspec.ts';
import type { Variable } from './kustomization.ts';
import { Refusal } from './refusal.ts';
import type { ResMap } from './resmap.ts';
import { effectiveNamespace, gvkOf, type ResId, splitApiVersion } from './resource.ts';
import { isNull, isString, isUntyped, lookup, mapItems, splitFieldPath } from './tree.ts';

export type VarSet = ReadonlyMap<string, Variable>;

/** Adds vars, refusing a name that is taken, and marks the objects that their values come from. */
export function mergeVars(known: VarSet, added: readonly Variable[], map: ResMap): VarSet {
  for (const variable of added) {
    const id = targetOf(variable);
    const hasNamespace = id.namespace !== '' || id.clusterScoped;
    const wanted = effectiveNamespace(id);
    const found = map.named(id.name).filter((index) =>
      map.idsOf(map.at(index)).some((each) => {
        if (each.name !== id.name || each.group !== id.group || each.version !== id.version || each.kind !== id.kind) {
          return false;
        }
        return !hasNamespace || effectiveNamespace(each) === wanted;
      }),
    );
    if (found.length > 1) {
      throw new Refusal(
        `found ${found.length} resId matches for var ${variable.name?.text ?? ''} (unable to disambiguate)`,
        variable.at,
      );
    }
    const [index] = found;
    if (index === undefined) continue;
    const of = map.at(index);
    map.replace(index, { ...of, vars: [...of.vars, variable.name?.text ?? ''] });
  }
  return unite(known, added);
}

export function unite(known: VarSet, added: Iterable<Variable>): VarSet {
  const out = new Map(known);
  for (const variable of added) {
    const name = variable.name?.text ?? '';
    if (out.has(name)) throw new Refusal(`var '${name}' already encountered`, variable.name?.at ?? variable.at);
    out.set(name, variable);
  }
  return out;
}

function targetOf({ objref }: Variable): ResId {
  const gvk = {
    group: objref?.group?.text ?? '',
    version: objref?.version?.text ?? '',
    kind: objref?.kind?.text ?? '',
  };
  const apiVersion = objref?.apiVersion?.text ?? '';
  const full = apiVersion === '' ? gvk : { ...gvk, ...versionOf(apiVersion, gvk.group) };
  return {
    ...full,
    name: objref?.name?.text ?? '',
    namespace: objref?.namespace?.text ?? '',
    clusterScoped: false,
  };
}

function versionOf(apiVersion: string, group: string): { readonly group: string; readonly version: string } {
  const split = splitApiVersion(apiVersion);
  return split.group === '' ? { group, version: split.version } : split;
}

interface Value {
  readonly value: string | number | boolean;
  readonly node: Node;
}

/** Puts the values in place; answers the vars that nothing used, which kustomize warns of. */
export function resolveVars(map: ResMap, vars: VarSet, specs: readonly FieldSpec[]): readonly Variable[] {
  if (vars.size === 0) return [];
  const values = new Map<string, Value | undefined>();
  for (const name of [...vars.keys()].sort(compareText)) values.set(name, valueFor(vars.get(name)!, map));
  const used = new Set<string>();
  map.update((of) => {
    const gvk = gvkOf(of.node);
    let { node } = of;
    for (const spec of specs) {
      if (!isSelected(gvk, spec)) continue;
      node = visitField(node, spec, { at: node.at, set: (found) => replaceIn(found, values, used) });
    }
    return node === of.node ? of : { ...of, node };
  });
  return [...vars.values()].filter((variable) => !used.has(variable.name?.text ?? ''));
}

function valueFor(variable: Variable, map: ResMap): Value | undefined {
  const name = variable.name?.text ?? '';
  const path = variable.fieldref?.fieldPath?.text || 'metadata.name';
  const of = map.resources.find((each) => each.vars.includes(name));
  if (of === undefined) {
    throw new Refusal(`var '${name}' cannot be mapped to a field in the set of known resources`, variable.at);
  }
  const parts = splitFieldPath(path).flatMap((part) => {
    const indexed = /^(.*)\[(\d+)\]$/.exec(part);
    return indexed === null ? [part] : [indexed[1]!, indexed[2]!];
  });
  let node: Node | undefined;
  try {
    node = lookup(of.node, parts);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
  }
  if (node === undefined) {
    throw new Refusal(`field specified in var '${name}' not found in corresponding resource`, variable.at);
  }
  if (node.kind !== 'scalar') return undefined;
  const value = resolve(node, 'kyaml');
  if (typeof value === 'bigint') return { value: String(value), node };
  return { value: value === null ? node.text : value, node };
}

type Values = ReadonlyMap<string, Value | undefined>;

function replaceIn(found: Node, values: Values, used: Set<string>): Node {
  if (isNull(found)) return found;
  if (found.kind === 'scalar') return isText(found) ? expand(found, values, used) : found;
  if (found.kind === 'sequence') {
    return mapItems(found, (item) => {
      if (!isText(item)) throw new Refusal('invalid value type expect a string', item.at);
      return expand(item, values, used);
    });
  }
  let changed = false;
  const entries = found.entries.map((entry) => {
    if (!isText(entry.value)) return entry;
    const value = expand(entry.value, values, used);
    if (value === entry.value) return entry;
    changed = true;
    return { key: entry.key, value };
  });
  return changed ? { ...found, entries } : found;
}

const isText = (node: Node): node is Scalar => node.kind === 'scalar' && (isString(node) || isUntyped(node));

/** The text with its references replaced; a text that is one reference takes the value's type. */
function expand(scalar: Scalar, values: Values, used: Set<string>): Scalar {
  const { text } = scalar;
  if (!text.includes('$')) return isUntyped(scalar) ? { ...scalar, tag: '!!str' } : scalar;
  let out = '';
  let at: Origin = scalar.at;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char !== '$' || i + 1 >= text.length) {
      out += char;
      continue;
    }
    const next = text[i + 1]!;
    const close = next === '(' ? text.indexOf(')', i + 2) : -1;
    if (close < 0) {
      out += next === '$' ? '$' : `$${next}`;
      i++;
      continue;
    }
    const name = text.slice(i + 2, close);
    const value = values.get(name);
    if (value !== undefined) {
      used.add(name);
      at = { ...value.node.at, via: scalar.at };
      if (text === `$(${name})`) return typed(scalar, value.value, at);
    }
    out += value === undefined ? `$(${name})` : String(value.value);
    i = close;
  }
  return out === text ? scalar : { ...scalar, text: out, style: 'plain', tag: '!!str', at };
}

function typed(scalar: Scalar, value: string | number | boolean, at: Origin): Scalar {
  const { tag: _, ...rest } = scalar;
  if (typeof value === 'string') return { ...rest, text: value, style: 'plain', tag: '!!str', at };
  return { ...rest, text: String(value), style: 'plain', at };
}
