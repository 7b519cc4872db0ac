/**
 * The values that a HelmRelease's chart takes, for completion and hover below `spec.values`: the chart's defaults with
 * those of its subcharts, and what its values.schema.json says of them.
 */
import {
  get,
  getPath,
  type Json,
  type Mapping,
  type MergedValues,
  type Node,
  type Path,
  parse,
  resolve,
  type WorkspaceFile,
} from '../engine/index.ts';
import type { Knowledge } from './answer.ts';
import { code, plain } from './markdown.ts';

/** One value that may be set. */
export interface ChartValue {
  readonly name: string;
  /** The chart's default; absent when only the schema knows the value. */
  readonly default?: Node;
  readonly schema: ValueSchema;
}

/** The part of a JSON schema that a person is told. */
export interface ValueSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly Json[];
}

/** Where below `spec.values` a path of a release leads; undefined when it leads elsewhere. */
export function withinValues(path: Path): Path | undefined {
  return path[0] === 'spec' && path[1] === 'values' ? path.slice(2) : undefined;
}

/** What may be set at a path of the values. */
export function chartValues(release: Mapping, path: Path, { releaseValues }: Knowledge): readonly ChartValue[] {
  if (releaseValues === undefined) return [];
  const merged = releaseValues({ node: release });
  const schemas = schemasAt(merged, path);
  // A key without a value yet would take the chart's away; a subchart is there only once its condition is set.
  const trees = [merged, releaseValues({ node: withoutValues(release) })].flatMap(({ values }) => values ?? []);
  const here = trees.map((tree) => getPath(tree, path)).flatMap((at) => (at?.kind === 'mapping' ? at.entries : []));
  const defaults = new Map(here.map(({ key, value }) => [key.text, value]));
  const named = schemas.flatMap((schema) => Object.keys(record(schema.properties) ?? {}));
  return [...new Set([...defaults.keys(), ...named])].sort().map((name) => {
    const value = defaults.get(name);
    const schema = toldOf(schemas.flatMap((one) => step(merged, one, name)));
    return { name, schema, ...(value === undefined ? {} : { default: value }) };
  });
}

/** One value by its path, with the chart's own default, whatever the release sets. */
export function chartValue(release: Mapping, path: Path, knowledge: Knowledge): ChartValue | undefined {
  const name = path.at(-1);
  if (typeof name !== 'string') return undefined;
  const found = chartValues(release, path.slice(0, -1), knowledge).find((one) => one.name === name);
  const fromRelease = found?.default !== undefined && found.default.at.file === release.at.file;
  return found && fromRelease ? { name, schema: found.schema } : found;
}

/** A hover's text; undefined when the chart neither has the value nor knows it. */
export function chartValueText({ name, schema, default: value }: ChartValue, { workspace }: Knowledge): string {
  const comment = value === undefined ? undefined : commentOf(value, workspace.tree.file(`/${value.at.file}`)?.text);
  const about = schema.description ?? comment;
  return [
    `**${plain(name)}**${schema.type === undefined ? '' : ` (${plain(schema.type)})`}`,
    about === undefined ? '' : plain(about),
    schema.enum === undefined ? '' : `Values: ${schema.enum.map((one) => code(String(one))).join(', ')}`,
    value === undefined ? '' : `Default: ${code(shortText(value))} (${code(value.at.file)})`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A value in a few characters. */
export function shortText(node: Node): string {
  if (node.kind === 'mapping') return node.entries.length === 0 ? '{}' : '{…}';
  if (node.kind === 'sequence') return node.items.length === 0 ? '[]' : '[…]';
  const text = node.text.replaceAll('\n', '⏎');
  if (resolve(node, 'sigs') === null) return 'null';
  return text === '' ? '""' : text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** The release of the document within these bounds. The line that is being written is left out: with it the text need not parse. */
export function releaseAround({ source }: WorkspaceFile, offset: number, within: Bounds): Mapping | undefined {
  const start = source.text.lastIndexOf('\n', offset - 1) + 1;
  const end = source.text.indexOf('\n', offset);
  const stop = end < 0 ? source.text.length : end;
  const line = source.text.slice(start, stop);
  // A key stays, so that what is below it keeps its place.
  const kept = /^\s*(?:-\s+)*[^\s:#-][^:#]*:(?=\s|$)/.exec(line)?.[0] ?? '';
  const text = source.text.slice(0, start) + kept.padEnd(line.length) + source.text.slice(stop);
  for (const { root } of parse(text, source.name).documents) {
    if (root?.kind === 'mapping' && within.start <= root.at.start && root.at.start <= within.end) return root;
  }
  return undefined;
}

function withoutValues(release: Mapping): Mapping {
  const spec = get(release, 'spec');
  if (spec?.kind !== 'mapping') return release;
  const bare = { ...spec, entries: spec.entries.filter(({ key }) => !['values', 'valuesFrom'].includes(key.text)) };
  const entries = release.entries.map((entry) => (entry.value === spec ? { ...entry, value: bare } : entry));
  return { ...release, entries };
}

/** The comment right above a default, as charts document their values; helm-docs' marks are left out. */
function commentOf(value: Node, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const lines = text.slice(0, value.at.start).split('\n');
  // A mapping begins on the line below its key.
  lines.pop();
  if (value.kind === 'mapping' && !/^\s*#/.test(lines.at(-1) ?? '')) lines.pop();
  const comment: string[] = [];
  for (let line = lines.pop(); line !== undefined && /^\s*#/.test(line); line = lines.pop()) comment.unshift(line);
  const words = comment.map((line) => line.replace(/^\s*#+\s?(?:--\s?)?/, '')).filter((line) => !/^@/.test(line));
  return words.length === 0 ? undefined : words.join('\n').slice(0, 1200);
}

type JsonRecord = { readonly [key: string]: Json };

/** Schemas of the value at a path: more than one where alternatives stand side by side. */
function schemasAt(merged: MergedValues, path: Path): readonly JsonRecord[] {
  const root = rootOf(merged);
  let at = root === undefined ? [] : expanded(merged, root);
  for (const key of path) at = at.flatMap((schema) => step(merged, schema, key));
  return at;
}

function step(merged: MergedValues, schema: JsonRecord, key: string | number): readonly JsonRecord[] {
  if (typeof key === 'number') return expanded(merged, schema.items);
  const own = record(schema.properties)?.[key];
  return expanded(merged, own ?? schema.additionalProperties);
}

/** How deep references and alternatives are followed: real charts stay far below it. */
const deepest = 8;

function expanded(merged: MergedValues, schema: Json | undefined, depth = 0): readonly JsonRecord[] {
  const own = record(schema);
  if (own === undefined || depth > deepest) return [];
  const others = ['allOf', 'anyOf', 'oneOf'].flatMap((word) => (Array.isArray(own[word]) ? (own[word] as Json[]) : []));
  const ref = typeof own.$ref === 'string' ? [referenced(rootOf(merged), own.$ref)] : [];
  return [own, ...[...ref, ...others].flatMap((one) => expanded(merged, one, depth + 1))];
}

function referenced(root: Json | undefined, ref: string): Json | undefined {
  if (!ref.startsWith('#/')) return undefined;
  const steps = ref.slice(2).split('/');
  return steps.reduce<Json | undefined>(
    (at, one) => record(at)?.[decodeURIComponent(one).replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  );
}

const roots = new WeakMap<object, Json>();

/** The chart's schema; one that is no JSON says nothing here, for the render tells it. */
function rootOf({ schema }: MergedValues): Json | undefined {
  if (schema === undefined) return undefined;
  if (!roots.has(schema)) {
    let parsed: Json = null;
    try {
      parsed = JSON.parse(schema.text) as Json;
    } catch {
      // Told by the render.
    }
    roots.set(schema, parsed);
  }
  return roots.get(schema);
}

function toldOf(schemas: readonly JsonRecord[]): ValueSchema {
  const first = <T>(take: (schema: JsonRecord) => T | undefined): T | undefined =>
    schemas.map(take).find((one) => one !== undefined);
  const type = first(({ type }) =>
    typeof type === 'string' ? type : Array.isArray(type) ? type.join(' or ') : undefined,
  );
  const description = first(({ description }) => (typeof description === 'string' ? description : undefined));
  const values = first((schema) => (Array.isArray(schema.enum) ? (schema.enum as readonly Json[]) : undefined));
  return {
    ...(type === undefined ? {} : { type }),
    ...(description === undefined ? {} : { description }),
    ...(values === undefined ? {} : { enum: values }),
  };
}

function record(value: Json | undefined): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
}
