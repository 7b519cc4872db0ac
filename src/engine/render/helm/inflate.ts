/**
 * `helmCharts` of a kustomization: a chart of the kustomization's own folder, rendered as kustomize has helm render it.
 * Nothing is pulled: a chart that is not there is refused. Flux never gets here; `sluice kustomize --enable-helm` does.
 */
import {
  defaultCapabilities,
  isNull,
  loadChartFolder,
  objectsOf,
  type Progress,
  parseKubeVersion,
  type RenderLimit,
  readValues,
  renderChart,
  type Table,
  table,
  toTable,
  withinLimit,
} from '../../helm/index.ts';
import type { HelmInflator } from '../../kustomize/index.ts';
import { isObject } from '../../objects/object.ts';
import type { FileTree } from '../../ports.ts';
import type { Problem } from '../../problem.ts';
import { joinPath } from '../../sources/index.ts';
import type { Mapping, Origin, Scalar } from '../../yaml/node.ts';
import { parseFile } from '../../yaml/parse.ts';

type Request = Parameters<HelmInflator>[0];

class Refused extends Error {}

export function chartInflator(limit?: RenderLimit): HelmInflator {
  return (request) => {
    try {
      return { objects: inflate(request, limit) };
    } catch (error) {
      if (error instanceof Refused) return { error: error.message };
      throw error;
    }
  };
}

function inflate(request: Request, limit: RenderLimit | undefined): readonly Mapping[] {
  const { chart, loader } = request;
  const name = chart.name?.text ?? '';
  if (name === '') throw new Refused('chart name cannot be empty');
  const folder = joinPath(chartHome(request), name);
  const progress: Progress = { doing: 'the reading of its files' };
  const loaded =
    loader.tree.directory(folder) === undefined
      ? undefined
      : withinLimit(limit, { title: `chart ${name}`, at: chart.at }, progress, () =>
          loadChartFolder(loader.tree, folder, progress),
        );
  if (loaded === undefined) throw new Refused(`no chart found at '${folder}'; charts are not pulled: vendor it there`);
  if (loaded.value === undefined) throw refusal(loaded.problems);
  const rendered = renderChart({
    chart: loaded.value,
    values: valuesOf(request, folder),
    release: {
      name: releaseName(request),
      namespace: request.namespace?.text || 'default',
      isUpgrade: false,
      revision: 1,
    },
    capabilities: capabilitiesOf(request),
    ...(limit && { limit }),
  });
  if (rendered.value === undefined) throw refusal(rendered.problems);
  const { crds, manifests, hooks, segments } = rendered.value;
  const wanted =
    chart.skipHooks === true
      ? []
      : hooks.filter(({ hook }) => chart.skipTests !== true || !hook?.events.includes('test'));
  return [
    ...(chart.includeCRDs === true ? crds.flatMap(({ file }) => parseFile(file).documents) : []).flatMap(({ root }) =>
      isObject(root) ? [root] : [],
    ),
    ...[...manifests, ...wanted].flatMap((manifest) => objectsOf(manifest, segments(manifest.source))),
  ];
}

function refusal(problems: readonly Problem[]): Refused {
  return new Refused(problems.map(({ message }) => message).join('; '));
}

function chartHome({ chart, globals, loader }: Request): string {
  const home = joinPath(loader.root, globals?.chartHome?.text || 'charts');
  const { version, repo } = chart;
  return version?.text && repo?.text ? joinPath(home, `${chart.name?.text}-${version.text}`) : home;
}

function releaseName({ chart }: Request): string {
  const template = chart.nameTemplate?.text ?? '';
  if (template.includes('{{')) throw new Refused('nameTemplate with actions is not supported');
  // helm would generate a name with the time in it; a build must give the same objects each time.
  return template || chart.releaseName?.text || `${chart.name?.text}-0`;
}

function capabilitiesOf({ chart }: Request) {
  const base = defaultCapabilities(4);
  const given = chart.kubeVersion?.text;
  const kubeVersion = given ? parseKubeVersion(given) : base.kubeVersion;
  if (kubeVersion === undefined) throw new Refused(`invalid kube version '${given}'`);
  return {
    ...base,
    kubeVersion,
    apiVersions: [...base.apiVersions, ...(chart.apiVersions ?? []).map(({ text }) => text)],
  };
}

/** The values file (by default the chart's own) with `valuesInline` as `valuesMerge` says, then the additional files. */
function valuesOf({ chart, loader }: Request, folder: string): Table {
  const at = chart.at;
  const given = chart.valuesFile?.text;
  const file = read(
    loader.tree,
    given ? joinPath(loader.root, given) : `${folder}/values.yaml`,
    given === undefined,
    at,
  );
  const inline = chart.valuesInline?.kind === 'mapping' ? toTable(chart.valuesInline) : undefined;
  let values = inline === undefined ? file : merged(chart.valuesMerge, inline, file);
  for (const more of chart.additionalValuesFiles ?? []) {
    values = overlay(values, read(loader.tree, joinPath(loader.root, more.text), false, more.at), 'keep');
  }
  return values;
}

function merged(how: Scalar | undefined, inline: Table, file: Table): Table {
  const mode = how?.text || 'override';
  if (mode === 'replace') return inline;
  if (mode === 'override') return overlay(file, inline, 'delete');
  if (mode === 'merge') return overlay(inline, file, 'delete');
  throw new Refused('valuesMerge must be one of [merge override replace]');
}

/** `over` on `base`; a null in `over` deletes the key for kustomize, and stays for helm. */
function overlay(base: Table, over: Table, nulls: 'delete' | 'keep'): Table {
  const out: Table = { ...base, slots: new Map(base.slots) };
  for (const [key, slot] of over.slots) {
    const old = out.slots.get(key)?.value;
    if (nulls === 'delete' && isNull(slot.value)) out.slots.delete(key);
    else if (old?.kind === 'table' && slot.value.kind === 'table') {
      out.slots.set(key, { keyAt: slot.keyAt, value: overlay(old, slot.value, nulls) });
    } else out.slots.set(key, slot);
  }
  return out;
}

function read(tree: FileTree, path: string, optional: boolean, at: Origin): Table {
  const file = tree.file(path);
  if (file === undefined) {
    if (optional) return table(at);
    throw new Refused(`could not load values file ${path}`);
  }
  const values = readValues(file, at);
  if (values.value === undefined) throw refusal(values.problems);
  return values.value;
}
