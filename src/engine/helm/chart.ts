/** A chart as it is read: metadata, defaults, templates, files and the charts inside it. */
import { parseVersion } from '../go/semver.ts';
import { formatFloat } from '../go/strconv.ts';
import type { SourceFile } from '../ports.ts';
import { error, type Result } from '../problem.ts';
import { get, type Mapping, type Node, type Origin, type Scalar, set, str } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import type { GoStruct, GoType } from './decode.ts';
import type { Table, Value } from './values.ts';

export interface Chart {
  readonly metadata: Metadata;
  /** The defaults of values.yaml; handle as read-only: coalescing copies them. */
  readonly values: Table;
  readonly templates: readonly ChartFile[];
  /** Everything else, for `.Files`: not templates, not Chart.yaml, values.yaml, the schema, the lock or charts/. */
  readonly files: readonly ChartFile[];
  /** values.schema.json. */
  readonly schema?: SourceFile;
  /** Chart.lock: no template sees it, and Helm keeps it with the release. */
  readonly lock?: SourceFile;
  readonly dependencies: readonly Chart[];
  /** The name that stands for this chart in the paths of the charts inside it, where that is another than its own. */
  readonly pathName?: string;
  /** Chart.yaml's own tree, for `.Chart` and for origins. */
  readonly chartYaml: Mapping;
}

export interface ChartFile {
  /** The path inside the chart: `templates/deployment.yaml`. */
  readonly name: string;
  readonly file: SourceFile;
}

export interface Metadata {
  readonly apiVersion: string;
  readonly name: string;
  readonly version: string;
  readonly kubeVersion: string;
  readonly type: string;
  readonly dependencies: readonly Dependency[];
}

export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  readonly condition: string;
  readonly tags: readonly string[];
  readonly alias: string;
  readonly importValues: readonly ImportValue[];
  readonly at: Origin;
}

/** `import-values`: an export's name, or a child path and where it goes in the parent. */
export type ImportValue = string | { readonly child: string; readonly parent: string };

const texts: GoType = { list: 'string', name: '[]string' };

function structOf(name: string, fields: GoStruct['fields'], helm: 3 | 4): GoStruct {
  return { fields, name: `${helm === 3 ? 'chart' : 'v2'}.${name}`, short: name };
}

function dependenciesType(helm: 3 | 4): GoType {
  const text = ['name', 'version', 'repository', 'condition', 'alias'].map((key) => [key, 'string'] as const);
  const more = { tags: texts, enabled: 'bool', 'import-values': { list: 'any', name: '[]interface {}' } } as const;
  const list = structOf('Dependency', { ...Object.fromEntries(text), ...more }, helm);
  return { list, name: `[]*${list.name}` };
}

/** What Chart.yaml is to Helm. */
export function metadataType(helm: 3 | 4): GoStruct {
  const maintainer = structOf('Maintainer', { name: 'string', email: 'string', url: 'string' }, helm);
  const text = 'apiVersion name version kubeVersion type description home icon condition tags appVersion'.split(' ');
  const fields = {
    ...Object.fromEntries(text.map((key) => [key, 'string'] as const)),
    sources: texts,
    keywords: texts,
    maintainers: { list: maintainer, name: `[]*${maintainer.name}` },
    deprecated: 'bool',
    annotations: { values: 'string', name: 'map[string]string' },
    dependencies: dependenciesType(helm),
  } as const;
  return structOf('Metadata', fields, helm);
}

/** What Chart.lock is to Helm. */
export function lockType(helm: 3 | 4): GoStruct {
  return structOf('Lock', { generated: 'time', digest: 'string', dependencies: dependenciesType(helm) }, helm);
}

/** Reads a Chart.yaml whose fields have their types. */
export function readMetadata(chartYaml: Mapping): Result<Metadata> {
  const string = (key: string) => readString(chartYaml, key);
  const dependencies = items(get(chartYaml, 'dependencies'));
  const metadata: Metadata = {
    apiVersion: string('apiVersion') || 'v1',
    name: printable(string('name')),
    version: string('version'),
    kubeVersion: printable(string('kubeVersion')),
    type: string('type'),
    dependencies: dependencies.map(readDependency),
  };
  const empty = (key: string) => items(get(chartYaml, key)).find((item) => item.kind !== 'mapping');
  const invalid = validate(metadata) ?? (empty('maintainers') && nodes('maintainers')) ?? undefined;
  const wrong =
    invalid ?? (empty('dependencies') ? nodes('dependencies') : validateDependencies(metadata.dependencies));
  if (wrong === undefined) return { value: metadata, problems: [] };
  return { problems: [error('helm-chart', `validation: ${wrong}`, chartYaml.at)] };
}

function nodes(key: string): string {
  return `${key} must not contain empty or null nodes`;
}

function readDependency(node: Node): Dependency {
  const string = (key: string) => readString(node, key);
  return {
    name: printable(string('name')),
    version: printable(string('version')),
    repository: printable(string('repository')),
    condition: printable(string('condition')),
    tags: items(get(node, 'tags')).flatMap((tag) => (tag.kind === 'scalar' ? [printable(stringOf(tag))] : [])),
    alias: string('alias'),
    importValues: items(get(node, 'import-values')).flatMap(readImportValue),
    at: node.at,
  };
}

/** What is neither a name nor a pair is passed over. */
function readImportValue(node: Node): ImportValue[] {
  if (node.kind === 'scalar') return typeof resolve(node, 'sigs') === 'string' ? [node.text] : [];
  const side = (key: string) => (get(node, key) as Scalar | undefined)?.text ?? '<nil>';
  return node.kind === 'mapping' ? [{ child: side('child'), parent: side('parent') }] : [];
}

function items(node: Node | undefined): readonly Node[] {
  return node?.kind === 'sequence' ? node.items : [];
}

/** A field that is text: absent and null are empty. */
function readString(node: Node, key: string): string {
  const field = get(node, key);
  return field?.kind === 'scalar' ? stringOf(field) : '';
}

/** A scalar where Go wants a string: sigs.k8s.io/yaml turns numbers and booleans into text, null into nothing. */
export function stringOf(scalar: Scalar): string {
  const value = resolve(scalar, 'sigs');
  if (value === null) return '';
  const isFloat = typeof value === 'number' && (!Number.isInteger(value) || /[.eE]/.test(scalar.text));
  return isFloat ? formatFloat(value, 'g', -1) : String(value);
}

/** Without what a terminal does not print, as Helm keeps most texts of a chart. */
export function printable(text: string): string {
  return text.replace(/[\t-\r \x85\p{Z}]/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '');
}

function validate(metadata: Metadata): string | undefined {
  const { name, version, type } = metadata;
  if (name === '') return 'chart.metadata.name is required';
  if (name === '.' || name === '..') return `chart.metadata.name ${JSON.stringify(name)} is not allowed`;
  if (name.includes('/')) return `chart.metadata.name ${JSON.stringify(name)} is invalid`;
  if (version === '') return 'chart.metadata.version is required';
  if (typeof parseVersion(version) === 'string') return `chart.metadata.version ${JSON.stringify(version)} is invalid`;
  if (!['', 'application', 'library'].includes(type)) return 'chart.metadata.type must be application or library';
  return undefined;
}

function validateDependencies(dependencies: readonly Dependency[]): string | undefined {
  const seen = new Set<string>();
  for (const dependency of dependencies) {
    if (dependency.alias !== '' && !/^[a-zA-Z0-9_-]+$/.test(dependency.alias)) {
      return `dependency ${JSON.stringify(dependency.name)} has disallowed characters in the alias`;
    }
    const key = dependency.alias === '' ? dependency.name : dependency.alias;
    if (seen.has(key)) return `more than one dependency with name or alias ${JSON.stringify(key)}`;
    seen.add(key);
  }
  return undefined;
}

/** The chart with charts that its charts/ lacks. */
export function withDependencies(chart: Chart, added: readonly Chart[]): Chart {
  return { ...chart, dependencies: [...chart.dependencies, ...added] };
}

/** The chart under another version, for what controllers add to it. */
export function withVersion(chart: Chart, version: string): Chart {
  const at = get(chart.chartYaml, 'version')?.at ?? chart.chartYaml.at;
  const chartYaml = set(chart.chartYaml, 'version', str(version, at), at);
  return { ...chart, chartYaml, metadata: { ...chart.metadata, version } };
}

/** A value that is a table, or undefined. */
export function asTable(value: Value | undefined): Table | undefined {
  return value?.kind === 'table' ? value : undefined;
}
