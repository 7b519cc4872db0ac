/** Which chart a HelmRelease means: a folder of a source that is at hand, or one that was fetched before. */
import { type HelmReleaseView, string } from '../../flux/index.ts';
import { type Chart, loadChartFolder, mergeMaps, readValues, type Table, table } from '../../helm/index.ts';
import type { FileTree } from '../../ports.ts';
import { error, type Problem, type Result } from '../../problem.ts';
import { joinPath } from '../../sources/index.ts';
import { get, type Mapping, type Origin, text } from '../../yaml/node.ts';
import type { ChartQuery, RenderContext } from '../context.ts';
import { artifact, sourceTree } from '../source.ts';

/** The chart, or one sentence that says why it is not at hand (not an error: it may be fetched), or its errors. */
export type ChartAnswer = Result<Chart> | { readonly note: string; readonly at: Origin };

export function chartFor(view: HelmReleaseView, namespace: string, context: RenderContext): ChartAnswer | undefined {
  const query = chartQuery(view, namespace, context);
  if (query === undefined) return undefined;
  const { kind, name, at, source } = query;
  const known = { kind, namespace: query.namespace, name };
  const local = context.workspace.sources.folderOf(source === undefined ? known : { ...known, object: source });
  const isFolder = kind !== 'HelmRepository' && kind !== 'OCIRepository';
  if (typeof local !== 'string' && isFolder) {
    const tree = artifact(local, text(get(get(source, 'spec'), 'ignore')) ?? '');
    return fromFolder(tree, joinPath('/', query.chart ?? '/'), view);
  }
  if ((kind === 'GitRepository' || kind === 'Bucket') && context.options.artifact !== undefined) {
    const found = sourceTree(known, context);
    if (typeof found === 'string') return { note: found, at };
    if (found.tree === undefined) return { problems: found.problems };
    return fromFolder(found.tree, joinPath('/', query.chart ?? '/'), view);
  }
  const fetched = context.options.chart?.(query);
  if (fetched === undefined) return { note: `chart ${describe(query)} is not fetched`, at };
  if ('note' in fetched)
    return fetched.problem === undefined ? { note: fetched.note, at } : { problems: [fetched.problem] };
  return withValuesFiles(fetched, fetched.tree, fetched.path, view);
}

/** What a chart is looked up by, led through a HelmChart where the release refers to one. */
function chartQuery(view: HelmReleaseView, namespace: string, context: RenderContext): ChartQuery | undefined {
  const { chart, chartRef } = view;
  const ref = chart?.sourceRef ?? chartRef;
  if (ref === undefined) return undefined;
  const own = { kind: ref.kind, namespace: ref.namespace ?? namespace, name: ref.name };
  const object = context.source(own);
  if (own.kind === 'HelmChart' && object !== undefined)
    return throughHelmChart(object, own.namespace, ref.node.at, context);
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

function fromFolder(tree: FileTree, path: string, view: HelmReleaseView): Result<Chart> {
  return withValuesFiles(loadChartFolder(tree, path), tree, path, view);
}

/** `valuesFiles` stand for the chart's values.yaml, merged in their order. */
function withValuesFiles(
  loaded: Result<Chart>,
  tree: FileTree | undefined,
  path: string | undefined,
  view: HelmReleaseView,
): Result<Chart> {
  const files = view.chart?.valuesFiles ?? [];
  if (loaded.value === undefined || files.length === 0 || tree === undefined) return loaded;
  const problems: Problem[] = [];
  let values: Table = table(loaded.value.chartYaml.at);
  for (const file of files) {
    // From the source's root, except for a chart of a Helm repository, whose files are the chart's own.
    const full = joinPath(view.chart?.sourceRef?.kind === 'HelmRepository' ? (path ?? '/') : '/', file.value);
    const found = tree.file(full);
    if (found === undefined) {
      if (view.chart?.ignoreMissingValuesFiles === true) continue;
      problems.push(error('helm-values', `no values file found at path '${file.value}'`, file.node.at));
      continue;
    }
    const read = readValues(found, file.node.at);
    problems.push(...read.problems);
    if (read.value !== undefined) values = mergeMaps(values, read.value);
  }
  return problems.length > 0 ? { problems } : { value: { ...loaded.value, values }, problems: [] };
}
