/**
 * ArtifactGenerator: files of several sources copied together into the tree of an ExternalArtifact, by the rules of
 * Flux's source-watcher. Files keep their identity and name, so that origins lead to where they were copied from.
 */
import type { CopyOperation } from '../flux/index.ts';
import { compileMatch } from '../go/match.ts';
import { readTarGz } from '../go/tar.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import { error, type Problem } from '../problem.ts';
import { get, type Mapping, mapping, type Node, set } from '../yaml/node.ts';
import { parse } from '../yaml/parse.ts';
import { print } from '../yaml/print.ts';
import { resolve } from '../yaml/resolve.ts';
import { doubleStar, globDeep, globTree, isPattern } from './glob.ts';
import { artifactTree, defaultPatterns } from './ignore.ts';
import { type ArtifactPlan, type CopyPlan, split } from './planned.ts';
import { baseName, joinPath, memoryTree, parentOf, textFile } from './tree.ts';

export interface Composed {
  readonly tree?: FileTree;
  readonly problems: readonly Problem[];
}

/** What was copied so far: files, and the folders that were made for them. */
interface Staging {
  readonly files: Map<string, SourceFile>;
  readonly folders: Set<string>;
}

/** The files of one artifact; `treeOf` answers a source's artifact by its alias. */
export function composeArtifact(plan: ArtifactPlan, treeOf: (alias: string) => FileTree | undefined): Composed {
  const staging: Staging = { files: new Map(), folders: new Set(['/']) };
  for (const step of plan.copy) {
    const fault = copyInto(staging, step, treeOf);
    if (fault !== undefined) return { problems: [error('flux-build', fault, step.operation.from.node.at)] };
  }
  return { tree: artifactTree(memoryTree(staging.files), defaultPatterns('/')), problems: [] };
}

function copyInto(
  staging: Staging,
  { operation, from, to }: CopyPlan,
  treeOf: (alias: string) => FileTree | undefined,
): string | undefined {
  const [alias, pattern] = split(from);
  const tree = treeOf(alias);
  if (tree === undefined) return `source alias '${alias}' not found`;
  if (!to.startsWith('@artifact/')) return `invalid copy destination '${to}': it must start with '@artifact/'`;
  const inside = to.slice('@artifact/'.length);
  const outside = [pattern, inside].find(climbs);
  if (outside !== undefined) return `'${outside}' leads out of its root`;
  const malformed = operation.exclude.find(({ value }) => !isPattern(value));
  if (malformed !== undefined) return `invalid exclude pattern '${malformed.value}'`;
  const target = joinPath('/', inside);
  const step: Step = { staging, tree, operation, excluded: excluder(operation) };
  if (!/[*?[\]]/.test(pattern)) return copyNamed(step, joinPath('/', pattern).slice(1), target, to.endsWith('/'));
  const matching = matches(step, pattern);
  if (matching === undefined) return `invalid glob pattern '${pattern}'`;
  if (matching.length === 0) return `no files match pattern '${pattern}' in source '${alias}'`;
  const base = selectionRoot(pattern);
  const found = matching.filter((path) => !step.excluded(path, base));
  if (found.length === 0) return `all files matching pattern '${pattern}' in source '${alias}' were excluded`;
  const prefix = pattern.endsWith('/**') ? `${pattern.slice(0, -'/**'.length)}/` : undefined;
  for (const path of found) {
    const below = prefix !== undefined && path.startsWith(prefix) ? path.slice(prefix.length) : path;
    const fault =
      operation.strategy === 'Extract'
        ? extractAny(step, path, target)
        : copyPath(step, path, joinPath(target, below), base);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Whether a path, cleaned, begins above where it starts. */
function climbs(path: string): boolean {
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** Only `Extract` looks into folders below a `**`; elsewhere it is one star. */
function matches({ tree, operation }: Step, pattern: string): readonly string[] | undefined {
  const bare = pattern.replace(/^\.\//, '');
  if (operation.strategy === 'Extract') return isPattern(bare) ? globDeep(tree, bare) : undefined;
  if (compileMatch(pattern) === undefined) return undefined;
  // Go looks for nothing below a folder that it cannot name: `a//*`, `./a/*`.
  const isNamed = !/\/\/|\/$|\/\.\//.test(bare) && (bare === pattern || !bare.includes('/'));
  return isNamed ? globTree(tree, bare) : [];
}

interface Step {
  readonly staging: Staging;
  readonly tree: FileTree;
  readonly operation: CopyOperation;
  excluded(path: string, base: string): boolean;
}

/** A path without a glob: a file to a file or into a folder, or a folder as a whole, as `cp -r` does. */
function copyNamed(step: Step, path: string, target: string, intoFolder: boolean): string | undefined {
  const { tree, staging, operation } = step;
  const name = baseName(`/${path}`);
  if (tree.file(`/${path}`) !== undefined) {
    if (step.excluded(path, '')) return undefined;
    if (operation.strategy === 'Extract') return isTarball(path) ? extract(step, path, target) : notTarball(path);
    return copyFile(step, path, intoFolder || staging.folders.has(target) ? joinPath(target, name) : target);
  }
  if (tree.directory(`/${path}`) === undefined) return `source '${path}' does not exist`;
  if (operation.strategy === 'Extract') return `extract strategy is not supported for directories, got '${path}'`;
  return copyPath(step, path, joinPath(target, name), path);
}

/** A file by the operation's strategy; inside a folder files are overwritten whatever the strategy. */
function copyPath(step: Step, path: string, target: string, base: string): string | undefined {
  if (step.tree.file(`/${path}`) !== undefined) return copyFile(step, path, target);
  makeFolder(step.staging, target);
  const plain: Step = { ...step, operation: { ...step.operation, strategy: 'Overwrite' } };
  for (const entry of step.tree.directory(`/${path}`) ?? []) {
    const child = path === '' ? entry.name : `${path}/${entry.name}`;
    if (step.excluded(child, base)) continue;
    const fault = copyPath(plain, child, joinPath(target, entry.name), base);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function copyFile({ staging, tree, operation }: Step, path: string, target: string): string | undefined {
  const file = tree.file(`/${path}`)!;
  const old = staging.files.get(target);
  const whole = operation.strategy === 'Merge' && old !== undefined ? merged(old, file) : file;
  return typeof whole === 'string' ? whole : put(staging, target, whole);
}

function put(staging: Staging, target: string, file: SourceFile): string | undefined {
  if (staging.folders.has(target)) return `failed to copy '${file.name}': ${target.slice(1)} is a directory`;
  makeFolder(staging, parentOf(target));
  for (let at = parentOf(target); at !== '/'; at = parentOf(at))
    if (staging.files.has(at)) return `failed to copy '${file.name}': ${at.slice(1)} is not a directory`;
  staging.files.set(target, file);
  return undefined;
}

function makeFolder({ folders, files }: Staging, path: string): void {
  for (let at = path; !folders.has(at); at = parentOf(at)) if (!files.has(at)) folders.add(at);
}

/** Helm's way of merging values: mappings are merged, everything else is replaced. */
function merged(base: SourceFile, over: SourceFile): SourceFile | string {
  const [old, more] = [documentsOf(base), documentsOf(over)];
  if (typeof old === 'string') return old;
  return typeof more === 'string' ? more : textFile(over.name, print(mergeNodes(old, more), 'sigs'));
}

function documentsOf(file: SourceFile): Mapping | string {
  const { documents, problems } = parse(file.text, file.name);
  const fault = problems.find(({ code, severity }) => severity === 'error' && code === 'yaml-syntax');
  if (fault !== undefined) return `cannot merge ${file.name}: ${fault.message}`;
  let all: Mapping = mapping([], { file: file.name, start: 0, end: 0 });
  for (const { root } of documents) {
    if (root === undefined || (root.kind === 'scalar' && resolve(root, 'sigs') === null)) continue;
    if (root.kind !== 'mapping') return `cannot merge ${file.name}: a document of it is no mapping`;
    all = mergeNodes(all, root);
  }
  return all;
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

const isTarball = (path: string) => /\.(tar\.gz|tgz)$/i.test(path);
const notTarball = (path: string) => `extract strategy requires tarball file (.tar.gz or .tgz), got '${path}'`;

/** Among many files, those that are no archives are passed over. */
function extractAny(step: Step, path: string, target: string): string | undefined {
  return isTarball(path) ? extract(step, path, target) : undefined;
}

function extract({ staging, tree }: Step, path: string, target: string): string | undefined {
  const file = tree.file(`/${path}`);
  if (file === undefined) return undefined;
  const read = readTarGz(file.bytes, { bytes: 100 * 1024 * 1024, entries: 100_000 });
  if ('error' in read) return `failed to extract tarball '${path}': ${read.error}`;
  makeFolder(staging, target);
  for (const entry of read.entries) {
    if (entry.type !== 'file') continue;
    const text = utf8.decode(entry.data);
    const inner = { name: `${file.name}!/${entry.name}`, bytes: entry.data, text };
    const fault = put(staging, joinPath(target, entry.name), inner);
    if (fault !== undefined) return fault;
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
