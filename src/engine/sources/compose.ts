/**
 * ArtifactGenerator: files of several sources copied together into the tree of an ExternalArtifact, by the rules of
 * Flux's source-watcher. Files keep their identity and name, so that origins lead to where they were copied from.
 */
import type { ArtifactGeneratorView, CopyOperation, OutputArtifact } from '../flux/index.ts';
import { readTarGz } from '../go/tar.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import { get, type Mapping, mapping, type Node, set } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { print } from '../yaml/print.ts';
import { doubleStar, globDeep, globTree } from './glob.ts';
import { artifactTree, defaultPatterns } from './ignore.ts';
import { baseName, joinPath, memoryTree, textFile } from './tree.ts';

export interface Composed {
  readonly tree?: FileTree;
  readonly problems: readonly Problem[];
}

/** One artifact that a generator makes, captures filled in. */
export interface ArtifactPlan {
  readonly name: string;
  readonly copy: readonly CopyPlan[];
}

interface CopyPlan {
  readonly operation: CopyOperation;
  readonly from: string;
  readonly to: string;
}

/** The artifacts of a generator; with a `pathPattern`, those of each folder that matches. */
export function plannedArtifacts(
  view: ArtifactGeneratorView,
  treeOf: (alias: string) => FileTree | undefined,
): readonly ArtifactPlan[] {
  const pattern = view.pathPattern?.value;
  if (pattern === undefined) return view.artifacts.map((artifact) => planOf(artifact, {}));
  const [alias, path] = split(pattern);
  const tree = treeOf(alias);
  if (tree === undefined) return [];
  return captures(tree, path).flatMap((found) => view.artifacts.map((artifact) => planOf(artifact, found)));
}

function planOf({ name, copy }: OutputArtifact, found: Readonly<Record<string, string>>): ArtifactPlan {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (whole, key: string) => found[key] ?? whole);
  const lower = name.value.replace(/\{(\w+)\}/g, (whole, key: string) => found[key]?.toLowerCase() ?? whole);
  return {
    name: lower,
    copy: copy.map((operation) => ({ operation, from: fill(operation.from.value), to: fill(operation.to.value) })),
  };
}

/** The folders that match `apps/{app}/envs/{env}`, with what each capture stands for. */
function captures(tree: FileTree, pattern: string): readonly Readonly<Record<string, string>>[] {
  const parts = pattern.split('/');
  let found: { readonly folder: string; readonly values: Readonly<Record<string, string>> }[] = [
    { folder: '', values: {} },
  ];
  for (const part of parts) {
    const names: string[] = [];
    const source = part.replace(/\{(\w+)\}|[^{}]+/g, (text, name: string | undefined) => {
      if (name === undefined) return text.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
      names.push(name);
      return '([^/]+)';
    });
    const matcher = new RegExp(`^${source}$`);
    found = found.flatMap(({ folder, values }) =>
      (tree.directory(`/${folder}`) ?? []).flatMap((entry) => {
        const match = entry.type === 'directory' ? matcher.exec(entry.name) : null;
        if (match === null) return [];
        const more = Object.fromEntries(names.map((name, i) => [name, match[i + 1]!]));
        return [{ folder: folder === '' ? entry.name : `${folder}/${entry.name}`, values: { ...values, ...more } }];
      }),
    );
  }
  return found.map(({ values }) => values);
}

/** The files of one artifact; `treeOf` answers a source's artifact by its alias. */
export function composeArtifact(plan: ArtifactPlan, treeOf: (alias: string) => FileTree | undefined): Composed {
  const files = new Map<string, SourceFile>();
  for (const step of plan.copy) {
    const fault = copyInto(files, step, treeOf);
    if (fault !== undefined) return { problems: [error('flux-build', fault, step.operation.from.node.at)] };
  }
  return { tree: artifactTree(memoryTree(files), defaultPatterns('/')), problems: [] };
}

function copyInto(
  files: Map<string, SourceFile>,
  { operation, from, to }: CopyPlan,
  treeOf: (alias: string) => FileTree | undefined,
): string | undefined {
  const [alias, pattern] = split(from);
  const tree = treeOf(alias);
  if (tree === undefined) return `the files of source alias '${alias}' are not at hand`;
  if (!to.startsWith('@artifact/')) return `invalid copy destination '${to}': it must start with '@artifact/'`;
  const target = joinPath('/', to.slice('@artifact/'.length));
  const step: Step = { files, tree, operation, excluded: excluder(operation) };
  if (!/[*?[\]]/.test(pattern)) return copyNamed(step, joinPath('/', pattern).slice(1), target, to.endsWith('/'));
  const found = operation.strategy === 'Extract' ? globDeep(tree, pattern) : globTree(tree, pattern);
  if (found === undefined) return `invalid glob pattern '${pattern}'`;
  if (found.length === 0) return `no files match pattern '${pattern}' in source '${alias}'`;
  const base = selectionRoot(pattern);
  const prefix = pattern.endsWith('/**') ? `${pattern.slice(0, -'/**'.length)}/` : undefined;
  for (const path of found) {
    if (step.excluded(path, base)) continue;
    if (operation.strategy === 'Extract') {
      const fault = /\.(tar\.gz|tgz)$/.test(path) ? extract(step, path, target) : undefined;
      if (fault !== undefined) return fault;
      continue;
    }
    const inside = prefix !== undefined && path.startsWith(prefix) ? path.slice(prefix.length) : path;
    copyPath(step, path, joinPath(target, inside), base);
  }
  return undefined;
}

interface Step {
  readonly files: Map<string, SourceFile>;
  readonly tree: FileTree;
  readonly operation: CopyOperation;
  excluded(path: string, base: string): boolean;
}

/** A path without a glob: a file to a file or into a folder, or a folder as a whole, as `cp -r` does. */
function copyNamed(step: Step, path: string, target: string, intoFolder: boolean): string | undefined {
  const { tree, files, operation } = step;
  const name = baseName(`/${path}`);
  if (tree.file(`/${path}`) !== undefined) {
    if (step.excluded(path, '')) return undefined;
    if (operation.strategy === 'Extract') return extract(step, path, target);
    const isFolder = intoFolder || [...files.keys()].some((file) => file.startsWith(`${target}/`)) || target === '/';
    copyFile(step, path, isFolder ? joinPath(target, name) : target);
    return undefined;
  }
  if (tree.directory(`/${path}`) === undefined) return `source '${path}' does not exist`;
  if (operation.strategy === 'Extract') return `extract strategy is not supported for directories, got '${path}'`;
  copyPath(step, path, joinPath(target, name), path);
  return undefined;
}

function copyPath(step: Step, path: string, target: string, base: string): void {
  if (step.tree.file(`/${path}`) !== undefined) copyFile(step, path, target);
  for (const entry of step.tree.directory(`/${path}`) ?? []) {
    const child = path === '' ? entry.name : `${path}/${entry.name}`;
    if (!step.excluded(child, base)) copyPlain(step, child, joinPath(target, entry.name), base);
  }
}

/** Inside a copied folder files are overwritten whatever the strategy. */
function copyPlain(step: Step, path: string, target: string, base: string): void {
  const file = step.tree.file(`/${path}`);
  if (file !== undefined) step.files.set(target, file);
  else copyPath({ ...step, operation: { ...step.operation, strategy: 'Overwrite' } }, path, target, base);
}

function copyFile({ files, tree, operation }: Step, path: string, target: string): void {
  const file = tree.file(`/${path}`)!;
  const old = files.get(target);
  files.set(target, operation.strategy === 'Merge' && old !== undefined ? merged(old, file) : file);
}

/** Helm's way of merging values: mappings are merged, everything else is replaced. */
function merged(base: SourceFile, over: SourceFile): SourceFile {
  const whole = mergeNodes(documentsOf(base), documentsOf(over));
  return textFile(over.name, print(whole, 'sigs'));
}

function documentsOf(file: SourceFile): Mapping {
  const empty = mapping([], { file: file.name, start: 0, end: 0 });
  const roots = parse(file.text, file.name).documents.map((document) => document.root);
  return roots.reduce<Mapping>((all, root) => (root?.kind === 'mapping' ? mergeNodes(all, root) : all), empty);
}

function mergeNodes(base: Mapping, over: Mapping): Mapping {
  let result = base;
  for (const { key, value } of over.entries) {
    const old: Node | undefined = get(result, key.text);
    const both = old?.kind === 'mapping' && value.kind === 'mapping';
    result = set(result, key.text, both ? mergeNodes(old, value) : value, key.at);
  }
  return result;
}

function extract({ files, tree }: Step, path: string, target: string): string | undefined {
  const file = tree.file(`/${path}`)!;
  const read = readTarGz(file.bytes, { bytes: 100 * 1024 * 1024, entries: 100_000 });
  if ('error' in read) return `failed to extract tarball '${path}': ${read.error}`;
  for (const entry of read.entries) {
    if (entry.type !== 'file') continue;
    const text = utf8.decode(entry.data);
    files.set(joinPath(target, entry.name), { name: `${file.name}!/${entry.name}`, bytes: entry.data, text });
  }
  return undefined;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Patterns are matched against the path in the source and below the part of `from` that is no glob; bare names anywhere. */
function excluder({ exclude }: CopyOperation): Step['excluded'] {
  const patterns = exclude.map(({ value }) => ({ match: doubleStar(value), anywhere: !value.includes('/') }));
  const hit = (path: string) =>
    patterns.some(({ match, anywhere }) => match(path) || (anywhere && match(baseName(`/${path}`))));
  return (path, base) => {
    if (patterns.length === 0) return false;
    return hit(path) || (base !== '' && path.startsWith(`${base}/`) && hit(path.slice(base.length + 1)));
  };
}

function selectionRoot(pattern: string): string {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  const glob = parts.findIndex((part) => /[*?[\]]/.test(part));
  return (glob < 0 ? parts : parts.slice(0, glob)).join('/');
}

/** `@alias/path` in its two parts. */
function split(text: string): readonly [string, string] {
  const slash = text.indexOf('/');
  return [text.slice(1, slash), text.slice(slash + 1)];
}
