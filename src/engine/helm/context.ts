/**
 * What a chart's templates see: `.Values`, `.Chart`, `.Files`, `.Release`, `.Capabilities`, `.Template`, `.Subcharts`,
 * with Go's types, so that `typeOf`, printing and missing fields behave as in Helm.
 */
import {
  bool,
  type GoFunction,
  type Value as GoValue,
  int,
  type Journal,
  list,
  type MapValue,
  map,
  object,
  string,
  strings,
  TrackedMap,
  tracked,
} from '../gotemplate/index.ts';
import { get, type Mapping, type Node, type Origin } from '../yaml/node.ts';
import { resolve } from '../yaml/resolve.ts';
import type { Capabilities } from './capabilities.ts';
import { type Chart, printable, stringOf } from './chart.ts';
import { filesValue } from './files.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly isUpgrade: boolean;
  readonly revision: number;
}

/** One chart's dot, and the templates that it is for. */
export interface Scope {
  readonly chart: Chart;
  /** `parent/charts/child`: what its templates' names begin with. */
  readonly path: string;
  readonly dot: MapValue;
  /** Says which template is at work. */
  readonly enter: (template: string) => void;
  /** Takes over the parent's table of this chart where that is another one now. */
  readonly refresh: () => void;
}

/** What all charts of a release see alike, and where their templates' reads are written down. */
export interface World {
  readonly release: Release;
  readonly capabilities: Capabilities;
  readonly journal: Journal;
}

/** The scopes of a chart and of every chart inside it, the chart itself last, as Helm walks them. */
export function scopesOf(chart: Chart, values: MapValue, world: World): readonly Scope[] {
  const { release, capabilities, journal } = world;
  const shared: Shared = {
    release: tracked(releaseValue(release), journal),
    capabilities: capabilitiesValue(capabilities),
    helm: capabilities.helm,
    journal,
  };
  const scopes: Scope[] = [];
  const { name } = chart.metadata;
  addScope(scopes, chart, { path: name, inside: name }, () => values, true, shared);
  return scopes;
}

interface Shared {
  readonly release: GoValue;
  readonly capabilities: GoValue;
  readonly helm: 3 | 4;
  readonly journal: Journal;
}

/** What the names of a chart's templates begin with, and those of the charts inside it. */
interface Place {
  readonly path: string;
  readonly inside: string;
}

function placeOf({ metadata: { name }, pathName = name }: Chart, parent: string): Place {
  return { path: `${parent}/charts/${name}`, inside: `${parent}/charts/${pathName}` };
}

function addScope(
  scopes: Scope[],
  chart: Chart,
  { path, inside }: Place,
  values: () => MapValue,
  isRoot: boolean,
  shared: Shared,
): MapValue {
  const { journal, helm } = shared;
  const subcharts = new TrackedMap(journal);
  const entries = new TrackedMap(journal);
  const dot = map(entries);
  const template = templateOf(entries, path, journal);
  let own: MapValue | undefined;
  // Its templates see the parent's own table under another type, as Go has it: what one sets, the other sees.
  const refresh = () => {
    const now = values();
    if (now.entries !== own?.entries) entries.put('Values', asValues(now, helm));
    own = now;
  };
  entries.put('Chart', tracked(chartValue(chart, isRoot, helm), journal));
  entries.put('Files', tracked(filesValue(chart.files), journal));
  entries.put('Release', shared.release);
  entries.put('Capabilities', shared.capabilities);
  entries.put('Subcharts', map(subcharts));
  refresh();
  const none = map(new TrackedMap(journal));
  for (const sub of chart.dependencies) {
    const { name } = sub.metadata;
    const inner = () => {
      const found = own?.entries.get(name);
      return found?.kind === 'map' ? found : none;
    };
    subcharts.put(name, addScope(scopes, sub, placeOf(sub, inside), inner, false, shared));
  }
  scopes.push({ chart, path, dot, enter: template, refresh });
  return dot;
}

/** `.Template`, whose name changes from template to template while the rest of the dot stays. */
function templateOf(dot: TrackedMap, path: string, journal: Journal): (name: string) => void {
  const names = new Map<string, GoValue>();
  const entries = new TrackedMap(journal);
  const value = map(entries);
  entries.put('BasePath', string(`${path}/templates`));
  dot.put('Template', value);
  return (name) => {
    const known = names.get(name) ?? string(name);
    names.set(name, known);
    entries.restore();
    entries.put('Name', known);
    // Whatever a template made of it: the next one finds it anew.
    dot.put('Template', value);
  };
}

function valuesType(helm: 3 | 4): string {
  return helm === 4 ? 'common.Values' : 'chartutil.Values';
}

/** The same map under Helm's own type, with the one of its methods that charts call. */
function asValues(value: MapValue, helm: 3 | 4): MapValue {
  const asMap: GoFunction = { name: 'AsMap', params: [], call: () => map(value.entries, value.from) };
  return { ...value, type: valuesType(helm), methods: new Map([['AsMap', asMap]]) };
}

function releaseValue(release: Release): GoValue {
  return map([
    ['Name', string(release.name)],
    ['Namespace', string(release.namespace)],
    ['IsUpgrade', bool(release.isUpgrade)],
    ['IsInstall', bool(!release.isUpgrade)],
    ['Revision', int(release.revision)],
    ['Service', string('Helm')],
  ]);
}

function capabilitiesValue({ kubeVersion, apiVersions, helm }: Capabilities): GoValue {
  const pkg = helm === 4 ? 'common' : 'chartutil';
  const version = object(
    `${pkg}.KubeVersion`,
    [
      ['Version', string(kubeVersion.version)],
      ['Major', string(kubeVersion.major)],
      ['Minor', string(kubeVersion.minor)],
    ],
    {
      print: () => (helm === 4 ? kubeVersion.normalized : kubeVersion.version),
      methods: new Map([
        ['GitVersion', method('GitVersion', () => string(kubeVersion.version))],
        ['String', method('String', () => string(helm === 4 ? kubeVersion.normalized : kubeVersion.version))],
      ]),
    },
  );
  const known = new Set(apiVersions);
  const has: GoFunction = {
    name: 'Has',
    params: ['string'],
    call: ([name]) => bool(name?.kind === 'string' && known.has(name.text)),
  };
  const versions: GoValue = Object.assign(strings(apiVersions), {
    type: `${pkg}.VersionSet`,
    methods: new Map([['Has', has]]),
  });
  const built: readonly (readonly [field: string, json: string, text: string])[] = [
    ['Version', 'version', helm === 4 ? 'v4.3' : 'v3.22'],
    ['GitCommit', 'git_commit', ''],
    ['GitTreeState', 'git_tree_state', ''],
    ['GoVersion', 'go_version', 'go1.26'],
    ...(helm === 4 ? ([['KubeClientVersion', 'kube_client_version', 'v1.37']] as const) : []),
  ];
  const helmVersion = object(
    'version.BuildInfo',
    built.map(([field, , text]) => [field, string(text)]),
    {
      json: () =>
        object(
          '',
          built.flatMap(([, name, text]) => (text === '' ? [] : [[name, string(text)]])),
        ),
    },
  );
  return object(
    `${pkg}.Capabilities`,
    [
      ['KubeVersion', version],
      ['APIVersions', versions],
      ['HelmVersion', helmVersion],
    ],
    { pointer: true },
  );
}

function method(name: string, call: () => GoValue): GoFunction {
  return { name, params: [], call };
}

/** Chart.yaml under Go's field names: a map in Helm 4, a struct (whose unknown fields are errors) in Helm 3. */
function chartValue(chart: Chart, isRoot: boolean, helm: 3 | 4): GoValue {
  const yaml = chart.chartYaml;
  const exact = (key: string) => textField(yaml, key);
  const text = (key: string) => textField(yaml, key, printable);
  const fields: [string, GoValue][] = [
    ['Name', string(chart.metadata.name, fromKey(yaml, 'name'))],
    ['Home', text('home')],
    ['Sources', textList(yaml, 'sources', helm)],
    ['Version', exact('version')],
    ['Description', text('description')],
    ['Keywords', textList(yaml, 'keywords', helm)],
    ['Maintainers', list(items(get(yaml, 'maintainers')).map((item) => person(item, helm)))],
    ['Icon', text('icon')],
    ['APIVersion', string(chart.metadata.apiVersion, fromKey(yaml, 'apiVersion'))],
    ['Condition', text('condition')],
    ['Tags', text('tags')],
    ['AppVersion', text('appVersion')],
    ['Deprecated', bool(truth(get(yaml, 'deprecated')))],
    ['Annotations', annotations(yaml)],
    ['KubeVersion', text('kubeVersion')],
    ['Dependencies', list(chart.metadata.dependencies.map((dependency) => dependencyValue(dependency, helm)))],
    ['Type', exact('type')],
  ];
  const root: [string, GoValue] = ['IsRoot', bool(isRoot)];
  if (helm === 4) return map([...fields, root]);
  const json = () => object('', [...tagged(fields), root]);
  return object('struct { chart.Metadata; IsRoot bool }', [...fields, root], { json });
}

const tags: Readonly<Record<string, string>> = { APIVersion: 'apiVersion', URL: 'url', ImportValues: 'import-values' };

/** The fields of a struct as Go's JSON names them: in order, and without the empty ones that it leaves out. */
function tagged(fields: readonly (readonly [string, GoValue])[]): (readonly [string, GoValue])[] {
  return fields.flatMap(([name, value]) =>
    isLeftOut(value) && name !== 'Repository'
      ? []
      : [[tags[name] ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}`, value] as const],
  );
}

function isLeftOut(value: GoValue): boolean {
  if (value.kind === 'string') return value.text === '';
  if (value.kind === 'bool') return !value.value;
  return value.kind === 'list' ? value.items.length === 0 : value.kind === 'map' && value.entries.size === 0;
}

/** A struct of a chart's metadata: a map in Helm 4. */
function struct(type: string, fields: readonly (readonly [string, GoValue])[], helm: 3 | 4): GoValue {
  if (helm === 4) return map(fields);
  return object(`chart.${type}`, fields, { pointer: true, json: () => object('', tagged(fields)) });
}

function dependencyValue(dependency: Chart['metadata']['dependencies'][number], helm: 3 | 4): GoValue {
  const fields: readonly (readonly [string, GoValue])[] = [
    ['Name', string(dependency.name)],
    ['Version', string(dependency.version)],
    ['Repository', string(dependency.repository)],
    ['Condition', string(dependency.condition)],
    ['Tags', list(dependency.tags.map((tag) => string(tag)))],
    ['Enabled', bool(true)],
    ['ImportValues', list(dependency.importValues.map(importValue))],
    ['Alias', string(dependency.alias)],
  ];
  return struct('Dependency', fields, helm);
}

function importValue(item: Chart['metadata']['dependencies'][number]['importValues'][number]): GoValue {
  const { child, parent } = typeof item === 'string' ? { child: `exports.${item}`, parent: '.' } : item;
  return map([
    ['child', string(child)],
    ['parent', string(parent)],
  ]);
}

function person(node: Node, helm: 3 | 4): GoValue {
  const field = (key: string) => (node.kind === 'mapping' ? textField(node, key, printable) : string(''));
  const fields = [
    ['Name', field('name')],
    ['Email', field('email')],
    ['URL', field('url')],
  ] as const;
  return struct('Maintainer', fields, helm);
}

function annotations(yaml: Mapping): GoValue {
  const node = get(yaml, 'annotations');
  if (node?.kind !== 'mapping') return { kind: 'map', entries: new Map(), elem: 'string', isNil: true };
  const entries = node.entries.map(({ key }) => [key.text, textField(node, key.text)] as const);
  return { kind: 'map', entries: new Map(entries), elem: 'string' };
}

function textField(node: Mapping, key: string, change = (text: string) => text): GoValue {
  const field = get(node, key);
  return field?.kind === 'scalar' ? string(change(stringOf(field)), [field.at]) : string('');
}

function fromKey(node: Mapping, key: string): readonly Origin[] {
  const at = get(node, key)?.at;
  return at === undefined ? [] : [at];
}

function textList(node: Mapping, key: string, helm: 3 | 4): GoValue {
  const texts = items(get(node, key)).map((item) =>
    string(item.kind === 'scalar' ? printable(stringOf(item)) : '', [item.at]),
  );
  return helm === 4 ? list(texts) : strings(texts);
}

function items(node: Node | undefined): readonly Node[] {
  return node?.kind === 'sequence' ? node.items : [];
}

function truth(node: Node | undefined): boolean {
  return node?.kind === 'scalar' && resolve(node, 'sigs') === true;
}
