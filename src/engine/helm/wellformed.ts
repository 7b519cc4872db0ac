/** Whether a values.schema.json is a schema at all: Helm holds it against the metaschema before it looks at any value. */
import { RE2JS } from 're2js';
import type { Json } from '../yaml/resolve.ts';

type Type = 'schema' | 'schemas' | 'schema map' | 'strings' | 'string' | 'count' | 'number' | 'boolean' | 'pattern';

const byType: Readonly<Record<Type, readonly string[]>> = {
  schema: [
    'additionalProperties',
    'contains',
    'else',
    'if',
    'not',
    'propertyNames',
    'then',
    'unevaluatedItems',
    'unevaluatedProperties',
  ],
  schemas: ['allOf', 'anyOf', 'oneOf'],
  'schema map': ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties'],
  string: ['$ref', 'format'],
  pattern: ['pattern'],
  strings: ['required'],
  count: ['maxItems', 'maxLength', 'maxProperties', 'minItems', 'minLength', 'minProperties'],
  number: ['maximum', 'minimum', 'multipleOf'],
  boolean: ['uniqueItems'],
};

const keywords = new Map(
  Object.entries(byType).flatMap(([type, names]) => names.map((name) => [name, type as Type] as const)),
);

const maxDepth = 400;

/** The first thing in a schema that no draft allows, in Helm's words; undefined when there is none. */
export function malformed(schema: Json | undefined, path = ''): string | undefined {
  if (typeof schema === 'boolean' || path.split('/').length > maxDepth) return undefined;
  if (!isRecord(schema)) return `at '${path}': got ${typeOf(schema)}, want boolean or object`;
  for (const [key, value] of Object.entries(schema)) {
    const type = keywords.get(key);
    const wrong = type === undefined ? undefined : check(type, value, `${path}/${key}`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function check(type: Type, value: Json | undefined, path: string): string | undefined {
  const want = (ok: boolean, name: string) => (ok ? undefined : `at '${path}': got ${typeOf(value)}, want ${name}`);
  switch (type) {
    case 'schema':
      return malformed(value, path);
    case 'schemas':
      return Array.isArray(value) ? first(value.map((one, i) => malformed(one, `${path}/${i}`))) : want(false, 'array');
    case 'schema map':
      if (!isRecord(value)) return want(false, 'object');
      return first(Object.entries(value).map(([key, one]) => malformed(one, `${path}/${key}`)));
    case 'strings':
      return want(Array.isArray(value), 'array');
    case 'string':
      return want(typeof value === 'string', 'string');
    case 'pattern':
      return typeof value === 'string' ? badPattern(value, path) : want(false, 'string');
    case 'count':
      return want(typeof value === 'number' && Number.isInteger(value) && value >= 0, 'integer');
    case 'number':
      return want(typeof value === 'number', 'number');
    case 'boolean':
      return want(typeof value === 'boolean', 'boolean');
  }
}

function first(found: readonly (string | undefined)[]): string | undefined {
  return found.find((one) => one !== undefined);
}

function badPattern(source: string, path: string): string | undefined {
  try {
    RE2JS.compile(source);
    return undefined;
  } catch {
    return `at '${path}': '${source}' is not valid regex`;
  }
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
