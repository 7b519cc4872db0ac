/** Files and folders where a kustomization file or a Flux Kustomization asks for a path. */
import type { FileTree } from '../../engine/index.ts';
import type { Cursor } from '../cursor.ts';
import { pathFields, resolvePath } from '../roles.ts';
import type { Asked, Completion, Source } from './completion.ts';

type Wanted = 'manifests' | 'folders' | 'files';

export const paths: Source = function* (asked, cursor) {
  const wanted = wantedAt(asked, cursor);
  if (wanted === undefined) return;
  const { tree } = asked.workspace;
  const isFlux = asked.kustomization === undefined;
  const home = isFlux ? '/' : asked.kustomization!.folder;
  const written = wanted === 'files' ? cursor.prefix.replace(/^[^=/]*=/, '') : cursor.prefix;
  const start = cursor.start + cursor.prefix.length - written.length;
  const cut = written.lastIndexOf('/') + 1;
  const base = written.slice(0, cut);
  const folder = resolvePath(home, base);
  if (folder === undefined) return;
  const taken = new Set((asked.kustomization?.paths ?? []).map((named) => named.target));
  const lead = isFlux && base === '' ? './' : base;
  if (!isFlux && /^(\.\.\/)*$/.test(base) && home !== '/' && folder !== '/') yield item('../', 'folder', 7);
  for (const entry of tree.directory(folder) ?? []) {
    const path = folder === '/' ? `/${entry.name}` : `${folder}/${entry.name}`;
    if (entry.name.startsWith('.') || path === asked.kustomization?.file.path || taken.has(path)) continue;
    if (entry.type === 'directory') {
      const whole = wanted === 'folders' || (wanted === 'manifests' && hasKustomization(tree, path));
      yield item(whole ? entry.name : `${entry.name}/`, 'folder', whole ? 2 : 4);
    } else if (wanted === 'files' || (wanted === 'manifests' && /\.(ya?ml|json)$/.test(entry.name))) {
      if (wanted === 'files' || !isKustomization(entry.name)) yield item(entry.name, 'file', 2);
    }
  }

  function item(name: string, kind: 'file' | 'folder', rank: number): Completion {
    const label = `${name === '../' ? base : lead}${name}`;
    return { label, kind, insert: label, start, end: cursor.end, rank };
  }
};

function wantedAt({ kind, apiVersion, kustomization }: Asked, cursor: Cursor): Wanted | undefined {
  const [field] = cursor.path;
  if (kustomization === undefined) {
    const isFlux = kind === 'Kustomization' && apiVersion.startsWith('kustomize.toolkit.fluxcd.io/');
    return isFlux && cursor.key === 'path' && cursor.path.length === 1 && field === 'spec' ? 'folders' : undefined;
  }
  if (typeof field !== 'string') return undefined;
  if (cursor.key === 'path' && (field === 'patches' || field === 'patchesJson6902')) return 'manifests';
  if (cursor.key !== undefined || !cursor.inEntry) return undefined;
  if (cursor.path.length === 2 && Object.hasOwn(pathFields, field)) {
    return pathFields[field] === 'component' ? 'folders' : 'manifests';
  }
  const list = cursor.path[2];
  const isGenerator = field === 'configMapGenerator' || field === 'secretGenerator';
  return isGenerator && (list === 'files' || list === 'envs') ? 'files' : undefined;
}

function isKustomization(name: string): boolean {
  return /^(kustomization\.ya?ml|Kustomization)$/.test(name);
}

function hasKustomization(tree: FileTree, folder: string): boolean {
  return (tree.directory(folder) ?? []).some((entry) => isKustomization(entry.name));
}
