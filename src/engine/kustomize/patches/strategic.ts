/**
 * Strategic merge as kyaml's merge2 does it, which is not quite what the API server does: new list items go first, nulls
 * delete, `$patch` replaces, deletes or merges a map or list item, and lists merge by key only where a schema says so.
 */
import type { Mapping, Node, Scalar, Sequence } from '../../yaml/node.ts';
import type { OpenApi, Schema } from '../openapi.ts';
import { Refusal } from '../refusal.ts';
import { apiVersionOf, kindOf } from '../resource.ts';
import { Overwrites } from '../sharing.ts';
import { demand, entryOf, inPlaceOf, isEmpty, isMissing, isNull, settle, withEntry } from '../tree.ts';

/** `target` with `patch` merged into it; undefined when the patch deletes it. */
export function strategicMerge(target: Mapping, patch: Mapping, openApi: OpenApi): Mapping | undefined {
  // kustomize drops the node that a replacement of the whole object comes to, and keeps the object as it was.
  if (mapDirective(patch).directive === 'replace') return target;
  const overwrites = new Overwrites();
  const merged = merge(target, patch, undefined, { api: openApi, overwrites });
  return merged?.kind === 'mapping' && !isEmpty(merged) ? overwrites.carry(merged) : undefined;
}

interface Context {
  readonly api: OpenApi;
  readonly overwrites: Overwrites;
}

type Directive = 'merge' | 'replace' | 'delete';

/** A null that stays though a merge passed over it: written out, as `null` or `~`, and not mentioned by the patch. */
function keepsNull(target: Node | undefined): target is Scalar {
  return target?.kind === 'scalar' && target.text !== '';
}

function merge(
  target: Node | undefined,
  patch: Node | undefined,
  known: Schema | undefined,
  context: Context,
): Node | undefined {
  const schema = known ?? schemaOf(target, context) ?? schemaOf(patch, context);
  const kind = (isMissing(target) ? (isMissing(patch) ? undefined : patch) : target)?.kind;
  if (kind !== undefined) {
    demand(target, kind);
    demand(patch, kind);
  }
  if (kind === 'scalar') return patch ?? target;
  if (kind === 'sequence') return mergeList(target, patch, schema, context);
  return mergeMap(target, patch, schema, context);
}

function schemaOf(node: Node | undefined, context: Context): Schema | undefined {
  if (node?.kind !== 'mapping') return undefined;
  const kind = kindOf(node);
  const apiVersion = apiVersionOf(node);
  return kind === '' || apiVersion === '' ? undefined : context.api.schemaFor(apiVersion, kind);
}

function mergeMap(
  target: Node | undefined,
  patch: Node | undefined,
  schema: Schema | undefined,
  context: Context,
): Node | undefined {
  const directed = patch?.kind === 'mapping' ? mapDirective(patch) : { directive: 'merge' as Directive, patch };
  let base: Node | undefined;
  if (isMissing(target)) {
    if (directed.directive === 'delete') return undefined;
    if (patch === undefined) return keepsNull(target) ? target : undefined;
    base = directed.patch;
  } else {
    if (isNull(patch) || directed.directive === 'delete') return undefined;
    base = directed.directive === 'replace' || target === patch ? directed.patch : target;
  }
  if (base?.kind !== 'mapping') return base;
  return mergeFields(base, directed.patch?.kind === 'mapping' ? directed.patch : undefined, schema, context);
}

function mergeFields(base: Mapping, patch: Mapping | undefined, schema: Schema | undefined, context: Context): Mapping {
  const inner = (key: string): Schema | undefined =>
    schema === undefined ? undefined : context.api.field(schema, key);
  const patched = new Map<string, { readonly key: Scalar; readonly value: Node }>();
  for (const entry of patch?.entries ?? []) if (!patched.has(entry.key.text)) patched.set(entry.key.text, entry);
  let changed = false;
  const entries = [];
  for (const entry of base.entries) {
    const key = entry.key.text;
    const other = patched.get(key);
    patched.delete(key);
    const merged = merge(entry.value, other?.value, inner(key), context);
    if (merged === entry.value && !(isNull(merged) && !(other === undefined && keepsNull(merged)))) {
      // Passing over a string is enough for kyaml to put it in quotes where it might be misread.
      const settled = settle(entry.value);
      if (settled !== entry.value) changed = true;
      entries.push(settled === entry.value ? entry : { key: entry.key, value: settled });
      continue;
    }
    changed = true;
    if (merged === undefined || (isNull(merged) && !(other === undefined && keepsNull(merged)))) continue;
    const value = inPlaceOf(entry.value, merged);
    context.overwrites.note(entry.value, value);
    entries.push({ key: entry.key, value });
  }
  for (const [key, { key: keyNode, value }] of patched) {
    const merged = merge(undefined, value, inner(key), context);
    if (merged === undefined || isNull(merged)) continue;
    changed = true;
    entries.push({ key: keyNode, value: settle(merged) });
  }
  return changed ? { ...base, entries } : base;
}

const directiveKey = '$patch';

function directiveOf(value: Node): Directive {
  const text = value.kind === 'scalar' ? value.text : '';
  if (text === 'merge' || text === 'replace' || text === 'delete') return text;
  throw new Refusal(`unknown patch strategy '${text}'`, value.at);
}

function mapDirective(patch: Mapping): { readonly directive: Directive; readonly patch: Mapping } {
  const entry = entryOf(patch, directiveKey);
  if (entry === undefined || isNull(patch)) return { directive: 'merge', patch };
  return { directive: directiveOf(entry.value), patch: withEntry(patch, directiveKey, undefined) };
}

/** A list's directive stands in an item of its own, which is then left out. */
function listDirective(patch: Sequence): { readonly directive: Directive; readonly patch: Sequence } {
  const index = patch.items.findIndex((item) => item.kind === 'mapping' && entryOf(item, directiveKey) !== undefined);
  const item = patch.items[index];
  if (item?.kind !== 'mapping' || item.entries.length > 1) return { directive: 'merge', patch };
  const directive = directiveOf(entryOf(item, directiveKey)!.value);
  return { directive, patch: { ...patch, items: setElement(patch.items, undefined, [directiveKey], [directive]) } };
}

function isAssociative(schema: Schema | undefined): boolean {
  return schema?.s?.split(',').includes('merge') === true;
}

function mergeList(
  target: Node | undefined,
  patch: Node | undefined,
  schema: Schema | undefined,
  context: Context,
): Node | undefined {
  if (!isAssociative(schema)) return patch ?? target;
  const directed = patch?.kind === 'sequence' ? listDirective(patch) : { directive: 'merge' as Directive, patch };
  let base: Node | undefined;
  if (isMissing(target)) base = patch;
  else if (isNull(patch) || directed.directive === 'delete') return undefined;
  else base = directed.directive === 'replace' ? directed.patch : target;
  if (base?.kind !== 'sequence') return base;
  const from = isMissing(target) ? base : directed.patch?.kind === 'sequence' ? directed.patch : undefined;
  return mergeItems(base, from, schema!, context);
}

const textOf = (node: Node | undefined): string => (node?.kind === 'scalar' ? node.text : '');

/** The merge of two lists by key: the patch's items first, in its order, then the target's other items. */
function mergeItems(base: Sequence, patch: Sequence | undefined, schema: Schema, context: Context): Node | undefined {
  const sources = [base, patch];
  let keys: readonly string[] = schema.k ?? [];
  let wanted = keyValues([patch, base], keys);
  if (wanted.length === 0 && keys.length === 0) {
    wanted = primitiveValues([patch, base]);
    keys = [''];
  }
  if (keys.length > 1) wanted = joinPartial(wanted);
  const itemSchema = context.api.items(schema);
  /** What became of an item of `base`: kyaml changes it where it stands. */
  const became = new Map<Node, Node>();
  let kept: readonly Node[] = base.items;
  let added: readonly Node[] = [];
  let used: Keyed = { keys, values: [] };
  for (const values of wanted) {
    used = validKeys(wanted, values, keys);
    const [old, other] = sources.map((source) => findItem(source, used));
    const merged = merge(old, other, itemSchema, context);
    if (isMissing(merged) || (merged.kind === 'mapping' && merged.entries.length === 0)) {
      kept = setElement(kept, undefined, used.keys, used.values);
      continue;
    }
    const whole = withKeys(merged, used);
    const replaced = other?.kind === 'mapping' && mapDirective(other).directive === 'replace';
    if (old !== undefined && (!replaced || old === other)) became.set(old, whole);
    added = setElement(added, whole, used.keys, used.values);
  }
  if (wanted.length === 0) return base;
  const items = appendItems(
    added,
    kept.map((item) => became.get(item) ?? item),
    used.keys,
  );
  return { ...base, items };
}

interface Keyed {
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

function keyValues(
  sources: readonly (Sequence | undefined)[],
  keys: readonly string[],
): readonly (readonly string[])[] {
  const out = new Map<string, readonly string[]>();
  if (keys.length === 0) return [];
  for (const source of sources) {
    for (const item of source?.items ?? []) {
      const values = keys.map((key) => {
        const value = item.kind === 'mapping' ? entryOf(item, key)?.value : undefined;
        return isEmpty(value) ? '' : textOf(value);
      });
      const id = JSON.stringify(values);
      if (!out.has(id)) out.set(id, values);
    }
  }
  return [...out.values()];
}

function primitiveValues(sources: readonly (Sequence | undefined)[]): readonly (readonly string[])[] {
  const texts = new Set(sources.flatMap((source) => source?.items.map(textOf) ?? []));
  return [...texts].map((text) => [text]);
}

/** Key values that agree where both have one stand for the same item: the fuller pair replaces both. */
function joinPartial(wanted: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const out = [...wanted];
  for (let i = 0; i < out.length; i++) {
    const row = out[i]!;
    for (let j = 0; j < out.length; j++) {
      const joined = join(row, out[j]!);
      if (joined === undefined) continue;
      out[i] = joined;
      out[j] = joined;
    }
  }
  return out;
}

function join(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  let common = false;
  const out: string[] = [];
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    if (x === y) common = true;
    else if (x !== '' && y !== '') return undefined;
    out.push(x === '' ? y : x);
  }
  return common ? out : undefined;
}

/** The keys that any item has a value for; all of them when none has. */
function validKeys(wanted: readonly (readonly string[])[], values: readonly string[], keys: readonly string[]): Keyed {
  const valid = keys.filter((_, i) => wanted.some((row) => row[i] !== undefined && row[i] !== ''));
  if (valid.length === 0) return { keys, values };
  return { keys: valid, values: values.filter((value, i) => value !== '' || valid.includes(keys[i]!)) };
}

function findItem(source: Sequence | undefined, { keys, values }: Keyed): Node | undefined {
  const own = validKeys([values], values, keys);
  return source?.items.find((item) => {
    if (own.keys[0] === '') return textOf(item) === own.values[0];
    if (item.kind !== 'mapping') return false;
    return own.keys.every((key, i) => {
      const value = entryOf(item, key)?.value;
      return value !== undefined && textOf(value) === own.values[i];
    });
  });
}

function withKeys(item: Node, { keys, values }: Keyed): Node {
  if (item.kind !== 'mapping') return item;
  let out = item;
  for (const [i, key] of keys.entries()) {
    const text = values[i] ?? '';
    if (text !== '' && entryOf(out, key) === undefined) {
      out = withEntry(out, key, { kind: 'scalar', text, style: 'plain', tag: '!!str', at: item.at });
    }
  }
  return out;
}

/**
 * kyaml's ElementSetter: puts `element` in the place of the items whose keys have these values, or at the end when there
 * is none; without an element those items are removed. Nulls and empty maps fall out on the way.
 */
function setElement(
  items: readonly Node[],
  element: Node | undefined,
  keys: readonly string[],
  values: readonly string[],
): readonly Node[] {
  const byField = keys[0] !== '' && values[0] !== undefined && values[0] !== '';
  const out: Node[] = [];
  let isFound = false;
  for (const item of items) {
    if (isNull(item) || (item.kind === 'mapping' && item.entries.length === 0)) continue;
    if (item.kind !== 'mapping' && byField) {
      out.push(item);
      continue;
    }
    if (!hasKeys(item, keys, values)) {
      if (values.length > 0) out.push(item);
      continue;
    }
    isFound = true;
    if (element !== undefined) out.push(element);
  }
  if (element !== undefined && !isNull(element) && !isFound) out.push(element);
  return out;
}

function hasKeys(item: Node, keys: readonly string[], values: readonly string[]): boolean {
  let matched = false;
  for (const [i, key] of keys.entries()) {
    const value = values[i];
    if (value !== undefined) {
      if (key === '') {
        demand(item, 'scalar');
        matched = textOf(item) === value;
      } else {
        demand(item, 'mapping');
        const field = item.kind === 'mapping' ? entryOf(item, key)?.value : undefined;
        matched = field !== undefined && (value === '' || textOf(field) === value);
      }
    }
    if (!matched) return false;
  }
  return true;
}

/** Puts the items of the target behind what the patch added. */
function appendItems(added: readonly Node[], kept: readonly Node[], keys: readonly string[]): readonly Node[] {
  let out = added;
  for (const item of kept) {
    if (keys[0] === '') {
      out = setElement(out, item, [''], [textOf(item)]);
      continue;
    }
    const values: string[] = [];
    for (const key of keys) {
      const value = item.kind === 'mapping' ? entryOf(item, key)?.value : undefined;
      if (value === undefined) out = [...out, item];
      else values.push(textOf(value));
    }
    if (keys.length > 1) out = setElement(out, undefined, keys, values);
    out = setElement(out, item, keys, values);
  }
  return out;
}
