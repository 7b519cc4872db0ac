/**
 * Chart and values to manifests, as `helm template` and helm-controller render them: dependencies processed, values
 * coalesced and checked, every template executed in Helm's order, the output split and sorted, each node with the
 * origin of the value (and the template line) that printed it.
 */

import { matchesConstraint } from '../go/semver.ts';
import {
  addTemplate,
  type Budget,
  defaultBudget,
  execute,
  type FunctionTable,
  functionsOf,
  newSet,
  parseTemplate,
  replaced,
  type Segment,
  type StringValue,
  string,
  type TemplateSet,
  type TimeLimit,
} from '../gotemplate/index.ts';
import type { Clock, Random } from '../ports.ts';
import { error, type Problem, type Result } from '../problem.ts';
import type { Origin } from '../yaml/node.ts';
import type { Capabilities } from './capabilities.ts';
import type { Chart, ChartFile } from './chart.ts';
import { coalesceValues } from './coalesce.ts';
import type { Release, Scope } from './context.ts';
import { processDependencies } from './dependencies.ts';
import { executionProblem, parseProblem } from './errors.ts';
import { type Kept, withKept } from './kept.ts';
import { chartWork, type Progress, type RenderLimit, withinLimit } from './limit.ts';
import { type Lookup, lookupHost } from './lookup.ts';
import { type Manifest, sortManifests } from './manifests.ts';
import { type Places, placed, segmentsAt } from './places.ts';
import { checkSchemas } from './schema.ts';
import type { Table } from './values.ts';

export interface RenderRequest {
  readonly chart: Chart;
  /** What the user set, all sources merged; the chart's defaults are added here. */
  readonly values: Table;
  readonly release: Release;
  readonly capabilities: Capabilities;
  readonly skipSchemaValidation?: boolean;
  /** Work and output that a template may take; absent: a generous default. */
  readonly budget?: Partial<Omit<Budget, 'time'>>;
  /** How long the whole chart may take, by a clock that runs; absent: as long as the steps last. */
  readonly limit?: RenderLimit;
  /** Pinned by the caller, so that one plan renders the same bytes each time. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Texts drawn by them are secrets, and say that they are from here. */
  readonly drawn?: Origin;
  /** Of the cluster; absent: `lookup` finds nothing, as in `helm template`. */
  readonly lookup?: Lookup;
}

export interface RenderedChart {
  readonly manifests: readonly Manifest[];
  readonly hooks: readonly Manifest[];
  /** The files of crds/ of the chart and its enabled subcharts, under their full names. */
  readonly crds: readonly ChartFile[];
  readonly notes: string;
  /** The chart as the release holds it: without the dependencies that are off, imported values among its defaults. */
  readonly chart: Chart;
  /** The values that the templates saw, each with the origin that won. */
  readonly values: Table;
  /** Where each character of a rendered file came from, by the manifest's `source`. */
  readonly segments: (source: string) => readonly Segment[];
  /** A whole rendered file, as `segments` counts its characters. */
  readonly text: (source: string) => string;
}

/** Renders a chart. Errors are Helm's, positioned at the template line, the value or the chart file. */
export function renderChart(request: RenderRequest): Result<RenderedChart> {
  const progress: Progress = { doing: 'the check of its values' };
  return withinLimit(request.limit, chartWork(request.chart), progress, () => render(request, progress));
}

function render(request: RenderRequest, progress: Progress): Result<RenderedChart> {
  const warnings: Problem[] = [];
  const prepared = prepare(request, warnings);
  if (prepared.value === undefined) return { problems: [...warnings, ...prepared.problems] };
  const { chart, values } = prepared.value;
  const { problems, value } = withKept(request, chart, values, (kept, places) => {
    const rendered = renderTemplates(kept, places, request, progress);
    if (rendered.value === undefined) return { problems: rendered.problems };
    progress.doing = 'the reading of its output';
    return readOutput(rendered.value, kept, places, request.capabilities.helm, chart);
  });
  if (value === undefined) return { problems: [...warnings, ...problems] };
  return { value: { ...value, chart, values, crds: crdsOf(chart, chart.metadata.name) }, problems: warnings };
}

type Output = Pick<RenderedChart, 'manifests' | 'hooks' | 'notes' | 'segments' | 'text'>;

function readOutput(
  rendered: ReadonlyMap<string, StringValue>,
  kept: Kept,
  places: Places,
  helm: 3 | 4,
  { metadata: { name }, chartYaml }: Chart,
): Result<Output> {
  const files = new Map([...rendered].filter(([name]) => !name.endsWith('/NOTES.txt')));
  const texts = [...files].map(([name, value]) => ({ name, text: value.text }));
  const sorted = sortManifests(texts, helm, kept.manifests);
  if ('error' in sorted) return { problems: [error('helm-template', sorted.error, chartYaml.at)] };
  const known = new Map<string, readonly Segment[]>();
  const segments = (source: string) => {
    const found = known.get(source) ?? segmentsAt(files.get(source) ?? string(''), places);
    known.set(source, found);
    return found;
  };
  const text = (source: string) => files.get(source)?.text ?? '';
  const notes = rendered.get(`${name}/templates/NOTES.txt`)?.text ?? '';
  return { value: { ...sorted, notes, segments, text }, problems: [] };
}

function prepare(request: RenderRequest, warnings: Problem[]): Result<{ chart: Chart; values: Table }> {
  const { chart, capabilities } = request;
  const fail = (message: string) => ({ problems: [error('helm-chart', message, chart.chartYaml.at)] });
  // Helm 3 never looks at it.
  if (capabilities.helm === 4 && !['v1', 'v2'].includes(chart.metadata.apiVersion))
    return fail('invalid chart apiVersion');
  if (chart.metadata.type === 'library') return fail('library charts are not installable');
  const names = new Set(chart.dependencies.map((sub) => sub.metadata.name));
  const missing = chart.metadata.dependencies.filter((dependency) => !names.has(dependency.name)).map((d) => d.name);
  if (missing.length > 0) return fail(`found in Chart.yaml, but missing in charts/ directory: ${missing.join(', ')}`);
  const coalesced = coalesce(request, warnings);
  if (coalesced.value === undefined) return coalesced;
  const { chart: processed, values } = coalesced.value;
  const wrong = request.skipSchemaValidation === true ? [] : checkSchemas(processed, values);
  if (wrong.some(({ severity }) => severity === 'error')) return { problems: wrong };
  warnings.push(...wrong);
  const { kubeVersion } = chart.metadata;
  const { version, normalized } = capabilities.kubeVersion;
  if (kubeVersion !== '' && !matchesConstraint(kubeVersion, capabilities.helm === 4 ? normalized : version)) {
    return fail(`chart requires kubeVersion: ${kubeVersion} which is incompatible with Kubernetes ${version}`);
  }
  return { value: { chart: processed, values }, problems: [] };
}

/** The values that the templates would see, each with the origin that won, whatever schema and templates say to them. */
export function finalValues(request: RenderRequest): Result<Table> {
  const progress: Progress = { doing: 'the merge of its values' };
  return withinLimit(request.limit, chartWork(request.chart), progress, () => {
    const { value, problems } = coalesce(request, []);
    return value === undefined ? { problems } : { value: value.values, problems };
  });
}

/** The chart without the dependencies that are off, and its values with every default. */
function coalesce(request: RenderRequest, warnings: Problem[]): Result<{ chart: Chart; values: Table }> {
  const { chart, capabilities } = request;
  const fail = (message: string) => ({ problems: [error('helm-chart', message, chart.chartYaml.at)] });
  const warn = (message: string) => {
    warnings.push({ code: 'helm-values', severity: 'warning', message, at: request.values.at });
  };
  const options = { helm: capabilities.helm, warn };
  const processed = processDependencies(chart, request.values, { ...options, warn: () => {} });
  if ('error' in processed) return fail(processed.error);
  const values = coalesceValues(processed, request.values, { ...options, keepNulls: false });
  return 'error' in values ? fail(values.error) : { value: { chart: processed, values }, problems: [] };
}

interface Source {
  readonly name: string;
  readonly file: ChartFile;
  readonly scope: Scope;
}

/** A chart's templates, parsed, in the order in which Helm runs them. */
export interface ParsedTemplates {
  readonly sources: readonly Source[];
  readonly set: TemplateSet;
}

function parseTemplates(
  scopes: readonly Scope[],
  functions: FunctionTable,
  progress: Progress,
): Result<ParsedTemplates> {
  // A map, as Helm has it: of two templates of one name the later one counts.
  const byName = new Map(scopes.flatMap(sourcesOf).map((source) => [source.name, source]));
  const sources = [...byName.values()].sort(deepestFirst);
  const set: TemplateSet = newSet();
  for (const { name, file } of sources) {
    progress.doing = `the parse of ${name}`;
    const parsed = parseTemplate(name, file.file, functions);
    if (parsed.value === undefined) return { problems: parsed.problems.map(parseProblem) };
    addTemplate(set, parsed.value);
  }
  return { value: { sources, set }, problems: [] };
}

function renderTemplates(
  kept: Kept,
  places: Places,
  request: RenderRequest,
  progress: Progress,
): Result<ReadonlyMap<string, StringValue>> {
  const { helm } = request.capabilities;
  const functions = functionsOf(helm);
  kept.templates ??= parseTemplates(kept.scopes, functions, progress);
  if (kept.templates.value === undefined) return { problems: kept.templates.problems };
  const { sources, set } = kept.templates.value;
  const out = new Map<string, StringValue>();
  let printed = 0;
  const told = (problem: Problem) => executionProblem(placed(problem, places), helm);
  const started = (tell: (message: string) => Problem) => {
    progress.template = (message) => told(tell(message));
  };
  const { journal } = kept;
  const shared = { functions, missingKey: 'zero' as const, started, journal, ...options(request) };
  for (const { name, scope } of sources) {
    if (name.slice(name.lastIndexOf('/') + 1).startsWith('_')) continue;
    // The dot is Helm's own map, changed in place: what one template sets in it, the next of the chart sees.
    scope.enter(name);
    const { budget } = shared;
    const rendered = execute(set, name, scope.dot, { ...shared, budget: { ...budget, size: budget.size - printed } });
    if (rendered.problems.length > 0) return { problems: rendered.problems.map(told) };
    printed += rendered.text.length;
    out.set(name, withoutNoValue(rendered.value));
  }
  progress.template = undefined;
  return { value: out, problems: [] };
}

const replacedBefore = new WeakMap<StringValue, StringValue>();

/** Helm takes out what stands for missing values; done once for an output that is used again. */
function withoutNoValue(output: StringValue): StringValue {
  const known = replacedBefore.get(output) ?? replaced(output, '<no value>', string(''));
  replacedBefore.set(output, known);
  return known;
}

function options({ budget, limit, clock, random, drawn, lookup }: RenderRequest) {
  const time = limit && timeLimit(limit);
  return {
    budget: { size: defaultBudget.size, ...budget, ...(time && { time }) },
    ...(clock && { clock }),
    ...(random && { random }),
    ...(drawn && { drawn }),
    ...(lookup && { host: lookupHost(lookup) }),
  };
}

/** One limit for all templates of a chart: it begins with the first. */
function timeLimit({ seconds, clock }: RenderLimit): TimeLimit {
  const end = clock.now() + seconds * 1000;
  return { seconds, isOver: () => clock.now() > end };
}

function sourcesOf(scope: Scope): readonly Source[] {
  const library = scope.chart.metadata.type === 'library';
  return scope.chart.templates
    .filter(({ name }) => !library || name.slice(name.lastIndexOf('/') + 1).startsWith('_'))
    .map((file) => ({ name: `${scope.path}/${file.name}`, file, scope }));
}

/** Deeper paths first, then by name backwards: a parent's definition is parsed last, and so wins. */
function deepestFirst(a: Source, b: Source): number {
  const depth = b.name.split('/').length - a.name.split('/').length;
  return depth !== 0 ? depth : a.name < b.name ? 1 : a.name > b.name ? -1 : 0;
}

function crdsOf(chart: Chart, path: string): readonly ChartFile[] {
  const own = chart.files.filter(({ name }) => name.startsWith('crds/') && /\.(ya?ml|json)$/i.test(name));
  const inside = chart.dependencies.flatMap((sub) => crdsOf(sub, `${path}/charts/${sub.metadata.name}`));
  return [...own.map((file) => ({ name: `${path}/${file.name}`, file: file.file })), ...inside];
}
