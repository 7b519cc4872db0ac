/**
 * Which files a Flux Kustomization takes in, without building it: what its folder's kustomization file names, down
 * through resources, bases and components, or every YAML file below a folder that has none. It answers who contains
 * whom (a cluster's root is what nothing else contains) and which Kustomizations an edit can touch.
 */
import { items, string } from '../flux/index.ts';
import type { FileTree } from '../ports.ts';
import { joinPath, parentOf } from '../sources/index.ts';
import { type Node, text } from '../yaml/node.ts';
import { parseFile } from '../yaml/parse.ts';

export const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The kustomization file of a folder, if it has one. */
export function kustomizationFile(tree: FileTree, folder: string): string | undefined {
  return fileNames.map((name) => joinPath(folder, name)).find((path) => tree.file(path) !== undefined);
}

/** Paths of the files that a build of `folder` reads as manifests; `more` are components that the caller adds. */
export function contentsOf(tree: FileTree, folder: string, more: readonly string[] = []): ReadonlySet<string> {
  const files = new Set<string>();
  const folders = new Set<string>();
  visitFolder(folder, true);
  for (const component of more) visit(resolve(folder, component));
  return files;

  function visit(path: string): void {
    if (tree.file(path) !== undefined) files.add(path);
    else visitFolder(path, false);
  }

  function visitFolder(path: string, generated: boolean): void {
    if (folders.has(path)) return;
    folders.add(path);
    const file = kustomizationFile(tree, path);
    if (file === undefined) {
      if (generated) visitPlain(path);
      return;
    }
    files.add(file);
    const root = parseFile(tree.file(file)!).documents[0]?.root;
    for (const key of ['resources', 'bases', 'components', 'crds', 'generators', 'transformers', 'configurations']) {
      for (const item of items(root, key)) {
        const target = text(item);
        if (target !== undefined && !target.includes('\n') && !/^[a-z]+:\/\/|^[\w.-]+@/i.test(target))
          visit(resolve(path, target));
      }
    }
    for (const patch of patchFilesOf(path, root)) files.add(patch);
    for (const item of items(root, 'replacements')) {
      const target = string(item, 'path');
      if (target !== undefined) files.add(resolve(path, target.value));
    }
    for (const key of ['configMapGenerator', 'secretGenerator']) {
      for (const generator of items(root, key)) {
        for (const list of ['files', 'envs']) {
          for (const item of items(generator, list))
            files.add(resolve(path, (text(item) ?? '').replace(/^[^=]*=/, '')));
        }
      }
    }
  }

  /** A folder without a kustomization file: Flux writes one that names every manifest, nested kustomizations as a whole. */
  function visitPlain(path: string): void {
    for (const entry of tree.directory(path) ?? []) {
      const child = joinPath(path, entry.name);
      if (entry.type === 'file') {
        if (/\.ya?ml$/.test(entry.name)) files.add(child);
      } else if (kustomizationFile(tree, child) !== undefined) visitFolder(child, false);
      else if (entry.name !== '.git' && tree.realPath(child) === child) visitPlain(child);
    }
  }
}

/** The files that a kustomization of `folder` reads as patches: what they hold are changes, not objects. */
export function patchFilesOf(folder: string, root: Node | undefined): readonly string[] {
  const named = ['patches', 'patchesJson6902'].flatMap((key) => items(root, key).map((item) => string(item, 'path')));
  const merged = items(root, 'patchesStrategicMerge').map((item) => text(item));
  const paths = [...named.map((field) => field?.value), ...merged];
  return paths.flatMap((path) => (path === undefined || path.includes('\n') ? [] : [resolve(folder, path)]));
}

/** `path` from `folder`, free to climb as far as the tree's root. */
function resolve(folder: string, path: string): string {
  let at = path.startsWith('/') ? '/' : folder;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    at = part === '..' ? parentOf(at) : at === '/' ? `/${part}` : `${at}/${part}`;
  }
  return at;
}
