/** Paths that lead nowhere, in kustomization files and in the `spec.path` of Flux Kustomizations. */
import { flux, get, type Node, type Origin, text, type WorkspaceObject } from '../../engine/index.ts';
import { type Diagnostic, type Fix, replace } from '../answer.ts';
import { type NamedPath, resolvePath } from '../roles.ts';
import type { Subject } from '../subject.ts';
import type { Check } from './check.ts';

export const path: Check = function* (subject) {
  for (const named of subject.kustomization?.paths ?? []) {
    const message = wrong(named, subject);
    if (message !== undefined) yield missing(message, named.node.at, fixesFor(named, subject));
  }
  if (subject.isPatch || subject.isData) return;
  for (const object of subject.file.objects) {
    const found = object.flux === flux.kustomization ? judgeFlux(object, subject) : undefined;
    if (found !== undefined) yield subject.isUnused ? { ...found, severity: 'hint' } : found;
  }
};

function missing(message: string, at: Origin, fixes: readonly Fix[] = []): Diagnostic {
  return { code: 'file-missing', severity: 'error', message, at, ...(fixes.length > 0 ? { fixes } : {}) };
}

function wrong(
  { target, path, use, field }: NamedPath,
  { workspace: { tree }, kustomization }: Subject,
): string | undefined {
  if (target === undefined) return undefined;
  const isFile = tree.file(target) !== undefined;
  const folder = isFile ? undefined : tree.directory(target);
  const inline = field === 'patchesStrategicMerge' && /[:{]/.test(path);
  if (!isFile && folder === undefined) return inline ? undefined : `${path} does not exist.`;
  if (use === 'component' && isFile) return `${path} is a file: a component is a folder with a kustomization file.`;
  if ((use === 'patch' || use === 'data') && folder !== undefined) return `${path} is a folder, not a file.`;
  if (target === kustomization?.folder || target === kustomization?.file.path)
    return `${path} is this kustomization itself.`;
  const hasFile = folder?.some((entry) => /^(kustomization\.ya?ml|Kustomization)$/.test(entry.name));
  return folder !== undefined && !hasFile ? `${path} has no kustomization file.` : undefined;
}

/** The same name with the other usual ending, or a near name in the same folder. */
function fixesFor({ target, path, node }: NamedPath, { workspace: { tree } }: Subject): readonly Fix[] {
  if (target === undefined || node.text !== path) return [];
  const cut = target.lastIndexOf('/');
  const entries = tree.directory(target.slice(0, cut) || '/') ?? [];
  const name = target.slice(cut + 1);
  const swapped = name.endsWith('.yml') ? name.replace(/yml$/, 'yaml') : name.replace(/yaml$/, 'yml');
  const near = entries.find((entry) => entry.name === swapped || entry.name === `${name}.yaml`);
  if (near === undefined || near.name === name) return [];
  const better = `${path.slice(0, path.length - name.length)}${near.name}`;
  return [{ title: `Change to ${better}`, edits: [replace(node.at, better)] }];
}

function judgeFlux(object: WorkspaceObject, { workspace }: Subject): Diagnostic | undefined {
  const { path, sourceRef } = flux.kustomization.view(object.node);
  if (path === undefined || sourceRef === undefined || path.value.includes('${')) return undefined;
  const { kind, name } = sourceRef;
  // An artifact may have been made of any folder of the repository, so its paths say nothing here.
  if (kind !== 'GitRepository') return undefined;
  const namespace = sourceRef.namespace ?? object.id.namespace;
  const source = workspace.find({ kind, namespace, name })[0];
  const folder = workspace.sources.folderOf({ kind, namespace, name, ...(source ? { object: source.node } : {}) });
  if (typeof folder === 'string' || narrowed(source?.node)) return undefined;
  const target = resolvePath(folder.root, path.value.replace(/^\/+/, ''));
  if (target === undefined) return missing(`${path.value} leads out of the source.`, path.node.at);
  if (folder.tree.directory(target) !== undefined) return undefined;
  const what = folder.tree.file(target) === undefined ? 'does not exist' : 'is a file, not a folder,';
  return missing(`The path ${path.value} ${what} in ${kind} ${name}.`, path.node.at);
}

/** A source of another branch, tag or commit than the one that is open: its folders may differ. */
function narrowed(source: Node | undefined): boolean {
  const ref = get(get(source, 'spec'), 'ref');
  return ['tag', 'semver', 'commit', 'name'].some((key) => text(get(ref, key)) !== undefined);
}
