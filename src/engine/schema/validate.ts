/**
 * Walks a node and its schema side by side, as the API server's decoder and validator do, and reports each difference
 * where it stands. Nothing is compiled: the walk is the validation, and it visits each node once.
 */
import type { Entry, Mapping, Node, Origin, Sequence } from '../yaml/node.ts';
import { get } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import { type Judge, type Path, pathText, report } from './judge.ts';
import { judgeKeys } from './metadata.ts';
import { isOpaque } from './opaque.ts';
import { judgeScalar, wantedType } from './scalar.ts';
import type { Schema } from './schema.ts';
import { nearest } from './suggest.ts';

/** Judges `node`; `anchor` is where to point when something is missing: the key that owns the node. */
export function judgeNode(node: Node, unresolved: Schema, path: Path, anchor: Origin, judge: Judge): void {
  const schema = judge.lookup(unresolved);
  if (node.kind === 'scalar') {
    if (isOpaque(node.text)) return;
    if (resolve(node, 'kyaml') === null) {
      judgeNull(schema, path, anchor, judge);
      return;
    }
  }
  const before = judge.failures();
  if (node.kind === 'mapping') {
    judgeMapping(node, schema, path, anchor, judge);
    if (unresolved.$ref !== undefined) judgeLabelsOf(node, unresolved.$ref, path, judge);
  }
  if (node.kind === 'sequence') judgeSequence(node, schema, path, anchor, judge);
  if (node.kind === 'scalar') judgeScalar(node, schema, path, judge);
  judgeAlternatives(node, schema, path, anchor, judge);
  // The server, too, evaluates rules only on values that are otherwise valid.
  const rules = schema['x-kubernetes-validations'];
  if (rules !== undefined && judge.failures() === before) judge.rules?.(node, schema, path, anchor);
}

/** Labels below the root: those of templates, and those that selectors ask for. */
function judgeLabelsOf(node: Mapping, definition: string, path: Path, judge: Judge): void {
  const isMeta = definition.endsWith('.meta.v1.ObjectMeta') && path.length > 1;
  const field = isMeta ? 'labels' : definition.endsWith('.meta.v1.LabelSelector') ? 'matchLabels' : undefined;
  if (field !== undefined) judgeKeys(get(node, field), [...path, field], judge);
}

function judgeNull(schema: Schema, path: Path, anchor: Origin, judge: Judge): void {
  const fine =
    judge.builtin || judge.partial || schema.nullable || schema.default !== undefined || schema.type === undefined;
  if (fine) return;
  report(judge, 'schema-type', path, anchor, `${pathText(path)} is empty: it must be ${wantedType(schema)}.`);
}

function judgeMapping(node: Mapping, schema: Schema, path: Path, anchor: Origin, judge: Judge): void {
  if ((schema.type !== undefined && schema.type !== 'object') || isScalarForm(schema)) {
    report(judge, 'schema-type', path, anchor, `${pathText(path)} must be ${wantedType(schema)}, not a mapping.`);
    return;
  }
  const { properties, additionalProperties } = schema;
  for (const entry of node.entries) {
    const key = entry.key.text;
    const property = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const below = property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (below !== undefined) judgeNode(entry.value, below, [...path, key], entry.key.at, judge);
    else if (isClosed(schema)) judgeUnknown(entry, schema, path, judge);
  }
  for (const name of judge.partial ? [] : (schema.required ?? [])) {
    // The server fills in defaults first.
    if (!judge.builtin && properties?.[name]?.default !== undefined) continue;
    if (isMissing(get(node, name), judge)) {
      const message = path.length === 0 ? `"${name}" is missing.` : `${pathText(path)} needs "${name}".`;
      report(judge, 'schema-required', path, anchor, message, { suggestion: name });
    }
  }
  const size = node.entries.length;
  if (schema.minProperties !== undefined && size < schema.minProperties && !judge.partial) {
    report(judge, 'schema-value', path, anchor, `${pathText(path)} needs at least ${schema.minProperties} entries.`);
  }
  if (schema.maxProperties !== undefined && size > schema.maxProperties) {
    report(judge, 'schema-value', path, anchor, `${pathText(path)} may have at most ${schema.maxProperties} entries.`);
  }
}

/** Types that are spelled as alternatives of scalars. */
function isScalarForm(schema: Schema): boolean {
  return (
    schema.format === 'int-or-string' || schema.format === 'quantity' || schema['x-kubernetes-int-or-string'] === true
  );
}

/** Whether only the named properties may appear. An object without any properties is left open. */
function isClosed(schema: Schema): boolean {
  if (schema.type !== 'object' || schema.properties === undefined) return false;
  return (
    !schema['x-kubernetes-preserve-unknown-fields'] &&
    !schema['x-kubernetes-embedded-resource'] &&
    !schema.additionalProperties
  );
}

function isMissing(node: Node | undefined, judge: Judge): boolean {
  if (node === undefined) return true;
  return judge.builtin && node.kind === 'scalar' && resolve(node, 'kyaml') === null;
}

function judgeUnknown({ key, value }: Entry, schema: Schema, path: Path, judge: Judge): void {
  if (isOpaque(key.text) || (judge.partial && key.text.startsWith('$'))) return;
  const names = Object.keys(schema.properties ?? {});
  const near = nearest(key.text, names);
  if (judge.foldCase && near?.toLowerCase() === key.text.toLowerCase()) return;
  const place = path.length === 0 ? '' : ` in ${pathText(path)}`;
  const elsewhere = near === undefined ? placeBelow(key.text, value, schema, judge) : undefined;
  const hint =
    near !== undefined
      ? `; did you mean "${near}"?`
      : elsewhere !== undefined
        ? `; it belongs into "${elsewhere}".`
        : '.';
  report(judge, 'schema-unknown-field', [...path, key.text], key.at, `Unknown field "${key.text}"${place}${hint}`, {
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

/** The property that itself has a field of this name and shape: the usual outcome of wrong indentation. */
function placeBelow(key: string, value: Node, schema: Schema, judge: Judge): string | undefined {
  const homes = Object.entries(schema.properties ?? {}).filter(([, below]) => {
    const properties = judge.lookup(below).properties;
    if (properties === undefined || !Object.hasOwn(properties, key)) return false;
    const { type } = judge.lookup(properties[key]!);
    return (type === 'object') === (value.kind === 'mapping') && (type === 'array') === (value.kind === 'sequence');
  });
  return homes.length === 1 ? homes[0]![0] : homes.find(([name]) => name === 'spec')?.[0];
}

function judgeSequence(node: Sequence, schema: Schema, path: Path, anchor: Origin, judge: Judge): void {
  if ((schema.type !== undefined && schema.type !== 'array') || isScalarForm(schema)) {
    report(judge, 'schema-type', path, anchor, `${pathText(path)} must be ${wantedType(schema)}, not a list.`);
    return;
  }
  for (const [index, item] of node.items.entries()) {
    const at = item.kind === 'mapping' ? (item.entries[0]?.key.at ?? item.at) : item.at;
    if (schema.items !== undefined) judgeNode(item, schema.items, [...path, index], at, judge);
  }
  const size = node.items.length;
  if (schema.minItems !== undefined && size < schema.minItems && !judge.partial) {
    report(judge, 'schema-value', path, anchor, `${pathText(path)} needs at least ${schema.minItems} entries.`);
  }
  if (schema.maxItems !== undefined && size > schema.maxItems) {
    report(judge, 'schema-value', path, anchor, `${pathText(path)} may have at most ${schema.maxItems} entries.`);
  }
  judgeDuplicates(node, schema, path, judge);
}

/** Lists that are maps (by keys) or sets may not hold the same entry twice: server-side apply refuses them. */
function judgeDuplicates(node: Sequence, schema: Schema, path: Path, judge: Judge): void {
  const type = schema['x-kubernetes-list-type'];
  const keys = type === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined;
  if (keys === undefined && type !== 'set' && !schema.uniqueItems) return;
  const seen = new Map<string, Origin>();
  for (const [index, item] of node.items.entries()) {
    if (keys !== undefined && item.kind === 'scalar' && !isOpaque(item.text) && judge.builtin) {
      report(judge, 'schema-type', [...path, index], item.at, `${pathText([...path, index])} must be a mapping.`);
      continue;
    }
    const identity = keys === undefined ? scalarText(item) : keyTexts(item, keys, schema, judge);
    if (identity === undefined) continue;
    const first = seen.get(identity);
    const at = keys === undefined ? item.at : (get(item, keys[0]!)?.at ?? item.at);
    if (first === undefined) {
      seen.set(identity, at);
      continue;
    }
    const what = judge.secret ? 'the same entry' : keys === undefined ? identity : `the same ${keys.join(' and ')}`;
    report(judge, 'schema-value', [...path, index], at, `${pathText(path)} has ${what} twice.`, {
      related: [{ message: 'The first one', at: first }],
    });
  }
}

function scalarText(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && !isOpaque(node.text) ? node.text : undefined;
}

function keyTexts(item: Node, keys: readonly string[], schema: Schema, judge: Judge): string | undefined {
  const properties = schema.items === undefined ? undefined : judge.lookup(schema.items).properties;
  const texts = keys.map((key) => {
    const value = get(item, key);
    if (value !== undefined) return scalarText(value);
    const fallback = properties?.[key]?.default;
    return fallback === undefined ? '' : String(fallback);
  });
  return texts.includes(undefined) ? undefined : JSON.stringify(texts);
}

/** allOf, anyOf, oneOf and not: in structural schemas they only constrain values, never add fields. */
function judgeAlternatives(node: Node, schema: Schema, path: Path, anchor: Origin, judge: Judge): void {
  for (const part of schema.allOf ?? []) judgeNode(node, part, path, anchor, judge);
  if (schema.format === 'int-or-string' || schema.format === 'quantity' || schema['x-kubernetes-int-or-string']) return;
  const any = schema.anyOf !== undefined && !judge.partial;
  if (any && !schema.anyOf.some((part) => fits(node, part, path, anchor, judge))) {
    report(judge, 'schema-value', path, anchor, `${pathText(path)} ${alternativesText(schema.anyOf, 'at least one')}.`);
  }
  if (schema.oneOf !== undefined && !judge.partial) {
    const count = schema.oneOf.filter((part) => fits(node, part, path, anchor, judge)).length;
    if (count !== 1) {
      report(
        judge,
        'schema-value',
        path,
        anchor,
        `${pathText(path)} ${alternativesText(schema.oneOf, 'exactly one')}.`,
      );
    }
  }
  if (schema.not !== undefined && !judge.partial && fits(node, schema.not, path, anchor, judge)) {
    report(judge, 'schema-value', path, anchor, `${pathText(path)} has a form that is not allowed.`);
  }
}

function fits(node: Node, schema: Schema, path: Path, anchor: Origin, judge: Judge): boolean {
  const { rules: _, ...rest } = judge;
  let count = 0;
  judgeNode(node, schema, path, anchor, { ...rest, report: () => void count++, failures: () => count });
  return count === 0;
}

function alternativesText(parts: readonly Schema[], how: string): string {
  const fields = parts.flatMap((part) => part.required ?? []);
  const onlyFields = parts.every((part) => part.required?.length === 1);
  return onlyFields ? `needs ${how} of ${fields.join(', ')}` : `must fit ${how} of the forms that its schema allows`;
}
