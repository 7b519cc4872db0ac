/** Files to objects: every YAML file of a tree is read once, and again only when its content changes. */
import { type FluxKind, fluxKindOf, type Reference } from '../flux/index.ts';
import { idOf, isObject, type ObjectId } from '../objects/object.ts';
import type { FileTree, SourceFile } from '../ports.ts';
import type { Problem } from '../problem.ts';
import { get, type Mapping, type Node } from '../yaml/node.ts';
import { type ParsedFile, parseFile } from '../yaml/parse.ts';

/** An object as it is written in a file, before any build touched it. */
export interface WorkspaceObject {
  readonly id: ObjectId;
  readonly node: Mapping;
  /** The file's path inside the tree. */
  readonly path: string;
  /** Absent for what is not Flux's. */
  readonly flux?: FluxKind;
  /** What it says about other objects; empty for what is not Flux's. */
  readonly references: readonly Reference[];
}

export interface WorkspaceFile {
  /** The path inside the tree. */
  readonly path: string;
  readonly source: SourceFile;
  readonly parsed: ParsedFile;
  readonly objects: readonly WorkspaceObject[];
  readonly problems: readonly Problem[];
}

const workspaceFiles = new WeakMap<SourceFile, WorkspaceFile>();

function readFile(path: string, source: SourceFile): WorkspaceFile {
  const known = workspaceFiles.get(source);
  if (known?.path === path) return known;
  const parsed = parseFile(source);
  const objects = parsed.documents.flatMap(({ root }) => flatten(root).map((node) => objectOf(node, path)));
  const file = { path, source, parsed, objects, problems: parsed.problems };
  workspaceFiles.set(source, file);
  return file;
}

/** A document's objects: itself, or the items of a List. */
function flatten(root: Node | undefined): readonly Mapping[] {
  if (!isObject(root)) return [];
  const items = get(root, 'items');
  if (items?.kind !== 'sequence' || !idOf(root).kind.endsWith('List')) return [root];
  return items.items.filter(isObject);
}

function objectOf(node: Mapping, path: string): WorkspaceObject {
  const id = idOf(node);
  const flux = fluxKindOf(id);
  if (flux === undefined) return { id, node, path, references: [] };
  return { id, node, path, flux, references: flux.references(node) };
}

/** Folders that hold no manifests of the fleet's own; a chart's templates are not YAML until they are rendered. */
const skipped = new Set(['.git', 'node_modules']);
const maxDepth = 64;
/** A YAML file beyond this (32 MiB) is data, not a manifest. */
const maxBytes = 32 * 1024 * 1024;

export interface FolderFiles {
  /** Every YAML file, in the order of a walk. */
  readonly files: readonly WorkspaceFile[];
  /** Every `.sourceignore`. */
  readonly ignoreFiles: readonly IgnoreFile[];
}

export interface IgnoreFile {
  readonly path: string;
  readonly source: SourceFile;
}

export function readFiles(tree: FileTree): FolderFiles {
  const files: WorkspaceFile[] = [];
  const ignoreFiles: IgnoreFile[] = [];
  const walk = (folder: string, depth: number) => {
    const entries = tree.directory(folder) ?? [];
    const isChart = entries.some((entry) => entry.name === 'Chart.yaml');
    for (const entry of entries) {
      const path = folder === '/' ? `/${entry.name}` : `${folder}/${entry.name}`;
      if (entry.type === 'directory') {
        if (skipped.has(entry.name) || (isChart && entry.name === 'templates') || depth >= maxDepth) continue;
        // A linked folder is read where it really is, and a circle of links is never entered.
        if (tree.realPath(path) === path) walk(path, depth + 1);
      } else if (/\.ya?ml$/i.test(entry.name) || /^kustomization$/i.test(entry.name)) {
        const source = tree.file(path);
        if (source !== undefined && source.bytes.length <= maxBytes) files.push(readFile(path, source));
      } else if (entry.name === '.sourceignore') {
        const source = tree.file(path);
        if (source !== undefined) ignoreFiles.push({ path, source });
      }
    }
  };
  walk('/', 0);
  return { files, ignoreFiles };
}
