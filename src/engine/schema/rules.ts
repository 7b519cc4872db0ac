/**
 * CEL rules of CRDs (`x-kubernetes-validations`). Loaded on demand, because the evaluator is large. A rule that uses a
 * function which is not known here, or that fails to evaluate, is not judged: better silent than wrong. Rules about
 * the former value (`oldSelf`) need a live object and are left to the plan.
 */
import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { Node, Origin } from '../yaml/node.ts';
import { type Json, resolve } from '../yaml/resolve.ts';
import { type Judge, type Path, pathText, report } from './judge.ts';
import { hasOpaque } from './opaque.ts';
import type { Rule, Schema } from './schema.ts';

/** Evaluates the rules of `schema` on `node`, which is valid in every other way. */
export type RuleJudge = (node: Node, schema: Schema, path: Path, anchor: Origin, judge: Judge) => void;

/**
 * What is wrong with an expression, when it does not parse. Kubernetes' optional syntax (`a.?b`), which this parser does
 * not know, is taken as good.
 */
export function expressionError(expression: string): string | undefined {
  if (/[.[{]\s*\?/.test(expression)) return undefined;
  try {
    parse(expression);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, line, column, what] = /^<input>:(\d+):(\d+): (.*)$/s.exec(message) ?? [];
    return what === undefined ? message : `${what} at ${line}:${column}`;
  }
}

type Program = (variables: Record<string, CelInput>) => unknown;

/** Values above this many nodes are not judged: rules have no cost limit of their own here. */
const mostNodes = 20_000;

export function createRuleJudge(): RuleJudge {
  const programs = new Map<string, Program | undefined>();
  return (node, schema, path, anchor, judge) => {
    const rules = schema['x-kubernetes-validations'] ?? [];
    if (hasOpaque(node)) return;
    let left = mostNodes;
    let self: CelInput;
    for (const rule of rules) {
      const program = compile(rule.rule);
      if (program === undefined) continue;
      self ??= celValue(node, schema, judge.lookup, () => --left > 0);
      if (left <= 0) return;
      if (evaluate(program, self) !== false) continue;
      const at = pointAt(node, rule) ?? anchor;
      report(judge, 'schema-rule', path, at, messageOf(rule, self, path));
    }
  };

  function compile(rule: string): Program | undefined {
    if (!programs.has(rule)) programs.set(rule, /\boldSelf\b/.test(rule) ? undefined : toProgram(rule));
    return programs.get(rule);
  }

  function messageOf(rule: Rule, self: CelInput, path: Path): string {
    const program = rule.messageExpression === undefined ? undefined : compile(rule.messageExpression);
    const made = program === undefined ? undefined : evaluate(program, self);
    const message = typeof made === 'string' && made !== '' ? made : rule.message;
    return `${pathText(path)}: ${message ?? `this rule does not hold: ${rule.rule}`}`;
  }
}

const environment = celEnv({ funcs: strings });

function toProgram(rule: string): Program | undefined {
  try {
    return plan(environment, parse(rule));
  } catch {
    return undefined;
  }
}

function evaluate(program: Program, self: CelInput): unknown {
  try {
    const value = program({ self });
    return isCelError(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** The place that a rule's fieldPath names (`.a.b`), where it is in the node. */
function pointAt(node: Node, rule: Rule): Origin | undefined {
  const steps = rule.fieldPath?.split('.').filter((step) => step !== '') ?? [];
  let at: Node | undefined = node;
  let origin: Origin | undefined;
  for (const step of steps) {
    const entry: { key: Node; value: Node } | undefined =
      at?.kind === 'mapping' ? at.entries.find(({ key }) => key.text === step) : undefined;
    if (entry === undefined) return origin;
    origin = entry.key.at;
    at = entry.value;
  }
  return origin;
}

/** The value as CEL sees it on the server: defaults filled in, whole numbers as int, fields under their escaped names. */
function celValue(node: Node, unresolved: Schema, lookup: Judge['lookup'], more: () => boolean): CelInput {
  const schema = lookup(unresolved);
  if (!more()) return null;
  if (node.kind === 'sequence') {
    return node.items.map((item) => celValue(item, schema.items ?? {}, lookup, more));
  }
  if (node.kind === 'mapping') {
    const fields = new Map<string, CelInput>();
    const { properties = {}, additionalProperties } = schema;
    const other = typeof additionalProperties === 'object' ? additionalProperties : {};
    for (const { key, value } of node.entries) {
      const known = Object.hasOwn(properties, key.text) ? properties[key.text]! : undefined;
      if (value.kind === 'scalar' && resolve(value, 'kyaml') === null && !known?.nullable) continue;
      fields.set(known ? escaped(key.text) : key.text, celValue(value, known ?? other, lookup, more));
    }
    for (const [name, below] of Object.entries(properties)) {
      const fallback = lookup(below).default;
      if (fallback !== undefined && !fields.has(escaped(name)))
        fields.set(escaped(name), celJson(fallback, below, lookup));
    }
    return fields;
  }
  const value = resolve(node, 'kyaml');
  return typeof value === 'number' ? celNumber(value, schema) : value;
}

/** A default, with the defaults of its own fields. */
function celJson(value: Json, unresolved: Schema, lookup: Judge['lookup']): CelInput {
  const schema = lookup(unresolved);
  if (typeof value === 'number') return celNumber(value, schema);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => celJson(item, schema.items ?? {}, lookup));
  const given = value as { readonly [key: string]: Json };
  const { properties = {} } = schema;
  const fields = new Map<string, CelInput>();
  for (const [name, below] of Object.entries(properties)) {
    const field = given[name] ?? lookup(below).default;
    if (field !== undefined) fields.set(escaped(name), celJson(field, below, lookup));
  }
  for (const [name, field] of Object.entries(given)) {
    if (!Object.hasOwn(properties, name)) fields.set(name, celJson(field, {}, lookup));
  }
  return fields;
}

function celNumber(value: number, schema: Schema): CelInput {
  return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

const keywords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Kubernetes' spelling of field names that are no CEL identifiers. */
function escaped(name: string): string {
  if (keywords.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
