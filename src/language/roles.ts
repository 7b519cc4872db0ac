/**
 * What each file of a fleet is for, as the kustomization files say: a file that is named as a patch is no whole object,
 * one that feeds a generator is data. Found once per workspace; what one file says is kept while its content stays.
 */
import {
  get,
  type Mapping,
  type Node,
  type Scalar,
  text,
  type Workspace,
  type WorkspaceFile,
} from '../engine/index.ts';

/** How a kustomization file uses a path that it names. */
export type PathUse = 'resource' | 'component' | 'patch' | 'data' | 'settings';

export interface NamedPath {
  readonly use: PathUse;
  /** The field that names it, such as `resources`. */
  readonly field: string;
  /** As written, without a generator's `key=`. */
  readonly path: string;
  readonly node: Scalar;
  /** Inside the tree: absolute and clean. Undefined for URLs and for what is not known yet (`${…}`). */
  readonly target?: string;
}

export interface KustomizationFile {
  readonly file: WorkspaceFile;
  readonly folder: string;
  readonly root: Mapping;
  readonly component: boolean;
  readonly paths: readonly NamedPath[];
}

export interface Roles {
  readonly kustomizations: readonly KustomizationFile[];
  /** The kustomization file that this file is, if it is one. */
  kustomization(file: WorkspaceFile): KustomizationFile | undefined;
  /** Who names the file, and how. */
  namedBy(path: string): readonly { readonly by: KustomizationFile; readonly as: NamedPath }[];
  /** Every kustomization that takes the file in, directly or through others. */
  takenInBy(path: string): ReadonlySet<KustomizationFile>;
  /** The kustomization file of the folder, when it names files but not this one: then no build reads it. */
  orphanOf(file: WorkspaceFile): KustomizationFile | undefined;
  isPatch(path: string): boolean;
  isData(path: string): boolean;
}

const cache = new WeakMap<Workspace, Roles>();

export function rolesOf(workspace: Workspace): Roles {
  let roles = cache.get(workspace);
  if (roles === undefined) {
    roles = findRoles(workspace);
    cache.set(workspace, roles);
  }
  return roles;
}

function findRoles(workspace: Workspace): Roles {
  const kustomizations = workspace.files.flatMap((file) => kustomizationOf(file) ?? []);
  const byFile = new Map(kustomizations.map((each) => [each.file, each]));
  const byFolder = new Map(kustomizations.map((each) => [each.folder, each]));
  const named = new Map<string, { by: KustomizationFile; as: NamedPath }[]>();
  for (const by of kustomizations) {
    for (const as of by.paths) {
      if (as.target === undefined) continue;
      const list = named.get(as.target) ?? [];
      list.push({ by, as });
      named.set(as.target, list);
    }
  }
  const uses = (path: string, use: PathUse): boolean => {
    const all = named.get(path) ?? [];
    return all.some(({ as }) => as.use === use) && !all.some(({ as }) => as.use === 'resource');
  };
  return {
    kustomizations,
    kustomization: (file) => byFile.get(file),
    namedBy: (path) => named.get(path) ?? [],
    takenInBy(path) {
      const found = new Set<KustomizationFile>();
      const visit = (at: string): void => {
        for (const { by, as } of named.get(at) ?? []) {
          if ((as.use !== 'resource' && as.use !== 'component') || found.has(by)) continue;
          found.add(by);
          visit(by.folder);
        }
      };
      visit(path);
      return found;
    },
    orphanOf(file) {
      if (byFile.has(file) || named.has(file.path)) return undefined;
      const home = byFolder.get(file.path.slice(0, file.path.lastIndexOf('/')) || '/');
      // What settings of kustomize name, only they know.
      return home?.paths.some(({ use }) => use === 'settings') ? undefined : home;
    },
    isPatch: (path) => uses(path, 'patch'),
    isData: (path) => uses(path, 'data') || uses(path, 'settings'),
  };
}

const read = new WeakMap<WorkspaceFile, KustomizationFile | null>();

const fileName = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;

/** The file as a kustomization file, by its name as kustomize finds it. */
function kustomizationOf(file: WorkspaceFile): KustomizationFile | undefined {
  let known = read.get(file);
  if (known === undefined) {
    known = fileName.test(file.path) ? (readKustomization(file) ?? null) : null;
    read.set(file, known);
  }
  return known ?? undefined;
}

function readKustomization(file: WorkspaceFile): KustomizationFile | undefined {
  const root = file.parsed.documents.find((document) => document.root !== undefined)?.root;
  if (root?.kind !== 'mapping') return undefined;
  const apiVersion = text(get(root, 'apiVersion'));
  if (apiVersion !== undefined && !apiVersion.startsWith('kustomize.config.k8s.io/')) return undefined;
  const folder = file.path.slice(0, file.path.lastIndexOf('/')) || '/';
  return { file, folder, root, component: text(get(root, 'kind')) === 'Component', paths: pathsOf(root, folder) };
}

/** The fields that hold plain lists of paths, and what the paths are for. */
export const pathFields: { readonly [field: string]: PathUse } = {
  resources: 'resource',
  bases: 'resource',
  components: 'component',
  patchesStrategicMerge: 'patch',
  crds: 'settings',
  configurations: 'settings',
  generators: 'settings',
  transformers: 'settings',
  validators: 'settings',
};

function pathsOf(root: Mapping, folder: string): readonly NamedPath[] {
  const found: NamedPath[] = [];
  for (const [field, use] of Object.entries(pathFields)) {
    for (const item of itemsOf(get(root, field))) add(item, field, use);
  }
  for (const field of ['patches', 'patchesJson6902', 'replacements']) {
    const use = field === 'replacements' ? 'settings' : 'patch';
    for (const item of itemsOf(get(root, field))) add(get(item, 'path'), field, use);
  }
  for (const field of ['configMapGenerator', 'secretGenerator']) {
    for (const generator of itemsOf(get(root, field))) {
      for (const list of ['files', 'envs']) {
        for (const item of itemsOf(get(generator, list))) add(item, `${field}.${list}`, 'data');
      }
      add(get(generator, 'env'), `${field}.env`, 'data');
    }
  }
  add(get(get(root, 'openapi'), 'path'), 'openapi', 'settings');
  return found;

  function add(node: Node | undefined, field: string, use: PathUse): void {
    if (node?.kind !== 'scalar' || node.text === '') return;
    if (use === 'patch' && node.text.includes('\n')) return; // An inline patch.
    const path = use === 'data' && field.endsWith('.files') ? node.text.replace(/^[^=/]*=/, '') : node.text;
    const target = isRemote(path) || path.includes('${') || path.includes('\n') ? undefined : resolvePath(folder, path);
    found.push({ use, field, path, node, ...(target === undefined ? {} : { target }) });
  }
}

export function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === 'sequence' ? node.items : [];
}

/** What kustomize would fetch rather than open: URLs, scp-like Git addresses, and GitHub shorthands with a query. */
function isRemote(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:|^git::|^github\.com\/|\?ref=|\.git(\/\/|$|\?)/i.test(path);
}

/** `path` seen from `folder`, as an absolute and clean path; undefined when it leaves the tree. */
export function resolvePath(folder: string, path: string): string | undefined {
  const parts = path.startsWith('/') ? [] : folder.split('/').filter((part) => part !== '');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return `/${parts.join('/')}`;
}
