/** Which chart a HelmRelease means: a folder of a source that is at hand, or one that was fetched before. */
import { type Field, type HelmReleaseView, helmChart, string } from '../../flux/index.ts';
import { type Chart, loadChartFolder, mergeMaps, readValues, type Table, table } from '../../helm/index.ts';
import type { FileTree } from '../../ports.ts';
import { error, type Problem, type Result } from '../../problem.ts';
import { joinPath, sourceNotes } from '../../sources/index.ts';
import { get, getPath, type Mapping, type Origin, text } from '../../yaml/node.ts';
import type { ChartQuery, RenderContext } from '../context.ts';
import type { DesiredObject } from '../desired.ts';
import { artifact, sourceTree } from '../source.ts';

/** The chart, or one sentence that says why it is not at hand (not an error: it may be fetched), or its errors. */
export type ChartAnswer = Result<Chart> | { readonly note: string; readonly at: Origin };

export function chartFor(view: HelmReleaseView, namespace: string, context: RenderContext): ChartAnswer | undefined {
  const query = chartQuery(view, namespace, context);
  if (query === undefined) return undefined;
  const loaded = loadFor(query, context);
  if ('note' in loaded) return { note: loaded.note, at: query.at };
  return withValuesFiles(loaded, valuesFilesOf(view, namespace, context));
}

/** A chart with the tree that its values files are read from, and the chart's folder in it. */
type Loaded = Result<Chart> & { readonly tree?: FileTree; readonly path?: string };

function loadFor(query: ChartQuery, context: RenderContext): Loaded | { readonly note: string } {
  const { kind, name, source } = query;
  const known = { kind, namespace: query.namespace, name };
  const local = context.workspace.sources.folderOf(source === undefined ? known : { ...known, object: source });
  const isFolder = kind !== 'HelmRepository' && kind !== 'OCIRepository';
  if (typeof local !== 'string' && isFolder) {
    const tree = artifact(local, text(get(get(source, 'spec'), 'ignore')) ?? '');
    return fromFolder(tree, query);
  }
  if ((kind === 'GitRepository' || kind === 'Bucket') && context.options.artifact !== undefined) {
    const found = sourceTree(known, context);
    if (typeof found === 'string') return { note: found };
    if (found.tree === undefined) return { problems: found.problems };
    return fromFolder(found.tree, query);
  }
  const fetched = context.options.chart?.(query);
  if (fetched === undefined) return { note: `chart ${describe(query)} is not fetched` };
  if ('note' in fetched && fetched.problem !== undefined) return { problems: [fetched.problem] };
  return fetched;
}

/** One sentence for each thing that the release's chart or its source asks for and that is not done here. */
export function chartNotes(
  view: HelmReleaseView,
  { id, node }: DesiredObject,
  context: RenderContext,
): readonly string[] {
  const query = chartQuery(view, id.namespace, context);
  const inline = getPath(node, ['spec', 'chart']);
  const chart = inline?.kind === 'mapping' ? inline : helmChartOf(view, id.namespace, context);
  const { kind, namespace, name, source } = query ?? {};
  const isOpen = query !== undefined && typeof context.workspace.sources.folderOf(query) !== 'string';
  return [
    ...(chart === undefined
      ? []
      : sourceNotes('HelmChart', `the chart of HelmRelease ${id.namespace}/${id.name}`, chart)),
    ...(source === undefined || isOpen ? [] : sourceNotes(kind!, `${kind} ${namespace}/${name}`, source)),
  ];
}

function helmChartOf({ chart, chartRef }: HelmReleaseView, namespace: string, context: RenderContext) {
  if (chart?.sourceRef !== undefined || chartRef?.kind !== 'HelmChart') return undefined;
  return context.source({ kind: chartRef.kind, namespace: chartRef.namespace ?? namespace, name: chartRef.name });
}

/** What a chart is looked up by, led through a HelmChart where the release refers to one. */
function chartQuery(view: HelmReleaseView, namespace: string, context: RenderContext): ChartQuery | undefined {
  const { chart, chartRef } = view;
  const ref = chart?.sourceRef ?? chartRef;
  if (ref === undefined) return undefined;
  const own = { kind: ref.kind, namespace: ref.namespace ?? namespace, name: ref.name };
  const led = helmChartOf(view, namespace, context);
  if (led !== undefined) return throughHelmChart(led, own.namespace, ref.node.at, context);
  const object = context.source(own);
  return {
    ...own,
    at: ref.node.at,
    ...(object === undefined ? {} : { source: object }),
    ...(chart?.chart === undefined ? {} : { chart: chart.chart.value }),
    ...(chart?.version === undefined ? {} : { version: chart.version.value }),
  };
}

function throughHelmChart(object: Mapping, namespace: string, at: Origin, context: RenderContext): ChartQuery {
  const kind = string(object, 'spec', 'sourceRef', 'kind')?.value ?? '';
  const name = string(object, 'spec', 'sourceRef', 'name')?.value ?? '';
  const chart = string(object, 'spec', 'chart')?.value;
  const version = string(object, 'spec', 'version')?.value;
  const source = context.source({ kind, namespace, name });
  return {
    kind,
    namespace,
    name,
    at,
    ...(source === undefined ? {} : { source }),
    ...(chart === undefined ? {} : { chart }),
    ...(version === undefined ? {} : { version }),
  };
}

function describe({ kind, namespace, name, chart, version }: ChartQuery): string {
  const what = chart === undefined ? '' : `${chart}${version === undefined ? '' : ` ${version}`} of `;
  return `${what}${kind} ${namespace}/${name}`;
}

function fromFolder(tree: FileTree, { chart }: ChartQuery): Loaded {
  const path = joinPath('/', chart ?? '/');
  return { ...loadChartFolder(tree, path), tree, path };
}

interface ValuesFiles {
  readonly files: readonly Field<string>[];
  readonly ignoreMissing: boolean;
  /** Files of the chart itself: its source holds charts and nothing else. */
  readonly inChart: boolean;
}

/** What the release says of its chart, or the HelmChart that it refers to. */
function valuesFilesOf(view: HelmReleaseView, namespace: string, context: RenderContext): ValuesFiles {
  const led = helmChartOf(view, namespace, context);
  const said = led === undefined ? view.chart : helmChart.view(led);
  return {
    files: said?.valuesFiles ?? [],
    ignoreMissing: said?.ignoreMissingValuesFiles === true,
    inChart: said?.sourceRef?.kind === 'HelmRepository',
  };
}

/** `valuesFiles` stand for the chart's values.yaml, merged in their order. */
function withValuesFiles(loaded: Loaded, { files, ignoreMissing, inChart }: ValuesFiles): Result<Chart> {
  const { tree, path } = loaded;
  if (loaded.value === undefined || files.length === 0 || tree === undefined) return loaded;
  const problems: Problem[] = [];
  let values: Table = table(loaded.value.chartYaml.at);
  for (const file of files) {
    const found = tree.file(joinPath(inChart ? (path ?? '/') : '/', file.value));
    if (found === undefined) {
      if (ignoreMissing) continue;
      problems.push(error('helm-values', `no values file found at path '${file.value}'`, file.node.at));
      continue;
    }
    const read = readValues(found, file.node.at);
    problems.push(...read.problems);
    if (read.value !== undefined) values = mergeMaps(values, read.value);
  }
  return problems.length > 0 ? { problems } : { value: { ...loaded.value, values }, problems: [] };
}
