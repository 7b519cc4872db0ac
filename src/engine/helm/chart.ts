/** A chart as it is read: metadata, defaults, templates, files and the charts inside it. */
import { parseVersion } from '../go/semver.ts';
import { formatFloat } from '../go/strconv.ts';
import type { SourceFile } from '../ports.ts';
import { error, type Problem, type Result } from '../problem.ts';
import { get, type Mapping, type Node, type Origin, type Scalar, set, str } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
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

/** Reads Chart.yaml (and requirements.yaml, whose dependencies stand in for it in old charts) as Helm does. */
export function readMetadata(chartYaml: Mapping, requirements?: Mapping): Result<Metadata> {
  const problems: Problem[] = [];
  const string = (node: Mapping, key: string) => readString(node, key, problems);
  const dependencies = get(requirements, 'dependencies') ?? get(chartYaml, 'dependencies');
  const metadata: Metadata = {
    apiVersion: string(chartYaml, 'apiVersion') || 'v1',
    name: string(chartYaml, 'name'),
    version: string(chartYaml, 'version'),
    kubeVersion: string(chartYaml, 'kubeVersion'),
    type: string(chartYaml, 'type'),
    dependencies: items(dependencies).flatMap((item) => {
      if (item.kind === 'mapping') return [readDependency(item, problems)];
      problems.push(error('helm-chart', 'validation: dependencies must not contain empty or null nodes', item.at));
      return [];
    }),
  };
  for (const key of ['appVersion', 'description', 'home', 'icon', 'condition', 'tags']) string(chartYaml, key);
  const invalid = problems.length === 0 ? validate(metadata) : undefined;
  if (invalid !== undefined) problems.push(error('helm-chart', `validation: ${invalid}`, chartYaml.at));
  return problems.length > 0 ? { problems } : { value: metadata, problems };
}

function readDependency(node: Mapping, problems: Problem[]): Dependency {
  const string = (key: string) => readString(node, key, problems);
  return {
    name: string('name'),
    version: string('version'),
    repository: string('repository'),
    condition: string('condition'),
    tags: items(get(node, 'tags')).flatMap((tag) => (tag.kind === 'scalar' ? [tag.text] : [])),
    alias: string('alias'),
    importValues: items(get(node, 'import-values')).flatMap(readImportValue),
    at: node.at,
  };
}

function readImportValue(node: Node): ImportValue[] {
  if (node.kind === 'scalar') return [node.text];
  const side = (key: string) => (get(node, key) as Scalar | undefined)?.text ?? '<nil>';
  return node.kind === 'mapping' ? [{ child: side('child'), parent: side('parent') }] : [];
}

function items(node: Node | undefined): readonly Node[] {
  return node?.kind === 'sequence' ? node.items : [];
}

/** A string field as Go's JSON decoder takes it: absent and null are empty, any other type is an error. */
function readString(node: Mapping, key: string, problems: Problem[]): string {
  const field = get(node, key);
  if (field === undefined) return '';
  if (field.kind === 'scalar') return printable(stringOf(field));
  const message = `cannot load Chart.yaml: json: cannot unmarshal ${field.kind} into field ${key} of type string`;
  problems.push(error('helm-chart', message, field.at));
  return '';
}

/** A scalar where Go wants a string: sigs.k8s.io/yaml turns numbers and booleans into text, null into nothing. */
export function stringOf(scalar: Scalar): string {
  const value = resolve(scalar, 'sigs');
  if (value === null) return '';
  const isFloat = typeof value === 'number' && (!Number.isInteger(value) || /[.eE]/.test(scalar.text));
  return isFloat ? formatFloat(value, 'g', -1) : String(value);
}

function printable(text: string): string {
  return text.replace(/\s/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '');
}

function validate(metadata: Metadata): string | undefined {
  const { name, version, type } = metadata;
  if (name === '') return 'chart.metadata.name is required';
  if (name === '.' || name === '..') return `chart.metadata.name ${JSON.stringify(name)} is not allowed`;
  if (name.includes('/')) return `chart.metadata.name ${JSON.stringify(name)} is invalid`;
  if (version === '') return 'chart.metadata.version is required';
  if (typeof parseVersion(version) === 'string') return `chart.metadata.version ${JSON.stringify(version)} is invalid`;
  if (!['', 'application', 'library'].includes(type)) return 'chart.metadata.type must be application or library';
  const seen = new Set<string>();
  for (const dependency of metadata.dependencies) {
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
