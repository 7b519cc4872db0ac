/** One file as the checks see it: its documents, what each is, and what the file is for. */
import { get, isObject, type Mapping, text, type Workspace, type WorkspaceFile } from '../engine/index.ts';
import type { Knowledge } from './answer.ts';
import { type KustomizationFile, type Roles, rolesOf } from './roles.ts';
import { buildersOf } from './variables.ts';

export interface Subject extends Knowledge {
  readonly file: WorkspaceFile;
  readonly roles: Roles;
  /** Set for a kustomization file. */
  readonly kustomization?: KustomizationFile;
  readonly isPatch: boolean;
  /** No kustomization names it, though its folder has one: it may be meant as anything. */
  readonly orphanOf?: KustomizationFile;
  /** There are clusters, but none of them builds this file: an archive, say. What it refers to matters to nobody. */
  readonly isUnused: boolean;
  /** Feeds a generator or holds settings of kustomize: nobody's object. */
  readonly isData: boolean;
}

export function subjectOf(file: WorkspaceFile, { workspace, schemas, openKey }: Knowledge): Subject {
  const roles = rolesOf(workspace);
  const kustomization = roles.kustomization(file);
  const orphanOf = roles.orphanOf(file);
  return {
    workspace,
    schemas,
    ...(openKey === undefined ? {} : { openKey }),
    file,
    roles,
    ...(kustomization === undefined ? {} : { kustomization }),
    ...(orphanOf === undefined ? {} : { orphanOf }),
    isPatch: roles.isPatch(file.path),
    isUnused: isUnused(workspace, file.path),
    isData: roles.isData(file.path),
  };
}

function isUnused(workspace: Workspace, path: string): boolean {
  if (/\/\.[^/]+\//.test(path)) return true;
  const { clusters } = workspace;
  if (clusters.length === 0 || clusters.some(({ folder }) => folder === '/' || path.startsWith(`${folder}/`)))
    return false;
  return buildersOf(workspace, path).length === 0;
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What a document says it is; a kustomization file may leave it out. Undefined for what is no object. */
export function kindOf(root: Mapping, subject: Pick<Subject, 'kustomization'>): Kind | undefined {
  if (subject.kustomization?.root === root || (subject.kustomization !== undefined && !isObject(root))) {
    const kind = text(get(root, 'kind')) ?? 'Kustomization';
    const version = kind === 'Component' ? 'v1alpha1' : 'v1beta1';
    return { apiVersion: text(get(root, 'apiVersion')) ?? `kustomize.config.k8s.io/${version}`, kind };
  }
  const apiVersion = text(get(root, 'apiVersion'));
  const kind = text(get(root, 'kind'));
  return apiVersion === undefined || kind === undefined ? undefined : { apiVersion, kind };
}

/** The mappings at the root of a file's documents. */
export function roots(file: WorkspaceFile): readonly Mapping[] {
  return file.parsed.documents.flatMap(({ root }) => (root?.kind === 'mapping' ? [root] : []));
}
