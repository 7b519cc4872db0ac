/** YAML, JSON and TOML in and out; what is printed knows the source of every scalar, what is read keeps it. */

import { formatFloat } from '../../go/strconv.ts';
import type { Node, Origin } from '../../yaml/node.ts';
import { parse } from '../../yaml/parse.ts';
import { marshalPretty, print, printWithSpans } from '../../yaml/print.ts';
import { type Json, keyText, resolve } from '../../yaml/resolve.ts';
import { type FromNodeOptions, fromJson, toJson, toNode } from '../convert.ts';
import { encodeJson } from '../json.ts';
import { jsonError } from '../jsonerror.ts';
import { fromAll, isSourced, type Mark, marked, marksOf, marksWithin, substring, union } from '../text.ts';
import { decodeToml, encodeToml } from '../toml.ts';
import {
  anyType,
  type CallContext,
  GoError,
  type GoFunction,
  list,
  type MapValue,
  map,
  nil,
  type Origins,
  type StringValue,
  string,
  type Value,
} from '../value.ts';
import { fn, str } from './define.ts';

/** `yaml.Marshal`, without the last line break. */
function toYaml(value: Value, context: CallContext): StringValue {
  charge(value, context);
  checkNumbers(value);
  const sources = new Map<Origin, Origins>();
  const node = toNode(value, sources);
  const text = print(node, 'sigs').replace(/\n$/, '');
  context.make(text.length);
  return marked(text, () => spanMarks(node, sources, text.length));
}

/** Leaves' spans as marks: collections only say where their leaves stand. */
function spanMarks(node: Node, sources: ReadonlyMap<Origin, Origins>, length: number): readonly Mark[] {
  const spans = [...printWithSpans(node, 'sigs').spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const marks: Mark[] = [];
  for (let i = 0; i < spans.length; i++) {
    const { start, end, at } = spans[i]!;
    const next = spans[i + 1];
    if (next !== undefined && next.start < end) continue;
    if (at.file === '' || start >= length) continue;
    marks.push({ start, end: Math.min(end, length), values: sources.get(at) ?? [at] });
  }
  return marks;
}

/** What writing one part of a value costs, in steps, and how deep values may nest before they are taken for a ring. */
const partSteps = 8;
const maxNesting = 1000;

/** Spends what writing a value will cost before it is written: a value that holds one part many times grows without end. */
function charge(value: Value, context: CallContext, depth = 0): void {
  if (depth > maxNesting) throw new RangeError('a value nested too deep, or a ring');
  context.step(partSteps);
  if (value.kind === 'list') for (const item of value.items) charge(item, context, depth + 1);
  if (value.kind === 'map') for (const item of value.entries.values()) charge(item, context, depth + 1);
}

/** `encodeJson`, paid for. */
function toJsonText(value: Value, context: CallContext, options: Parameters<typeof encodeJson>[1] = {}): StringValue {
  charge(value, context);
  const written = encodeJson(value, options);
  context.step(written.text.length >> 2);
  context.make(written.text.length);
  return written;
}

/** JSON, through which the value goes, has neither infinities nor NaN. */
function checkNumbers(value: Value): void {
  if (value.kind === 'float' && !Number.isFinite(value.value))
    throw new GoError('error marshaling into JSON: json: unsupported value');
  if (value.kind === 'list') for (const item of value.items) checkNumbers(item);
  if (value.kind === 'map') for (const item of value.entries.values()) checkNumbers(item);
}

/** Helm swallows the errors of the functions without `must`. */
function orEmpty(make: () => StringValue): StringValue {
  try {
    return make();
  } catch (e) {
    if (e instanceof GoError) return string('');
    throw e;
  }
}

function toYamlPretty(value: Value, context: CallContext): StringValue {
  charge(value, context);
  const floats: string[] = [];
  const text = marshalPretty(toJson(withFloats(value, floats)));
  const shown = text.replace(floatMark, (_, index: string) => floats[Number(index)]!);
  return string(shown.replace(/\n$/, ''), fromAll([value]));
}

/** yaml.v3 writes a float64 as Go prints it, `1e+06`; as a plain word it passes through the printer. */
const floatMark = /float64-(\d+)-mark/g;

function withFloats(value: Value, floats: string[]): Value {
  if (value.kind === 'float') return string(`float64-${floats.push(yamlFloat(value.value)) - 1}-mark`);
  if (value.kind === 'list') return { ...value, items: value.items.map((item) => withFloats(item, floats)) };
  if (value.kind !== 'map') return value;
  return { ...value, entries: new Map([...value.entries].map(([key, item]) => [key, withFloats(item, floats)])) };
}

function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  return Number.isFinite(value) ? formatFloat(value, 'g', -1) : value > 0 ? '.inf' : '-.inf';
}

/** The value of a YAML text, each part with the sources of the characters it was read from; an error as text. */
function readYaml(source: StringValue, context: CallContext): Value | string {
  context.step(source.text.length >> 5);
  const { documents, problems } = parse(source.text, '', 'sigs');
  // Of a key written twice the last one counts: Helm reads without strictness.
  const failed = problems.find(({ code, severity }) => severity === 'error' && code !== 'yaml-duplicate-key');
  const root = documents[0]?.root;
  // Only the first document is read: what is wrong behind it is never seen.
  if (failed !== undefined && root === undefined) return `error converting YAML to JSON: yaml: ${failed.message}`;
  if (root === undefined) return nil;
  context.make(source.text.length >> 2);
  return readNode(root, isSourced(source) ? source : undefined);
}

function readNode(node: Node, source: StringValue | undefined): Value {
  const from = source === undefined ? undefined : originsWithin(source, node.at.start, node.at.end);
  if (node.kind === 'sequence') {
    return list(
      node.items.map((item) => readNode(item, source)),
      from,
    );
  }
  if (node.kind === 'mapping') {
    return map(new Map(node.entries.map(({ key, value }) => [keyText(key, 'sigs'), readNode(value, source)])), from);
  }
  const value = resolve(node, 'sigs');
  if (typeof value !== 'string') return { ...fromJson(value), from };
  const { start } = node.at;
  // A plain scalar's text stands in the source as it is: its characters keep their own sources.
  if (source?.text.startsWith(value, start) === true) return substring(source, start, start + value.length);
  return string(value, from);
}

function originsWithin(source: StringValue, start: number, end: number): () => Origins {
  let found: Origins | undefined;
  return () => {
    found ??= union(marksWithin(marksOf(source), start, Math.max(end, start + 1)).map((mark) => mark.values));
    return found;
  };
}

const decodeError = 'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal';

function jsonKind(value: Value): string {
  if (value.kind === 'map') return 'object';
  if (value.kind === 'list') return 'array';
  return value.kind === 'float' || value.kind === 'int' ? 'number' : value.kind;
}

function errorMap(message: string): MapValue {
  return map([['Error', string(message)]]);
}

/** `null` leaves the empty map that YAML is read into, and replaces the one of JSON by a nil map. */
type OfNull = 'stays' | 'becomes nil';

function asMap(value: Value | string, prefix: string, ofNull: OfNull): Value {
  if (typeof value === 'string') return errorMap(value);
  if (value.kind === 'map') return value;
  if (value.kind === 'nil') return { kind: 'map', entries: new Map(), elem: anyType, isNil: ofNull === 'becomes nil' };
  return errorMap(`${prefix} ${jsonKind(value)} into Go value of type map[string]interface {}`);
}

function asList(value: Value | string, prefix: string, ofNull: OfNull): Value {
  if (typeof value === 'string') return list([string(value)]);
  if (value.kind === 'list') return value;
  if (value.kind === 'nil') return { kind: 'list', items: [], elem: anyType, isNil: ofNull === 'becomes nil' };
  return list([string(`${prefix} ${jsonKind(value)} into Go value of type []interface {}`)]);
}

const options: FromNodeOptions = {};

function readJson(source: StringValue, context: CallContext): Value | string {
  context.step(source.text.length >> 5);
  const from = fromAll([source]);
  try {
    const value = fromJson(JSON.parse(source.text) as Json, [], options);
    return from === undefined ? value : withSource(value, from);
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e;
    return jsonError(source.text);
  }
}

function withSource(value: Value, from: NonNullable<Value['from']>): Value {
  if (value.kind === 'list') return { ...value, from, items: value.items.map((item) => withSource(item, from)) };
  if (value.kind === 'map') {
    return { ...value, from, entries: new Map([...value.entries].map(([key, item]) => [key, withSource(item, from)])) };
  }
  return { ...value, from };
}

const json = 'json: cannot unmarshal';
const keep = { keepsOrigins: true };
const toYamlFunction = fn('toYaml', 'any', ([value], context) => orEmpty(() => toYaml(value!, context)), keep);
const toJsonFunction = fn('toJson', 'any', ([value], context) => orEmpty(() => toJsonText(value!, context)), keep);
const tomlFunction = fn('toToml', 'any', ([value]) => {
  try {
    return string(encodeToml(value!));
  } catch (e) {
    if (e instanceof GoError && !e.message.startsWith('reflect:')) return string(e.message);
    throw e;
  }
});

export const dataFunctions: readonly GoFunction[] = [
  toYamlFunction,
  fn('mustToYaml', 'any', ([value], context) => toYaml(value!, context), keep),
  fn('toYamlPretty', 'any', ([value], context) => toYamlPretty(value!, context)),
  fn('fromYaml', 'string', ([source], context) => asMap(readYaml(str(source), context), decodeError, 'stays'), keep),
  fn(
    'fromYamlArray',
    'string',
    ([source], context) => asList(readYaml(str(source), context), decodeError, 'stays'),
    keep,
  ),
  toJsonFunction,
  fn('mustToJson', 'any', ([value], context) => toJsonText(value!, context), keep),
  fn('toPrettyJson', 'any', ([value], context) => orEmpty(() => toJsonText(value!, context, { pretty: true })), keep),
  fn('mustToPrettyJson', 'any', ([value], context) => toJsonText(value!, context, { pretty: true }), keep),
  fn('toRawJson', 'any', ([value], context) => toJsonText(value!, context, { raw: true }), keep),
  fn('mustToRawJson', 'any', ([value], context) => toJsonText(value!, context, { raw: true }), keep),
  fn('fromJson', 'string', ([source], context) => asMap(readJson(str(source), context), json, 'becomes nil'), keep),
  fn(
    'fromJsonArray',
    'string',
    ([source], context) => asList(readJson(str(source), context), json, 'becomes nil'),
    keep,
  ),
  fn(
    'mustFromJson',
    'string',
    ([source], context) => {
      const value = readJson(str(source), context);
      if (typeof value === 'string') throw new GoError(value);
      return value;
    },
    keep,
  ),
  tomlFunction,
  fn('mustToToml', 'any', ([value]) => string(encodeToml(value!))),
  fn('fromToml', 'string', ([source]) => {
    const value = decodeToml(str(source).text);
    return typeof value === 'string' ? errorMap(value) : value;
  }),
];
