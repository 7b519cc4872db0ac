/** A rendered release as the record of a revision, as Helm 4 writes it. */
import { encodeBase64 } from '../go/base64.ts';
import { type Chart, type ChartFile, type Hook, stringOf, toMapping } from '../helm/index.ts';
import type { ReleaseContent, ReleaseObject } from '../render/desired.ts';
import { isObject, type JsonObject } from '../status/fields.ts';
import { get, type Mapping, type Node, text } from '../yaml/node.ts';
import { parseFile } from '../yaml/parse.ts';
import { print } from '../yaml/print.ts';
import { type Json, toJson } from '../yaml/resolve.ts';
import { type ReleaseRecord, recordOf } from './record.ts';

export interface Revision {
  readonly name: string;
  /** Where its objects go. */
  readonly namespace: string;
  readonly revision: number;
  readonly status: string;
  readonly description: string;
  /** RFC 3339. */
  readonly firstDeployed: string;
  readonly lastDeployed: string;
}

export function makeRecord(content: ReleaseContent, about: Revision): ReleaseRecord {
  const { notes } = content;
  return recordOf({
    name: about.name,
    info: {
      first_deployed: about.firstDeployed,
      last_deployed: about.lastDeployed,
      description: about.description,
      status: about.status,
      ...(notes === '' ? {} : { notes }),
    },
    chart: chartOf(content.chart),
    ...(isObject(content.config) && Object.keys(content.config).length > 0 ? { config: content.config } : {}),
    manifest: content.manifest.map(documentOf).join(''),
    ...(content.hooks.length === 0 ? {} : { hooks: content.hooks.map(hookOf) }),
    version: about.revision,
    namespace: about.namespace,
    apply_method: 'ssa',
  });
}

function documentOf({ source, node }: ReleaseObject): string {
  return `---\n# Source: ${source}\n${print(node, 'sigs')}`;
}

function hookOf({ source, node, hook }: ReleaseObject & { readonly hook: Hook }): JsonObject {
  return {
    name: hook.name,
    kind: text(get(node, 'kind')) ?? '',
    path: source,
    manifest: print(node, 'sigs').trimEnd(),
    events: hook.events,
    last_run: { phase: '' },
    ...(hook.weight === 0 ? {} : { weight: hook.weight }),
    ...(hook.deletePolicies.length === 0 ? {} : { delete_policies: hook.deletePolicies }),
  };
}

function chartOf(chart: Chart): JsonObject {
  return {
    metadata: metadataOf(chart),
    lock: chart.lock === undefined ? null : lockOf(chart.lock),
    templates: chart.templates.map(fileOf),
    // Without a values.yaml there are none, which is not the same as none in it.
    values: chart.values.at === chart.chartYaml.at ? null : toJson(toMapping(chart.values), 'sigs'),
    schema: chart.schema === undefined ? null : encodeBase64(chart.schema.bytes),
    schemamodtime: '0001-01-01T00:00:00Z',
    files: chart.files.map(fileOf),
  };
}

function fileOf({ name, file }: ChartFile): JsonObject {
  return { name, data: encodeBase64(file.bytes) };
}

const texts = ['home', 'version', 'description', 'icon', 'condition', 'tags', 'appVersion', 'kubeVersion', 'type'];

/** The fields of Chart.yaml that Helm knows, empty ones left out. */
function metadataOf(chart: Chart): JsonObject {
  const { metadata, chartYaml } = chart;
  // helm-controller goes through the dependencies once more to apply crds/, and Helm drops what it resolved before.
  const defines = hasDefinitions(chart);
  const known: Record<string, Json> = { apiVersion: metadata.apiVersion, name: metadata.name };
  for (const key of texts) {
    const value = get(chartYaml, key);
    const string = value?.kind === 'scalar' ? stringOf(value) : '';
    if (string !== '') known[key] = string;
  }
  for (const key of ['sources', 'keywords', 'maintainers', 'annotations']) {
    const value = jsonAt(chartYaml, key);
    if (value !== undefined && value !== null) known[key] = value;
  }
  if (jsonAt(chartYaml, 'deprecated') === true) known.deprecated = true;
  if (metadata.dependencies.length > 0) {
    known.dependencies = metadata.dependencies.map((one) => ({
      name: one.name,
      ...filled({ version: one.version }),
      repository: one.repository,
      ...filled({ condition: one.condition, alias: one.alias }),
      ...(one.tags.length === 0 ? {} : { tags: one.tags }),
      enabled: true,
      ...(one.importValues.length === 0 || defines ? {} : { 'import-values': one.importValues.map(importOf) }),
    }));
  }
  return known;
}

function hasDefinitions({ files, dependencies }: Chart): boolean {
  return files.some(({ name }) => name.startsWith('crds/')) || dependencies.some(hasDefinitions);
}

/** Helm has resolved the short form by the time it stores a release. */
function importOf(value: string | { readonly child: string; readonly parent: string }): JsonObject {
  return typeof value === 'string' ? { child: `exports.${value}`, parent: '.' } : { ...value };
}

function filled(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

function lockOf(file: NonNullable<Chart['lock']>): Json {
  const root = parseFile(file).documents[0]?.root;
  if (root?.kind !== 'mapping') return null;
  const items = get(root, 'dependencies');
  return {
    generated: textAt(root, 'generated'),
    digest: textAt(root, 'digest'),
    dependencies: (items?.kind === 'sequence' ? items.items : []).map((item) => ({
      name: textAt(item, 'name'),
      ...filled({ version: textAt(item, 'version') }),
      repository: textAt(item, 'repository'),
    })),
  };
}

/** As Go reads it into a text: `name: off` is "false". */
function textAt(node: Node, key: string): string {
  const value = get(node, key);
  return value?.kind === 'scalar' ? stringOf(value) : '';
}

function jsonAt(node: Mapping, key: string): Json | undefined {
  const value = get(node, key);
  return value === undefined ? undefined : toJson(value, 'sigs');
}
