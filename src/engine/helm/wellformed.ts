/** Whether a values.schema.json is a schema at all: Helm holds it against the metaschema of its draft before it looks at any value. */
import { RE2JS } from 're2js';
import type { Json } from '../yaml/resolve.ts';

type Check = (value: Json | undefined, path: string, draft: number) => string | undefined;

/** Drafts in order; without a `$schema` it is the newest. */
function draftOf(schema: string): number {
  const year = /(?:draft-0?|draft\/)(\d+)/.exec(schema)?.[1];
  return year === undefined ? 2020 : Number(year);
}

interface Rule {
  readonly check: Check;
  readonly since: number;
  readonly until: number;
}

const maxDepth = 400;
const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

const boolean: Check = (value, path) => want(typeof value === 'boolean', value, path, 'boolean');
const string: Check = (value, path) => want(typeof value === 'string', value, path, 'string');
const array: Check = (value, path) => want(Array.isArray(value), value, path, 'array');
const number: Check = (value, path) => want(typeof value === 'number', value, path, 'number');
const count: Check = (value, path) => want(Number.isInteger(value) && (value as number) >= 0, value, path, 'integer');
const positive: Check = (value, path) =>
  number(value, path, 0) ?? said((value as number) > 0, path, `exclusiveMinimum: got ${value}, want 0`);
const anchor: Check = (value, path) =>
  string(value, path, 0) ?? said(/^[A-Za-z_][-A-Za-z0-9._]*$/.test(value as string), path, 'is no name of an anchor');
const schema: Check = (value, path, draft) => malformed(value, path, draft);
const open: Check = (value, path, draft) => (typeof value === 'boolean' ? undefined : malformed(value, path, draft));

const schemas: Check = (value, path, draft) => {
  if (!Array.isArray(value)) return want(false, value, path, 'array');
  return (
    said(value.length > 0, path, 'minItems: got 0, want 1') ??
    first(value.map((one, i) => malformed(one, `${path}/${i}`, draft)))
  );
};

const items: Check = (value, path, draft) =>
  (Array.isArray(value) && draft < 2020 ? schemas : schema)(value, path, draft);

function map(inside: Check): Check {
  return (value, path, draft) => {
    if (!isRecord(value)) return want(false, value, path, 'object');
    return first(Object.entries(value).map(([key, one]) => inside(one, `${path}/${key}`, draft)));
  };
}

const unique = (value: readonly Json[]) => new Set(value.map((one) => JSON.stringify(one))).size === value.length;

/** `required`, and what a property depends on. */
const names: Check = (value, path, draft) => {
  if (!Array.isArray(value)) return want(false, value, path, 'array');
  const wrong = first(value.map((one, i) => string(one, `${path}/${i}`, draft)));
  return wrong ?? said(unique(value) && (draft > 4 || value.length > 0), path, 'items must be unique, and some');
};

const choices: Check = (value, path, draft) => {
  if (!Array.isArray(value) || draft > 7) return want(Array.isArray(value), value, path, 'array');
  return said(value.length > 0 && unique(value), path, 'items must be unique, and some');
};

const type: Check = (value, path) => {
  const named = Array.isArray(value) ? value : [value];
  const isType = (one: Json | undefined) => typeof one === 'string' && types.includes(one);
  return said(named.length > 0 && named.every(isType) && unique(named as readonly Json[]), path, "'anyOf' failed");
};

const pattern: Check = (value, path) => {
  if (typeof value !== 'string') return want(false, value, path, 'string');
  try {
    RE2JS.compile(value);
    return undefined;
  } catch {
    return `at '${path}': '${value}' is not valid regex`;
  }
};

/** Each keyword with the drafts whose metaschema speaks of it. */
const rules = new Map<string, Rule>();

function rule(check: Check, keywords: string, since = 4, until = 2020): void {
  for (const keyword of keywords.split(' ')) rules.set(keyword, { check, since, until });
}

rule(schema, 'not');
rule(schema, 'contains propertyNames', 6);
rule(schema, 'if then else', 7);
rule(schema, 'unevaluatedItems unevaluatedProperties contentSchema', 2019);
rule(open, 'additionalProperties');
rule(open, 'additionalItems', 4, 2019);
rule(items, 'items');
rule(schemas, 'allOf anyOf oneOf');
rule(schemas, 'prefixItems', 2020);
rule(map(schema), 'definitions patternProperties properties');
rule(map(schema), '$defs dependentSchemas', 2019);
rule(map(names), 'dependentRequired', 2019);
rule(
  map((value, path, draft) => (Array.isArray(value) ? names : schema)(value, path, draft)),
  'dependencies',
);
rule(string, '$ref $schema description format title');
rule(string, '$id', 6);
rule(string, '$comment contentEncoding contentMediaType', 7);
rule(string, '$dynamicRef', 2020);
rule(anchor, '$anchor', 2019);
rule(anchor, '$dynamicAnchor', 2020);
rule(pattern, 'pattern');
rule(names, 'required');
rule(choices, 'enum');
rule(array, 'examples', 7);
rule(type, 'type');
rule(count, 'maxItems maxLength maxProperties minItems minLength minProperties');
rule(count, 'maxContains minContains', 2019);
rule(number, 'maximum minimum');
rule(positive, 'multipleOf');
rule(boolean, 'uniqueItems');
rule(boolean, 'readOnly', 7);
rule(boolean, 'writeOnly deprecated', 2019);

/** The first thing in a schema that its draft does not allow; undefined when there is none. */
export function malformed(value: Json | undefined, path = '', outer = 2020): string | undefined {
  if (path.split('/').length > maxDepth) return undefined;
  if (typeof value === 'boolean' && outer > 4) return undefined;
  if (!isRecord(value)) return want(false, value, path, outer > 4 ? 'boolean or object' : 'object');
  const draft = typeof value.$schema === 'string' ? draftOf(value.$schema) : outer;
  for (const [key, inside] of Object.entries(value)) {
    const found = rules.get(key);
    if (found === undefined || draft < found.since || draft > found.until) continue;
    const wrong = found.check(inside, `${path}/${key}`, draft);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function want(holds: boolean, value: Json | undefined, path: string, name: string): string | undefined {
  return said(holds, path, `got ${typeOf(value)}, want ${name}`);
}

function said(holds: boolean, path: string, what: string): string | undefined {
  return holds ? undefined : `at '${path}': ${what}`;
}

function first(found: readonly (string | undefined)[]): string | undefined {
  return found.find((one) => one !== undefined);
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
