/** Reads a chart from a folder of a file tree or from a `.tgz`, charts inside it included, in memory and confined. */
import { readTarGz, type TarLimits } from '../go/tar.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import { error, type Problem, type Result } from '../problem.ts';
import { type Mapping, mapping, type Node, type Origin } from '../yaml/node.ts';
import { type Chart, type ChartFile, lockType, metadataType, readMetadata } from './chart.ts';
import { type GoStruct, misfit, underGoNames } from './decode.ts';
import { type Ignored, parseHelmIgnore } from './ignore.ts';
import type { Progress } from './limit.ts';
import { isNull, mergeMaps, type Table, table, toTable, toValue } from './values.ts';
import { readFirst, separate } from './yaml.ts';

/** Helm's own limit on an unpacked chart is 100 MiB; the entries are capped as well. */
const archiveLimits: TarLimits = { bytes: 100 * 1024 * 1024, entries: 100_000 };
/** Helm's limit on one file of a chart. */
const fileBytes = 5 * 1024 * 1024;
/** What all archives of one chart may hold together, those inside others included. */
const nestedBytes = 256 * 1024 * 1024;
const maxDepth = 32;

/** One reading of a chart with the charts inside it. */
interface Reading {
  readonly depth: number;
  /** Helm 3 reads the first document of a values file alone. */
  readonly helm: 3 | 4;
  /** Shared by every archive of the reading. */
  readonly budget: { bytes: number };
  readonly progress: Progress;
}

function reading(progress: Progress = { doing: '' }, helm: 3 | 4 = 4): Reading {
  return { depth: 0, helm, budget: { bytes: nestedBytes }, progress };
}

function tell({ progress }: Reading, file: string): void {
  progress.doing = `the reading of ${file}`;
  progress.at = { file, start: 0, end: 0 };
}

/** Loads the chart in the folder `path` of a tree, `.helmignore` applied. Never throws. */
export function loadChartFolder(tree: FileTree, path: string, progress?: Progress, helm?: 3 | 4): Result<Chart> {
  const run = reading(progress, helm);
  tell(run, path);
  const at = { file: path, start: 0, end: 0 };
  if (tree.directory(path) === undefined) return fail(`chart folder ${path} not found`, at);
  const rules = parseHelmIgnore(tree.file(`${path}/.helmignore`)?.text ?? '');
  if ('error' in rules) return fail(`.helmignore: ${rules.error}`, { ...at, file: `${path}/.helmignore` });
  const files: ChartFile[] = [];
  const tooDeep = walk(tree, path, '', rules.ignored, files, 0);
  if (tooDeep !== undefined) return fail(tooDeep, at);
  const large = files.find(({ file }) => file.bytes.length > fileBytes);
  if (large !== undefined)
    return fail(`chart file "${large.name}" is larger than the maximum file size ${fileBytes}`, at);
  const size = files.reduce((sum, { file }) => sum + file.bytes.length, 0);
  if (size > archiveLimits.bytes)
    return fail(`chart folder ${path} is larger than the limit of ${archiveLimits.bytes} bytes`, at);
  return readChart(files, at, run);
}

function walk(
  tree: FileTree,
  root: string,
  prefix: string,
  ignored: Ignored,
  files: ChartFile[],
  depth: number,
): string | undefined {
  if (depth > 100) return `chart folder ${root} is nested too deeply`;
  for (const entry of tree.directory(prefix === '' ? root : `${root}/${prefix}`) ?? []) {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (ignored(name, entry.type === 'directory')) continue;
    if (entry.type === 'directory') {
      const problem = walk(tree, root, name, ignored, files, depth + 1);
      if (problem !== undefined) return problem;
    } else {
      const file = tree.file(`${root}/${name}`);
      if (file !== undefined) files.push({ name, file: withoutMark(file) });
    }
  }
  return undefined;
}

/** Loads the packed chart in a file, the same file once. */
export function loadChartPackage(file: SourceFile, progress?: Progress, helm?: 3 | 4): Result<Chart> {
  return readPackage(file, reading(progress, helm));
}

function readPackage(file: SourceFile, run: Reading): Result<Chart> {
  const known = archives[run.helm].get(file);
  if (known !== undefined) return known;
  const read = readArchive(file.bytes, file.name, run);
  // What another chart had no bytes left for may fit into this one.
  if (read.value !== undefined) archives[run.helm].set(file, read);
  return read;
}

/** Loads a packed chart. `name` is what origins call the archive. Never throws. */
export function loadChartArchive(bytes: Uint8Array, name: string, progress?: Progress, helm?: 3 | 4): Result<Chart> {
  return readArchive(bytes, name, reading(progress, helm));
}

function readArchive(bytes: Uint8Array, name: string, run: Reading): Result<Chart> {
  tell(run, name);
  const at = { file: name, start: 0, end: 0 };
  const limit = Math.min(archiveLimits.bytes, run.budget.bytes);
  const read = readTarGz(bytes, { ...archiveLimits, bytes: limit });
  if ('error' in read) return fail(`${name}: ${read.error}`, at);
  for (const { data } of read.entries) run.budget.bytes -= data.length;
  const files: ChartFile[] = [];
  for (const entry of read.entries) {
    if (entry.type === 'directory') continue;
    if (entry.data.length > fileBytes)
      return fail(
        `${name}: decompressed chart file "${entry.name}" is larger than the maximum file size ${fileBytes}`,
        at,
      );
    const path = archivePath(entry.name);
    if ('error' in path) return fail(`${name}: ${path.error}`, at);
    files.push({ name: path.path, file: withoutMark(sourceFile(`${name}/${path.path}`, entry.data)) });
  }
  if (files.length === 0) return fail(`${name}: no files in chart archive`, at);
  return readChart(files, at, run);
}

/** A name inside an archive without its first folder, refused where Helm refuses it. */
function archivePath(name: string): { readonly path: string } | { readonly error: string } {
  const parts = name.split(name.includes('\\') ? '\\' : '/');
  if (parts[0] === 'Chart.yaml') return { error: 'chart yaml not in base directory' };
  const rest = parts.slice(1).join('/');
  if (rest.startsWith('/')) return { error: 'chart illegally contains absolute paths' };
  const clean: string[] = [];
  for (const part of rest.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && clean.length > 0 && clean.at(-1) !== '..') clean.pop();
    else clean.push(part);
  }
  if (clean.length === 0) return { error: `chart illegally contains content outside the base directory: "${name}"` };
  if (clean[0]!.startsWith('..')) return { error: 'chart illegally references parent directory' };
  if (/^[a-zA-Z]:\//.test(clean.join('/'))) return { error: 'chart contains illegally named files' };
  return { path: clean.join('/') };
}

/** Puts a chart together from its files, as Helm's LoadFiles does. */
export function loadChartFiles(files: readonly ChartFile[], at: Origin): Result<Chart> {
  return readChart(files, at, reading());
}

function readChart(files: readonly ChartFile[], at: Origin, run: Reading): Result<Chart> {
  if (run.depth > maxDepth) return fail('charts are nested too deeply', at);
  const { helm } = run;
  const named = new Map(files.map((file) => [file.name, file.file]));
  const chartFile = named.get('Chart.yaml');
  if (chartFile === undefined) return fail('Chart.yaml file is missing', at);
  tell(run, chartFile.name);
  const lock = named.get('Chart.lock') ?? named.get('requirements.lock');
  const wrongLock = lock && readStruct(lock, lockType(helm)).problems;
  if (wrongLock !== undefined && wrongLock.length > 0) return { problems: wrongLock };
  const own = readStruct(chartFile, metadataType(helm));
  if (own.value === undefined) return { problems: own.problems };
  const requirementsFile = named.get('requirements.yaml');
  const requirements = requirementsFile && readStruct(requirementsFile, metadataType(helm));
  if (requirements !== undefined && requirements.value === undefined) return { problems: requirements.problems };
  const chartYaml = requirements?.value === undefined ? own.value : over(own.value, requirements.value);
  const metadata = readMetadata(chartYaml);
  if (metadata.value === undefined) return { problems: metadata.problems };
  const valuesFile = named.get('values.yaml');
  tell(run, (valuesFile ?? chartFile).name);
  const values = readDefaults(valuesFile, chartYaml.at, helm);
  if (values.value === undefined) return { problems: values.problems };
  const parts = sort(files, metadata.value.apiVersion);
  const dependencies = loadSubcharts(parts.charts, metadata.value.name, at, run);
  if (dependencies.value === undefined) return { problems: dependencies.problems };
  const schema = named.get('values.schema.json');
  const chart: Chart = {
    metadata: metadata.value,
    values: values.value,
    templates: parts.templates,
    files: parts.files,
    dependencies: dependencies.value,
    chartYaml,
  };
  return {
    value: { ...chart, ...(schema === undefined ? {} : { schema }), ...(lock === undefined ? {} : { lock }) },
    problems: [],
  };
}

function sort(files: readonly ChartFile[], apiVersion: string) {
  const templates: ChartFile[] = [];
  const rest: ChartFile[] = [];
  const charts = new Map<string, ChartFile[]>();
  for (const file of files) {
    const { name } = file;
    if (['Chart.yaml', 'Chart.lock', 'values.yaml', 'values.schema.json'].includes(name)) continue;
    if (name === 'requirements.yaml' || name === 'requirements.lock') {
      if (apiVersion === 'v1') rest.push(file);
    } else if (name.startsWith('templates/')) templates.push(file);
    else if (name.startsWith('charts/') && !name.endsWith('.prov')) {
      const inside = name.slice('charts/'.length);
      const folder = inside.split('/', 1)[0]!;
      charts.set(folder, [...(charts.get(folder) ?? []), { name: inside, file: file.file }]);
    } else rest.push(file);
  }
  return { templates, files: rest, charts };
}

function loadSubcharts(
  charts: ReadonlyMap<string, readonly ChartFile[]>,
  parent: string,
  at: Origin,
  outer: Reading,
): Result<readonly Chart[]> {
  const run = { ...outer, depth: outer.depth + 1 };
  const out: Chart[] = [];
  for (const [folder, files] of [...charts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (folder.startsWith('_') || folder.startsWith('.')) continue;
    const first = files[0]!;
    const inside = files.flatMap(({ name, file }) =>
      name.includes('/') ? [{ name: name.slice(name.indexOf('/') + 1), file }] : [],
    );
    const loaded = folder.endsWith('.tgz')
      ? readPackage(first.file, run)
      : readChart(inside, { ...at, file: first.file.name }, run);
    if (loaded.value !== undefined) out.push(loaded.value);
    else {
      const prefix = `error unpacking subchart ${folder} in ${parent}: `;
      return {
        problems: loaded.problems.map((problem): Problem => ({ ...problem, message: prefix + problem.message })),
      };
    }
  }
  return { value: out, problems: [] };
}

/** What files were read as: the same file is the same content, and the same tree. */
const defaults = { 3: new WeakMap<SourceFile, Result<Table>>(), 4: new WeakMap<SourceFile, Result<Table>>() };
const archives = { 3: new WeakMap<SourceFile, Result<Chart>>(), 4: new WeakMap<SourceFile, Result<Chart>>() };
const firsts = new WeakMap<SourceFile, Result<Node | undefined>>();

function once<T>(known: WeakMap<SourceFile, Result<T>>, file: SourceFile, read: () => Result<T>): Result<T> {
  const found = known.get(file) ?? read();
  known.set(file, found);
  return found;
}

/** A chart's own values.yaml, which nobody changes in place. */
function readDefaults(file: SourceFile | undefined, at: Origin, helm: 3 | 4): Result<Table> {
  return file === undefined ? readValues(file, at) : once(defaults[helm], file, () => readValues(file, at, helm));
}

/** values.yaml: the first document of it in Helm 3, every one merged in order in Helm 4. */
export function readValues(file: SourceFile | undefined, at: Origin, helm: 3 | 4 = 4): Result<Table> {
  if (file === undefined) return { value: table(at), problems: [] };
  const cannot = `cannot load ${baseName(file)}: `;
  const parts = helm === 3 ? [[0, file.text.length] as const] : separate(file.text);
  if ('error' in parts) return fail(cannot + parts.error, { file: file.name, start: 0, end: 0 });
  let values = table({ file: file.name, start: 0, end: 0 });
  for (const [start, end] of parts) {
    const { problems, roots } = readFirst(file.text, file.name, start, end);
    if (problems.length > 0) return { problems: problems.map((problem) => inWords(problem, cannot)) };
    const [root] = roots;
    if (root === undefined || isNull(toValue(root))) continue;
    const wrong = misfit(root, valuesType);
    if (root.kind !== 'mapping') return fail(`${cannot}${wrong?.message}`, root.at);
    values = mergeMaps(values, toTable(root));
  }
  return { value: values, problems: [] };
}

const valuesType: GoStruct = { fields: {}, name: 'map[string]interface {}', short: '' };

function baseName({ name }: SourceFile): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** What is wrong with a text as YAML, in Helm's words. */
function inWords(problem: Problem, cannot: string): Problem {
  const yaml = /^(json:|unsupported)/.test(problem.message) ? '' : 'yaml: ';
  return { ...problem, message: `${cannot}error converting YAML to JSON: ${yaml}${problem.message}` };
}

/** A file that Helm decodes into a struct; nothing in it is as good as an empty one. */
function readStruct(file: SourceFile, type: GoStruct): Result<Mapping> {
  const cannot = `cannot load ${baseName(file)}: `;
  const { value: root, problems } = once(firsts, file, () => {
    const read = readFirst(file.text, file.name);
    return read.problems.length > 0 ? { problems: read.problems } : { value: read.roots[0], problems: [] };
  });
  if (problems.length > 0) return { problems: problems.map((problem) => inWords(problem, cannot)) };
  const wrong = root && misfit(root, type);
  if (wrong !== undefined) return fail(cannot + wrong.message, wrong.at);
  if (root?.kind !== 'mapping') return { value: mapping([], { file: file.name, start: 0, end: 0 }), problems: [] };
  return { value: underGoNames(root, type), problems: [] };
}

/** The fields of an old chart's requirements.yaml stand in for those of Chart.yaml. */
function over(chartYaml: Mapping, requirements: Mapping): Mapping {
  const entries = new Map(chartYaml.entries.map((entry) => [entry.key.text, entry]));
  for (const entry of requirements.entries) entries.set(entry.key.text, entry);
  return { ...chartYaml, entries: [...entries.values()] };
}

const unmarked = new WeakMap<SourceFile, SourceFile>();

/** Helm takes the byte-order mark off every file. */
function withoutMark(file: SourceFile): SourceFile {
  const [first, second, third] = file.bytes;
  if (first !== 0xef || second !== 0xbb || third !== 0xbf) return file;
  const made = unmarked.get(file) ?? sourceFile(file.name, file.bytes.subarray(3));
  unmarked.set(file, made);
  return made;
}

/** A file of an archive: text is decoded on first use. */
function sourceFile(name: string, bytes: Uint8Array): SourceFile {
  let text: string | undefined;
  return {
    name,
    bytes,
    get text() {
      text ??= new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      return text;
    },
  };
}

function fail<T>(message: string, at: Origin): Result<T> {
  return { problems: [error('helm-chart', message, at)] };
}
