/**
 * The kustomization file: its fields, read as strictly as kustomize reads them, and its deprecated fields turned into
 * the ones that replaced them. One field = one line in `fields`.
 */
import type { Mapping, Origin, Scalar } from '../yaml/node.ts';
import {
  any,
  boolean,
  type Decoder,
  decodeMapping,
  integer,
  list,
  type Pair,
  pairs,
  type Reading,
  string,
  strings,
  struct,
} from './decode.ts';
import { Refusal, within } from './refusal.ts';

type Of<D> = D extends Decoder<infer T> ? T : never;

const gvk = { group: string, version: string, kind: string };
const resId = { ...gvk, name: string, namespace: string };

export const selector = struct('Selector', { ...resId, annotationSelector: string, labelSelector: string });
export type Selector = Of<typeof selector>;

const patchOptions = struct('PatchArgs', { allowNameChange: boolean, allowKindChange: boolean });
const patch = struct('Patch', { path: string, patch: string, target: selector, options: patchOptions });
export type Patch = Of<typeof patch>;

export const image = struct('Image', {
  name: string,
  newName: string,
  tagSuffix: string,
  newTag: string,
  digest: string,
});
export type Image = Of<typeof image>;

export const replica = struct('Replica', { name: string, count: integer });
export type Replica = Of<typeof replica>;

export const fieldSpecEntry = struct('FieldSpec', { ...gvk, path: string, create: boolean });
export type FieldSpecEntry = Of<typeof fieldSpecEntry>;

const label = struct('Label', {
  pairs,
  includeSelectors: boolean,
  includeTemplates: boolean,
  includeVolumeClaimTemplates: boolean,
  fields: list(fieldSpecEntry),
});
export type Label = Of<typeof label>;

const fieldOptions = struct('FieldOptions', {
  delimiter: string,
  index: integer,
  encoding: string,
  create: boolean,
});
export type FieldOptions = Of<typeof fieldOptions>;

const replacementSource = struct('SourceSelector', { ...resId, fieldPath: string, options: fieldOptions });
export type ReplacementSource = Of<typeof replacementSource>;

const replacementTarget = struct('TargetSelector', {
  select: selector,
  reject: list(selector),
  fieldPaths: strings,
  options: fieldOptions,
});
export type ReplacementTarget = Of<typeof replacementTarget>;

const replacementFields = { source: replacementSource, targets: list(replacementTarget), sourceValue: string };
export const replacement = struct('Replacement', replacementFields);
export const replacementField = struct('ReplacementField', { ...replacementFields, path: string });
export type Replacement = Of<typeof replacementField>;

const variable = struct('Var', {
  name: string,
  objref: struct('Target', { apiVersion: string, ...resId }),
  fieldref: struct('FieldSelector', { fieldPath: string }),
});
export type Variable = Of<typeof variable>;

const generatorOptions = struct('GeneratorOptions', {
  labels: pairs,
  annotations: pairs,
  disableNameSuffixHash: boolean,
  immutable: boolean,
});
export type GeneratorOptions = Of<typeof generatorOptions>;

export const generatorFields = {
  namespace: string,
  name: string,
  behavior: string,
  literals: strings,
  files: strings,
  envs: strings,
  env: string,
  options: generatorOptions,
};
const configMapArgs = struct('ConfigMapArgs', generatorFields);
const secretArgs = struct('SecretArgs', { ...generatorFields, type: string });
export type GeneratorArgs = Of<typeof secretArgs>;

const legacySortOptions = struct('LegacySortOptions', { orderFirst: strings, orderLast: strings });
const sortOptions = struct('SortOptions', { order: string, legacySortOptions });
export type SortOptions = Of<typeof sortOptions>;

export const objectMeta = struct('ObjectMeta', { name: string, namespace: string, labels: pairs, annotations: pairs });

export const helmGlobalsFields = { chartHome: string, configHome: string };
const helmGlobals = struct('HelmGlobals', helmGlobalsFields);
export type HelmGlobals = Of<typeof helmGlobals>;

export const helmChartFields = {
  name: string,
  version: string,
  repo: string,
  releaseName: string,
  namespace: string,
  additionalValuesFiles: strings,
  valuesFile: string,
  valuesInline: any,
  valuesMerge: string,
  includeCRDs: boolean,
  skipHooks: boolean,
  apiVersions: strings,
  kubeVersion: string,
  nameTemplate: string,
  skipTests: boolean,
  debug: boolean,
  devel: boolean,
};
const helmChart = struct('HelmChart', helmChartFields);
export type HelmChart = Of<typeof helmChart>;

const helmChartArgs = struct('HelmChartArgs', {
  chartName: string,
  chartVersion: string,
  chartRepoUrl: string,
  chartHome: string,
  chartRepoName: string,
  helmBin: string,
  helmHome: string,
  values: string,
  valuesLocal: any,
  valuesMerge: string,
  releaseName: string,
  releaseNamespace: string,
  extraArgs: strings,
});

const file = struct('Kustomization', {
  apiVersion: string,
  kind: string,
  metadata: objectMeta,
  openapi: pairs,
  namePrefix: string,
  nameSuffix: string,
  namespace: string,
  commonLabels: pairs,
  labels: list(label),
  commonAnnotations: pairs,
  patchesStrategicMerge: strings,
  patchesJson6902: list(patch),
  patches: list(patch),
  images: list(image),
  imageTags: list(image),
  replacements: list(replacementField),
  replicas: list(replica),
  vars: list(variable),
  sortOptions,
  resources: strings,
  components: strings,
  crds: strings,
  bases: strings,
  configMapGenerator: list(configMapArgs),
  secretGenerator: list(secretArgs),
  helmGlobals,
  helmCharts: list(helmChart),
  helmChartInflationGenerator: list(helmChartArgs),
  generatorOptions,
  configurations: strings,
  generators: strings,
  transformers: strings,
  validators: strings,
  buildMetadata: strings,
});

export type Kustomization = Of<typeof file> & {
  /** The file's name within its directory: `kustomization.yaml`. */
  readonly fileName: string;
  /** What it was read from. */
  readonly source: Mapping;
};

export const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/** How kustomize reads a file, and how Flux reads one before it hands it on. */
export const readings: Readonly<Record<'strict' | 'lenient', Reading>> = {
  strict: { dialect: 'sigs', strict: true, texts: 'refused' },
  lenient: { dialect: 'sigs', strict: false, texts: 'converted' },
};

/** Reads a kustomization; `root` is its directory, for messages. */
export function readKustomization(
  node: Mapping,
  fileName: string,
  root: string,
  reading: Reading = readings.strict,
): Kustomization {
  const raw = within('invalid Kustomization', node.at, () => decodeMapping(file, node, reading));
  const fixed = fix({ ...raw, fileName, source: node });
  checkEmpty(fixed);
  checkKind(fixed, root);
  return fixed;
}

function fix(read: Kustomization): Kustomization {
  const { bases, imageTags, helmChartInflationGenerator: inflation, ...rest } = read;
  const fixed: { -readonly [K in keyof Kustomization]: Kustomization[K] } = { ...rest };
  if (bases !== undefined) fixed.resources = [...(rest.resources ?? []), ...bases];
  if (imageTags !== undefined) fixed.images = [...(rest.images ?? []), ...imageTags];
  if (inflation !== undefined && inflation.length > 0) {
    const charts = inflation.map(
      (old): HelmChart => ({
        at: old.at,
        ...(old.chartName && { name: old.chartName }),
        ...(old.chartVersion && { version: old.chartVersion }),
        ...(old.chartRepoUrl && { repo: old.chartRepoUrl }),
        ...(old.values && { valuesFile: old.values }),
        ...(old.valuesLocal && { valuesInline: old.valuesLocal }),
        ...(old.valuesMerge && { valuesMerge: old.valuesMerge }),
        ...(old.releaseName && { releaseName: old.releaseName }),
      }),
    );
    fixed.helmCharts = [...(rest.helmCharts ?? []), ...charts];
    const home = inflation.findLast((old) => old.chartHome !== undefined)?.chartHome;
    if (rest.helmGlobals === undefined && home !== undefined) fixed.helmGlobals = { at: home.at, chartHome: home };
  }
  return fixed;
}

/** Env files of a generator: the old singular field goes behind the others. */
export function envSources(args: GeneratorArgs): readonly Scalar[] {
  const envs = args.envs ?? [];
  return args.env === undefined || args.env.text === '' ? envs : [...envs, args.env];
}

function checkEmpty(read: Kustomization): void {
  const { at, fileName: _f, source: _s, apiVersion: _a, kind: _k, ...rest } = read;
  const isSet = (value: unknown): boolean =>
    value !== undefined && !(typeof value === 'object' && value !== null && 'text' in value && value.text === '');
  if (!Object.values(rest).some(isSet)) throw new Refusal('kustomization.yaml is empty', at, 'kustomize-file');
}

const versions = {
  Kustomization: 'kustomize.config.k8s.io/v1beta1',
  Component: 'kustomize.config.k8s.io/v1alpha1',
} as const;

export function isComponent(read: Kustomization): boolean {
  return read.kind?.text === 'Component';
}

function checkKind(read: Kustomization, root: string): void {
  const kind = read.kind?.text || 'Kustomization';
  const wrong: { readonly message: string; readonly at: Origin }[] = [];
  if (kind !== 'Kustomization' && kind !== 'Component') {
    wrong.push({ message: 'kind should be Kustomization or Component', at: read.kind!.at });
  }
  const version = kind === 'Component' ? versions.Component : versions.Kustomization;
  const { apiVersion } = read;
  if (apiVersion !== undefined && apiVersion.text !== '' && apiVersion.text !== version) {
    wrong.push({ message: `apiVersion for ${kind} should be ${version}`, at: apiVersion.at });
  }
  if (wrong.length === 0) return;
  const messages = wrong.map(({ message }) => message).join('; ');
  throw new Refusal(`Failed to read kustomization file under ${root}: ${messages}`, wrong[0]!.at, 'kustomize-file');
}

const deprecated = [
  ['bases', 'resources'],
  ['commonLabels', 'labels'],
  ['imageTags', 'images'],
  ['patchesJson6902', 'patches'],
  ['patchesStrategicMerge', 'patches'],
  ['vars', 'replacements'],
] as const;

/** The deprecated fields that a kustomization uses, with what to write instead. */
export function deprecatedFields(node: Mapping): readonly { readonly message: string; readonly at: Origin }[] {
  const out: { message: string; at: Origin }[] = [];
  for (const { key } of node.entries) {
    const row = deprecated.find(([old]) => old === key.text);
    if (row !== undefined)
      out.push({ message: `'${row[0]}' is deprecated. Please use '${row[1]}' instead.`, at: key.at });
  }
  return out;
}

/** Local generator options with the global ones behind them: the local value of a key wins, a flag set anywhere is set. */
export function mergeOptions(
  local: GeneratorOptions | undefined,
  global: GeneratorOptions | undefined,
): GeneratorOptions | undefined {
  if (global === undefined || local === undefined) return local ?? global;
  const merged = (a: readonly Pair[] | undefined, b: readonly Pair[] | undefined): readonly Pair[] => [
    ...(a ?? []),
    ...(b ?? []).filter((pair) => !a?.some((own) => own.key.text === pair.key.text)),
  ];
  return {
    at: local.at,
    labels: merged(local.labels, global.labels),
    annotations: merged(local.annotations, global.annotations),
    disableNameSuffixHash: local.disableNameSuffixHash === true || global.disableNameSuffixHash === true,
    immutable: local.immutable === true || global.immutable === true,
  };
}
