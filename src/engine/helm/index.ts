/** The room's door: charts and values to manifests, as Helm 3 and Helm 4 render them. */
export { type Capabilities, defaultCapabilities, parseKubeVersion } from './capabilities.ts';
export { type Chart, type ChartFile, stringOf, withDependencies, withVersion } from './chart.ts';
export type { Release } from './context.ts';
export { chartWork, type Progress, type RenderLimit, withinLimit } from './limit.ts';
export { loadChartArchive, loadChartFiles, loadChartFolder, loadChartPackage, readValues } from './load.ts';
export { drawnPlace, isSecretPlace, type Lookup, type LookupAnswer, type LookupQuery } from './lookup.ts';
export { type Hook, type Manifest, sortObjects } from './manifests.ts';
export { wrongName } from './name.ts';
export { isList, objectsOf, refusalOf } from './objects.ts';
export { finalValues, type RenderedChart, type RenderRequest, renderChart } from './render.ts';
export { type SetMode, type SetOptions, setValues } from './strvals.ts';
export { copy, isNull, mergeMaps, type Table, table, toMapping, toTable, type Value } from './values.ts';
export { readDocuments, readFirst } from './yaml.ts';
