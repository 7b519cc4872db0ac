/** Which chart a HelmRelease means: a folder or an archive of a source that is at hand, or one that was fetched before. */
import { type ChartTemplate, type Field, type HelmReleaseView, helmChart } from '../../flux/index.ts';
import { compareVersions, parseVersion, printVersion } from '../../go/semver.ts';
import {
  type Chart,
  loadChartFolder,
  loadChartPackage,
  mergeMaps,
  type Progress,
  readValues,
  type Table,
  table,
  withDependencies,
  withinLimit,
  withVersion,
} from '../../helm/index.ts';
import type { FileTree, SourceFile } from '../../ports.ts';
import { error, type Problem, type Result } from '../../problem.ts';
import { joinPath, sourceNotes } from '../../sources/index.ts';
import { get, getPath, type Mapping, mapping, type Origin, str, text } from '../../yaml/node.ts';
import type { ChartQuery, RenderContext } from '../context.ts';
import type { DesiredObject } from '../desired.ts';
import { artifact, sourceTree } from '../source.ts';

/**
 * The chart, with a caveat where the cluster's may differ from it; or one sentence that says why it is not at hand (not an
 * error: it may be fetched); or its errors.
 */
export type ChartAnswer =
  | (Result<Chart> & {
      readonly caveat?: string;
      /** Of an artifact by whose digest the chart is pinned, as the status of a HelmRelease names it. */
      readonly digest?: string;
    })
  | { readonly note: string; readonly at: Origin };

/** What a release asks for: the query, and what source-controller is to do with the chart. */
interface Asked extends ChartQuery {
  readonly build: Pick<ChartTemplate, 'valuesFiles' | 'ignoreMissingValuesFiles'>;
}

/** One reading of a chart's files. */
interface Reading {
  readonly context: RenderContext;
  readonly progress: Progress;
}

const asItIs: Asked['build'] = { valuesFiles: [], ignoreMissingValuesFiles: false };

export function chartFor(view: HelmReleaseView, namespace: string, context: RenderContext): ChartAnswer | undefined {
  const asked = askedFor(view, namespace, context);
  if (asked === undefined) return undefined;
  const { at } = asked;
  const progress: Progress = { doing: 'the reading of its files' };
  const work = { title: `chart ${describe(asked)}`, at };
  return withinLimit(context.options.limit, work, progress, () => readChart(asked, context, progress));
}

function readChart(asked: Asked, context: RenderContext, progress: Progress): ChartAnswer {
  const { kind, at } = asked;
  const found = treeOf(asked, context);
  if (typeof found === 'string') return { note: found, at };
  if (found !== undefined) {
    const answer = fromTree(found.tree, chartPath(found.tree, asked), asked, { context, progress });
    return found.caveat === undefined || 'note' in answer ? answer : { ...answer, caveat: found.caveat };
  }
  const fetched = context.options.chart?.(query(asked));
  if (fetched === undefined) return { note: `chart ${describe(asked)} is not fetched`, at };
  if ('note' in fetched)
    return fetched.problem === undefined ? { note: fetched.note, at } : { problems: [fetched.problem] };
  const answer = fetched.value === undefined ? fetched : withOwnValuesFiles(fetched.value, asked);
  return kind === 'OCIRepository' && fetched.revision !== undefined ? pinnedTo(answer, fetched.revision, at) : answer;
}

/** The files that the chart lies in; undefined when only a fetch of the chart itself can help. */
function treeOf(
  { kind, namespace, name, source }: Asked,
  context: RenderContext,
): { readonly tree: FileTree; readonly caveat?: string } | string | undefined {
  const known = { kind, namespace, name };
  if (kind === 'HelmRepository') return undefined;
  if (kind === 'ExternalArtifact') {
    const found = sourceTree(known, context);
    if (typeof found === 'string') return found;
    return found.tree === undefined
      ? `ExternalArtifact ${namespace}/${name} cannot be put together`
      : { tree: found.tree };
  }
  if (kind === 'OCIRepository') return undefined;
  const local = context.workspace.sources.folderOf(source === undefined ? known : { ...known, object: source });
  if (typeof local !== 'string') return { tree: artifact(local, text(get(get(source, 'spec'), 'ignore')) ?? '') };
  if (context.options.artifact === undefined) return undefined;
  const found = sourceTree(known, context);
  if (typeof found === 'string') return found;
  const { tree, note } = found;
  return tree && { tree, ...(note !== undefined && { caveat: note }) };
}

/** An artifact that is a chart holds it in one folder, as a packed chart does. */
function chartPath(tree: FileTree, { kind, chart }: Asked): string {
  if (kind !== 'ExternalArtifact') return joinPath('/', chart ?? '/');
  const folder = (tree.directory('/') ?? []).find(({ name }) => tree.file(`/${name}/Chart.yaml`) !== undefined);
  return folder === undefined ? '/' : `/${folder.name}`;
}

/** One sentence for each thing that the release's chart or its source asks for and that is not done here. */
export function chartNotes(
  view: HelmReleaseView,
  { id, node }: DesiredObject,
  context: RenderContext,
): readonly string[] {
  const asked = askedFor(view, id.namespace, context);
  const inline = getPath(node, ['spec', 'chart']);
  const chart = inline?.kind === 'mapping' ? inline : helmChartOf(view, id.namespace, context);
  const { kind, namespace, name, source } = asked ?? {};
  const isOpen = asked !== undefined && typeof context.workspace.sources.folderOf(asked) !== 'string';
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
function askedFor(view: HelmReleaseView, namespace: string, context: RenderContext): Asked | undefined {
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
    build: chart ?? asItIs,
    ...(object === undefined ? {} : { source: object }),
    ...named(chart?.chart, chart?.version),
  };
}

function throughHelmChart(object: Mapping, namespace: string, at: Origin, context: RenderContext): Asked {
  const build = helmChart.view(object);
  const { kind = '', name = '' } = build.sourceRef ?? {};
  const source = context.source({ kind, namespace, name });
  return {
    kind,
    namespace,
    name,
    at,
    build,
    ...(source === undefined ? {} : { source }),
    ...named(build.chart, build.version),
  };
}

function named(chart: Field<string> | undefined, version: Field<string> | undefined) {
  return { ...(chart && { chart: chart.value }), ...(version && { version: version.value }) };
}

function query({ build: _, ...query }: Asked): ChartQuery {
  return query;
}

function describe({ kind, namespace, name, chart, version }: ChartQuery): string {
  const what = chart === undefined ? '' : `${chart}${version === undefined ? '' : ` ${version}`} of `;
  return `${what}${kind} ${namespace}/${name}`;
}

/** A chart of a source: a folder, whose missing dependencies source-controller would get, or a packed one. */
function fromTree(tree: FileTree, path: string, asked: Asked, run: Reading): ChartAnswer {
  if (asked.kind === 'ExternalArtifact' && path === '/' && tree.file('/Chart.yaml') !== undefined)
    return { problems: [error('helm-chart', 'chart yaml not in base directory', asked.at)] };
  const packed = tree.file(path);
  if (packed === undefined && tree.directory(path) === undefined)
    return { problems: [error('helm-chart', `chart folder ${path} not found`, asked.at)] };
  const { progress } = run;
  const loaded = packed === undefined ? loadChartFolder(tree, path, progress) : loadChartPackage(packed, progress);
  if (loaded.value === undefined) return loaded;
  const whole = packed === undefined ? withMissing(loaded.value, tree, path, asked, run) : loaded;
  if ('note' in whole || whole.value === undefined) return whole;
  return withValuesFiles(whole.value, asked, (file) => tree.file(joinPath('/', file)));
}

/** Adds the dependencies that charts/ lacks: those of the same source from their folders, others as they are fetched. */
function withMissing(
  chart: Chart,
  tree: FileTree,
  path: string,
  asked: Asked,
  { context, progress }: Reading,
): ChartAnswer {
  const present = new Set(chart.dependencies.map(({ metadata }) => metadata.name));
  const added: Chart[] = [];
  for (const { name, version, repository, at } of chart.metadata.dependencies) {
    if (present.has(name)) continue;
    present.add(name);
    const local = repository === '' || repository.startsWith('file://');
    const folder = repository === '' ? `charts/${name}` : repository.slice('file://'.length);
    const found = local
      ? loadChartFolder(tree, joinPath('/', `${path}/${folder}`), progress)
      : context.options.chart?.({ ...repositoryOf(repository, asked, context), chart: name, version, at });
    if (found === undefined) return { note: `dependency ${name} of ${repository} is not fetched`, at };
    if ('note' in found) {
      const note = `dependency ${name}: ${found.note}`;
      return 'problem' in found && found.problem !== undefined ? { problems: [found.problem] } : { note, at };
    }
    if (found.value === undefined) return { problems: found.problems };
    added.push(found.value);
  }
  return { value: added.length === 0 ? chart : withDependencies(chart, added), problems: [] };
}

/** The HelmRepository of that URL, for its credentials; one made for it where the fleet has none. */
function repositoryOf(url: string, { namespace, at }: Asked, context: RenderContext) {
  const trimmed = url.replace(/\/+$/, '');
  const declared = context
    .rendered('HelmRepository')
    .find(
      ({ id, node }) =>
        id.namespace === namespace && text(get(get(node, 'spec'), 'url'))?.replace(/\/+$/, '') === trimmed,
    );
  if (declared !== undefined)
    return { kind: 'HelmRepository', namespace, name: declared.id.name, source: declared.node };
  const spec = mapping([{ key: str('url', at), value: str(trimmed, at) }], at);
  const source = mapping([{ key: str('spec', at), value: spec }], at);
  return { kind: 'HelmRepository', namespace, name: trimmed, source };
}

/** `valuesFiles` of a chart of a repository are files of the chart itself; `values.yaml` is its own defaults. */
function withOwnValuesFiles(chart: Chart, asked: Asked): Result<Chart> {
  return withValuesFiles(chart, asked, (path) =>
    path === 'values.yaml' ? 'defaults' : chart.files.find(({ name }) => name === path)?.file,
  );
}

/** `valuesFiles` stand for the chart's values.yaml, merged in their order; values.yaml alone, or none found, leave it. */
function withValuesFiles(
  chart: Chart,
  { build: { valuesFiles: files, ignoreMissingValuesFiles } }: Asked,
  find: (path: string) => SourceFile | 'defaults' | undefined,
): Result<Chart> {
  const paths = files.map(({ value }) => joinPath('/', value).slice(1));
  if (files.length === 0 || (files.length === 1 && paths[0] === 'values.yaml')) return { value: chart, problems: [] };
  const problems: Problem[] = [];
  let values: Table = table(chart.chartYaml.at);
  files.forEach((file, i) => {
    const found = find(paths[i]!);
    if (found === undefined) {
      if (ignoreMissingValuesFiles) return;
      problems.push(error('helm-values', `no values file found at path '${file.value}'`, file.node.at));
      return;
    }
    const read = found === 'defaults' ? { value: chart.values, problems: [] } : readValues(found, file.node.at, 3);
    problems.push(...read.problems);
    if (read.value !== undefined) values = mergeMaps(values, read.value);
  });
  if (problems.length > 0) return { problems };
  return { value: values.slots.size === 0 ? chart : { ...chart, values }, problems: [] };
}

/** helm-controller adds the artifact's digest to the version of a chart that comes by an OCIRepository. */
function pinnedTo(answer: Result<Chart>, revision: string, at: Origin): ChartAnswer {
  if (answer.value === undefined) return answer;
  const fail = (message: string): ChartAnswer => ({ problems: [error('helm-chart', message, at)] });
  const { version: own } = answer.value.metadata;
  const version = parseVersion(own);
  if (typeof version === 'string') return fail(`invalid chart version ${own}`);
  const [label = '', digest] = revision.includes('@') ? revision.split('@') : ['', revision];
  const tag = parseVersion(label);
  if (typeof tag !== 'string' && compareVersions(tag, version) !== 0)
    return fail(`artifact revision ${label} does not match chart version ${own}`);
  const short = (digest ?? '').replace(/^[^:]*:/, '').slice(0, 12);
  const value = withVersion(answer.value, printVersion({ ...version, metadata: short }));
  return { value, problems: [], digest: typeof tag === 'string' ? revision : (digest ?? '') };
}
