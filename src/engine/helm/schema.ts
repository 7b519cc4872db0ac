/**
 * values.schema.json: JSON Schema (draft 4 to 2020-12) over values with origins, so that a violation points at the line
 * that set the value. Patterns are RE2 as in Helm; nothing is ever fetched, and the work is bounded. Messages are in the
 * words of the library that Helm uses.
 */
import { RE2JS } from 're2js';
import type { SourceFile } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import type { Origin } from '../yaml/node.ts';
import { type Json, resolve, toJson } from '../yaml/resolve.ts';
import type { Chart } from './chart.ts';
import { formats } from './formats.ts';
import { fragment, type Resource, Resources, type Schema } from './resources.ts';
import { int64Tag, type Table, toNode, type Value } from './values.ts';
import { malformed } from './wellformed.ts';

interface Failure {
  readonly path: string;
  readonly message: string;
  readonly at: Origin;
  readonly causes?: readonly Failure[];
}

/** In the order in which the library names them. */
const typeNames = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];

/** Steps that one validation may take, and how deep references may nest. */
const maxSteps = 2_000_000;
const maxDepth = 400;

/**
 * Every violation in a chart's values and its enabled subcharts' values. A reference out of the chart is looked up among
 * the schemas that the chart and its subcharts bring; one that none of them defines is a warning, not fetched.
 */
export function checkSchemas(chart: Chart, values: Table): readonly Problem[] {
  const known = new Resources();
  collectSchemas(chart, known);
  return checkChart(chart, values, known);
}

function collectSchemas(chart: Chart, into: Resources): void {
  const schema = chart.schema === undefined ? undefined : readSchema(chart.schema);
  if (typeof schema === 'object' && 'value' in schema) into.add(schema.value as Json);
  for (const sub of chart.dependencies) collectSchemas(sub, into);
}

function checkChart(chart: Chart, values: Table, known: Resources): readonly Problem[] {
  const own = chart.schema === undefined ? [] : checkSchema(chart.metadata.name, chart.schema, values, known);
  const inside = chart.dependencies.flatMap((sub) => {
    const value = values.slots.get(sub.metadata.name)?.value;
    return value?.kind === 'table' ? checkChart(sub, value, known) : [];
  });
  return [...own, ...inside];
}

type ReadSchema = { readonly value: Schema } | { readonly error: string };

/** Read and judged once for as long as the file is the same. */
const readSchemas = new WeakMap<SourceFile, ReadSchema>();

function readSchema(file: SourceFile): ReadSchema {
  const known = readSchemas.get(file) ?? parseSchema(file.text);
  readSchemas.set(file, known);
  return known;
}

function parseSchema(text: string): ReadSchema {
  let value: Json;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch (cause) {
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
  const wrong = malformed(value);
  if (wrong !== undefined) return { error: `the schema is not valid against its metaschema: ${wrong}` };
  return { value: value as Schema };
}

function checkSchema(chart: string, file: SourceFile, values: Table, known: Resources): readonly Problem[] {
  const intro = `values don't meet the specifications of the schema(s) in the following chart(s): ${chart}: `;
  const at = { file: file.name, start: 0, end: 0 };
  const schema = readSchema(file);
  if ('error' in schema) return [error('helm-values', intro + schema.error, at)];
  try {
    const validator = new Validator(schema.value, known);
    const failures = validator.validate(schema.value, values, '', 0);
    const why = (what: string) => `${chart}: the values schema ${what}: that part is not checked`;
    const unchecked = [...validator.outside]
      .map((ref) => why(`refers to ${ref}, which is outside the chart`))
      .map((message): Problem => ({ code: 'helm-values', severity: 'warning', message, at }));
    return [...failures.map((failure) => error('helm-values', intro + show(failure), failure.at)), ...unchecked];
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause;
    return [error('helm-values', intro + cause.message, at)];
  }
}

function show(failure: Failure): string {
  const causes = failure.causes?.map(show) ?? [];
  return `at '${failure.path}': ${failure.message}${causes.length > 0 ? ` (${causes.join('; ')})` : ''}`;
}

/** The schema itself cannot be used: an unknown reference, a bad pattern, too much work. */
class SchemaError extends Error {}

class Validator {
  private readonly known: Resources;
  private readonly patterns = new Map<string, RE2JS>();
  private steps = 0;
  /** The resources that the validation is inside of, the outermost first. */
  private readonly scope: Resource[];
  /** References that lead out of the chart. */
  readonly outside = new Set<string>();

  constructor(root: Schema, known: Resources) {
    this.known = known;
    this.scope = [known.of(root)];
  }

  validate(schema: Schema, value: Value, path: string, depth: number): readonly Failure[] {
    if (++this.steps > maxSteps || depth > maxDepth) throw new SchemaError('the schema takes too much work to check');
    if (schema === true || schema === undefined || schema === null) return [];
    if (schema === false) return [{ path, message: 'false schema', at: value.at }];
    const resource = this.known.of(schema);
    this.scope.push(resource);
    try {
      return this.inside(schema, resource, value, path, depth);
    } finally {
      this.scope.pop();
    }
  }

  private inside(
    schema: Exclude<Schema, boolean>,
    resource: Resource,
    value: Value,
    path: string,
    depth: number,
  ): readonly Failure[] {
    const fail = (message: string, causes?: readonly Failure[]): Failure =>
      causes === undefined ? { path, message, at: value.at } : { path, message, at: value.at, causes };
    const { isEarly } = resource;
    const out: Failure[] = [];
    // Up to draft 7 a reference stands alone; later drafts read its siblings too.
    if (isEarly && typeof schema.$ref === 'string') return this.validate(this.target(schema)!, value, path, depth + 1);
    const basic = this.basics(schema, isEarly, value, fail);
    if (basic.length > 0) return basic.slice(0, 1);
    const target = this.target(schema);
    if (target !== undefined) out.push(...this.validate(target, value, path, depth + 1));
    out.push(...this.limits(schema, value, fail));
    if (value.kind === 'table') out.push(...this.object(schema, value, path, depth, fail));
    else if (value.kind === 'list') out.push(...this.array(schema, value.items, path, depth, fail));
    out.push(...this.combinations(schema, value, path, depth, fail));
    if (!isEarly) out.push(...this.unevaluated(schema, value, path, depth));
    return out;
  }

  /** What decides alone: when one of these fails, nothing else is said. */
  private basics(
    schema: Exclude<Schema, boolean>,
    isEarly: boolean,
    value: Value,
    fail: (message: string) => Failure,
  ): Failure[] {
    const out: Failure[] = [];
    const json = plain(value);
    const type = typeOf(json);
    const wanted = schema.type === undefined ? [] : list(schema.type).map(String);
    if (wanted.length > 0 && !wanted.some((want) => want === type || (want === 'integer' && isInteger(json)))) {
      const named = typeNames.filter((name) => wanted.includes(name));
      out.push(fail(`got ${type}, want ${named.join(' or ')}`));
    }
    if (schema.const !== undefined && !equal(schema.const, json))
      out.push(fail(`value must be ${display(schema.const)}`));
    if (Array.isArray(schema.enum) && !schema.enum.some((item) => equal(item, json))) {
      const choices = schema.enum.map(display);
      out.push(
        fail(choices.length === 1 ? `value must be ${choices[0]}` : `value must be one of ${choices.join(', ')}`),
      );
    }
    const { format } = schema;
    const isWrong = isEarly && typeof json === 'string' && typeof format === 'string' && Object.hasOwn(formats, format);
    if (isWrong && !formats[format]!(json)) out.push(fail(`'${json}' is not valid ${format}`));
    return out;
  }

  private limits(schema: Exclude<Schema, boolean>, value: Value, fail: (message: string) => Failure): Failure[] {
    if (value.kind !== 'scalar') return [];
    const json = plain(value);
    if (typeof json === 'number' || typeof json === 'bigint') return numeric(schema, Number(json), fail);
    return typeof json === 'string' ? this.string(schema, json, fail) : [];
  }

  private string(schema: Exclude<Schema, boolean>, value: string, fail: (message: string) => Failure): Failure[] {
    const out: Failure[] = [];
    const length = [...value].length;
    if (typeof schema.minLength === 'number' && length < schema.minLength) {
      out.push(fail(`minLength: got ${length}, want ${schema.minLength}`));
    }
    if (typeof schema.maxLength === 'number' && length > schema.maxLength) {
      out.push(fail(`maxLength: got ${length}, want ${schema.maxLength}`));
    }
    if (typeof schema.pattern === 'string' && !this.pattern(schema.pattern).matcher(value).find()) {
      out.push(fail(`'${value}' does not match pattern '${schema.pattern}'`));
    }
    return out;
  }

  private object(
    schema: Exclude<Schema, boolean>,
    value: Table,
    path: string,
    depth: number,
    fail: (message: string, causes?: readonly Failure[]) => Failure,
  ): Failure[] {
    const out: Failure[] = [];
    const size = value.slots.size;
    if (typeof schema.minProperties === 'number' && size < schema.minProperties) {
      out.push(fail(`minProperties: got ${size}, want ${schema.minProperties}`));
    }
    if (typeof schema.maxProperties === 'number' && size > schema.maxProperties) {
      out.push(fail(`maxProperties: got ${size}, want ${schema.maxProperties}`));
    }
    const missing = list(schema.required)
      .map(String)
      .filter((name) => !value.slots.has(name));
    if (missing.length === 1) out.push(fail(`missing property '${missing[0]}'`));
    if (missing.length > 1) out.push(fail(`missing properties ${missing.map((name) => `'${name}'`).join(', ')}`));
    const properties = record(schema.properties);
    const patterns = Object.entries(record(schema.patternProperties));
    const extra: string[] = [];
    for (const [key, slot] of value.slots) {
      const inside = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const matching = patterns.filter(([pattern]) => this.pattern(pattern).matcher(key).find()).map(([, sub]) => sub);
      if (Object.hasOwn(properties, key)) matching.push(properties[key] as Schema);
      for (const sub of matching) out.push(...this.validate(sub as Schema, slot.value, inside, depth + 1));
      if (matching.length === 0 && schema.additionalProperties === false) extra.push(key);
      else if (matching.length === 0 && schema.additionalProperties !== undefined) {
        out.push(...this.validate(schema.additionalProperties as Schema, slot.value, inside, depth + 1));
      }
      if (schema.propertyNames !== undefined) {
        const name: Value = { kind: 'scalar', text: key, style: 'plain', tag: '!!str', at: slot.keyAt };
        const wrong = this.validate(schema.propertyNames as Schema, name, path, depth + 1);
        if (wrong.length > 0) out.push({ ...fail(`invalid propertyName '${key}'`, wrong), at: slot.keyAt });
      }
    }
    if (extra.length > 0) {
      const at = value.slots.get(extra[0]!)!.keyAt;
      out.push({ ...fail(`additional properties ${extra.map((key) => `'${key}'`).join(', ')} not allowed`), at });
    }
    return [...out, ...this.dependents(schema, value, path, depth, fail)];
  }

  private dependents(
    schema: Exclude<Schema, boolean>,
    value: Table,
    path: string,
    depth: number,
    fail: (message: string) => Failure,
  ): Failure[] {
    const rules = {
      ...record(schema.dependencies),
      ...record(schema.dependentRequired),
      ...record(schema.dependentSchemas),
    };
    return Object.entries(rules).flatMap(([key, rule]) => {
      if (!value.slots.has(key)) return [];
      if (!Array.isArray(rule)) return this.validate(rule as Schema, value, path, depth + 1);
      const missing = rule.map(String).filter((name) => !value.slots.has(name));
      const names = missing.map((name) => `'${name}'`).join(', ');
      return missing.length > 0 ? [fail(`properties ${names} required, if '${key}' exists`)] : [];
    });
  }

  private array(
    schema: Exclude<Schema, boolean>,
    items: readonly Value[],
    path: string,
    depth: number,
    fail: (message: string) => Failure,
  ): Failure[] {
    const out: Failure[] = [];
    if (typeof schema.minItems === 'number' && items.length < schema.minItems) {
      out.push(fail(`minItems: got ${items.length}, want ${schema.minItems}`));
    }
    if (typeof schema.maxItems === 'number' && items.length > schema.maxItems) {
      out.push(fail(`maxItems: got ${items.length}, want ${schema.maxItems}`));
    }
    if (schema.uniqueItems === true) {
      const seen = new Map<string, number>();
      for (const [index, item] of items.entries()) {
        const text = canonical(plain(item));
        const first = seen.get(text);
        if (first !== undefined) {
          out.push(fail(`items at ${first} and ${index} are equal`));
          break;
        }
        seen.set(text, index);
      }
    }
    const tuple = Array.isArray(schema.prefixItems)
      ? schema.prefixItems
      : Array.isArray(schema.items)
        ? schema.items
        : [];
    const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
    for (const [index, item] of items.entries()) {
      const sub = index < tuple.length ? tuple[index] : rest;
      if (sub !== undefined) out.push(...this.validate(sub as Schema, item, `${path}/${index}`, depth + 1));
    }
    if (schema.contains !== undefined) {
      const matching = items.filter(
        (item) => this.validate(schema.contains as Schema, item, path, depth + 1).length === 0,
      );
      const least = typeof schema.minContains === 'number' ? schema.minContains : 1;
      if (matching.length < least) out.push(fail('no items match contains schema'));
      if (typeof schema.maxContains === 'number' && matching.length > schema.maxContains) {
        out.push(
          fail(`max ${schema.maxContains} items required to match contains schema, but matched ${matching.length}`),
        );
      }
    }
    return out;
  }

  private combinations(
    schema: Exclude<Schema, boolean>,
    value: Value,
    path: string,
    depth: number,
    fail: (message: string, causes?: readonly Failure[]) => Failure,
  ): Failure[] {
    const out: Failure[] = [];
    const check = (sub: Json) => this.validate(sub as Schema, value, path, depth + 1);
    for (const sub of list(schema.allOf)) out.push(...check(sub));
    if (Array.isArray(schema.anyOf)) {
      const results = schema.anyOf.map(check);
      if (!results.some((failures) => failures.length === 0)) out.push(fail("'anyOf' failed", results.flat()));
    }
    if (Array.isArray(schema.oneOf)) {
      const results = schema.oneOf.map(check);
      const matched = results.flatMap((failures, index) => (failures.length === 0 ? [index] : []));
      if (matched.length === 0) out.push(fail("'oneOf' failed, none matched", results.flat()));
      if (matched.length > 1) out.push(fail(`'oneOf' failed, subschemas ${matched[0]}, ${matched[1]} matched`));
    }
    if (schema.not !== undefined && check(schema.not).length === 0) out.push(fail("'not' failed"));
    if (schema.if !== undefined) {
      const branch = check(schema.if).length === 0 ? schema.then : schema.else;
      if (branch !== undefined) out.push(...check(branch));
    }
    return out;
  }

  /** What neither this schema nor one that it applies here has looked at. */
  private unevaluated(schema: Exclude<Schema, boolean>, value: Value, path: string, depth: number): readonly Failure[] {
    const rule = value.kind === 'table' ? schema.unevaluatedProperties : schema.unevaluatedItems;
    if (rule === undefined || value.kind === 'scalar') return [];
    const seen = this.evaluated(schema, value, path, depth + 1, 'beside');
    const parts: readonly (readonly [string, Value])[] =
      value.kind === 'table'
        ? [...value.slots].map(([key, slot]) => [key, slot.value] as const)
        : value.items.map((item, index) => [String(index), item] as const);
    return parts.flatMap(([key, part]) =>
      seen.has(key)
        ? []
        : this.validate(rule as Schema, part, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1),
    );
  }

  /**
   * The keys or indexes that a schema and the schemas that it applies in place have looked at: what its own rule for the
   * rest looks at, or what stands beside that rule.
   */
  private evaluated(
    schema: Schema,
    value: Value,
    path: string,
    depth: number,
    which: 'all' | 'beside' = 'all',
  ): ReadonlySet<string> {
    if (++this.steps > maxSteps || depth > maxDepth) throw new SchemaError('the schema takes too much work to check');
    const seen = new Set<string>();
    if (typeof schema !== 'object' || schema === null || value.kind === 'scalar') return seen;
    this.scope.push(this.known.of(schema));
    const holds = (sub: Json) => this.validate(sub as Schema, value, path, depth + 1).length === 0;
    const take = (sub: Json | undefined) => {
      for (const key of this.evaluated(sub as Schema, value, path, depth + 1)) seen.add(key);
    };
    take(this.target(schema) as Json | undefined);
    if (value.kind === 'table') {
      const patterns = Object.keys(record(schema.patternProperties));
      const rest =
        schema.additionalProperties !== undefined || (which === 'all' && schema.unevaluatedProperties !== undefined);
      for (const key of value.slots.keys()) {
        const named = Object.hasOwn(record(schema.properties), key);
        if (rest || named || patterns.some((pattern) => this.pattern(pattern).matcher(key).find())) seen.add(key);
      }
      for (const [key, sub] of Object.entries(record(schema.dependentSchemas))) if (value.slots.has(key)) take(sub);
    } else {
      const first = list(schema.prefixItems).length;
      const rest = schema.items !== undefined || (which === 'all' && schema.unevaluatedItems !== undefined);
      for (const [index, item] of value.items.entries()) {
        const contained =
          schema.contains !== undefined && this.validate(schema.contains as Schema, item, path, depth + 1).length === 0;
        if (rest || index < first || contained) seen.add(String(index));
      }
    }
    for (const sub of list(schema.allOf)) take(sub);
    for (const sub of [...list(schema.anyOf), ...list(schema.oneOf)]) if (holds(sub)) take(sub);
    if (schema.if !== undefined) {
      const met = holds(schema.if);
      if (met) take(schema.if);
      take(met ? schema.then : schema.else);
    }
    this.scope.pop();
    return seen;
  }

  private pattern(source: string): RE2JS {
    let compiled = this.patterns.get(source);
    if (compiled === undefined) {
      try {
        compiled = RE2JS.compile(source);
      } catch {
        throw new SchemaError(`'${source}' is not a valid regex`);
      }
      this.patterns.set(source, compiled);
    }
    return compiled;
  }

  /** What a schema refers to; a dynamic reference leads to the outermost anchor of its name. */
  private target(schema: Exclude<Schema, boolean>): Schema | undefined {
    const { $ref, $dynamicRef, $recursiveRef } = schema;
    if (typeof $ref === 'string') return this.resolved(schema, $ref);
    if (typeof $recursiveRef === 'string')
      return this.outermost(this.resolved(schema, $recursiveRef), ({ root }) =>
        record(root as Json).$recursiveAnchor === true ? root : undefined,
      );
    if (typeof $dynamicRef !== 'string') return undefined;
    const initial = this.resolved(schema, $dynamicRef);
    const name = $dynamicRef.slice($dynamicRef.indexOf('#') + 1);
    if (record(initial as Json).$dynamicAnchor !== name) return initial;
    return this.outermost(initial, ({ dynamic }) => dynamic.get(name));
  }

  private outermost(initial: Schema, find: (resource: Resource) => Schema | undefined): Schema {
    for (const resource of this.scope) {
      const found = find(resource);
      if (found !== undefined) return found;
    }
    return initial;
  }

  private resolved(from: Schema, ref: string): Schema {
    const own = this.known.of(from);
    const hash = ref.indexOf('#');
    const base = hash < 0 ? ref : ref.slice(0, hash);
    const resource = base === '' ? own : this.known.find(base, own);
    if (resource === undefined) {
      const path = this.known.fileOf(base, own);
      if (path !== undefined)
        throw new SchemaError(`failing loading "file://${path}": open ${path}: no such file or directory`);
      // Helm itself passes over a urn that nobody resolves.
      if (!base.startsWith('urn:')) this.outside.add(ref);
      return true;
    }
    const found = hash < 0 ? resource.root : fragment(resource, decodeURIComponent(ref.slice(hash + 1)));
    if (found === undefined) throw new SchemaError(`the schema refers to ${ref}, which it does not define`);
    return found;
  }
}

function numeric(schema: Exclude<Schema, boolean>, value: number, fail: (message: string) => Failure): Failure[] {
  const out: Failure[] = [];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    out.push(fail(`minimum: got ${value}, want ${minimum}`));
  }
  if (typeof maximum === 'number' && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    out.push(fail(`maximum: got ${value}, want ${maximum}`));
  }
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) {
    out.push(fail(`exclusiveMinimum: got ${value}, want ${exclusiveMinimum}`));
  }
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) {
    out.push(fail(`exclusiveMaximum: got ${value}, want ${exclusiveMaximum}`));
  }
  if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf)) {
    out.push(fail(`multipleOf: got ${value}, want ${multipleOf}`));
  }
  return out;
}

function isMultiple(value: number, of: number): boolean {
  const ratio = value / of;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9;
}

/** A scalar's value, or a marker for its shape: containers are looked into by the callers. */
function plain(value: Value): Json {
  if (value.kind !== 'scalar') return toJson(toNode(value), 'sigs');
  return value.tag === int64Tag ? Number(value.text) : resolve(value, 'sigs');
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

function isInteger(value: Json): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function equal(a: Json, b: Json): boolean {
  return canonical(a) === canonical(b);
}

/** One text for each value: keys sorted, so that equal values have equal texts. */
function canonical(value: Json): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = value as { readonly [key: string]: Json };
  return `{${Object.keys(fields)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(fields[key]!)}`)
    .join(',')}}`;
}

function display(value: Json): string {
  return typeof value === 'string' ? `'${value}'` : canonical(value);
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function record(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : {};
}
