/** Why no build reads a file: a rule of its source leaves it out, or nothing names it. */
import { kustomization, string } from '../flux/index.ts';
import type { FileTree } from '../ports.ts';
import {
  decidingPattern,
  isWithin,
  joinPath,
  loadPatterns,
  parentOf,
  parsePatterns,
  patternText,
  sourcePatterns,
  subTree,
} from '../sources/index.ts';
import { fileNames } from './contents.ts';
import type { Workspace } from './index.ts';
import { isSource, type SourceFolder } from './sources.ts';

/** A sentence without its stop. `path` is a file's inside the tree; of a folder, it is told for the first file in it. */
export function whyUnread(workspace: Workspace, path: string): string {
  const { tree, objects, sources } = workspace;
  const file = firstFile(tree, path);
  if (file === undefined) return 'it holds no file';
  for (const { id, node } of objects) {
    if (!isSource(id)) continue;
    const { kind, namespace, name } = id;
    const folder = sources.folderOf({ kind, namespace, name, object: node });
    if (typeof folder === 'string') continue;
    const rule = ruleAgainst(tree, file, folder, string(node, 'spec', 'ignore')?.value ?? '');
    if (rule !== undefined) return `${rule} leaves it out of ${kind} ${namespace}/${name}`;
  }
  const beside = fileNames.map((one) => joinPath(parentOf(file), one)).find((one) => tree.file(one) !== undefined);
  const taken = objects.some(
    (object) => object.flux === kustomization && workspace.contents(object).has(beside ?? file),
  );
  if (!taken) return 'no Flux Kustomization takes it in';
  return beside === undefined || beside === file ? 'no object comes of it' : `${beside.slice(1)} does not name it`;
}

function firstFile(tree: FileTree, path: string): string | undefined {
  if (tree.file(path) !== undefined) return path;
  for (const { name } of tree.directory(path) ?? []) {
    const found = name === '.git' ? undefined : firstFile(tree, joinPath(path, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The rule of a source that leaves the file out of its artifact; undefined when none does, or it holds other files. */
function ruleAgainst(
  tree: FileTree,
  file: string,
  { tree: whole, root, mount = '/', patterns }: SourceFolder,
  ignore: string,
): string | undefined {
  const path = joinPath(mount, file);
  if (!isWithin(path, root) || whole.file(path) !== tree.file(file)) return undefined;
  const inside = root === '/' ? path : path.slice(root.length);
  const written = patterns ?? loadPatterns(subTree(whole, root), '/');
  const said = parsePatterns(ignore, '/');
  const rule = decidingPattern(sourcePatterns([...written, ...said]), inside, false);
  if (rule === undefined || rule.includes) return undefined;
  const text = `"${patternText(rule)}"`;
  if (said.includes(rule)) return `${text} in spec.ignore`;
  if (written.includes(rule)) return `${text} in ${[...rule.domain, '.sourceignore'].join('/')}`;
  return `${text}, which Flux leaves out of every source,`;
}
